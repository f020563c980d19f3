//! Declared against declared: what was applied last, and what the template says now.

use rstack_model::plan::Difference;
use rstack_model::{PropertyPath, Value, ValueMap};

use super::canonical::canonical;
use crate::facts::TypeFacts;

/// The properties in which two declared trees differ, in the order of their paths.
pub fn differences(facts: &dyn TypeFacts, before: &ValueMap, after: &ValueMap) -> Vec<Difference> {
    let mut out = Vec::new();
    maps(facts, &PropertyPath::root(), before, after, &mut out);
    out
}

fn maps(
    facts: &dyn TypeFacts,
    path: &PropertyPath,
    before: &ValueMap,
    after: &ValueMap,
    out: &mut Vec<Difference>,
) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let present = |map: &'_ ValueMap| map.get(key).filter(|v| **v != Value::Null).cloned();
        values(facts, &path.name(key), present(before), present(after), out);
    }
}

fn values(
    facts: &dyn TypeFacts,
    path: &PropertyPath,
    before: Option<Value>,
    after: Option<Value>,
    out: &mut Vec<Difference>,
) {
    if facts.is_read_only(path) {
        return;
    }
    let form = |value: &Option<Value>| value.as_ref().map(|v| canonical(facts, path, v));
    if form(&before) == form(&after) {
        return;
    }
    match (&before, &after) {
        (Some(Value::Map(b)), Some(Value::Map(a))) if !facts.is_document(path) => {
            return maps(facts, path, b, a, out);
        }
        (Some(Value::List(b)), Some(Value::List(a)))
            if b.len() == a.len() && !facts.is_document(path) && !facts.is_set(path) =>
        {
            for (i, (b, a)) in b.iter().zip(a).enumerate() {
                values(facts, &path.index(i), Some(b.clone()), Some(a.clone()), out);
            }
            return;
        }
        _ => {}
    }
    let whole = match (&before, &after) {
        (Some(value), None) | (None, Some(value)) => forces_within(facts, path, value),
        (Some(_), Some(_)) | (None, None) => false,
    };
    let forces_replacement = whole || facts.forces_replacement(path);
    out.push(Difference { path: path.clone(), before, after, forces_replacement });
}

/// Whether a map that comes or goes as a whole brings or takes a property that cannot be changed in
/// place.
fn forces_within(facts: &dyn TypeFacts, path: &PropertyPath, value: &Value) -> bool {
    let Value::Map(map) = value else { return facts.forces_replacement(path) };
    !facts.is_document(path)
        && map.iter().any(|(key, value)| forces_within(facts, &path.name(key), value))
}
