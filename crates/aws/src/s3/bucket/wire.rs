//! The parts of a setting that tables cannot say: members as requests take them, made of flat ones, and back.
//!
//! The flat members of a setting are those that the tables give. What a request spells out has the same
//! flat members as what an answer shows: both are compared in that form.

use rstack_model::{KnownMap, KnownValue};

use crate::iam::arguments;

/// The two functions of a setting. Both take the name of the bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire {
    /// Flat members as a request takes them.
    pub(super) to: fn(KnownMap, &str) -> KnownMap,
    /// An answer as flat members.
    pub(super) from: fn(KnownMap, &str) -> KnownMap,
}

/// Members that are the same in both forms.
pub(super) const PLAIN: Wire = Wire { to: |flat, _| flat, from: |shown, _| shown };

/// Logging stands in a member of its own. A bucket that names no destination logs into itself, and S3
/// wants a prefix.
///
/// Source: CloudFormation reference, `LoggingConfiguration`; S3 API reference, LoggingEnabled.
pub(super) const LOGGING: Wire = Wire {
    to: |mut flat, bucket| {
        flat.entry("TargetBucket".to_owned()).or_insert_with(|| bucket.into());
        flat.entry("TargetPrefix".to_owned()).or_insert_with(|| "".into());
        arguments([("LoggingEnabled", flat.into())])
    },
    from: |shown, _| inner(&shown, "LoggingEnabled"),
};

/// A switch that is not declared is off.
///
/// Source: S3 API reference, PutPublicAccessBlock.
pub(super) const PUBLIC_ACCESS: Wire = Wire {
    to: |mut flat, _| {
        for switch in super::PUBLIC_ACCESS_SWITCHES {
            flat.entry(switch.to_owned()).or_insert_with(|| false.into());
        }
        flat
    },
    from: |shown, _| shown,
};

/// A lock is always enabled.
///
/// Source: S3 API reference, ObjectLockConfiguration.
pub(super) const OBJECT_LOCK: Wire = Wire {
    to: |mut flat, _| {
        flat.entry("ObjectLockEnabled".to_owned()).or_insert_with(|| "Enabled".into());
        flat
    },
    from: |shown, _| shown,
};

/// The lists of destinations of events.
const DESTINATIONS: [&str; 3] =
    ["LambdaFunctionConfigurations", "QueueConfigurations", "TopicConfigurations"];

const EVENT_BRIDGE: &str = "EventBridgeConfiguration";
const SWITCH: &str = "EventBridgeEnabled";

/// The template has one event an entry, S3 a list of them. EventBridge is on if its member is there.
///
/// Source: S3 API reference, PutBucketNotificationConfiguration; CloudFormation reference,
/// `NotificationConfiguration`.
pub(super) const NOTIFICATION: Wire = Wire {
    to: |mut flat, _| {
        for name in DESTINATIONS {
            let Some(KnownValue::List(entries)) = flat.get_mut(name) else { continue };
            for entry in entries {
                let KnownValue::Map(entry) = entry else { continue };
                let events = entry.remove("Event").into_iter().collect();
                entry.insert("Events".to_owned(), KnownValue::List(events));
            }
        }
        if let Some(bridge) = flat.remove(EVENT_BRIDGE) {
            let on = bridge.get(SWITCH).is_none_or(|on| match on {
                KnownValue::Bool(on) => *on,
                other => other.expose_str().is_some_and(|text| text.eq_ignore_ascii_case("true")),
            });
            if on {
                flat.insert(EVENT_BRIDGE.to_owned(), KnownMap::new().into());
            }
        }
        flat
    },
    from: |mut shown, _| {
        for name in DESTINATIONS {
            let Some(KnownValue::List(entries)) = shown.get(name) else { continue };
            let entries = entries.iter().filter_map(KnownValue::as_map).flat_map(of_one_event);
            let entries = KnownValue::List(entries.map(KnownValue::from).collect());
            shown.insert(name.to_owned(), entries);
        }
        if shown.contains_key(EVENT_BRIDGE) {
            let on = arguments([(SWITCH, true.into())]);
            shown.insert(EVENT_BRIDGE.to_owned(), on.into());
        }
        shown
    },
};

/// An entry for each event of an entry, without the ID that S3 gave it.
fn of_one_event(entry: &KnownMap) -> Vec<KnownMap> {
    let mut without = entry.clone();
    without.remove("Id");
    let events = without.remove("Events");
    if let Some(KnownValue::List(rules)) = without
        .get_mut("Filter")
        .and_then(|filter| member(filter, "Key"))
        .and_then(|key| member(key, "FilterRules"))
    {
        for rule in rules {
            // S3 shows `Prefix` and `Suffix` with a capital letter.
            if let Some(KnownValue::String(name)) = member(rule, "Name") {
                name.make_ascii_lowercase();
            }
        }
    }
    let events = events.as_ref().and_then(KnownValue::as_list).unwrap_or_default();
    let with = |event: &KnownValue| {
        let mut entry = without.clone();
        entry.insert("Event".to_owned(), event.clone());
        entry
    };
    events.iter().map(with).collect()
}

fn member<'a>(value: &'a mut KnownValue, name: &str) -> Option<&'a mut KnownValue> {
    match value {
        KnownValue::Map(map) => map.get_mut(name),
        _ => None,
    }
}

/// A lifecycle rule without a condition has an empty prefix, which S3 wants.
///
/// Source: S3 API reference, LifecycleRuleFilter.
pub(super) const LIFECYCLE: Wire = Wire {
    to: |mut flat, _| {
        for rule in rules(&mut flat) {
            nest_filter(rule);
            // The name of the class in the first version of the type.
            for list in ["Transitions", "NoncurrentVersionTransitions"] {
                let Some(KnownValue::List(items)) = rule.get_mut(list) else { continue };
                for item in items {
                    if let Some(class) = member(item, "StorageClass")
                        && class.as_str() == Some("Glacier")
                    {
                        *class = "GLACIER".into();
                    }
                }
            }
            let none = || arguments([("Prefix", "".into())]).into();
            rule.entry("Filter".to_owned()).or_insert_with(none);
        }
        flat
    },
    from: |mut shown, _| {
        for rule in rules(&mut shown) {
            // Rules of the first version of the API have the prefix outside of a filter.
            if let Some(prefix) = rule.remove("Prefix") {
                rule.insert("Filter".to_owned(), arguments([("Prefix", prefix)]).into());
            }
            flatten_filter(rule);
        }
        shown
    },
};

fn rules(members: &mut KnownMap) -> impl Iterator<Item = &mut KnownMap> {
    let rules = match members.get_mut("Rules") {
        Some(KnownValue::List(rules)) => rules.as_mut_slice(),
        _ => &mut [],
    };
    rules.iter_mut().filter_map(|rule| match rule {
        KnownValue::Map(rule) => Some(rule),
        _ => None,
    })
}

/// A setting with a filter of its own.
pub(super) const FILTERED: Wire = Wire {
    to: |mut flat, _| {
        nest_filter(&mut flat);
        flat
    },
    from: |mut shown, _| {
        flatten_filter(&mut shown);
        shown
    },
};

/// Makes a filter of conditions as S3 takes it: one alone, or all in `And`.
///
/// Source: S3 API reference, LifecycleRuleFilter, AnalyticsFilter, MetricsFilter and
/// IntelligentTieringFilter.
fn nest_filter(members: &mut KnownMap) {
    let Some(KnownValue::Map(mut conditions)) = members.remove("Filter") else { return };
    let tags = conditions.get("Tags").and_then(KnownValue::as_list).map_or(0, <[_]>::len);
    if tags == 0 {
        conditions.remove("Tags");
    }
    let others = conditions.keys().filter(|name| *name != "Tags").count();
    let filter = match (tags, others) {
        (0, 0) => return,
        (0, 1) => conditions,
        (1, 0) => match conditions.remove("Tags") {
            Some(KnownValue::List(tags)) => {
                tags.into_iter().map(|tag| ("Tag".to_owned(), tag)).collect()
            }
            _ => return,
        },
        _ => arguments([("And", conditions.into())]),
    };
    members.insert("Filter".to_owned(), filter.into());
}

/// The conditions of a filter side by side.
fn flatten_filter(members: &mut KnownMap) {
    let Some(KnownValue::Map(filter)) = members.get_mut("Filter") else { return };
    if let Some(KnownValue::Map(all)) = filter.remove("And") {
        filter.extend(all);
    }
    if let Some(tag) = filter.remove("Tag") {
        filter.insert("Tags".to_owned(), KnownValue::List(vec![tag]));
    }
}

/// The map in a member; empty if it is not there.
pub(super) fn inner(members: &KnownMap, name: &str) -> KnownMap {
    members.get(name).and_then(KnownValue::as_map).cloned().unwrap_or_default()
}
