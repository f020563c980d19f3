//! The plan that undoes a failed apply: the state before it is what is desired.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::{DesiredOutput, RemovalPolicy};
use rstack_model::plan::{
    Action, Certainty, Change, Checked, OutputChange, PlanMode, PlannedObject, Protection, Reason,
    ReplaceOrder,
};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::{Address, ObjectKey};

use crate::compare::differences;
use crate::name::taken;
use crate::name_conflicts::places;
use crate::planner::{Purpose, before, finish};
use crate::resource_change::definition_of;
use crate::type_definition::Schemas;
use crate::{CheckedPlan, PlanError};

/// The input of the plan of a rollback.
#[derive(Clone, Copy)]
pub struct RollbackInput<'a> {
    /// Where it leads: the state before the apply that failed.
    pub target: &'a State,
    /// The state as that apply left it.
    pub current: &'a State,
    /// Resources whose objects were gone before that apply began. They are not made again.
    pub absent: &'a BTreeSet<Address>,
    /// Objects of the current state that are gone from the cloud, as far as it was asked.
    pub missing: &'a BTreeSet<(Address, ObjectKey)>,
    /// The definitions of the resource types.
    pub schemas: &'a dyn Schemas,
}

impl RollbackInput<'_> {
    fn is_missing(&self, id: &Address, object: &ResourceState) -> bool {
        self.missing.contains(&(id.clone(), object.key()))
    }

    /// Where among the deposed objects the one is that the resource had before, if it is still
    /// there.
    fn replaced(&self, state: &State, id: &Address, before: &ResourceState) -> Option<usize> {
        state.deposed.iter().position(|deposed| {
            deposed.address == *id
                && deposed.object.is_same_object(before)
                && !self.is_missing(id, &deposed.object)
        })
    }

    /// The state that the plan begins with. An old object that was changed before it was replaced
    /// is the resource's own again, so that it is changed back. Left-overs that a rollback after
    /// this one may take back are left out: they stay.
    fn own(&self) -> State {
        let mut own = self.current.clone();
        if self.target.former.is_some() {
            own.deposed.retain(|deposed| !self.target.deposed.contains(deposed));
        }
        for (id, before) in &self.target.resources {
            let Some(index) = self.replaced(&own, id, before) else { continue };
            let same = own.resources.get(id).is_some_and(|now| now.is_same_object(before));
            let changed = own.deposed.get(index).is_some_and(|old| !is_as(&old.object, before));
            if changed && !same {
                let object = own.deposed.remove(index).object;
                if let Some(object) = own.resources.insert(id.clone(), object) {
                    own.deposed.push(DeposedObject { address: id.clone(), object });
                }
            }
        }
        own
    }
}

/// True if an object is what it was, attributes apart.
fn is_as(now: &ResourceState, before: &ResourceState) -> bool {
    let (attributes, in_doubt) = (before.attributes.clone(), before.in_doubt.clone());
    let same =
        ResourceState { attributes, in_doubt, status: before.status, ..now.clone() } == *before;
    same && now.status.is_as_declared() == before.status.is_as_declared()
}

/// Plans the way back.
///
/// # Errors
/// [`PlanError::Broken`] only: for a defect of the planner.
pub fn plan_rollback(input: RollbackInput<'_>) -> Result<CheckedPlan, PlanError> {
    let RollbackInput { target: base, absent, schemas, .. } = input;
    let current = &input.own();
    let mut changes = BTreeMap::new();
    let mut restores = BTreeMap::new();
    for (id, before) in &base.resources {
        let now = current.resources.get(id);
        if absent.contains(id) && now.is_none() {
            continue;
        }
        let mut change = rollback_change(id, before, now, schemas);
        let replaced = input.replaced(current, id, before);
        let replaced = replaced.and_then(|index| current.deposed.get(index)).map(|d| &d.object);
        change.action = match (now, replaced) {
            (Some(now), replaced) if input.is_missing(id, now) => {
                change.checked = Checked::Absent;
                change.reasons.push(Reason::Missing);
                match replaced {
                    Some(object) => {
                        restores.insert(id.clone(), object.clone());
                        Action::Restore
                    }
                    None => Action::Create,
                }
            }
            (Some(now), _) if is_kept(&change, now, before) => kept(&mut change, now, before),
            (_, Some(object)) => {
                restores.insert(id.clone(), object.clone());
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
        let mut change = rollback_change(id, now, Some(now), schemas);
        change.desired = None;
        change.action = match now.deletion_policy {
            _ if input.is_missing(id, now) => {
                change.checked = Checked::Absent;
                Action::Forget
            }
            RemovalPolicy::Retain => Action::Retain,
            RemovalPolicy::Delete
            | RemovalPolicy::RetainExceptOnCreate
            | RemovalPolicy::Snapshot => Action::Delete,
        };
        changes.insert(id.clone(), change);
    }
    for (id, others) in places(&changes, schemas) {
        let Some(change) = changes.get_mut(&id) else { continue };
        change.reasons.extend(others.into_iter().map(|of| Reason::TakesPlace { of }));
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
    let purpose = Purpose {
        mode: PlanMode::Rollback,
        template_digest: base.template_digest.clone(),
        parameters: base.parameters.clone(),
        given: base.given.clone(),
        kept: BTreeSet::new(),
        imports: base.imports.clone(),
        awaits: BTreeSet::new(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
        protection: Protection {
            before: current.termination_protection,
            after: base.termination_protection,
        },
        purge: false,
    };
    finish(current, schemas, purpose, changes, outputs, &restores)
}

fn rollback_change(
    id: &Address,
    before: &ResourceState,
    now: Option<&ResourceState>,
    schemas: &dyn Schemas,
) -> Change {
    let definition = definition_of(schemas, before);
    let same = now.filter(|now| now.resource_type == before.resource_type);
    Change {
        address: id.clone(),
        resource_type: before.resource_type.clone(),
        action: Action::NoOp,
        reasons: vec![Reason::Rollback],
        certainty: Certainty::Certain,
        differences: same.map_or_else(Vec::new, |now| {
            differences(definition.as_ref(), &now.properties, &before.properties)
        }),
        drift: Vec::new(),
        checked: Checked::Unchecked("a rollback follows the journal".to_owned()),
        stateful: definition.is_stateful(),
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

/// True if the object is the one it was, and can be changed back. An object that was deleted and
/// made again bears its old identifier where that is its name.
fn is_kept(change: &Change, now: &ResourceState, before: &ResourceState) -> bool {
    now.is_same_object(before)
        && (now.status != ObjectStatus::Incomplete || before.status == ObjectStatus::Incomplete)
        && !change.differences.iter().any(|difference| difference.forces_replacement())
}

/// The object is the same one: it is changed back where the apply changed it.
fn kept(change: &mut Change, now: &ResourceState, before: &ResourceState) -> Action {
    let touched = now.properties != before.properties
        || now.secret_versions != before.secret_versions
        || now.status.is_as_declared() != before.status.is_as_declared();
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
    if now.is_same_object(before) {
        return ReplaceOrder::DeleteFirst;
    }
    let definition = definition_of(schemas, before);
    match taken(definition.as_ref(), &now.properties, &before.properties) {
        Some(_) => ReplaceOrder::DeleteFirst,
        None => ReplaceOrder::CreateFirst,
    }
}
