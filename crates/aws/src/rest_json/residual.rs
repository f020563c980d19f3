//! Residual properties: those that a service keeps although an update leaves them out.
//!
//! An update says the whole object, and what it does not say is meant to go. A service that keeps
//! it nevertheless would be taken for changed; here that is found out.

use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::changes::value_within;
use crate::definition::{Reset, TypeDefinition, entry};

/// The first property that was sent before, is sent no longer, and is there as it was. A single
/// setting within another counts only if it is more than a scalar: for these the service has
/// defaults, which can be the value that was sent before.
pub(super) fn residual_property(
    kind: &TypeDefinition,
    before: &KnownMap,
    wanted: &KnownMap,
    now: &KnownMap,
) -> Option<PropertyPath> {
    search(kind, before, wanted, now, &PropertyPath::root())
}

fn search(
    kind: &TypeDefinition,
    before: &KnownMap,
    wanted: &KnownMap,
    now: &KnownMap,
    path: &PropertyPath,
) -> Option<PropertyPath> {
    before.iter().find_map(|(name, was)| {
        let here = path.name(name);
        let is = now.get(name).filter(|is| !says_nothing(is))?;
        if let Some(wanted) = wanted.get(name) {
            let (was, wanted, is) = (was.as_map()?, wanted.as_map()?, is.as_map()?);
            return search(kind, was, wanted, is, &here);
        }
        let nested = *path != PropertyPath::root();
        let scalar = was.as_map().is_none() && was.as_list().is_none();
        let by_itself = kind.file.defaulted.iter().any(|entry| entry.properties.contains(name))
            || reset(&kind.file.resets, name).is_some_and(|value| value == *is);
        let explained = by_itself || nested && scalar;
        (!explained && value_within(was, is)).then_some(here)
    })
}

/// The value that takes a property back.
pub(super) fn reset(resets: &[Reset], property: &str) -> Option<KnownValue> {
    let (_, value) = resets.iter().find_map(|row| entry(&row.values, property))?;
    Some(KnownValue::from_json(value.clone()))
}

fn says_nothing(value: &KnownValue) -> bool {
    match value {
        KnownValue::Null => true,
        KnownValue::Bool(b) => !b,
        KnownValue::Number(n) => n.as_f64() == Some(0.0),
        KnownValue::String(_) | KnownValue::Secret(_) => value.expose_str() == Some(""),
        KnownValue::List(list) => list.is_empty(),
        KnownValue::Map(map) => map.values().all(says_nothing),
    }
}
