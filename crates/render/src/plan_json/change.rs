//! The change of one resource as JSON.

use std::collections::BTreeSet;

use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, Plan, PropagationWait, Reason, ReplaceOrder,
};
use rstack_model::{Address, SnapshotName, UpdateKind};
use serde::Serialize;

use crate::built_in;
use crate::json::Shown;
use crate::removals::Removals;
use crate::words::action_name;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeDocument<'a> {
    address: &'a Address,
    #[serde(rename = "type")]
    resource_type: &'a str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<ReplaceOrder>,
    certainty: Certainty,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<&'a [String]>,
    stateful: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_snapshot: Option<&'a SnapshotName>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    effects: Vec<String>,
    reasons: Vec<ReasonDocument<'a>>,
    properties: Vec<DifferenceDocument<'a>>,
    drift: Vec<DifferenceDocument<'a>>,
    checked: CheckedDocument<'a>,
    #[serde(flatten)]
    record: Option<RecordDocument<'a>>,
    #[serde(rename = "pickUps", skip_serializing_if = "Vec::is_empty")]
    propagation_waits: Vec<PropagationWaitDocument<'a>>,
}

impl<'a> ChangeDocument<'a> {
    pub(super) fn of(plan: &'a Plan, change: &'a Change, removals: &Removals<'a>) -> Self {
        let prior = change.prior.as_ref();
        let waits = plan.propagation_waits.get(&change.address).into_iter().flatten();
        Self {
            record: change.desired.as_ref().map(|desired| RecordDocument {
                dependencies: &desired.dependencies,
                deletion_policy: desired.deletion_policy,
                update_replace_policy: desired.update_replace_policy,
            }),
            propagation_waits: waits.map(PropagationWaitDocument::of).collect(),
            address: &change.address,
            resource_type: change.resource_type.as_str(),
            action: action_name(change.action),
            order: match change.action {
                Action::Replace(order) => Some(order),
                Action::NoOp
                | Action::Create
                | Action::Update
                | Action::Record
                | Action::Delete
                | Action::Retain
                | Action::Forget
                | Action::Restore => None,
            },
            certainty: change.certainty,
            physical_id: change.prior.as_ref().map(|prior| prior.physical_id.as_str()),
            identifier: change.prior.as_ref().map(|prior| prior.identifier.parts()),
            stateful: change.stateful,
            final_snapshot: prior.and_then(|object| removals.snapshot(&change.address, object)),
            effects: built_in::effects(change, removals),
            reasons: change.reasons.iter().map(ReasonDocument::of).collect(),
            properties: properties(change),
            drift: change.drift.iter().map(DifferenceDocument::of).collect(),
            checked: match &change.checked {
                Checked::Read(digest) => CheckedDocument::Read { digest: digest.as_str() },
                Checked::Absent => CheckedDocument::Absent,
                Checked::Nothing => CheckedDocument::Nothing,
                Checked::Unchecked(reason) => CheckedDocument::Unchecked { reason },
            },
        }
    }
}

/// The part of a planned state of a resource that is not its object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordDocument<'a> {
    dependencies: &'a BTreeSet<Address>,
    deletion_policy: RemovalPolicy,
    update_replace_policy: RemovalPolicy,
}

/// The differences, or the whole properties of an object that is compared with none: there is none,
/// it is gone, or it is of another type.
fn properties(change: &Change) -> Vec<DifferenceDocument<'_>> {
    let other_type = |it: &Reason| matches!(it, Reason::TypeChanged { .. });
    let is_new = match change.action {
        Action::Create => true,
        Action::Replace(_) => change.reasons.iter().any(other_type),
        Action::NoOp
        | Action::Update
        | Action::Record
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => false,
    };
    match &change.desired {
        Some(desired) if is_new => desired
            .properties
            .iter()
            .map(|(name, value)| DifferenceDocument {
                path: name.clone(),
                before: None,
                after: Some(Shown(value)),
                update_kind: UpdateKind::InPlace,
                forces_replacement: false,
            })
            .collect(),
        Some(_) | None => change.differences.iter().map(DifferenceDocument::of).collect(),
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum ReasonDocument<'a> {
    NotInState,
    NotInTemplate,
    PropertiesChanged,
    CreateOnly {
        path: String,
    },
    MayReplace {
        path: String,
    },
    Requested,
    TypeChanged {
        from: &'a str,
    },
    Missing,
    Drift,
    SecretRotated {
        reference: &'a str,
    },
    PoliciesChanged,
    MayChange {
        path: String,
    },
    DependencyReplaced {
        dependency: &'a str,
    },
    TakesPlace {
        of: &'a str,
    },
    Incomplete,
    #[serde(rename_all = "camelCase")]
    Readopted {
        physical_id: &'a str,
    },
    Destroy,
    Rollback,
}

impl<'a> ReasonDocument<'a> {
    fn of(reason: &'a Reason) -> Self {
        match reason {
            Reason::NotInState => Self::NotInState,
            Reason::NotInTemplate => Self::NotInTemplate,
            Reason::PropertiesChanged => Self::PropertiesChanged,
            Reason::CreateOnly(path) => Self::CreateOnly { path: path.to_string() },
            Reason::MayReplace(path) => Self::MayReplace { path: path.to_string() },
            Reason::Requested => Self::Requested,
            Reason::TypeChanged { from } => Self::TypeChanged { from: from.as_str() },
            Reason::Missing => Self::Missing,
            Reason::Drift => Self::Drift,
            Reason::SecretRotated { reference } => Self::SecretRotated { reference },
            Reason::PoliciesChanged => Self::PoliciesChanged,
            Reason::MayChange(path) => Self::MayChange { path: path.to_string() },
            Reason::DependencyReplaced { dependency } => {
                Self::DependencyReplaced { dependency: dependency.as_str() }
            }
            Reason::TakesPlace { of } => Self::TakesPlace { of: of.as_str() },
            Reason::Incomplete => Self::Incomplete,
            Reason::Readopted { physical_id } => {
                Self::Readopted { physical_id: physical_id.as_str() }
            }
            Reason::Destroy => Self::Destroy,
            Reason::Rollback => Self::Rollback,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DifferenceDocument<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Shown<'a>>,
    update_kind: UpdateKind,
    /// True if `update_kind` is `replaces`.
    forces_replacement: bool,
}

impl<'a> DifferenceDocument<'a> {
    fn of(difference: &'a Difference) -> Self {
        Self {
            path: difference.path.to_string(),
            before: difference.before.as_ref().map(Shown),
            after: difference.after.as_ref().map(Shown),
            update_kind: difference.update_kind,
            forces_replacement: difference.forces_replacement(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PropagationWaitDocument<'a> {
    reference: &'a str,
    checked_by: &'a BTreeSet<Address>,
    within_seconds: u64,
}

impl<'a> PropagationWaitDocument<'a> {
    fn of(wait: &'a PropagationWait) -> Self {
        let PropagationWait { reference, checked_by, within_seconds } = wait;
        Self { reference, checked_by, within_seconds: *within_seconds }
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum CheckedDocument<'a> {
    Read { digest: &'a str },
    Absent,
    Nothing,
    Unchecked { reason: &'a str },
}
