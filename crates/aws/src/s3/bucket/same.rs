//! The equality of two settings in the members of the API: what means nothing to S3 is left out, and
//! what S3 adds by itself is not compared.

use std::collections::BTreeSet;

use rstack_model::{KnownMap, KnownValue};

/// Members that S3 fills in, or that no property stands for: they are compared only if they are declared.
///
/// Source: S3 API reference, PutBucketLifecycleConfiguration, PutBucketReplication and PutBucketCors (a
/// rule without an ID is given one); BlockedEncryptionTypes (a new bucket may have a default);
/// PutBucketReplication (`ExistingObjectReplication` and `TargetGrants` have no property).
const FILLED_IN: [&str; 5] =
    ["BlockedEncryptionTypes", "ExistingObjectReplication", "ID", "MFADelete", "TargetGrants"];

/// Values that S3 shows where nothing was declared.
///
/// Source: S3 API reference, PutBucketLifecycleConfiguration.
const DEFAULTS: [(&str, &str); 1] =
    [("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")];

/// Lists whose order has a meaning: the first rule that fits applies.
///
/// Source: S3 User Guide, "Using cross-origin resource sharing" and "Configuring advanced conditional
/// redirects".
const ORDERED: [&str; 2] = ["CORSRules", "RoutingRules"];

/// True if a setting that is shown is the declared one.
pub(super) fn same(declared: &KnownMap, shown: &KnownMap) -> bool {
    let shown = without_filled_in(shown, declared);
    canonical_map(declared) == canonical_map(&shown)
}

/// The shown value without the parts that S3 has filled in.
fn without_filled_in(shown: &KnownMap, declared: &KnownMap) -> KnownMap {
    let mut out = KnownMap::new();
    for (name, value) in shown {
        let value = match (value, declared.get(name)) {
            (_, None) if FILLED_IN.contains(&name.as_str()) => continue,
            (KnownValue::Map(shown), Some(KnownValue::Map(declared))) => {
                without_filled_in(shown, declared).into()
            }
            (KnownValue::List(items), Some(KnownValue::List(declared))) => {
                KnownValue::List(items.iter().map(|item| element(item, declared)).collect())
            }
            (value, _) => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    out
}

/// An element, compared with all that are declared: an ID that is none of theirs was filled in, as long
/// as one of them has none.
fn element(item: &KnownValue, declared: &[KnownValue]) -> KnownValue {
    let KnownValue::Map(shown) = item else { return item.clone() };
    let maps = || declared.iter().filter_map(KnownValue::as_map);
    let mut all = KnownMap::new();
    for map in maps() {
        all.extend(map.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    let ids: BTreeSet<&str> = maps().filter_map(|map| map.get("ID")?.expose_str()).collect();
    let id = shown.get("ID").and_then(KnownValue::expose_str);
    if id.is_some_and(|id| !ids.contains(id)) && maps().any(|map| !map.contains_key("ID")) {
        all.remove("ID");
    }
    without_filled_in(shown, &all).into()
}

/// A map without what says nothing; values are texts.
fn canonical_map(map: &KnownMap) -> KnownMap {
    let kept = map.iter().filter_map(|(name, value)| {
        let value = canonical(value, ORDERED.contains(&name.as_str()))?;
        let is_default =
            DEFAULTS.iter().any(|(key, default)| key == name && value.as_str() == Some(default));
        (!is_default).then(|| (name.clone(), value))
    });
    kept.collect()
}

/// A value in a form in which equal ones are equal; `None` if it says nothing.
fn canonical(value: &KnownValue, is_ordered: bool) -> Option<KnownValue> {
    let text = |text: &str| {
        let nothing = text.is_empty() || text.eq_ignore_ascii_case("false");
        (!nothing).then(|| KnownValue::String(plain(text)))
    };
    match value {
        KnownValue::Null => None,
        KnownValue::Bool(flag) => text(&flag.to_string()),
        KnownValue::Number(number) => text(&number.to_string()),
        KnownValue::String(string) => text(string),
        KnownValue::Secret(secret) => text(secret.expose()),
        KnownValue::Map(map) => {
            let map = canonical_map(map);
            (!map.is_empty()).then(|| map.into())
        }
        KnownValue::List(items) => {
            let mut items: Vec<_> =
                items.iter().filter_map(|item| canonical(item, false)).collect();
            if !is_ordered {
                items.sort_by_cached_key(sort_key);
            }
            (!items.is_empty()).then_some(KnownValue::List(items))
        }
    }
}

/// A text that a template may write in two ways: `True`, and the older name of a storage class.
fn plain(text: &str) -> String {
    match text {
        "True" => "true".to_owned(),
        "Glacier" => "GLACIER".to_owned(),
        other => other.to_owned(),
    }
}

/// A text by which canonical values are sorted. It is not kept.
fn sort_key(value: &KnownValue) -> String {
    match value {
        KnownValue::Map(map) => {
            map.iter().map(|(name, value)| format!("{name}:{};", sort_key(value))).collect()
        }
        KnownValue::List(items) => items.iter().map(|item| sort_key(item) + ",").collect(),
        other => other.expose_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    fn is_same(declared: Value, shown: Value) -> bool {
        same(&known(declared), &known(shown))
    }

    #[test]
    fn what_s3_fills_in_is_no_difference() {
        let declared = json!({"Rules": [{"Status": "Enabled"}, {"ID": "b", "Status": "Disabled"}]});
        let shown = json!({
            "Rules": [{"ID": "b", "Status": "Disabled"}, {"ID": "x9", "Status": "Enabled"}],
            "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
        });
        assert!(is_same(declared.clone(), shown));
        let other =
            json!({"Rules": [{"ID": "b", "Status": "Enabled"}, {"ID": "x", "Status": "Enabled"}]});
        assert!(!is_same(declared, other));
        let named = json!({"Rules": [{"ID": "a", "Status": "Enabled"}]});
        assert!(!is_same(named, json!({"Rules": [{"ID": "b", "Status": "Enabled"}]})));
    }

    #[test]
    fn order_counts_where_the_first_rule_applies() {
        let rules = |name: &str, ids: [&str; 2]| json!({name: ids.map(|id| json!({"P": id}))});
        assert!(!is_same(rules("CORSRules", ["a", "b"]), rules("CORSRules", ["b", "a"])));
        assert!(is_same(rules("Rules", ["a", "b"]), rules("Rules", ["b", "a"])));
    }

    #[test]
    fn scalars_are_compared_as_texts_and_nothing_is_absence() {
        assert!(is_same(json!({"Days": "3", "On": "True"}), json!({"Days": 3, "On": true})));
        assert!(is_same(json!({"A": false, "B": {"C": []}, "D": ""}), json!({})));
        assert!(!is_same(json!({}), json!({"Expiration": {"Days": 3}})));
    }
}
