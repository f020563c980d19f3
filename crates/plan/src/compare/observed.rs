//! Declared against observed: drift. Only what is declared is compared.

use rstack_model::plan::Difference;
use rstack_model::{PropertyPath, Value, ValueMap};

use super::canonical::canonical;
use crate::type_definition::TypeDefinition;

/// The declared properties that the object in the cloud does not have. Write-only and read-only
/// properties are left out. The observed ones are redacted: a text that was declared with a secret is
/// the declared one if it is the same, or if the secret is not known; another version of a secret is
/// no drift.
pub fn drift(
    definition: &dyn TypeDefinition,
    declared: &ValueMap,
    observed: &ValueMap,
) -> Vec<Difference> {
    let mut out = Vec::new();
    for (key, value) in declared {
        let path = PropertyPath::root().name(key);
        compare(definition, &path, value, observed.get(key), &mut out);
    }
    out
}

fn compare(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    declared: &Value,
    observed: Option<&Value>,
    out: &mut Vec<Difference>,
) {
    if definition.is_write_only(path)
        || definition.is_read_only(path)
        || is_nothing(declared, observed)
    {
        return;
    }
    match (declared, observed) {
        (Value::Map(declared), Some(Value::Map(observed))) if !definition.is_document(path) => {
            for (key, value) in declared {
                compare(definition, &path.name(key), value, observed.get(key), out);
            }
            if definition.is_open_map(path) {
                added(definition, path, declared, observed, out);
            }
            return;
        }
        // A map of which nothing can be read: only what could be read is missing.
        (Value::Map(declared), None) if !definition.is_document(path) => {
            for (key, value) in declared {
                compare(definition, &path.name(key), value, None, out);
            }
            return;
        }
        (Value::List(d), Some(Value::List(o)))
            if !definition.is_document(path) && !definition.is_set(path) && d.len() == o.len() =>
        {
            for (i, (d, o)) in d.iter().zip(o).enumerate() {
                compare(definition, &path.index(i), d, Some(o), out);
            }
            return;
        }
        (Value::List(d), Some(Value::List(o)))
            if definition.is_set(path) && same_set(definition, path, d, o) =>
        {
            return;
        }
        (_, Some(observed)) if same(definition, path, declared, observed) => return,
        _ => {}
    }
    out.push(Difference {
        path: path.clone(),
        before: Some(declared.clone()),
        after: observed.cloned(),
        update_kind: definition.update_kind(path),
    });
}

/// True for declarations that a service reads as if they were not there: null, empty maps (which
/// ask for defaults), and empty lists as long as the observed list has no element.
fn is_nothing(declared: &Value, observed: Option<&Value>) -> bool {
    match declared {
        Value::Null => true,
        Value::List(list) => {
            let filled = observed.and_then(Value::as_list).is_some_and(|o| !o.is_empty());
            list.is_empty() && !filled
        }
        Value::Map(map) => map.is_empty(),
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_) => false,
    }
}

/// Adds the keys that were added elsewhere to a map whose keys are the template's own.
fn added(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    declared: &ValueMap,
    observed: &ValueMap,
    out: &mut Vec<Difference>,
) {
    let foreign = observed.iter().filter(|(key, value)| {
        !declared.contains_key(*key) && !key.starts_with("aws:") && **value != Value::Null
    });
    for (key, value) in foreign {
        let path = path.name(key);
        let update_kind = definition.update_kind(&path);
        let after = Some(value.clone());
        out.push(Difference { path, before: None, after, update_kind });
    }
}

/// True if every declared element has an observed one of its own, and none is left over but tags
/// that AWS itself sets.
fn same_set(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    declared: &[Value],
    observed: &[Value],
) -> bool {
    let mut left: Vec<&Value> = observed.iter().collect();
    for (i, item) in declared.iter().enumerate() {
        let at = path.index(i);
        let found = left.iter().position(|candidate| {
            let mut differences = Vec::new();
            compare(definition, &at, item, Some(candidate), &mut differences);
            differences.is_empty()
        });
        match found {
            Some(position) => {
                left.remove(position);
            }
            None => return false,
        }
    }
    left.iter().all(|item| is_system_tag(item))
}

fn is_system_tag(item: &Value) -> bool {
    item.as_map()
        .and_then(|map| map.get("Key"))
        .and_then(Value::as_str)
        .is_some_and(|key| key.starts_with("aws:"))
}

fn same(
    definition: &dyn TypeDefinition,
    path: &PropertyPath,
    declared: &Value,
    observed: &Value,
) -> bool {
    if declared == observed {
        return true;
    }
    let declared = canonical(definition, path, declared);
    let observed = canonical(definition, path, observed);
    declared == observed
        || scalar_text(&declared).is_some_and(|text| scalar_text(&observed) == Some(text))
}

/// A scalar as text, for paths of which the schema does not say the kind.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Number(n) => Some(n.to_string()),
        Value::String(s) => Some(s.clone()),
        Value::Null | Value::Text(_) | Value::Deferred(_) | Value::List(_) | Value::Map(_) => None,
    }
}
