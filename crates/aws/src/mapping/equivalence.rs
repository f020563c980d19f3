//! The equivalence of two trees to a service.

use std::collections::BTreeMap;

use rstack_model::{KnownMap, KnownValue};
use serde_json::Number;

/// True if two trees are the same but for what has no meaning: `false`, empty texts, lists and
/// maps, the order of scalars in a list and of maps that one of the `keys` tells apart, the form of
/// a number, and whether a text is marked as secret.
pub(crate) fn equivalent(one: &KnownValue, other: &KnownValue, keys: &[&str]) -> bool {
    match (one, other) {
        (KnownValue::Map(one), KnownValue::Map(other)) => {
            covers(one, other, keys) && covers(other, one, keys)
        }
        (KnownValue::List(one), KnownValue::List(other)) => {
            if one.len() != other.len() {
                return false;
            }
            let in_order = one.iter().zip(other).all(|(a, b)| equivalent(a, b, keys));
            in_order || same_scalars(one, other) || same_maps(one, other, keys)
        }
        (KnownValue::Number(one), KnownValue::Number(other)) => same_number(one, other),
        _ => match (one.expose_str(), other.expose_str()) {
            (Some(one), Some(other)) => one == other,
            _ => one == other,
        },
    }
}

/// True if everything in one map is in the other.
fn covers(one: &KnownMap, other: &KnownMap, keys: &[&str]) -> bool {
    one.iter().all(|(key, value)| match other.get(key) {
        Some(found) => equivalent(value, found, keys),
        None => says_nothing(value),
    })
}

fn says_nothing(value: &KnownValue) -> bool {
    match value {
        KnownValue::Null => true,
        KnownValue::Bool(b) => !b,
        KnownValue::Number(_) => false,
        KnownValue::String(_) | KnownValue::Secret(_) => {
            value.expose_str().is_some_and(str::is_empty)
        }
        KnownValue::List(list) => list.is_empty(),
        KnownValue::Map(map) => {
            let empty_wrapper = map.get("Quantity") == Some(&KnownValue::from(0));
            empty_wrapper || map.values().all(says_nothing)
        }
    }
}

/// True if two numbers are the same, such as 50 and 50.0.
fn same_number(one: &Number, other: &Number) -> bool {
    one == other || number_text(one) == number_text(other)
}

/// A number, without a fraction that is none.
fn number_text(number: &Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// True if two lists hold the same maps under the same names.
fn same_maps(one: &[KnownValue], other: &[KnownValue], keys: &[&str]) -> bool {
    let named = |list: &[KnownValue], key: &str| -> Option<BTreeMap<String, KnownValue>> {
        let named = |item: &KnownValue| Some((scalar_text(item.get(key)?)?, item.clone()));
        let all: BTreeMap<_, _> = list.iter().map(named).collect::<Option<_>>()?;
        (all.len() == list.len()).then_some(all)
    };
    keys.iter().any(|key| match (named(one, key), named(other, key)) {
        (Some(one), Some(other)) => one
            .iter()
            .all(|(name, item)| other.get(name).is_some_and(|o| equivalent(item, o, keys))),
        (Some(_) | None, _) => false,
    })
}

fn same_scalars(one: &[KnownValue], other: &[KnownValue]) -> bool {
    let texts = |list: &[KnownValue]| -> Option<Vec<String>> {
        let mut texts: Vec<String> = list.iter().map(scalar_text).collect::<Option<_>>()?;
        texts.sort();
        Some(texts)
    };
    matches!((texts(one), texts(other)), (Some(one), Some(other)) if one == other)
}

pub(super) fn scalar_text(value: &KnownValue) -> Option<String> {
    match value {
        KnownValue::Bool(b) => Some(b.to_string()),
        KnownValue::Number(n) => Some(number_text(n)),
        KnownValue::String(text) => Some(text.clone()),
        KnownValue::Null | KnownValue::Secret(_) | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn same(one: serde_json::Value, other: serde_json::Value) -> bool {
        equivalent(&KnownValue::from_json(one), &KnownValue::from_json(other), &["Header"])
    }

    #[test]
    fn a_number_is_the_same_with_a_fraction_of_nothing() {
        assert!(same(json!({"Rate": 50}), json!({"Rate": 50.0})));
        assert!(same(json!([1, 2]), json!([2.0, 1.0])));
        assert!(!same(json!({"Rate": 50}), json!({"Rate": 50.5})));
    }

    #[test]
    fn maps_that_a_key_tells_apart_may_come_in_any_order() {
        let one = json!({"Header": "a", "Value": "1", "Override": false});
        let two = json!({"Header": "b", "Value": "2"});
        assert!(same(json!([one, two]), json!([two, {"Header": "a", "Value": "1"}])));
        assert!(!same(json!([one, two]), json!([two, {"Header": "a", "Value": "9"}])));
        // Without a key, or with one twice, the order counts.
        assert!(!same(json!([{"P": 1}, {"P": 2}]), json!([{"P": 2}, {"P": 1}])));
        let twice = json!({"Header": "a", "Value": "2"});
        assert!(!same(json!([one, twice]), json!([twice, one])));
    }
}
