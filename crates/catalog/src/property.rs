//! The properties of a type as a tree, with everything that is known of each.

use rstack_model::{PathSegment, PropertyPath, UpdateKind};
use serde_json::Value;

use crate::documentation::Documentation;
use crate::kinds::Kind;
use crate::node::{Additional, Node};
use crate::type_schema::TypeSchema;
use crate::update_rule::UpdateRule;
use crate::validate::bounds;

/// A property of a type, at its place in the tree.
#[derive(Clone, Debug)]
pub struct Property<'a> {
    schema: &'a TypeSchema,
    documentation: &'a Documentation,
    name: String,
    path: PropertyPath,
    /// Under which its texts are known: the names of the properties from the definition that it
    /// is in, with that definition's name before them.
    key: String,
    node: &'a Node,
    required: bool,
    /// The definitions around it.
    around: Vec<&'a str>,
}

/// A node with the properties in it.
struct Holder<'a> {
    node: &'a Node,
    path: PropertyPath,
    prefix: String,
    around: Vec<&'a str>,
}

impl<'a> Property<'a> {
    /// The properties at the top of a type, by name.
    pub fn all(schema: &'a TypeSchema, documentation: &'a Documentation) -> Vec<Self> {
        let holder = Holder {
            node: schema.root(),
            path: PropertyPath::root(),
            prefix: String::new(),
            around: Vec::new(),
        };
        inside(schema, documentation, &holder)
    }

    /// Its name; `*` is any key of a map.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its dotted path from the top, elements of lists left out.
    pub fn dotted(&self) -> String {
        let names = self.path.segments().iter().filter_map(|segment| match segment {
            PathSegment::Name(name) => Some(name.as_str()),
            PathSegment::Index(_) => None,
        });
        names.collect::<Vec<_>>().join(".")
    }

    /// True if it must be there when the value around it is there.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Its place in the tree; elements of lists have index 0.
    pub fn path(&self) -> &PropertyPath {
        &self.path
    }

    /// True if only the service sets it.
    pub fn is_refused(&self) -> bool {
        self.schema.refuses(&self.path)
    }

    /// The effect of a change of it; `None` if only the service sets it.
    pub fn update_kind(&self) -> Option<UpdateKind> {
        (!self.is_refused()).then(|| self.schema.update_kind(&self.path))
    }

    /// True if the service refuses every change of it, and does not replace the object for one.
    pub fn is_fixed(&self) -> bool {
        self.schema.refused_updates().iter().any(|path| path.covers(&self.path))
    }

    /// The service's rule for a change of it, where it is known.
    pub fn update_rule(&self) -> Option<&'a UpdateRule> {
        self.schema.update_rule(&self.path)
    }

    /// True if the service never returns it.
    pub fn is_write_only(&self) -> bool {
        self.schema.is_write_only(&self.path)
    }

    /// True if it should no longer be used.
    pub fn is_deprecated(&self) -> bool {
        self.documentation.is_deprecated(&self.path)
    }

    /// True if it is a list whose order means nothing.
    pub fn is_set(&self) -> bool {
        self.schema.is_set(&self.path)
    }

    /// Its description, in Markdown.
    pub fn text(&self) -> Option<&'a str> {
        self.documentation.text(&self.key)
    }

    /// The value that the service takes if it is left out, where the registry says so.
    pub fn default(&self) -> Option<&'a Value> {
        self.documentation.default_of(&self.key)
    }

    /// The kind of its values, in words.
    pub fn kind(&self) -> String {
        kind(self.schema, self.node, 0)
    }

    /// The values it, or an element of it, may have; empty if it may have any.
    pub fn allowed(&self) -> &'a [Value] {
        self.innermost().allowed()
    }

    /// The regular expression that it, or an element of it, must match.
    pub fn pattern(&self) -> Option<&'a str> {
        self.innermost().pattern()
    }

    /// Its bounds, in words.
    pub fn bounds(&self) -> Vec<String> {
        let own = self.schema.resolve(self.node);
        let inner = self.innermost();
        let mut out = Vec::new();
        if let (min, max) = own.count()
            && (min.is_some() || max.is_some())
        {
            out.push(format!("{} elements", bounds(min, max)));
        }
        if let (min, max) = inner.length()
            && (min.is_some() || max.is_some())
        {
            out.push(format!("{} characters", bounds(min, max)));
        }
        if let (low, high) = inner.range()
            && (low.is_some() || high.is_some())
        {
            out.push(bounds(low, high));
        }
        out
    }

    /// The node of the elements' elements, or its own if it is no list.
    fn innermost(&self) -> &'a Node {
        let mut node = self.schema.resolve(self.node);
        while let Some(element) = self.schema.element(node) {
            node = element;
        }
        node
    }

    /// The properties of the maps it holds, by name; none if it holds none.
    pub fn properties(&self) -> Vec<Self> {
        let mut holder = Holder {
            node: self.node,
            path: self.path.clone(),
            prefix: self.key.clone(),
            around: self.around.clone(),
        };
        loop {
            if let Some(name) = holder.node.definition() {
                holder.node = self.schema.resolve(holder.node);
                name.clone_into(&mut holder.prefix);
                holder.around.push(name);
            }
            let Some(items) = holder.node.items() else { break };
            holder.path = holder.path.index(0);
            holder.node = items;
        }
        inside(self.schema, self.documentation, &holder)
    }

    /// True if it lies inside of a value of its own definition, as statements of rules do: its
    /// tree has no end.
    pub fn repeats(&self) -> bool {
        let mut node = self.node;
        while let (None, Some(items)) = (node.definition(), node.items()) {
            node = items;
        }
        node.definition().is_some_and(|name| self.around.contains(&name))
    }
}

fn inside<'a>(
    schema: &'a TypeSchema,
    documentation: &'a Documentation,
    holder: &Holder<'a>,
) -> Vec<Property<'a>> {
    let mut out: Vec<Property<'a>> = Vec::new();
    let mut nodes = vec![holder.node];
    let mut met = 0;
    while let Some(node) = nodes.pop() {
        let any = node.pattern_properties.values().next().or(match &node.additional_properties {
            Additional::Like(node) => Some(node.as_ref()),
            Additional::Allowed(_) => None,
        });
        for (name, inner) in node.properties().chain(any.map(|inner| ("*", inner))) {
            if out.iter().any(|known| known.name == name) {
                continue;
            }
            let key = match holder.prefix.as_str() {
                "" => name.to_owned(),
                prefix => format!("{prefix}.{name}"),
            };
            out.push(Property {
                schema,
                documentation,
                name: name.to_owned(),
                path: holder.path.name(name),
                key,
                node: inner,
                required: node.required().iter().any(|required| required == name),
                around: holder.around.clone(),
            });
        }
        // Branches of branches are no deeper than this in any schema.
        met += 1;
        if met < 64 {
            nodes.extend(node.branches().map(|branch| schema.resolve(branch)));
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// The kind of the values of a node, in words: `list of text`.
fn kind(schema: &TypeSchema, node: &Node, depth: usize) -> String {
    let node = schema.resolve(node);
    let kinds = node.kinds();
    if let (Some(element), true) = (schema.element(node), depth < 4) {
        let inner = match kind(schema, element, depth + 1).as_str() {
            "map" => "maps".to_owned(),
            "JSON document" => "JSON documents".to_owned(),
            "integer" => "integers".to_owned(),
            "number" => "numbers".to_owned(),
            "boolean" => "booleans".to_owned(),
            other => other.to_owned(),
        };
        return format!("list of {inner}");
    }
    if schema.is_document(node) {
        return "JSON document".to_owned();
    }
    let words: Vec<&str> = kinds
        .iter()
        .map(|kind| match kind {
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::List => "list",
            Kind::Map => "map",
        })
        .collect();
    if !words.is_empty() {
        return words.join(" or ");
    }
    let mut branches: Vec<String> =
        node.branches().filter(|_| depth < 4).map(|b| kind(schema, b, depth + 1)).collect();
    branches.dedup();
    match branches.as_slice() {
        [] if node.property_names().next().is_some() => "map".to_owned(),
        [] => "any value".to_owned(),
        several => several.join(" or "),
    }
}
