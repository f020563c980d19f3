//! The parts of each change, derived again from what the object was, what it is to become and the
//! catalog.
//!
//! A plan file comes from elsewhere: its reviewer reads actions, reasons and differences, and apply
//! obeys the desired objects and the steps. Here the former are derived from the latter, without the
//! planner's decisions; of the planner only the comparison of values, the names that collide and the
//! order of steps are used. What cannot be derived from the plan alone (that the prior objects are
//! those of the state, that drift is what the cloud says) is for [`crate::evidence`].

mod declared;
mod drift;
mod referrers;
mod removed;
mod rotation;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, Operation, Plan, PlanMode, Reason,
};
use rstack_model::{Address, GivenValue};

use crate::Violation;
use crate::compare::differences;
use crate::name_conflicts::places;
use crate::propagation::propagation_waits;
use crate::steps::steps;
use crate::type_definition::{Schemas, TypeDefinition, UnknownType};

/// A part of a change that follows from what the object was and is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Its address.
    Address,
    /// The type of the object that goes.
    Type,
    /// The action.
    Action,
    /// Why.
    Reasons,
    /// True if it is going to happen.
    Certainty,
    /// The properties that differ, and what the change of each does.
    Differences,
    /// The properties that were changed elsewhere, and what the change of each does.
    Drift,
    /// The check of the object in the cloud.
    Checks,
    /// True if data is lost with the object.
    Stateful,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "address",
            Self::Type => "type",
            Self::Action => "action",
            Self::Reasons => "reasons",
            Self::Certainty => "certainty",
            Self::Differences => "differences",
            Self::Drift => "drift",
            Self::Checks => "check",
            Self::Stateful => "loss of data",
        })
    }
}

/// The parts of a change as they follow from the rest of the plan.
#[derive(Debug)]
struct Derived {
    action: Action,
    reasons: Vec<Reason>,
    certainty: Certainty,
    differences: Vec<Difference>,
    stateful: bool,
}

/// Adds what the plan says and what does not follow from what it is going to do.
pub(crate) fn check_derived(plan: &Plan, schemas: &dyn Schemas, out: &mut Vec<Violation>) {
    purpose(plan, out);
    let derived = match plan.mode {
        PlanMode::Deploy => declared::all(plan, schemas, out),
        PlanMode::Destroy => BTreeMap::new(),
        PlanMode::Rollback => {
            rollback(plan, schemas, out);
            BTreeMap::new()
        }
    };
    for (id, change) in &plan.changes {
        if change.address != *id {
            out.push(Violation::Derived { address: id.clone(), field: Field::Address });
        }
        if plan.mode == PlanMode::Rollback {
            continue;
        }
        let removed = || removed::derived(plan.mode, change, schemas);
        let wrong = match derived.get(id) {
            Some(derived) => wrong(change, derived),
            None => removed().map_or_else(|| vec![Field::Action], |it| wrong(change, &it)),
        };
        let also = drift::wrong(change, schemas).into_iter().chain(checks(change));
        let fields = wrong.into_iter().chain(also).chain(type_of_removed(change));
        out.extend(fields.map(|field| Violation::Derived { address: id.clone(), field }));
    }
    let waits = propagation_waits(&plan.changes);
    let addresses: BTreeSet<&Address> = waits.keys().chain(plan.propagation_waits.keys()).collect();
    let wrong =
        addresses.into_iter().filter(|id| waits.get(*id) != plan.propagation_waits.get(*id));
    out.extend(wrong.map(|id| Violation::PropagationWait { address: id.clone() }));
    let restores = plan.steps.iter().filter_map(|step| match &step.operation {
        Operation::Restore(object) => Some((step.address.clone(), (**object).clone())),
        Operation::Create
        | Operation::Update
        | Operation::Record
        | Operation::Delete(_)
        | Operation::DeleteWithSnapshot { .. }
        | Operation::Forget(_) => None,
    });
    let derived = steps(&plan.stack, &plan.changes, &plan.deposed, &restores.collect());
    if derived.as_ref() != Ok(&plan.steps) {
        out.push(Violation::Steps);
    }
}

/// Checks that a plan has only what its purpose allows.
fn purpose(plan: &Plan, out: &mut Vec<Violation>) {
    let fits = match plan.mode {
        PlanMode::Deploy => plan.template_digest.is_some() && !plan.purge,
        PlanMode::Destroy | PlanMode::Rollback
            if !plan.awaits.is_empty()
                || !plan.assets.is_empty()
                || !plan.images.is_empty()
                || !plan.templates.is_empty()
                || !plan.creation_limits.is_empty()
                || !plan.former_parameters.is_empty() =>
        {
            false
        }
        PlanMode::Destroy => {
            plan.template_digest.is_none()
                && plan.parameters.is_empty()
                && plan.given.is_empty()
                && plan.imports.is_empty()
                && plan.termination_protection.is_off()
        }
        PlanMode::Rollback => !plan.purge,
    };
    if !fits {
        out.push(Violation::Purpose);
    }
    let is_former = |name: &&String| {
        plan.mode == PlanMode::Deploy
            && plan.given.get(*name).is_some_and(|given| match given {
                GivenValue::Text(_) => plan.former_parameters.given.get(*name) == Some(given),
                GivenValue::Secret => false,
            })
    };
    let wrong = plan.kept.iter().filter(|name| !is_former(name));
    out.extend(wrong.map(|name| Violation::KeptParameter { parameter: name.clone() }));
    let limits = plan.creation_limits.iter().filter(|(stack, minutes)| {
        let declared = |change: &Change| change.desired.is_some() && change.address.is_in(stack);
        **minutes == 0 || !plan.changes.values().any(declared)
    });
    out.extend(limits.map(|(stack, _)| Violation::CreationLimit { stack: stack.clone() }));
    let restores = |change: &Change| change.action == Action::Restore;
    if plan.mode != PlanMode::Rollback && plan.changes.values().any(restores) {
        out.push(Violation::Purpose);
    }
    for (name, output) in &plan.outputs {
        if output.problem.is_some() && output.after.is_some() {
            out.push(Violation::OutputProblem { output: name.clone() });
        }
    }
}

/// The parts that are not as they follow.
fn wrong(change: &Change, derived: &Derived) -> Vec<Field> {
    let pairs = [
        (Field::Action, change.action == derived.action),
        (Field::Reasons, change.reasons == derived.reasons),
        (Field::Certainty, change.certainty == derived.certainty),
        (Field::Differences, change.differences == derived.differences),
        (Field::Stateful, change.stateful == derived.stateful),
    ];
    pairs.into_iter().filter(|(_, fits)| !fits).map(|(field, _)| field).collect()
}

/// An object that is there was looked at or not, for a reason; one that is not, was not.
fn checks(change: &Change) -> Option<Field> {
    let nothing = change.checked == Checked::Nothing;
    (nothing != change.prior.is_none()).then_some(Field::Checks)
}

fn type_of_removed(change: &Change) -> Option<Field> {
    let prior = change.prior.as_ref().filter(|_| change.desired.is_none());
    prior.is_some_and(|prior| prior.resource_type != change.resource_type).then_some(Field::Type)
}

/// A rollback goes by two states, of which a plan has the changed parts. It is never saved.
fn rollback(plan: &Plan, schemas: &dyn Schemas, out: &mut Vec<Violation>) {
    let places = places(&plan.changes, schemas);
    for (id, change) in &plan.changes {
        let definition = definition(schemas, change);
        let prior = change.prior.as_ref().filter(|it| it.resource_type == change.resource_type);
        let expected = match (prior, &change.desired) {
            (Some(prior), Some(desired)) => {
                differences(definition.as_ref(), &prior.properties, &desired.properties)
            }
            (None, _) | (_, None) => Vec::new(),
        };
        let taken = places.get(id).into_iter().flatten();
        let taken: Vec<Reason> = taken.map(|of| Reason::TakesPlace { of: of.clone() }).collect();
        let own = change.reasons.strip_suffix(taken.as_slice());
        let missing = own == Some(&[Reason::Rollback, Reason::Missing]);
        let reasons = match change.action {
            Action::NoOp => change.reasons.is_empty(),
            _ => own == Some(&[Reason::Rollback]) || missing,
        };
        let pairs = [
            (Field::Differences, change.differences == expected),
            (Field::Drift, change.drift.is_empty()),
            (Field::Certainty, change.certainty == Certainty::Certain),
            (Field::Stateful, change.stateful == definition.is_stateful()),
            (Field::Reasons, reasons),
            (Field::Checks, !missing || change.checked == Checked::Absent),
        ];
        let wrong = pairs.into_iter().filter(|(_, fits)| !fits);
        out.extend(wrong.map(|(field, _)| Violation::Derived { address: id.clone(), field }));
    }
}

/// The definition of the type of a change.
fn definition(schemas: &dyn Schemas, change: &Change) -> Arc<dyn TypeDefinition> {
    schemas.definition(&change.resource_type).unwrap_or_else(|| Arc::new(UnknownType))
}

/// The changes of declared resources by their addresses.
type ByAddress<T> = BTreeMap<Address, T>;
