//! Builds the schema data file.
//!
//! From cfn-lint's `data/schemas/resources` (the registry's schemas with cfn-lint's own patches
//! applied, one file a type) everything but descriptions, permissions and links is taken; from
//! AWS's service specification what `Ref` returns, the form of ARNs, and which types hold data.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use rstack_catalog::container;
use serde_json::{Map, Value, json};

use crate::overlay::OVERLAYS;

/// Size of the shared dictionary, in bytes.
const DICTIONARY: usize = 112 << 10;
const LEVEL: i32 = 19;

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

pub(crate) fn run(lint: &Path, spec: &Path, output: &Path) -> Result<String, Box<dyn Error>> {
    let facts = specification(spec)?;
    let mut types: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, schema) in resource_schemas(lint)? {
        let cleaned = clean_type(&name, &schema, facts.get(&name));
        types.insert(name, serde_json::to_vec(&cleaned)?);
    }
    let (dictionary, rows) = compressed(&types)?;
    let bytes = container::write(&dictionary, &rows)?;
    std::fs::write(output, &bytes)?;
    Ok(format!("{} types, {} bytes", rows.len(), bytes.len()))
}

/// The registry's schemas with cfn-lint's patches, by type name.
pub(crate) fn resource_schemas(lint: &Path) -> Result<BTreeMap<String, Value>, Box<dyn Error>> {
    let mut schemas = BTreeMap::new();
    for entry in std::fs::read_dir(lint.join("cfnlint/data/schemas/resources"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let schema: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let name = schema.get("typeName").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !name.is_empty() {
            schemas.insert(name, schema);
        }
    }
    Ok(schemas)
}

/// A name, a compressed frame and its plain length for each type.
type Rows = Vec<(String, Vec<u8>, usize)>;

/// A dictionary, and each type's JSON compressed with it.
pub(crate) fn compressed(
    types: &BTreeMap<String, Vec<u8>>,
) -> Result<(Vec<u8>, Rows), Box<dyn Error>> {
    let samples: Vec<&Vec<u8>> = types.values().collect();
    let dictionary = zstd::dict::from_samples(&samples, DICTIONARY)?;
    let mut compressor = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary)?;
    let mut rows = Vec::new();
    for (name, json) in types {
        rows.push((name.clone(), compressor.compress(json)?, json.len()));
    }
    Ok((dictionary, rows))
}

fn clean_type(name: &str, schema: &Value, facts: Option<&Value>) -> Value {
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
    // A node that lacks it allows more properties; a resource type never does.
    out.entry("additionalProperties").or_insert(json!(false));
    let handlers: Vec<&String> =
        schema.get("handlers").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
    out.insert("handlers".to_owned(), json!(handlers));
    if let Some(tag) = schema.pointer("/tagging/tagProperty") {
        out.insert("tagProperty".to_owned(), tag.clone());
    }
    if let Some(facts) = facts {
        if let Some(reference) = facts.get("cfnRefIdentifier").filter(|r| !r.is_null()) {
            let list = if reference.is_array() { reference.clone() } else { json!([reference]) };
            out.insert("refIdentifier".to_owned(), list);
        }
        if let Some(arn) = facts.get("arnTemplate") {
            out.insert("arnTemplate".to_owned(), arn.clone());
        }
        if facts.get("isStateful") == Some(&json!(true)) {
            out.insert("stateful".to_owned(), json!(true));
        }
    }
    for overlay in OVERLAYS.iter().filter(|overlay| overlay.type_name == name) {
        let mut extend = |key: &str, paths: &[&str]| {
            let list = out.entry(key).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.extend(paths.iter().map(|path| json!(path)));
            }
        };
        extend("createOnlyProperties", overlay.create_only);
        extend("readOnlyProperties", overlay.read_only);
        extend("sets", overlay.sets);
        if let Some(list) = out.get_mut("createOnlyProperties").and_then(Value::as_array_mut) {
            list.retain(|path| !overlay.updatable.iter().any(|free| path == free));
        }
    }
    Value::Object(out)
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

/// The resources of the service specification, by type name.
fn specification(path: &Path) -> Result<BTreeMap<String, Value>, Box<dyn Error>> {
    let db: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let entities = db.pointer("/schema/resource/entities").and_then(Value::as_array);
    let entities = entities.ok_or("the service specification has another form")?;
    let named = entities.iter().filter_map(|entity| {
        let name = entity.get("cloudFormationType")?.as_str()?;
        Some((name.to_owned(), entity.clone()))
    });
    Ok(named.collect())
}
