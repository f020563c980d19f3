//! A schema with the definitions that it shares with others.

use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value};

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/schemas")
}

/// A schema that needs no other file.
#[derive(Clone)]
pub(super) struct Schema(Value);

impl Schema {
    pub(super) fn read(name: &str) -> Self {
        let file = |name: &str| -> Value {
            let path = folder().join(format!("{name}.schema.json"));
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        };
        let mut schema = file(name);
        rename(&mut schema, "stored.schema.json#/$defs/", "#/$defs/stored.");
        let mut shared = file("stored");
        rename(&mut shared, "#/$defs/", "#/$defs/stored.");
        let shared = shared["$defs"].as_object_mut().unwrap();
        let defs = schema.as_object_mut().unwrap().entry("$defs").or_insert(Map::new().into());
        for (name, definition) in std::mem::take(shared) {
            defs.as_object_mut().unwrap().insert(format!("stored.{name}"), definition);
        }
        Self(schema)
    }

    pub(super) fn validator(&self) -> Validator {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", self.0.clone()).unwrap();
        let index = compiler.compile("schema.json", &mut schemas);
        let index = index.unwrap_or_else(|error| panic!("{error:#}"));
        Validator { schemas, index }
    }

    /// The schema without each of its properties, alternatives and values, one at a time. Parts that
    /// the schema does not reach are left out.
    pub(super) fn without_each_part(&self) -> Vec<(String, Self)> {
        let mut places = Vec::new();
        let mut reached = vec![String::new()];
        let mut at = 0;
        while let Some(place) = reached.get(at).cloned() {
            at += 1;
            let part = self.0.pointer(&place).unwrap();
            let mut found = Vec::new();
            collect(part, &place, &mut places, &mut found);
            for definition in found {
                if !reached.contains(&definition) {
                    reached.push(definition);
                }
            }
        }
        let without = places.into_iter().map(|place| {
            let mut smaller = self.clone();
            smaller.remove(&place);
            (place, smaller)
        });
        without.collect()
    }

    fn remove(&mut self, place: &str) {
        let (parent, last) = place.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        match self.0.pointer_mut(parent).unwrap() {
            // No value fits: the object may not have the property, or has to be another one.
            Value::Object(map) => map[&last] = Value::Bool(false),
            Value::Array(list) => {
                let index: usize = last.parse().unwrap();
                // The list may become empty, which a schema does not allow.
                list[index] = "no value of the program is this text".into();
                if parent.ends_with("/oneOf") {
                    list[index] = Value::Bool(false);
                }
            }
            other => panic!("{place}: {other}"),
        }
    }
}

/// A schema that was found to be one.
pub(super) struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    /// The first thing in a document that does not fit.
    pub(super) fn problem(&self, document: &Value) -> Option<String> {
        let result = self.schemas.validate(document, self.index);
        result.err().map(|error| error.to_string())
    }

    pub(super) fn is_valid(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}

/// Gives references another beginning.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner {
                    Value::String(text) if key == "$ref" => {
                        if let Some(name) = text.strip_prefix(from) {
                            *text = format!("{to}{name}");
                        }
                    }
                    inner => rename(inner, from, to),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| rename(inner, from, to)),
        _ => {}
    }
}

/// Collects the removable parts of the schema at a place, and the definitions that it refers to.
fn collect(schema: &Value, place: &str, parts: &mut Vec<String>, references: &mut Vec<String>) {
    for (key, inner) in schema.as_object().into_iter().flatten() {
        let below = format!("{place}/{key}");
        let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
        match (key.as_str(), inner) {
            ("$ref", Value::String(target)) => {
                references.push(target.trim_start_matches('#').to_owned());
            }
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    let place = format!("{below}/{}", escaped(name));
                    parts.push(place.clone());
                    collect(property, &place, parts, references);
                }
            }
            ("enum", Value::Array(values)) => {
                parts.extend((0..values.len()).map(|index| format!("{below}/{index}")));
            }
            ("oneOf" | "anyOf" | "prefixItems", Value::Array(schemas)) => {
                for (index, inner) in schemas.iter().enumerate() {
                    let place = format!("{below}/{index}");
                    parts.extend((key == "oneOf").then(|| place.clone()));
                    collect(inner, &place, parts, references);
                }
            }
            ("items" | "additionalProperties" | "if" | "then" | "else", inner) => {
                collect(inner, &below, parts, references);
            }
            _ => {}
        }
    }
}

#[test]
fn parts_are_found_and_removed() {
    let schema = serde_json::json!({
        "type": "object", "properties": {"a": {"enum": ["x", "y"]}, "b": {"$ref": "#/$defs/d"}},
        "$defs": {"d": {"oneOf": [{"const": 1}]}, "unused": {"enum": [1]}},
    });
    let parts = Schema(schema).without_each_part();
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "/properties/a",
            "/properties/a/enum/0",
            "/properties/a/enum/1",
            "/properties/b",
            "/$defs/d/oneOf/0"
        ]
    );
    let sample = serde_json::json!({"a": "x", "b": 1});
    let valid: Vec<bool> = parts.iter().map(|(_, s)| s.validator().is_valid(&sample)).collect();
    assert_eq!(valid, [false, false, true, false, false]);
}
