//! The types that refer to a type by an identifier whose form the type itself does not describe.
//!
//! `AWS::Cognito::UserPool` says nothing of the form of its IDs; `AWS::Cognito::UserPoolClient`
//! does, of its property `UserPoolId`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rstack_catalog::{Node, Registry, TypeSchema};
use rstack_model::PropertyPath;

use crate::id_context::IdContext;

/// Types, with the place in each that takes an identifier.
pub(crate) type Referrers = Arc<[(Arc<TypeSchema>, PropertyPath)]>;

/// The depth to which a schema is searched, and the number of places that are looked for.
const DEPTH: usize = 5;
const MOST: usize = 16;

/// The types of the service, with the place in each that takes the identifier. They
/// are looked for once for each type and property.
pub(crate) fn of(context: &IdContext<'_>, property: &str) -> Referrers {
    taking(context.resource_type.as_str(), property)
}

/// [`of`] by the name of a type.
pub(crate) fn taking(resource_type: &str, property: &str) -> Referrers {
    static KNOWN: Mutex<BTreeMap<(String, String), Referrers>> = Mutex::new(BTreeMap::new());
    let of = (resource_type.to_owned(), property.to_owned());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(of).or_insert_with(|| found(resource_type, property).into()))
}

fn found(resource_type: &str, property: &str) -> Vec<(Arc<TypeSchema>, PropertyPath)> {
    let Some((service, resource)) = resource_type.rsplit_once("::") else {
        return Vec::new();
    };
    // EC2 has hundreds of types, and what identifies its objects is known without them.
    if service == "AWS::EC2" {
        return Vec::new();
    }
    let names = match property {
        "Id" | "Arn" | "ARN" | "Identifier" => {
            vec![format!("{resource}{property}"), format!("{resource}Identifier")]
        }
        "Name" | "Version" => return Vec::new(),
        other => vec![other.to_owned()],
    };
    let prefix = format!("{service}::");
    let registry = Registry::embedded();
    let types = registry.names().skip_while(|name| !name.starts_with(&prefix));
    let types = types.take_while(|name| name.starts_with(&prefix));
    let others = types.filter(|name| *name != resource_type);
    let schemas = others.filter_map(|name| registry.get(name).ok().flatten());
    schemas.flat_map(|schema| referrers(&schema, &names)).collect()
}

fn referrers(schema: &Arc<TypeSchema>, names: &[String]) -> Vec<(Arc<TypeSchema>, PropertyPath)> {
    let mut found = Vec::new();
    walk(schema, schema.root(), &PropertyPath::root(), names, &mut found);
    found.into_iter().map(|path| (Arc::clone(schema), path)).collect()
}

/// Adds the places below a node whose properties have one of these names.
fn walk(
    schema: &TypeSchema,
    node: &Node,
    at: &PropertyPath,
    names: &[String],
    found: &mut Vec<PropertyPath>,
) {
    if at.segments().len() > DEPTH || found.len() >= MOST {
        return;
    }
    let node = schema.resolve(node);
    if let Some(element) = schema.element(node) {
        walk(schema, element, &at.index(0), names, found);
    }
    for (name, property) in node.properties() {
        let path = at.name(name);
        if names.iter().any(|wanted| wanted == name) && schema.resolve(property).pattern().is_some()
        {
            found.push(path.clone());
        }
        walk(schema, property, &path, names, found);
    }
}
