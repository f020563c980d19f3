//! The smallest properties that a type's schema accepts, for taking every type through its life.

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::{KnownMap, KnownValue};
use serde_json::Number;

use crate::chance::{Chance, LOWER};
use crate::pattern;

/// The required properties, each with the first value that fits; `None` if some pattern cannot be
/// met.
pub(crate) fn minimal(schema: &TypeSchema) -> Option<KnownMap> {
    required(schema, schema.root(), 12)
}

fn required(schema: &TypeSchema, node: &Node, depth: usize) -> Option<KnownMap> {
    let depth = depth.checked_sub(1)?;
    let node = schema.resolve(node);
    let mut out = KnownMap::new();
    for name in node.required() {
        let Some(property) = schema.property(node, name) else { continue };
        out.insert(name.clone(), value(schema, property, name, depth)?);
    }
    Some(out)
}

fn value(schema: &TypeSchema, node: &Node, name: &str, depth: usize) -> Option<KnownValue> {
    let depth = depth.checked_sub(1)?;
    let node = schema.resolve(node);
    if let Some(first) = node.allowed().first() {
        return Some(KnownValue::from_json(first.clone()));
    }
    let bound = |bound: Option<u64>| bound.and_then(|bound| usize::try_from(bound).ok());
    match node.kinds().first() {
        Some(Kind::Boolean) => Some(KnownValue::Bool(true)),
        Some(Kind::Integer | Kind::Number) => {
            let low = node.range().0.and_then(Number::as_f64).unwrap_or(1.0).max(1.0);
            let high = node.range().1.and_then(Number::as_f64).unwrap_or(f64::MAX);
            let number = if low > high { high } else { low };
            Some(KnownValue::Number(Number::from_f64(number.ceil())?))
        }
        Some(Kind::List) => {
            let count = bound(node.count().0).unwrap_or(0);
            let Some(element) = schema.element(node) else {
                return Some(KnownValue::List(Vec::new()));
            };
            let item = |i: usize| value(schema, element, &format!("{name}{i}"), depth);
            (0..count).map(item).collect::<Option<_>>().map(KnownValue::List)
        }
        Some(Kind::Map) => required(schema, node, depth).map(KnownValue::Map),
        None if node.property_names().next().is_some() => {
            required(schema, node, depth).map(KnownValue::Map)
        }
        Some(Kind::Text) | None => {
            let least = bound(node.length().0).unwrap_or(0);
            let most = bound(node.length().1).unwrap_or(usize::MAX);
            let mut chance = Chance::new(&[schema.name(), name]);
            match node.pattern() {
                Some(p) => pattern::sample(p, (least, most), &mut chance),
                None => Some(chance.text(LOWER, 8.max(least).min(most))),
            }
            .map(KnownValue::from)
        }
    }
}
