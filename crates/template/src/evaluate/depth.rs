//! The nesting of an evaluated value as it is written down.
//!
//! A state and a plan are JSON, and readers of JSON stop at 128 levels. A value that waits for an
//! attribute takes several levels for each function around it, so that the depth of the template
//! does not bound it.

use rstack_model::Value;

/// The nesting that a resource's properties or an output may have: the levels above them in a state
/// or a plan have room besides.
const MAX_DEPTH: usize = 96;

/// More levels than an attribute takes.
const PLAIN: usize = 12;

/// True if a value can be written to a state and read again.
pub(super) fn fits(value: &Value) -> bool {
    value_fits(value, MAX_DEPTH)
}

/// A value of the simple kinds is written as it is; of the others, the form that is written counts.
fn value_fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::List(items) => {
            levels.checked_sub(1).is_some_and(|rest| items.iter().all(|v| value_fits(v, rest)))
        }
        Value::Map(map) if map.keys().all(|key| !key.starts_with('$')) => {
            levels.checked_sub(1).is_some_and(|rest| map.values().all(|v| value_fits(v, rest)))
        }
        Value::Deferred(inner) if levels >= PLAIN && inner.operand().is_none() => true,
        Value::Map(_) | Value::Text(_) | Value::Deferred(_) => {
            serde_json::to_value(value).is_ok_and(|json| within(&json, levels))
        }
    }
}

fn within(json: &serde_json::Value, levels: usize) -> bool {
    match json {
        serde_json::Value::Array(items) => {
            levels.checked_sub(1).is_some_and(|rest| items.iter().all(|item| within(item, rest)))
        }
        serde_json::Value::Object(map) => {
            levels.checked_sub(1).is_some_and(|rest| map.values().all(|item| within(item, rest)))
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => true,
    }
}
