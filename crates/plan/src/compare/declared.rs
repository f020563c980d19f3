//! Declared against declared: what was applied last, and what the template says now.

use rstack_model::plan::Difference;
use rstack_model::{PropertyPath, UpdateKind, Value, ValueMap};

use super::canonical::canonical;
use crate::facts::TypeFacts;

/// The properties in which two declared trees differ, in the order of their paths.
pub fn differences(facts: &dyn TypeFacts, before: &ValueMap, after: &ValueMap) -> Vec<Difference> {
    let mut out = Vec::new();
    maps(facts, &PropertyPath::root(), before, after, None, &mut out);
    out
}

fn maps(
    facts: &dyn TypeFacts,
    path: &PropertyPath,
    before: &ValueMap,
    after: &ValueMap,
    decided: Option<UpdateKind>,
    out: &mut Vec<Difference>,
) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let present = |map: &'_ ValueMap| map.get(key).filter(|v| **v != Value::Null).cloned();
        values(facts, &path.name(key), present(before), present(after), decided, out);
    }
}

fn values(
    facts: &dyn TypeFacts,
    path: &PropertyPath,
    before: Option<Value>,
    after: Option<Value>,
    decided: Option<UpdateKind>,
    out: &mut Vec<Difference>,
) {
    if facts.is_read_only(path) {
        return;
    }
    let form = |value: &Option<Value>| value.as_ref().map(|v| canonical(facts, path, v));
    if form(&before) == form(&after) {
        return;
    }
    let own_rule = facts.decided_update(path, before.as_ref(), after.as_ref());
    let decided = own_rule.or(decided);
    match (&before, &after) {
        (Some(Value::Map(b)), Some(Value::Map(a))) if !facts.is_document(path) => {
            return maps(facts, path, b, a, decided, out);
        }
        (Some(Value::List(b)), Some(Value::List(a)))
            if b.len() == a.len() && !facts.is_document(path) && !facts.is_set(path) =>
        {
            for (i, (b, a)) in b.iter().zip(a).enumerate() {
                values(facts, &path.index(i), Some(b.clone()), Some(a.clone()), decided, out);
            }
            return;
        }
        _ => {}
    }
    let within = match (&before, &after) {
        (Some(value), None) | (None, Some(value)) => strongest_within(facts, path, value),
        (Some(_), Some(_)) | (None, None) => UpdateKind::InPlace,
    };
    let update_kind = match within.max(facts.update_kind(path)) {
        // The service's rule, where it is known, decides what is else left open.
        UpdateKind::MayReplace => decided.unwrap_or(UpdateKind::MayReplace),
        sure @ (UpdateKind::InPlace | UpdateKind::Replaces) => sure,
    };
    out.push(Difference { path: path.clone(), before, after, update_kind });
}

/// The strongest update kind of what a map brings or takes that comes or goes as a whole.
fn strongest_within(facts: &dyn TypeFacts, path: &PropertyPath, value: &Value) -> UpdateKind {
    let Value::Map(map) = value else { return facts.update_kind(path) };
    if facts.is_document(path) {
        return UpdateKind::InPlace;
    }
    let kinds = map.iter().map(|(key, value)| strongest_within(facts, &path.name(key), value));
    kinds.max().unwrap_or_default()
}
