//! Waits of changes that send a rotated secret, until the resources that check it have taken it up.
//!
//! Some resources do not send a secret but check that others send it. They take up a new version
//! some time after it was made, and accept the one before it meanwhile. A request with the new
//! version is refused until then.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::plan::{Change, Checked, PropagationWait};
use rstack_model::state::ResourceState;
use rstack_model::value::{SecretReference, SecretsManagerReference};
use rstack_model::{Address, Value};

/// A type of resource that checks a secret which others send.
struct Checks {
    resource_type: &'static str,
    /// Where its properties name the secret, or a list of secrets.
    path: [&'static str; 2],
    /// The longest that it takes a new version up, in seconds.
    within_seconds: u64,
}

/// Source: "Rotating the CDN header value", AWS Elemental MediaPackage User Guide, and "Rotate
/// MediaPackage CDN authorization secrets", AWS Elemental MediaPackage v2 User Guide: both
/// authorize the current value and the one before it, and ask to wait 10 and 5 minutes.
const CHECKS: [Checks; 2] = [
    Checks {
        resource_type: "AWS::MediaPackage::OriginEndpoint",
        path: ["Authorization", "CdnIdentifierSecret"],
        within_seconds: 600,
    },
    Checks {
        resource_type: "AWS::MediaPackageV2::OriginEndpointPolicy",
        path: ["CdnAuthConfiguration", "CdnIdentifierSecretArns"],
        within_seconds: 300,
    },
];

/// An object that checks secrets.
struct Checking<'a> {
    address: &'a Address,
    secrets: Vec<&'a str>,
    within_seconds: u64,
}

/// The waits of each change before it sends another version of a secret than before.
pub(crate) fn propagation_waits(
    changes: &BTreeMap<Address, Change>,
) -> BTreeMap<Address, Vec<PropagationWait>> {
    let checking: Vec<Checking<'_>> = changes.values().filter_map(checking).collect();
    if checking.is_empty() {
        return BTreeMap::new();
    }
    let of_each = changes.iter().map(|(id, change)| (id.clone(), of_change(change, &checking)));
    of_each.filter(|(_, waits)| !waits.is_empty()).collect()
}

/// The secrets that a change checks, if its object exists and stays: one that is still to be made
/// has never seen another version.
fn checking(change: &Change) -> Option<Checking<'_>> {
    let prior = change.prior.as_ref()?;
    if change.desired.is_none() || change.checked == Checked::Absent {
        return None;
    }
    let rule = CHECKS.iter().find(|rule| rule.resource_type == prior.resource_type.as_str())?;
    let secrets = named(prior, rule.path);
    let (address, within_seconds) = (&change.address, rule.within_seconds);
    (!secrets.is_empty()).then_some(Checking { address, secrets, within_seconds })
}

fn named<'a>(object: &'a ResourceState, [outer, inner]: [&str; 2]) -> Vec<&'a str> {
    let value = object.properties.get(outer).and_then(|outer| outer.as_map()?.get(inner));
    match value {
        Some(Value::List(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

fn of_change(change: &Change, checking: &[Checking<'_>]) -> Vec<PropagationWait> {
    let mut out: Vec<PropagationWait> = Vec::new();
    let Some(desired) = change.desired.as_ref().filter(|_| change.action.sends()) else {
        return out;
    };
    let mut note = |reference: &SecretReference| {
        let text = reference.to_string();
        let known = out.iter().any(|wait| wait.reference == text);
        if let Some(secret) = secret_of(reference).filter(|_| !known) {
            out.extend(propagation_wait(text, &secret, checking));
        }
    };
    desired.properties.values().for_each(|value| value.visit_secrets(&mut note));
    out
}

/// The name or ARN of the secret that a reference names.
fn secret_of(reference: &SecretReference) -> Option<String> {
    match reference {
        SecretReference::SecretsManager(body) => {
            Some(SecretsManagerReference::parse(body.as_str()?).ok()?.secret_id)
        }
        SecretReference::SecureParameter(_)
        | SecretReference::Parameter(_)
        | SecretReference::SignalUrl(_)
        | SecretReference::Attribute(_)
        | SecretReference::Hidden => None,
    }
}

fn propagation_wait(
    reference: String,
    secret: &str,
    checking: &[Checking<'_>],
) -> Option<PropagationWait> {
    let by = checking.iter().filter(|it| it.secrets.iter().any(|named| is_same(named, secret)));
    let within_seconds = by.clone().map(|it| it.within_seconds).max()?;
    let checked_by: BTreeSet<Address> = by.map(|it| it.address.clone()).collect();
    Some(PropagationWait { reference, checked_by, within_seconds })
}

/// True if two names mean one secret: each is its name, or its ARN with or without the six
/// characters at the end.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (name_of(one), name_of(other));
    one == other || begins(one, other) || begins(other, one)
}

/// The part of an ARN behind `:secret:`.
fn name_of(secret: &str) -> &str {
    secret.split_once(":secret:").map_or(secret, |(_, name)| name)
}

/// True if `long` is `short` with `-` and six characters behind it.
fn begins(long: &str, short: &str) -> bool {
    long.strip_prefix(short).and_then(|rest| rest.strip_prefix('-')).is_some_and(|it| it.len() == 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name_and_its_arn() {
        let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:MediaPackage/live-AbCdEf";
        let partial = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:MediaPackage/live";
        for (one, other) in [(arn, arn), (arn, partial), (arn, "MediaPackage/live")] {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        for other in ["MediaPackage/li", "MediaPackage/live-2", "live", "MediaPackage/other"] {
            assert!(!is_same(arn, other), "{other}");
        }
    }
}
