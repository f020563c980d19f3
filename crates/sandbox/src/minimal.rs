//! The smallest properties that a type's schema accepts, for taking every type through its life.
//!
//! `nth` tells several values of one place apart: each gives the same one every time.

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::{KnownMap, KnownValue};
use serde_json::Number;

use crate::derive::{Derivation, LOWER};
use crate::pattern;

/// The required properties, each with the first value that fits, and the first of each group of which
/// one is; `None` if some pattern cannot be met.
pub(crate) fn minimal(schema: &TypeSchema) -> Option<KnownMap> {
    let mut out = required(schema, schema.root(), DEPTH)?;
    let root = schema.resolve(schema.root());
    for names in schema.alternatives() {
        if let Some(name) = names.first().filter(|_| !names.iter().any(|it| out.contains_key(*it)))
        {
            let property = schema.property(root, name)?;
            out.insert((*name).to_owned(), value(schema, property, (name, 0), DEPTH)?);
        }
    }
    Some(out)
}

/// The depth to which required properties are followed.
pub(crate) const DEPTH: usize = 12;

/// The required properties of a map.
pub(crate) fn required(schema: &TypeSchema, node: &Node, depth: usize) -> Option<KnownMap> {
    let depth = depth.checked_sub(1)?;
    let node = schema.resolve(node);
    let mut out = KnownMap::new();
    for name in node.required() {
        let Some(property) = schema.property(node, name) else { continue };
        out.insert(name.clone(), value(schema, property, (name, 0), depth)?);
    }
    Some(out)
}

/// A value of a property, the `nth` of those there are.
pub(crate) fn value(
    schema: &TypeSchema,
    node: &Node,
    (name, nth): (&str, usize),
    depth: usize,
) -> Option<KnownValue> {
    let depth = depth.checked_sub(1)?;
    let node = schema.resolve(node);
    let allowed = node.allowed();
    if let Some(one) = nth.checked_rem(allowed.len()).and_then(|at| allowed.get(at)) {
        return Some(KnownValue::from_json(one.clone()));
    }
    let bound = |bound: Option<u64>| bound.and_then(|bound| usize::try_from(bound).ok());
    match node.kinds().first() {
        Some(Kind::Boolean) => Some(KnownValue::Bool(nth % 2 == 0)),
        Some(Kind::Integer | Kind::Number) => {
            let low = node.range().0.and_then(Number::as_f64).unwrap_or(1.0).max(1.0);
            let high = node.range().1.and_then(Number::as_f64).unwrap_or(f64::MAX);
            let wanted = low + f64::from(u32::try_from(nth).ok()?);
            let number = if wanted > high { high } else { wanted };
            Some(KnownValue::Number(Number::from_f64(number.ceil())?))
        }
        Some(Kind::List) => {
            let least = bound(node.count().0).unwrap_or(0);
            let count = least.max(nth.min(1)).min(bound(node.count().1).unwrap_or(usize::MAX));
            let Some(element) = schema.element(node) else {
                return Some(KnownValue::List(Vec::new()));
            };
            let item = |i: usize| value(schema, element, (&format!("{name}{i}"), nth), depth);
            (0..count).map(item).collect::<Option<_>>().map(KnownValue::List)
        }
        Some(Kind::Map) => required(schema, node, depth).map(KnownValue::Map),
        None if node.property_names().next().is_some() => {
            required(schema, node, depth).map(KnownValue::Map)
        }
        Some(Kind::Text) | None => {
            let least = bound(node.length().0).unwrap_or(0);
            let most = bound(node.length().1).unwrap_or(usize::MAX);
            let mut derived = Derivation::new(&[schema.name(), name, &nth.to_string()]);
            match node.pattern() {
                Some(p) => pattern::sample(p, (least, most), &mut derived),
                None => Some(derived.text(LOWER, 8.max(least).min(most))),
            }
            .map(KnownValue::from)
        }
    }
}
