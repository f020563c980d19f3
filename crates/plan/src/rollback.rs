//! The plan that undoes a failed apply: the state before it is what is desired.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::LogicalId;
use rstack_model::desired::{DesiredOutput, RemovalPolicy};
use rstack_model::plan::{
    Action, Certainty, Change, Checked, OutputChange, Plan, PlanMode, PlannedObject, Reason,
    ReplaceOrder,
};
use rstack_model::state::{ObjectStatus, ResourceState, State};

use crate::PlanError;
use crate::compare::differences;
use crate::draft::facts_of;
use crate::facts::Schemas;
use crate::name::taken;
use crate::planner::{before, finish};

/// Plans the way from `current`, the state as a failed apply left it, back to `base`. Objects of
/// `absent` resources were gone before the apply began, and are not made again.
///
/// # Errors
/// [`PlanError::Broken`] only: for a defect of the planner.
pub fn plan_rollback(
    base: &State,
    current: &State,
    absent: &BTreeSet<LogicalId>,
    schemas: &dyn Schemas,
) -> Result<Plan, PlanError> {
    let mut changes = BTreeMap::new();
    let mut restores = BTreeMap::new();
    for (id, before) in &base.resources {
        let now = current.resources.get(id);
        if absent.contains(id) && now.is_none() {
            continue;
        }
        let deposed = current
            .deposed
            .iter()
            .find(|d| d.logical_id == *id && d.object.physical_id == before.physical_id);
        let mut change = draft(id, before, now, schemas);
        change.action = match (now, deposed) {
            (Some(now), _) if is_kept(&change, now, before) => kept(&mut change, now, before),
            (_, Some(deposed)) => {
                restores.insert(id.clone(), deposed.object.clone());
                Action::Restore
            }
            (Some(now), None) => Action::Replace(order(now, before, schemas)),
            (None, None) => Action::Create,
        };
        changes.insert(id.clone(), change);
    }
    for (id, now) in &current.resources {
        if base.resources.contains_key(id) {
            continue;
        }
        let mut change = draft(id, now, Some(now), schemas);
        change.desired = None;
        change.action = match now.deletion_policy {
            RemovalPolicy::Retain => Action::Retain,
            RemovalPolicy::Delete
            | RemovalPolicy::RetainExceptOnCreate
            | RemovalPolicy::Snapshot => Action::Delete,
        };
        changes.insert(id.clone(), change);
    }
    let outputs = base
        .outputs
        .iter()
        .map(|(name, output)| {
            let after = DesiredOutput {
                value: output.value.clone(),
                description: output.description.clone(),
                export: output.export.clone().map(Into::into),
            };
            let (before, exported_before) = before(Some(output));
            let after = Some(after);
            (name.clone(), OutputChange { before, exported_before, after, problem: None })
        })
        .collect();
    finish(
        current,
        PlanMode::Rollback,
        base.template_digest.clone(),
        base.parameters.clone(),
        changes,
        outputs,
        &restores,
    )
}

fn draft(
    id: &LogicalId,
    before: &ResourceState,
    now: Option<&ResourceState>,
    schemas: &dyn Schemas,
) -> Change {
    let facts = facts_of(schemas, before);
    let same = now.filter(|now| now.resource_type == before.resource_type);
    Change {
        logical_id: id.clone(),
        resource_type: before.resource_type.clone(),
        action: Action::NoOp,
        reasons: vec![Reason::Rollback],
        certainty: Certainty::Certain,
        differences: same.map_or_else(Vec::new, |now| {
            differences(facts.as_ref(), &now.properties, &before.properties)
        }),
        drift: Vec::new(),
        checked: Checked::Unchecked("a rollback goes by the journal".to_owned()),
        stateful: facts.is_stateful(),
        prior: now.cloned(),
        desired: Some(PlannedObject {
            properties: before.properties.clone(),
            dependencies: before.dependencies.clone(),
            deletion_policy: before.deletion_policy,
            update_replace_policy: before.update_replace_policy,
            secret_versions: before.secret_versions.clone(),
        }),
    }
}

/// Whether the object is the one it was, and can be changed back. An object that was deleted and
/// made again bears its old name where the name is its physical ID.
fn is_kept(change: &Change, now: &ResourceState, before: &ResourceState) -> bool {
    now.physical_id == before.physical_id
        && now.resource_type == before.resource_type
        && (now.status != ObjectStatus::Incomplete || before.status == ObjectStatus::Incomplete)
        && !change.differences.iter().any(|difference| difference.forces_replacement)
}

/// The object is the same one: it is changed back where the apply changed it.
fn kept(change: &mut Change, now: &ResourceState, before: &ResourceState) -> Action {
    let touched = now.properties != before.properties
        || now.secret_versions != before.secret_versions
        || now.status != before.status;
    if touched && now.status != ObjectStatus::Incomplete {
        return Action::Update;
    }
    let recorded = now.dependencies != before.dependencies
        || now.deletion_policy != before.deletion_policy
        || now.update_replace_policy != before.update_replace_policy;
    if recorded {
        return Action::Record;
    }
    change.reasons.clear();
    Action::NoOp
}

fn order(now: &ResourceState, before: &ResourceState, schemas: &dyn Schemas) -> ReplaceOrder {
    if now.physical_id == before.physical_id {
        return ReplaceOrder::DeleteFirst;
    }
    let facts = facts_of(schemas, before);
    match taken(facts.as_ref(), &now.properties, &before.properties) {
        Some(_) => ReplaceOrder::DeleteFirst,
        None => ReplaceOrder::CreateFirst,
    }
}
