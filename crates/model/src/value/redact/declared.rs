//! Declared values as redaction looks at them: parts, texts, and what a service may add or leave out.

use crate::value::{Value, ValueMap};

/// The value at the dotted name of an attribute.
pub(super) fn at<'a>(declared: &'a ValueMap, name: &str) -> Option<&'a Value> {
    if let Some(value) = declared.get(name) {
        return Some(value);
    }
    let mut segments = name.split('.');
    let mut value = declared.get(segments.next()?)?;
    for segment in segments {
        value = value.as_map()?.get(segment)?;
    }
    Some(value)
}

/// A JSON object or array that is given as text.
pub(super) fn tree(text: &str) -> Option<serde_json::Value> {
    let start = text.trim_start();
    if !start.starts_with('{') && !start.starts_with('[') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// A declared scalar as text.
pub(super) fn declared_text(declared: &Value) -> Option<String> {
    match declared {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Text(_) | Value::Deferred(_) | Value::List(_) | Value::Map(_) => None,
    }
}

pub(super) fn note_literals(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::List(list) => list.iter().for_each(|item| note_literals(item, out)),
        Value::Map(map) => map.values().for_each(|item| note_literals(item, out)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => out.extend(declared_text(value)),
    }
}

/// True if a value has everything that was declared. A service adds what was not: defaults, and
/// empty lists.
pub(super) fn is_as_declared(declared: &Value, redacted: &Value) -> bool {
    match (declared, redacted) {
        (Value::Map(declared), Value::Map(redacted)) => {
            declared.iter().all(|(key, declared)| match redacted.get(key) {
                Some(redacted) => is_as_declared(declared, redacted),
                None => is_nothing(declared),
            })
        }
        (Value::List(declared), Value::List(redacted)) => {
            let mut pairs = declared.iter().zip(redacted);
            declared.len() == redacted.len() && pairs.all(|(one, other)| is_as_declared(one, other))
        }
        _ => declared == redacted,
    }
}

/// True for what a service may leave out of its answer.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => false,
    }
}
