//! The locations of properties of one name in a type, for a property that was written at the wrong
//! one.

use crate::node::Node;
use crate::type_schema::TypeSchema;

/// The depth to which properties are looked for.
const DEEPEST: usize = 3;
/// The number of locations that are of use in a message.
const MOST: usize = 4;

/// Dotted paths of the properties of this name, nearest to the top first, at most a few.
pub(crate) fn property_locations(schema: &TypeSchema, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut level = vec![(String::new(), schema.root())];
    for _ in 0..DEEPEST {
        let mut below = Vec::new();
        for (path, node) in level {
            let holder = holder(schema, node);
            for (own, inner) in holder.properties() {
                let path = if path.is_empty() { own.to_owned() } else { format!("{path}.{own}") };
                if own.eq_ignore_ascii_case(name) && found.len() < MOST {
                    found.push(path.clone());
                }
                below.push((path, inner));
            }
        }
        level = below;
    }
    found
}

/// The node of the maps in a property: itself, or the elements of a list.
fn holder<'a>(schema: &'a TypeSchema, node: &'a Node) -> &'a Node {
    let mut node = schema.resolve(node);
    for _ in 0..DEEPEST {
        let Some(element) = schema.element(node) else { break };
        node = element;
    }
    node
}
