//! A plan as JSON for programs: what a plan says of each resource, in a shape that stays.
//!
//! This is for reading. The file that `apply` takes is the plan's own serialized form.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, OutputChange, Phase, Plan, PlanMode,
    PropagationWait, Reason, ReplaceOrder, Step,
};
use rstack_model::state::Environment;
use rstack_model::{Address, Digest, StackName, UpdateKind};
use serde::Serialize;

use crate::json::{FORMAT, Shown, document};
use crate::summary::Summary;
use crate::words::action_name;

/// The plan as a JSON document:
///
/// ```json
/// {"format": 2, "stack": "…", "mode": "deploy", "environment": {"account": "…", …},
///  "base": {"lineage": "…", "serial": 3}, "noop": false,
///  "templateDigest": "…", "parameters": {"Stage": "prod"},
///  "saved": {"digest": "sha256:…", "signature": {"key": "sha256:…", "verified": true}},
///  "changes": [{"address": "…", "type": "AWS::…", "action": "replace", "order": "create-first",
///    "certainty": "certain", "physicalId": "…", "stateful": false,
///    "reasons": [{"kind": "create-only", "path": "Id"}],
///    "properties": [{"path": "Id", "before": "a", "after": "b", "forcesReplacement": true}],
///    "drift": […], "checked": {"kind": "unchecked", "reason": "…"},
///    "dependencies": ["…"], "deletionPolicy": "Delete", "updateReplacePolicy": "Delete",
///    "pickUps": [{"reference": "{{resolve:…}}", "checkedBy": ["…"], "withinSeconds": 600}]}],
///  "deposed": [{"address": "…", "type": "…", "physicalId": "…"}],
///  "outputs": {"Url": {"before": …, "after": …, "differs": true, "description": "…",
///    "exportBefore": "…", "export": "…"}},
///  "steps": [{"id": 0, "address": "…", "operation": "create", "phase": "forward", "after": []}],
///  "summary": {"create": 1, …}}
/// ```
///
/// A `before` or `after` that is missing says that there is no value. Values that are known only
/// after apply are `{"$unknown": "‹CDN.DomainName›"}`, secrets `{"$secret": "{{resolve:…}}"}`.
/// `pickUps` is there where a change, should it send another version of a secret than before, waits
/// until that version has been there for so long. New objects, also those in the place of one that is
/// gone or of another type, have their whole properties as differences without `before`.
/// `dependencies` and policies are those that the resource is to have; they are missing where it
/// leaves the stack. `saved` is there for a plan in a file.
///
/// # Errors
/// If the JSON writer fails, which it does not for plans that were built or read by this program.
pub fn plan_json(
    plan: &Plan,
    saved: Option<&SavedPlanMetadata>,
) -> Result<String, serde_json::Error> {
    let parameters = plan.parameters.iter();
    document(&PlanDocument {
        format: FORMAT,
        saved,
        template_digest: plan.template_digest.as_ref().map(Digest::as_str),
        parameters: parameters.map(|(name, value)| (name.as_str(), Shown(value))).collect(),
        stack: &plan.stack,
        mode: plan.mode,
        environment: &plan.environment,
        base: Base { lineage: plan.base.lineage.as_str(), serial: plan.base.serial.0 },
        noop: plan.is_noop(),
        changes: plan.changes.values().map(|change| ChangeDocument::of(plan, change)).collect(),
        deposed: plan
            .deposed
            .iter()
            .map(|deposed| DeposedDocument {
                address: deposed.address.as_str(),
                resource_type: deposed.object.resource_type.as_str(),
                physical_id: deposed.object.physical_id.as_str(),
                identifier: deposed.object.identifier.parts(),
            })
            .collect(),
        outputs: plan.outputs.iter().map(|(name, o)| (name.as_str(), output(o))).collect(),
        steps: plan.steps.iter().map(StepDocument::of).collect(),
        summary: Summary::of(plan),
    })
}

/// The metadata of a saved plan: its digest and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedPlanMetadata {
    /// The digest that is approved, as `sha256:` and its digits.
    digest: String,
    /// Its signature; `None` if it is not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureMetadata>,
}

/// The signature of a saved plan, as far as it was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SignatureMetadata {
    key: String,
    verified: bool,
}

impl SavedPlanMetadata {
    /// A plan with this digest. `signer` is the key by which it says that it is signed, and whether
    /// that was verified.
    pub fn new(digest: &Digest, signer: Option<(&Digest, bool)>) -> Self {
        let signature = signer
            .map(|(key, verified)| SignatureMetadata { key: format!("sha256:{key}"), verified });
        Self { digest: format!("sha256:{digest}"), signature }
    }

    /// The digest and the signature as lines for people.
    pub fn text(&self) -> String {
        let signature = match &self.signature {
            None => "none".to_owned(),
            Some(SignatureMetadata { key, verified: true }) => {
                format!("by the key {key}, verified")
            }
            Some(SignatureMetadata { key, verified: false }) => {
                format!("by the key {key}, not verified: give its public part with --verify")
            }
        };
        format!("Digest: {}\nSignature: {signature}\n", self.digest)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument<'a> {
    format: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<&'a SavedPlanMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_digest: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<&'a str, Shown<'a>>,
    stack: &'a StackName,
    mode: PlanMode,
    environment: &'a Environment,
    base: Base<'a>,
    noop: bool,
    changes: Vec<ChangeDocument<'a>>,
    deposed: Vec<DeposedDocument<'a>>,
    outputs: BTreeMap<&'a str, OutputDocument<'a>>,
    steps: Vec<StepDocument<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Base<'a> {
    lineage: &'a str,
    serial: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeDocument<'a> {
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
    fn of(plan: &'a Plan, change: &'a Change) -> Self {
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeposedDocument<'a> {
    address: &'a str,
    #[serde(rename = "type")]
    resource_type: &'a str,
    physical_id: &'a str,
    identifier: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Shown<'a>>,
    differs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

fn output(output: &OutputChange) -> OutputDocument<'_> {
    let after = output.after.as_ref();
    OutputDocument {
        description: after.and_then(|after| after.description.as_deref()),
        export_before: output.exported_before.as_deref(),
        export: after.and_then(|after| after.export.as_ref()).map(Shown),
        before: output.before.as_ref().map(Shown),
        after: output.after.as_ref().map(|after| Shown(&after.value)),
        differs: output.differs(),
        problem: output.problem.as_deref(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepDocument<'a> {
    id: u32,
    address: &'a Address,
    operation: &'static str,
    phase: Phase,
    after: Vec<u32>,
}

impl<'a> StepDocument<'a> {
    fn of(step: &'a Step) -> Self {
        Self {
            id: step.id.0,
            address: &step.address,
            operation: step.operation.name(),
            phase: step.phase,
            after: step.after.iter().map(|id| id.0).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{first_deployment, second_deployment};

    fn read(plan: &Plan) -> serde_json::Value {
        serde_json::from_str(&plan_json(plan, None).unwrap()).unwrap()
    }

    #[test]
    fn the_document_has_the_documented_shape() {
        let json = read(&second_deployment());
        let expected = serde_json::json!({
            "address": "Channel", "type": "AWS::MediaPackage::Channel",
            "action": "replace", "order": "create-first", "certainty": "certain",
            "physicalId": "live", "identifier": ["live"], "stateful": false,
            "reasons": [
                {"kind": "properties-changed"},
                {"kind": "create-only", "path": "Id"},
            ],
            "properties": [
                {"path": "Id", "before": "live", "after": "live-2", "updateKind": "replaces",
                    "forcesReplacement": true},
            ],
            "drift": [],
            "checked": {"kind": "read", "digest": rstack_model::Digest::of(b"x")},
            "dependencies": [], "deletionPolicy": "Delete", "updateReplacePolicy": "Delete",
        });
        assert_eq!(json["changes"][1], expected);
        assert_eq!(json["summary"]["replace"], 1);
        assert_eq!(json["outputs"]["Old"], serde_json::json!({"before": "x", "differs": true}));
        assert_eq!((&json["format"], &json["mode"]), (&2.into(), &"deploy".into()));
        let step = serde_json::json!({
            "id": 0, "address": "CDN", "operation": "update", "phase": "forward", "after": []
        });
        assert_eq!(json["steps"][0], step);
    }

    #[test]
    fn unknown_values_and_secrets_are_marked() {
        let json = read(&first_deployment());
        let origin = &json["changes"][0]["properties"][0]["after"]["Origins"][0];
        let expected = serde_json::json!({
            "DomainName": {"$unknown": "‹HlsEndpoint.Url›"},
            "Headers": [{"$secret": "{{resolve:secretsmanager:cdn:SecretString:Key}}"}],
            "Id": "origin",
        });
        assert_eq!(*origin, expected);
    }
}
