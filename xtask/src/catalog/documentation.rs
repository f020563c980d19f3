//! The documentation of a type, as `documentation.bin` holds it: what `rstack docs` says beyond the
//! definition.
//!
//! Texts come from AWS's service specification (which has them from the CloudFormation User Guide)
//! and, where it has none, from the registry's schemas; permissions, defaults and what is deprecated
//! from the schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::sources::{Specification, list, object};

/// The longest text that is kept whole, in bytes; of longer ones the first paragraphs are.
const LONGEST: usize = 1_500;

/// The documentation of a type.
pub(super) fn of(spec: &Specification, name: &str, schema: &Value) -> Value {
    let resource = spec.resource(name);
    let mut out = Map::new();
    let about = resource.and_then(|resource| text(resource, "documentation"));
    if let Some(about) = about.or_else(|| text(schema, "description")) {
        out.insert("about".to_owned(), json!(about));
    }
    let mut gathered = Gathered { sources: sources(spec, resource), ..Gathered::default() };
    gathered.node("", schema);
    for (definition, node) in object(schema, "definitions") {
        gathered.node(definition, node);
    }
    for (attribute, value) in resource.into_iter().flat_map(|r| object(r, "attributes")) {
        if let Some(text) = text(value, "documentation") {
            gathered.texts.insert(format!("@{attribute}"), json!(text));
        }
    }
    out.insert("texts".to_owned(), Value::Object(gathered.texts));
    out.insert("defaults".to_owned(), Value::Object(gathered.defaults));
    out.insert("deprecated".to_owned(), Value::Array(list(schema, "deprecatedProperties")));
    let permissions = object(schema, "handlers")
        .map(|(handler, value)| (handler.clone(), Value::Array(list(value, "permissions"))));
    out.insert("permissions".to_owned(), Value::Object(permissions.collect()));
    if let Some(tagging) = schema.get("tagging") {
        let said = |key: &str| tagging.get(key).cloned().unwrap_or(json!(true));
        out.insert("tagOnCreate".to_owned(), said("tagOnCreate"));
    }
    Value::Object(out)
}

/// The maps of properties that have texts: of the resource (no name) and of its property types.
fn sources<'a>(
    spec: &'a Specification,
    resource: Option<&'a Value>,
) -> BTreeMap<String, &'a Map<String, Value>> {
    let mut sources = BTreeMap::new();
    for definition in resource.into_iter().flat_map(|resource| spec.used(resource)) {
        let name = text(definition, "name").unwrap_or_default();
        if let Some(properties) = definition.get("properties").and_then(Value::as_object) {
            sources.insert(name, properties);
        }
    }
    if let Some(own) = resource.and_then(|r| r.get("properties")?.as_object()) {
        sources.insert(String::new(), own);
    }
    sources
}

/// The documentation of properties, by the key that `rstack_catalog::Property::key` returns.
#[derive(Default)]
struct Gathered<'a> {
    sources: BTreeMap<String, &'a Map<String, Value>>,
    texts: Map<String, Value>,
    defaults: Map<String, Value>,
}

impl Gathered<'_> {
    /// The properties of a node, which are known under this prefix.
    fn node(&mut self, prefix: &str, node: &Value) {
        for (name, property) in object(node, "properties") {
            let key = match prefix {
                "" => name.clone(),
                prefix => format!("{prefix}.{name}"),
            };
            let documented = self.sources.get(prefix).and_then(|source| source.get(name));
            let documented = documented.and_then(|property| text(property, "documentation"));
            if let Some(text) = documented.or_else(|| text(property, "description")) {
                self.texts.insert(key.clone(), json!(text));
            }
            if let Some(default) = property.get("default") {
                self.defaults.insert(key.clone(), default.clone());
            }
            self.inside(&key, property);
        }
        for branches in ["oneOf", "anyOf", "allOf"] {
            for branch in node.get(branches).and_then(Value::as_array).into_iter().flatten() {
                self.node(prefix, branch);
            }
        }
    }

    /// Gathers the documentation inside of a property, as far as it is written in place.
    fn inside(&mut self, key: &str, node: &Value) {
        if node.get("$ref").is_some() {
            return;
        }
        self.node(key, node);
        if let Some(items) = node.get("items") {
            self.inside(key, items);
        }
    }
}

/// A text that says something, shortened at a paragraph if it is long.
fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?.replace("``", "`");
    // What the User Guide's links leave behind.
    let text = text.replace(" .\n", ".\n").replace(" . ", ". ").replace(" ,", ",");
    let text = text.strip_suffix(" .").map_or(text.clone(), |text| format!("{text}."));
    let text = text.trim();
    if text.is_empty() || text == "." {
        return None;
    }
    let mut kept = String::new();
    for paragraph in text.split("\n\n") {
        if !kept.is_empty() && kept.len() + paragraph.len() > LONGEST {
            break;
        }
        kept.push_str(if kept.is_empty() { "" } else { "\n\n" });
        kept.push_str(paragraph);
    }
    Some(kept)
}
