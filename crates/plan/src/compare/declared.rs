//! Declared against declared: what was applied last, and what the template says now.

use rstack_model::plan::Difference;
use rstack_model::{PropertyPath, UpdateKind, Value, ValueMap};

use super::canonical::canonical;
use crate::type_definition::TypeDefinition;

/// The properties in which two declared trees differ, in the order of their paths.
pub fn differences(
    definition: &dyn TypeDefinition,
    before: &ValueMap,
    after: &ValueMap,
) -> Vec<Difference> {
    let mut out = Vec::new();
    maps(definition, &PropertyPath::root(), before, after, None, &mut out);
    out
}

fn maps(
    definition: &dyn TypeDefinition,
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
        let path = path.name(key);
        let present = |map: &'_ ValueMap| {
            let value = map.get(key).filter(|value| **value != Value::Null)?;
            (!definition.is_meaningless(&path, map)).then(|| value.clone())
        };
        values(definition, &path, present(before), present(after), decided, out);
    }
}

fn values(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    before: Option<Value>,
    after: Option<Value>,
    decided: Option<UpdateKind>,
    out: &mut Vec<Difference>,
) {
    if definition.is_read_only(path) {
        return;
    }
    let form = |value: &Option<Value>| value.as_ref().map(|v| canonical(definition, path, v));
    if form(&before) == form(&after) {
        return;
    }
    if is_default(definition, path, before.as_ref(), after.as_ref()) {
        return;
    }
    let own_rule = definition.decided_update(path, before.as_ref(), after.as_ref());
    let decided = own_rule.or(decided);
    match (&before, &after) {
        (Some(Value::Map(b)), Some(Value::Map(a))) if !definition.is_document(path) => {
            return maps(definition, path, b, a, decided, out);
        }
        (Some(Value::List(b)), Some(Value::List(a)))
            if b.len() == a.len() && !definition.is_document(path) && !definition.is_set(path) =>
        {
            for (i, (b, a)) in b.iter().zip(a).enumerate() {
                values(definition, &path.index(i), Some(b.clone()), Some(a.clone()), decided, out);
            }
            return;
        }
        _ => {}
    }
    let within = match (&before, &after) {
        (Some(value), None) | (None, Some(value)) => strongest_within(definition, path, value),
        (Some(_), Some(_)) | (None, None) => UpdateKind::InPlace,
    };
    let update_kind = match within.max(definition.update_kind(path)) {
        // The service's rule, where it is known, decides what is else left open.
        UpdateKind::MayReplace => decided.unwrap_or(UpdateKind::MayReplace),
        sure @ (UpdateKind::InPlace | UpdateKind::Replaces) => sure,
    };
    out.push(Difference { path: path.clone(), before, after, update_kind });
}

/// True if a property that cannot be changed in place comes or goes with the value that the service gives
/// the object without it: the object has that value before and after.
fn is_default(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    before: Option<&Value>,
    after: Option<&Value>,
) -> bool {
    let ((Some(only), None) | (None, Some(only))) = (before, after) else { return false };
    let in_place = definition.update_kind(path) == UpdateKind::InPlace;
    if in_place && !definition.fixed_properties().contains(path) {
        return false;
    }
    let default = definition.default_value(path);
    default.is_some_and(|it| canonical(definition, path, &it) == canonical(definition, path, only))
}

/// The strongest update kind of what a map brings or takes that comes or goes as a whole.
fn strongest_within(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    value: &Value,
) -> UpdateKind {
    let Value::Map(map) = value else { return definition.update_kind(path) };
    if definition.is_document(path) {
        return UpdateKind::InPlace;
    }
    let kinds = map.iter().map(|(key, value)| strongest_within(definition, &path.name(key), value));
    kinds.max().unwrap_or_default()
}
