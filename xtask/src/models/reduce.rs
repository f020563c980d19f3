//! Takes of the package's files what the program needs.

use std::collections::BTreeSet;
use std::error::Error;

use serde_json::{Map, Value, json};

use super::files::Folder;

/// The keys that are kept of the description of a service.
const METADATA_KEYS: [&str; 7] = [
    "apiVersion",
    "awsQueryCompatible",
    "endpointPrefix",
    "jsonVersion",
    "serviceId",
    "signingName",
    "targetPrefix",
];

/// The keys that are kept of a shape; its members, elements, keys and values are taken as references.
const SHAPE_KEYS: [&str; 8] = [
    "type",
    "required",
    "sensitive",
    "union",
    "payload",
    "flattened",
    "xmlNamespace",
    "timestampFormat",
];

/// The keys that are kept of a reference to a shape.
const REFERENCE_KEYS: [&str; 10] = [
    "shape",
    "queryName",
    "location",
    "locationName",
    "flattened",
    "xmlAttribute",
    "xmlNamespace",
    "timestampFormat",
    "idempotencyToken",
    "resultWrapper",
];

/// The operations of a folder, and the shapes they reach.
///
/// # Errors
/// If the model lacks an operation or a shape, or does not list the protocol.
pub(super) fn model(folder: &Folder, model: &Value) -> Result<Value, Box<dyn Error>> {
    let lookup = |path: [&str; 2]| {
        let found = path.iter().try_fold(model, |value, key| value.get(key));
        found.ok_or_else(|| format!("{} has no {}", folder.name, path.join("/")))
    };
    let (mut operations, mut open) = (Map::new(), Vec::new());
    for name in folder.operations() {
        let operation = lookup(["operations", &name])?;
        let mut kept = pick(operation, &["http"]);
        for end in ["input", "output"] {
            if let Some(reference) = operation.get(end) {
                kept.insert(end.to_owned(), take_reference(reference, &mut open));
            }
        }
        operations.insert(name, Value::Object(kept));
    }
    let (mut shapes, mut seen) = (Map::new(), BTreeSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let all = model.get("shapes").unwrap_or(&Value::Null);
        let mut kept = take_shape(lookup(["shapes", &name])?, all, &mut open);
        for entry in folder.service.sensitivity.iter().filter(|e| e.shapes.contains(&name)) {
            kept.remove("sensitive");
            if entry.sensitive {
                kept.insert("sensitive".to_owned(), json!(true));
            }
        }
        if folder.service.binary.iter().any(|entry| entry.shapes.contains(&name)) {
            kept.insert("binary".to_owned(), json!(true));
        }
        shapes.insert(name, Value::Object(kept));
    }
    let marked = folder.service.sensitivity.iter().map(|entry| &entry.shapes);
    for name in marked.chain(folder.service.binary.iter().map(|entry| &entry.shapes)).flatten() {
        if !shapes.contains_key(name) {
            return Err(format!("{}: no operation reaches the shape `{name}`", folder.name).into());
        }
    }
    let metadata = metadata(folder, model)?;
    Ok(json!({ "metadata": metadata, "operations": operations, "shapes": shapes }))
}

/// The description of the service, once it is sure that it speaks the protocol that was chosen.
fn metadata(folder: &Folder, model: &Value) -> Result<Map<String, Value>, Box<dyn Error>> {
    let all = model.get("metadata").unwrap_or(&Value::Null);
    let chosen = serde_json::to_value(folder.service.protocol)?;
    let spoken = all.get("protocols").and_then(Value::as_array).cloned().unwrap_or_default();
    if all.get("protocol") != Some(&chosen) && !spoken.contains(&chosen) {
        return Err(format!("{} does not speak {chosen}", folder.name).into());
    }
    Ok(pick(all, &METADATA_KEYS))
}

fn pick(value: &Value, keys: &[&str]) -> Map<String, Value> {
    let found = keys.iter().filter_map(|key| Some(((*key).to_owned(), value.get(key)?.clone())));
    found.collect()
}

fn take_reference(reference: &Value, open: &mut Vec<String>) -> Value {
    if let Some(shape) = reference.get("shape").and_then(Value::as_str) {
        open.push(shape.to_owned());
    }
    Value::Object(pick(reference, &REFERENCE_KEYS))
}

/// A member that has no name of its own on the wire has that of its shape, where the shape has one.
fn take_member(member: &Value, shapes: &Value, open: &mut Vec<String>) -> Value {
    let mut kept = take_reference(member, open);
    let shape = member.get("shape").and_then(Value::as_str).and_then(|name| shapes.get(name));
    if let (Some(name), Some(kept)) =
        (shape.and_then(|shape| shape.get("locationName")), kept.as_object_mut())
    {
        kept.entry("locationName").or_insert_with(|| name.clone());
    }
    kept
}

fn take_shape(shape: &Value, shapes: &Value, open: &mut Vec<String>) -> Map<String, Value> {
    let mut kept = pick(shape, &SHAPE_KEYS);
    for part in ["member", "key", "value"] {
        if let Some(reference) = shape.get(part) {
            kept.insert(part.to_owned(), take_reference(reference, open));
        }
    }
    if let Some(members) = shape.get("members").and_then(Value::as_object) {
        let members = members.iter().map(|(name, m)| (name.clone(), take_member(m, shapes, open)));
        kept.insert("members".to_owned(), Value::Object(members.collect()));
    }
    kept
}

/// Endpoint rules without their documentation.
pub(super) fn endpoint_rules(mut rules: Value) -> Value {
    without(&mut rules, "documentation");
    rules
}

/// The partitions without the names of their Regions.
pub(super) fn partitions(mut partitions: Value) -> Value {
    without(&mut partitions, "description");
    partitions
}

fn without(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            map.remove(key);
            map.values_mut().for_each(|value| without(value, key));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_the_wire_name_of_its_shape_unless_it_has_its_own() {
        let shapes = json!({
            "Named": {"type": "list", "locationName": "Wire"},
            "Plain": {"type": "string"},
        });
        let name =
            |member: Value| take_member(&member, &shapes, &mut Vec::new())["locationName"].clone();
        assert_eq!(name(json!({"shape": "Named"})), "Wire");
        assert_eq!(name(json!({"shape": "Named", "locationName": "Own"})), "Own");
        assert_eq!(name(json!({"shape": "Plain"})), Value::Null);
    }
}
