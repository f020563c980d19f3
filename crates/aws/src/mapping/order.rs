//! The order in which lists were declared, where the service keeps none.

use rstack_model::{KnownMap, KnownValue};

use super::equivalence::scalar_text;

/// Brings lists into the order in which they are declared, where the order means nothing: lists of
/// scalars, and lists of maps that one of the `keys` tells apart. What is not declared comes last,
/// in the order the service gave.
pub(crate) fn in_declared_order(
    observed: KnownMap,
    declared: &KnownMap,
    keys: &[&str],
) -> KnownMap {
    let arranged = |(name, value): (String, KnownValue)| match declared.get(&name) {
        Some(declared) => (name, arrange(value, declared, keys)),
        None => (name, value),
    };
    observed.into_iter().map(arranged).collect()
}

fn arrange(observed: KnownValue, declared: &KnownValue, keys: &[&str]) -> KnownValue {
    match (observed, declared) {
        (KnownValue::Map(observed), KnownValue::Map(declared)) => {
            KnownValue::Map(in_declared_order(observed, declared, keys))
        }
        (KnownValue::List(items), KnownValue::List(declared)) => {
            KnownValue::List(list(items, declared, keys))
        }
        (observed, _) => observed,
    }
}

fn list(items: Vec<KnownValue>, declared: &[KnownValue], keys: &[&str]) -> Vec<KnownValue> {
    let name = |item: &KnownValue| {
        scalar_text(item)
            .or_else(|| keys.iter().find_map(|key| item.get(key).and_then(scalar_text)))
    };
    let named = items.iter().chain(declared).all(|item| name(item).is_some());
    let mut items = items;
    if named {
        let rank = |item: &KnownValue| {
            declared.iter().position(|other| name(other) == name(item)).unwrap_or(usize::MAX)
        };
        items.sort_by_key(rank);
    }
    let declared_for = |i: usize, item: &KnownValue| match named {
        true => declared.iter().find(|other| name(other) == name(item)),
        false => declared.get(i),
    };
    let arranged = items.into_iter().enumerate().map(|(i, item)| match declared_for(i, &item) {
        Some(declared) => arrange(item, declared, keys),
        None => item,
    });
    arranged.collect()
}
