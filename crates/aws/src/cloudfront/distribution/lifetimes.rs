//! The lifetimes of cached objects where a behavior has no cache policy.
//!
//! The API wants all three lifetimes beside `ForwardedValues`, in the order minimum, default,
//! maximum. CloudFormation's defaults are 0, a day and a year; a default that would break the
//! order takes the value of the neighbour that is declared.

use rstack_model::{KnownMap, KnownValue};

const DAY: i64 = 86_400;
const YEAR: i64 = 31_536_000;

/// Spells out the lifetimes of every behavior of a configuration that needs them.
pub(super) fn spelled_out(mut config: KnownMap) -> KnownMap {
    if let Some(KnownValue::Map(behavior)) = config.get_mut("DefaultCacheBehavior") {
        complete(behavior);
    }
    if let Some(KnownValue::List(behaviors)) = config.get_mut("CacheBehaviors") {
        for behavior in behaviors {
            if let KnownValue::Map(behavior) = behavior {
                complete(behavior);
            }
        }
    }
    config
}

fn complete(behavior: &mut KnownMap) {
    if !behavior.contains_key("ForwardedValues") {
        return;
    }
    let ceiling = behavior.get("MaxTTL").and_then(seconds).unwrap_or(i64::MAX);
    let minimum = fill(behavior, "MinTTL", 0);
    let default = fill(behavior, "DefaultTTL", DAY.min(ceiling).max(minimum));
    fill(behavior, "MaxTTL", YEAR.max(default));
}

/// The declared value, or else the default, which is then spelled out.
fn fill(behavior: &mut KnownMap, name: &str, default: i64) -> i64 {
    match behavior.get(name) {
        None | Some(KnownValue::Null) => {
            behavior.insert(name.to_owned(), KnownValue::from(default));
            default
        }
        Some(declared) => seconds(declared).unwrap_or(default),
    }
}

fn seconds(value: &KnownValue) -> Option<i64> {
    match value {
        KnownValue::Number(n) => n.as_i64(),
        KnownValue::String(text) => text.trim().parse().ok(),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_)
        | KnownValue::Map(_) => None,
    }
}
