//! Settings that are wanted and settings that a service shows, which may be more.

use rstack_model::{KnownMap, KnownValue};

use super::equivalence::equivalent;

/// True if what is there has all that is wanted; it may have more, such as defaults. Lists are as long,
/// and in order, but for the members in `sets`, whose order means nothing.
pub(crate) fn holds(wanted: &KnownValue, there: Option<&KnownValue>, sets: &[&str]) -> bool {
    match (wanted, there) {
        (wanted, None) => says_nothing(wanted),
        (KnownValue::Map(wanted), Some(KnownValue::Map(there))) => {
            wanted.iter().all(|(name, value)| match there.get(name) {
                Some(found) if sets.contains(&name.as_str()) => equivalent(value, found, &[]),
                found => holds(value, found, sets),
            })
        }
        (KnownValue::List(wanted), Some(KnownValue::List(there))) => {
            let all = || wanted.iter().zip(there).all(|(one, other)| holds(one, Some(other), sets));
            wanted.len() == there.len() && all()
        }
        (wanted, Some(there)) => equivalent(wanted, there, &[]),
    }
}

/// True for what a service reads as if it were not there, such as an empty text.
fn says_nothing(value: &KnownValue) -> bool {
    let tree = KnownMap::from([("value".to_owned(), value.clone())]);
    equivalent(&tree.into(), &KnownMap::new().into(), &[])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn more_may_be_there_and_order_counts_but_in_sets() {
        let of = |wanted: Value, there: Value| {
            let there = KnownValue::from_json(there);
            holds(&KnownValue::from_json(wanted), Some(&there), &["SubnetIds"])
        };
        assert!(of(json!({"a": 1, "b": ""}), json!({"a": 1.0, "c": 2})));
        assert!(!of(json!({"a": 1}), json!({"c": 2})));
        assert!(!of(json!(["a", "b"]), json!(["b", "a"])));
        assert!(of(json!({"SubnetIds": ["a", "b"]}), json!({"SubnetIds": ["b", "a"]})));
        assert!(!of(json!(["a"]), json!(["a", "b"])));
        assert!(holds(&KnownValue::List(Vec::new()), None, &[]));
        assert!(!holds(&"a".into(), None, &[]));
    }
}
