//! The canonical form of a value: what the schema says is the same becomes equal.

use rstack_model::{PropertyPath, Value, ValueMap};
use serde_json::Number;

use crate::type_definition::{Scalar, TypeDefinition};

/// The canonical form of the value at `path`: scalars of the schema's kind, documents as trees,
/// sets sorted, nulls and what means nothing left out of maps.
pub(super) fn canonical(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    value: &Value,
) -> Value {
    if definition.is_document(path) {
        return document(value);
    }
    match value {
        Value::Null | Value::Text(_) | Value::Deferred(_) => value.clone(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let kind = definition.scalar(path);
            let value = kind.and_then(|kind| scalar(kind, value)).unwrap_or_else(|| value.clone());
            let normal = value.as_str().and_then(|text| definition.normal_text(path, text));
            normal.map_or(value, Value::String)
        }
        Value::List(items) => {
            let mut items: Vec<Value> = items
                .iter()
                .enumerate()
                .map(|(i, item)| canonical(definition, &path.index(i), item))
                .collect();
            if definition.is_set(path) {
                items.sort_by_cached_key(Value::to_string);
            }
            Value::List(items)
        }
        Value::Map(map) => Value::Map(canonical_map(definition, path, map)),
    }
}

/// [`canonical`] for a tree.
pub(super) fn canonical_map(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    map: &ValueMap,
) -> ValueMap {
    map.iter()
        .filter(|(key, value)| {
            **value != Value::Null && !definition.is_meaningless(&path.name(*key), map)
        })
        .map(|(key, value)| (key.clone(), canonical(definition, &path.name(key), value)))
        .collect()
}

/// A JSON document given as text becomes its tree; any other text stays, and a scalar is its text.
fn document(value: &Value) -> Value {
    let text = match value {
        Value::String(text) => text,
        Value::Bool(value) => return Value::String(value.to_string()),
        Value::Number(number) => return Value::String(number.to_string()),
        Value::Null | Value::Text(_) | Value::Deferred(_) | Value::List(_) | Value::Map(_) => {
            return value.clone();
        }
    };
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            Value::from_json(json)
        }
        Ok(_) | Err(_) => value.clone(),
    }
}

/// The scalar as the schema's kind, if it can be written as that.
fn scalar(kind: Scalar, value: &Value) -> Option<Value> {
    match (kind, value) {
        (Scalar::Boolean, Value::String(text)) => match text.as_str() {
            "true" | "True" | "TRUE" => Some(Value::Bool(true)),
            "false" | "False" | "FALSE" => Some(Value::Bool(false)),
            _ => None,
        },
        (Scalar::Integer | Scalar::Number, Value::String(text)) => number(text).map(Value::Number),
        (Scalar::Integer | Scalar::Number, Value::Number(n)) => {
            number(&n.to_string()).map(Value::Number)
        }
        (Scalar::Text, Value::Bool(b)) => Some(Value::String(b.to_string())),
        (Scalar::Text, Value::Number(n)) => Some(Value::String(n.to_string())),
        _ => None,
    }
}

/// A number, an integral one as an integer: `5`, `5.0` and `"5"` are one number.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(integer.into());
    }
    let float: f64 = text.parse().ok()?;
    let exact = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    if exact {
        return format!("{float:.0}").parse::<i64>().ok().map(Number::from);
    }
    Number::from_f64(float)
}
