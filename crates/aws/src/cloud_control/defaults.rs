//! Defaults: a provider leaves out of its answers what is declared with the schema's default value.

use rstack_catalog::{Documentation, Property, TypeSchema};
use rstack_model::{KnownMap, KnownValue};

use crate::mapping::equivalent;

/// Adds the declared properties that the service leaves out and that have the schema's default: they
/// are as declared.
pub(super) fn fill(schema: &TypeSchema, declared: &KnownMap, seen: &mut KnownMap) {
    if !leaves_out(declared, seen) {
        return;
    }
    let Ok(documentation) = Documentation::of(schema.name()) else { return };
    fill_map(&Property::all(schema, &documentation), declared, seen);
}

/// True if a declared property is not seen.
fn leaves_out(declared: &KnownMap, seen: &KnownMap) -> bool {
    declared.iter().any(|(name, value)| match (value, seen.get(name)) {
        (_, None) => true,
        (KnownValue::Map(declared), Some(KnownValue::Map(seen))) => leaves_out(declared, seen),
        (_, Some(_)) => false,
    })
}

fn fill_map(properties: &[Property<'_>], declared: &KnownMap, seen: &mut KnownMap) {
    for (name, value) in declared {
        let Some(property) = properties.iter().find(|property| property.name() == name) else {
            continue;
        };
        match (value, seen.get_mut(name)) {
            (_, None) => {
                let default = property.default().cloned().map(KnownValue::from_json);
                if default.is_some_and(|default| is_default(value, &default)) {
                    seen.insert(name.clone(), value.clone());
                }
            }
            (KnownValue::Map(declared), Some(KnownValue::Map(seen))) if !property.repeats() => {
                fill_map(&property.properties(), declared, seen);
            }
            (_, Some(_)) => {}
        }
    }
}

/// True if the value is the default, which templates may write as text.
fn is_default(value: &KnownValue, default: &KnownValue) -> bool {
    let text = |value: &KnownValue| match value {
        KnownValue::Bool(it) => Some(it.to_string()),
        KnownValue::Number(it) => Some(it.to_string()),
        KnownValue::String(it) => Some(it.clone()),
        KnownValue::Null | KnownValue::Secret(_) | KnownValue::List(_) | KnownValue::Map(_) => None,
    };
    equivalent(value, default, &[]) || text(value).is_some_and(|it| text(default) == Some(it))
}
