//! The parts of a configuration that an update leaves as they are.
//!
//! An update replaces the whole configuration. A member that the template declares neither now nor
//! before was set from outside, such as a web ACL or a logging bucket: it keeps the value it has. A
//! member that was declared and is no longer goes back to its default.

use rstack_model::{KnownMap, KnownValue};

use super::{legacy, rules};

/// Members of a cache behavior that go with any others.
const OF_BEHAVIORS: &[&str] = &[
    "FunctionAssociations",
    "GrpcConfig",
    "LambdaFunctionAssociations",
    "RealtimeLogConfigArn",
    "ResponseHeadersPolicyId",
];

/// Members of an origin that go with any others.
const OF_ORIGINS: &[&str] =
    &["ConnectionAttempts", "ConnectionTimeout", "CustomHeaders", "OriginPath", "OriginShield"];

/// Puts what is not the template's into the members of an update, from the current configuration.
/// `prior` and `desired` are the declared configurations.
pub(super) fn keep_undeclared(
    members: &mut KnownMap,
    current: &KnownMap,
    prior: &KnownMap,
    desired: &KnownMap,
) {
    let (prior, desired) = (legacy::modern(prior), legacy::modern(desired));
    let whole = |_: &str| true;
    keep(members, current, Some(&prior), Some(&desired), whole);
    let name = "DefaultCacheBehavior";
    if let (Some(KnownValue::Map(behavior)), Some(now)) =
        (members.get_mut(name), current.get(name).and_then(KnownValue::as_map))
    {
        let declared =
            |config: &'_ KnownMap| config.get(name).and_then(KnownValue::as_map).cloned();
        let (prior, desired) = (declared(&prior), declared(&desired));
        keep(behavior, now, prior.as_ref(), desired.as_ref(), |m| OF_BEHAVIORS.contains(&m));
    }
    for (list, key, kept) in
        [("CacheBehaviors", "PathPattern", OF_BEHAVIORS), ("Origins", "Id", OF_ORIGINS)]
    {
        let Some(KnownValue::Map(wrapper)) = members.get_mut(list) else { continue };
        let Some(KnownValue::List(items)) = wrapper.get_mut("Items") else { continue };
        let now = current.get(list).and_then(|wrapper| wrapper.get("Items"));
        for item in items {
            let KnownValue::Map(item) = item else { continue };
            let Some(name) = item.get(key).cloned() else { continue };
            let Some(now) = named(now, key, &name) else { continue };
            if now.get("DomainName") != item.get("DomainName") {
                continue;
            }
            let prior = named(prior.get(list), key, &name);
            let desired = named(desired.get(list), key, &name);
            keep(item, now, prior, desired, |member| kept.contains(&member));
        }
    }
}

/// The map in a list that has this name.
fn named<'a>(list: Option<&'a KnownValue>, key: &str, name: &KnownValue) -> Option<&'a KnownMap> {
    let items = list?.as_list()?.iter().filter_map(KnownValue::as_map);
    items.into_iter().find(|item| item.get(key) == Some(name))
}

fn keep(
    members: &mut KnownMap,
    current: &KnownMap,
    prior: Option<&KnownMap>,
    desired: Option<&KnownMap>,
    concerns: impl Fn(&str) -> bool,
) {
    for (member, value) in current.iter().filter(|(member, _)| concerns(member)) {
        let declared = [prior, desired].into_iter().flatten().any(|tree| declares(tree, member));
        if member != "CallerReference" && !declared {
            members.insert(member.clone(), value.clone());
        }
    }
}

/// True if a tree of properties has a value for a member.
fn declares(properties: &KnownMap, member: &str) -> bool {
    properties.iter().any(|(property, value)| {
        let renamed = rules::member_of(property).unwrap_or(property);
        *value != KnownValue::Null && renamed.eq_ignore_ascii_case(member)
    })
}
