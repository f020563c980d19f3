//! Why something happens, in words.

use rstack_model::plan::{Action, Certainty, Change, Difference, PropagationWait, Reason};
use rstack_model::state::ObjectStatus;
use rstack_model::{Address, PropertyPath};

/// The cause that makes a new object necessary: `requires replacement: Id changes`.
pub(super) fn replacement(change: &Change) -> Option<String> {
    let mut forced = Vec::new();
    let mut requested = false;
    for reason in &change.reasons {
        match reason {
            Reason::CreateOnly(path) => forced.push(path.to_string()),
            Reason::Requested => requested = true,
            Reason::TypeChanged { from } => {
                return Some(format!("requires replacement: it was {from}"));
            }
            Reason::NotInState
            | Reason::NotInTemplate
            | Reason::PropertiesChanged
            | Reason::Missing
            | Reason::Drift
            | Reason::SecretRotated { .. }
            | Reason::PoliciesChanged
            | Reason::MayChange(_)
            | Reason::MayReplace(_)
            | Reason::Incomplete
            | Reason::Readopted { .. }
            | Reason::DependencyReplaced { .. }
            | Reason::TakesPlace { .. }
            | Reason::Destroy
            | Reason::Rollback => {}
        }
    }
    match (forced.as_slice(), change.certainty) {
        ([], _) => requested.then(|| "replacement requested".to_owned()),
        (_, Certainty::Possible) => {
            Some(format!("may require replacement because of {}", forced.join(", ")))
        }
        ([one], Certainty::Certain) => Some(format!("requires replacement: {one} changes")),
        (_, Certainty::Certain) => {
            Some(format!("requires replacement: {} change", forced.join(", ")))
        }
    }
}

/// The other reasons, as far as the rest of the plan does not say them already.
pub(super) fn reasons(change: &Change) -> Vec<String> {
    let reasons = change.reasons.iter().filter_map(|reason| words(change, reason));
    // Of a change that only records, they are the reason.
    let beside = match change.action {
        Action::Update | Action::Replace(_) => policies(change),
        Action::NoOp
        | Action::Create
        | Action::Record
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => Vec::new(),
    };
    reasons.chain(beside).collect()
}

fn words(change: &Change, reason: &Reason) -> Option<String> {
    match reason {
        Reason::NotInTemplate => Some("no longer in the template".to_owned()),
        Reason::Missing => Some("it is gone from the cloud".to_owned()),
        Reason::Drift => Some(format!("drift: {}", set_back(change))),
        Reason::SecretRotated { reference } => Some(format!("secret rotated: {reference}")),
        Reason::PoliciesChanged => Some(format!("only in the state: {}", recorded(change))),
        Reason::MayChange(path) => Some(format!("may change: {}", waits(change, path))),
        Reason::MayReplace(path) => Some(format!(
            "may replace: the service may refuse to change {path} in place; `--replace {}` \
             replaces it",
            change.address
        )),
        Reason::DependencyReplaced { dependency } => {
            Some(format!("the old object of `{dependency}` is deleted first"))
        }
        Reason::TakesPlace { of } => {
            Some(format!("takes the place of `{of}`, which is deleted first"))
        }
        Reason::Incomplete => Some(unfinished(change).to_owned()),
        Reason::Readopted { physical_id } => {
            Some(format!("takes back `{physical_id}`, which an unfinished replacement left"))
        }
        Reason::NotInState
        | Reason::PropertiesChanged
        | Reason::CreateOnly(_)
        | Reason::Requested
        | Reason::TypeChanged { .. }
        | Reason::Destroy
        | Reason::Rollback => None,
    }
}

/// The operation that did not complete. One that failed to delete an object has changed it, too.
fn unfinished(change: &Change) -> &'static str {
    match change.prior.as_ref().map(|prior| prior.status) {
        Some(ObjectStatus::Incomplete) => "its creation did not complete",
        Some(ObjectStatus::PartlyUpdated | ObjectStatus::Ready | ObjectStatus::Stabilizing)
        | None => "its last update or deletion did not complete",
    }
}

/// `waits until 10 min after its rotation, while HlsEndpoint, DashEndpoint take it up`.
pub(super) fn propagation_wait(wait: &PropagationWait) -> String {
    let minutes = wait.within_seconds.div_ceil(60);
    let by: Vec<&str> = wait.checked_by.iter().map(Address::as_str).collect();
    format!("waits until {minutes} min after its rotation, while {} take it up", by.join(", "))
}

/// The changes made outside, and that they are changed back where the template did not change.
fn set_back(change: &Change) -> String {
    let declared = |drift: &&Difference| change.differences.iter().any(|d| d.path == drift.path);
    let back: Vec<Difference> =
        change.drift.iter().filter(|drift| !declared(drift)).cloned().collect();
    match (change.action, back.as_slice()) {
        (Action::Update, [one]) => format!("{} is set back", one.path),
        (Action::Update, [_, ..]) => format!("{} are set back", paths(&back)),
        (
            Action::Update
            | Action::NoOp
            | Action::Create
            | Action::Record
            | Action::Replace(_)
            | Action::Delete
            | Action::Retain
            | Action::Forget
            | Action::Restore,
            _,
        ) => paths(&change.drift),
    }
}

/// The paths of some differences, each once.
pub(super) fn paths(differences: &[Difference]) -> String {
    let paths: Vec<String> = differences.iter().map(|d| d.path.to_string()).collect();
    paths.join(", ")
}

/// `Origin.DomainName waits for ‹HlsEndpoint.Url›`.
fn waits(change: &Change, path: &PropertyPath) -> String {
    let mut attributes = Vec::new();
    let at_path = change.differences.iter().filter(|difference| difference.path == *path);
    for value in at_path.filter_map(|difference| difference.after.as_ref()) {
        value.visit_attributes(&mut |attribute| attributes.push(format!("‹{attribute}›")));
    }
    attributes.dedup();
    match attributes.as_slice() {
        [] => path.to_string(),
        some => format!("{path} waits for {}", some.join(", ")),
    }
}

/// The changes of the state alone.
fn recorded(change: &Change) -> String {
    let (Some(prior), Some(desired)) = (&change.prior, &change.desired) else {
        return "its policies".to_owned();
    };
    let mut out = Vec::new();
    if prior.dependencies != desired.dependencies {
        out.push("dependencies".to_owned());
    }
    out.extend(policies(change));
    out.join(", ")
}

/// The policies that change: `DeletionPolicy Retain → Delete`.
fn policies(change: &Change) -> Vec<String> {
    let (Some(prior), Some(desired)) = (&change.prior, &change.desired) else { return Vec::new() };
    let pairs = [
        ("DeletionPolicy", prior.deletion_policy, desired.deletion_policy),
        ("UpdateReplacePolicy", prior.update_replace_policy, desired.update_replace_policy),
    ];
    let changed = pairs.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(name, before, after)| format!("{name} {before:?} → {after:?}")).collect()
}
