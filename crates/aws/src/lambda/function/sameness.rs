//! Settings that Lambda has and settings that are wanted.

use rstack_model::{KnownMap, KnownValue};

use crate::mapping::equivalent;

/// Lists whose order means nothing.
///
/// Source: CloudFormation registry, AWS::Lambda::Function, VpcConfig: sets of IDs.
const SETS: [&str; 2] = ["SecurityGroupIds", "SubnetIds"];

/// True if what is there has all that is wanted; it may have more, such as defaults. Lists are as long,
/// and in order.
pub(super) fn holds(wanted: &KnownValue, there: Option<&KnownValue>) -> bool {
    match (wanted, there) {
        (wanted, None) => says_nothing(wanted),
        (KnownValue::Map(wanted), Some(KnownValue::Map(there))) => {
            wanted.iter().all(|(name, value)| match there.get(name) {
                Some(found) if SETS.contains(&name.as_str()) => equivalent(value, found, &[]),
                found => holds(value, found),
            })
        }
        (KnownValue::List(wanted), Some(KnownValue::List(there))) => {
            let all = || wanted.iter().zip(there).all(|(one, other)| holds(one, Some(other)));
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
            holds(&KnownValue::from_json(wanted), Some(&KnownValue::from_json(there)))
        };
        assert!(of(json!({"a": 1, "b": ""}), json!({"a": 1.0, "c": 2})));
        assert!(!of(json!({"a": 1}), json!({"c": 2})));
        assert!(!of(json!(["a", "b"]), json!(["b", "a"])));
        assert!(of(json!({"SubnetIds": ["a", "b"]}), json!({"SubnetIds": ["b", "a"]})));
        assert!(!of(json!(["a"]), json!(["a", "b"])));
        assert!(holds(&KnownValue::List(Vec::new()), None));
        assert!(!holds(&"a".into(), None));
    }
}
