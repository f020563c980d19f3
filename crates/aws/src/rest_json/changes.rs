//! The members that an object must still be given.

use rstack_model::{KnownMap, KnownValue};

/// True if everything that is in the one is in the other, too. What the other has more are
/// defaults.
pub(super) fn within(here: &KnownMap, there: &KnownMap) -> bool {
    here.iter().all(|(key, value)| there.get(key).is_some_and(|other| value_within(value, other)))
}

/// [`within`] for one value.
pub(super) fn value_within(here: &KnownValue, there: &KnownValue) -> bool {
    match (here, there) {
        (KnownValue::Map(here), KnownValue::Map(there)) => within(here, there),
        (KnownValue::List(here), KnownValue::List(there)) => {
            here.len() == there.len() && here.iter().zip(there).all(|(a, b)| value_within(a, b))
        }
        _ => match (here.expose_str(), there.expose_str()) {
            (Some(here), Some(there)) => here == there,
            _ => here == there,
        },
    }
}

/// True if every place that has a value in the one has one in the other, whatever it is.
pub(super) fn places_within(here: &KnownMap, there: &KnownMap) -> bool {
    here.iter().all(|(key, value)| there.get(key).is_some_and(|other| place_within(value, other)))
}

fn place_within(here: &KnownValue, there: &KnownValue) -> bool {
    match (here, there) {
        (KnownValue::Map(here), KnownValue::Map(there)) => places_within(here, there),
        (KnownValue::List(here), KnownValue::List(there)) => {
            here.len() == there.len() && here.iter().zip(there).all(|(a, b)| place_within(a, b))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn defaults_of_the_service_are_no_difference_and_what_is_gone_is() {
        let declared = known(json!({"Hls": {"Window": 60, "Ads": ["A"]}}));
        let current = known(json!({"Hls": {"Window": 60, "Ads": ["A"], "Markers": "NONE"}}));
        assert!(within(&declared, &current));
        assert!(!within(&known(json!({"Hls": {"Window": 30}})), &current));
        assert!(!within(&known(json!({"Hls": {"Ads": []}})), &current));
        assert!(!within(&known(json!({"Logs": {}})), &current));
        let prior = known(json!({"Hls": {"Window": 30, "Ads": ["A"], "Markers": "NONE"}}));
        assert!(!places_within(&prior, &declared));
        assert!(places_within(&declared, &prior));
    }
}
