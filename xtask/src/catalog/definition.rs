//! The definition of a type, as `schemas.bin` holds it.
//!
//! From cfn-lint's `data/schemas/resources` (the registry's schemas with cfn-lint's own patches
//! applied, one file a type) everything but descriptions, permissions and links is taken; from
//! AWS's service specification the value of `Ref`, the form of ARNs, update kinds, tags of types that the
//! registry does not describe, and which types hold data; from the overlays what both do not say.

use serde_json::{Map, Value, json};

use super::attributes;
use super::names::{self, Parents};
use super::overlay::Overlay;
use super::sources::{Specification, object};
use super::updates::{self, Marked};

/// Keys of a type that are taken over as they are (below `properties` and `definitions` cleaned).
const TYPE_KEYS: [&str; 16] = [
    "typeName",
    "additionalProperties",
    "properties",
    "patternProperties",
    "definitions",
    "required",
    "oneOf",
    "anyOf",
    "allOf",
    "primaryIdentifier",
    "additionalIdentifiers",
    "createOnlyProperties",
    "conditionalCreateOnlyProperties",
    "readOnlyProperties",
    "writeOnlyProperties",
    "type",
];

/// Keys of a node that are taken over.
const NODE_KEYS: [&str; 21] = [
    "type",
    "$ref",
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "required",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "insertionOrder",
    "uniqueItems",
    "oneOf",
    "anyOf",
    "allOf",
    "format",
];

/// The definition of a type.
pub(super) fn of(
    name: &str,
    schema: &Value,
    spec: &Specification,
    overlay: &Overlay,
    parents: &Parents,
) -> Value {
    let resource = spec.resource(name);
    let marked = resource.map_or_else(Marked::default, |resource| updates::marked(spec, resource));
    let mut out = Map::new();
    for key in TYPE_KEYS {
        let Some(value) = schema.get(key) else { continue };
        let cleaned = match key {
            "properties" | "definitions" | "patternProperties" => clean_named(value),
            "oneOf" | "anyOf" | "allOf" => clean_node(value),
            _ => value.clone(),
        };
        out.insert(key.to_owned(), cleaned);
    }
    let hidden = overlay.write_only();
    if !hidden.is_empty() {
        let known = out.entry("writeOnlyProperties").or_insert(json!([]));
        known
            .as_array_mut()
            .into_iter()
            .for_each(|all| all.extend(hidden.iter().map(|path| json!(path))));
    }
    // A node that lacks it allows more properties; a resource type never does.
    out.entry("additionalProperties").or_insert(json!(false));
    let handlers: Vec<&String> =
        schema.get("handlers").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
    out.insert("handlers".to_owned(), json!(handlers));
    let minutes: Map<String, Value> = object(schema, "handlers")
        .filter_map(|(name, handler)| {
            Some((name.clone(), handler.get("timeoutInMinutes")?.clone()))
        })
        .collect();
    if !minutes.is_empty() {
        out.insert("timeLimits".to_owned(), Value::Object(minutes));
    }
    if let Some(tag) = tag_property(schema, resource) {
        out.insert("tagProperty".to_owned(), json!(tag));
    }
    if let Some(resource) = resource {
        if let Some(reference) = resource.get("cfnRefIdentifier").filter(|r| !r.is_null()) {
            let list = if reference.is_array() { reference.clone() } else { json!([reference]) };
            out.insert("refIdentifier".to_owned(), list);
        }
        if let Some(arn) = resource.get("arnTemplate") {
            out.insert("arnTemplate".to_owned(), arn.clone());
        }
        if resource.get("isStateful") == Some(&json!(true)) {
            out.insert("stateful".to_owned(), json!(true));
        }
    }
    out.insert("updates".to_owned(), updates::compiled(&marked, schema, overlay));
    let names = names::of(name, schema, resource, &marked, overlay, parents);
    let mut extend = |key: &str, values: Vec<String>| {
        let list = out.entry(key).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.extend(values.into_iter().map(Value::from));
        }
    };
    extend("readOnlyProperties", overlay.read_only());
    extend("declarable", overlay.declarable());
    extend("refusedUpdates", overlay.refused());
    extend("sets", overlay.sets());
    let declared = resource.map(|resource| attributes::declared(schema, resource, overlay));
    extend("declaredAttributes", declared.unwrap_or_default());
    extend("secretAttributes", overlay.secret_attributes());
    out.insert("attributeChanges".to_owned(), json!(overlay.attribute_changes()));
    out.insert("names".to_owned(), json!(names.unique));
    out.insert("likelyNames".to_owned(), json!(names.likely));
    out.insert("uniqueContents".to_owned(), json!(overlay.unique_contents()));
    out.retain(|_, value| !matches!(value, Value::Array(list) if list.is_empty()));
    Value::Object(out)
}

/// The property that holds the tags, as a pointer: what the registry says, for a type without
/// `tagging` what the specification says.
fn tag_property(schema: &Value, resource: Option<&Value>) -> Option<String> {
    if schema.get("tagging").is_some() {
        return Some(schema.pointer("/tagging/tagProperty")?.as_str()?.to_owned());
    }
    let name = resource?.pointer("/tagInformation/tagPropertyName")?.as_str()?;
    let pointer = format!("/properties/{name}");
    schema.pointer(&pointer).is_some().then_some(pointer)
}

/// A map from names to nodes.
fn clean_named(named: &Value) -> Value {
    let nodes = named.as_object().into_iter().flatten();
    Value::Object(nodes.map(|(name, node)| (name.clone(), clean_node(node))).collect())
}

fn clean_node(node: &Value) -> Value {
    match node {
        Value::Array(nodes) => Value::Array(nodes.iter().map(clean_node).collect()),
        Value::Object(map) => {
            let kept = NODE_KEYS.iter().filter_map(|key| Some((*key, map.get(*key)?)));
            let cleaned = kept.map(|(key, value)| {
                let cleaned = match key {
                    "properties" | "patternProperties" => clean_named(value),
                    "items" | "oneOf" | "anyOf" | "allOf" | "additionalProperties" => {
                        clean_node(value)
                    }
                    _ => value.clone(),
                };
                (key.to_owned(), cleaned)
            });
            Value::Object(cleaned.collect())
        }
        other => other.clone(),
    }
}
