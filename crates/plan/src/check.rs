//! The plan checker: every invariant of a plan, derived from the plan and the catalog.
//!
//! It runs before a plan is shown and again before it is applied, so that a plan file made by an
//! older rstack, or by hand, is held to the same rules. The invariants here share no code with the
//! planner; [`crate::derived`] derives again what the plan says of each change.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::{
    Action, Change, Operation, Phase, Plan, PlanMode, ReplaceOrder, Step, StepId,
};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState};
use rstack_model::{Address, ObjectKey};

use crate::Violation;
use crate::derived::check_derived;
use crate::type_definition::Schemas;

/// Every invariant that the plan breaks; empty for a sound plan.
pub fn check(plan: &Plan, schemas: &dyn Schemas) -> Vec<Violation> {
    let checker = Checker::new(plan);
    let mut out = Vec::new();
    checker.order(&mut out);
    if out.is_empty() {
        checker.actions(&mut out);
        checker.dependencies(&mut out);
        checker.objects(&mut out);
        checker.own_objects(&mut out);
        checker.deletes(&mut out);
        checker.policies(&mut out);
        checker.outputs(&mut out);
        checker.propagation_waits(&mut out);
        check_derived(plan, schemas, &mut out);
    }
    out
}

struct Checker<'a> {
    plan: &'a Plan,
    by_number: BTreeMap<StepId, &'a Step>,
    by_resource: BTreeMap<&'a Address, Vec<&'a Step>>,
}

impl<'a> Checker<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut by_number: BTreeMap<StepId, &Step> = BTreeMap::new();
        let mut by_resource: BTreeMap<&Address, Vec<&Step>> = BTreeMap::new();
        for step in &plan.steps {
            by_number.insert(step.id, step);
            by_resource.entry(&step.address).or_default().push(step);
        }
        Self { plan, by_number, by_resource }
    }

    fn steps_of(&self, id: &Address) -> &[&'a Step] {
        self.by_resource.get(id).map_or(&[], Vec::as_slice)
    }

    fn is_before(&self, earlier: &Step, later: &Step) -> bool {
        earlier.phase < later.phase
            || later.after.contains(&earlier.id)
            || self.leads_to(earlier, later)
    }

    /// True if the later step waits for the earlier one, over others in between. A step waits for
    /// smaller numbers only, which [`Self::order`] has made sure of.
    fn leads_to(&self, earlier: &Step, later: &Step) -> bool {
        let mut seen: BTreeSet<StepId> = BTreeSet::new();
        let mut open: Vec<StepId> = later.after.iter().copied().collect();
        while let Some(id) = open.pop() {
            if id == earlier.id {
                return true;
            }
            if id > earlier.id && seen.insert(id) {
                open.extend(self.by_number.get(&id).into_iter().flat_map(|step| &step.after));
            }
        }
        false
    }

    fn order(&self, out: &mut Vec<Violation>) {
        let mut seen: BTreeMap<StepId, Phase> = BTreeMap::new();
        for step in &self.plan.steps {
            if !step.after.iter().all(|earlier| seen.contains_key(earlier)) {
                out.push(Violation::Order { step: step.id });
            }
            if step.after.last().is_some_and(|last| *last >= step.id) {
                out.push(Violation::Order { step: step.id });
            }
            let phases = step.after.iter().filter_map(|earlier| seen.get(earlier));
            if phases.into_iter().any(|phase| *phase > step.phase) {
                out.push(Violation::PhaseOrder { step: step.id });
            }
            if seen.insert(step.id, step.phase).is_some() {
                out.push(Violation::Order { step: step.id });
            }
        }
    }

    fn actions(&self, out: &mut Vec<Violation>) {
        for id in self.by_resource.keys() {
            let deposed = self.plan.deposed.iter().any(|d| d.address == **id);
            if !self.plan.changes.contains_key(*id) && !deposed {
                out.push(Violation::NoChange { address: (*id).clone() });
            }
        }
        for (id, change) in &self.plan.changes {
            let is_deposed = |step: &&&Step| match &step.operation {
                Operation::Delete(object)
                | Operation::DeleteWithSnapshot { object, .. }
                | Operation::Forget(object) => {
                    self.plan.deposed.iter().any(|d| d.address == *id && d.object == **object)
                }
                Operation::Create
                | Operation::Update
                | Operation::Record
                | Operation::Restore(_) => false,
            };
            let own: Vec<&str> = self
                .steps_of(id)
                .iter()
                .filter(|step| !is_deposed(step))
                .map(|step| step.operation.name())
                .collect();
            if !expected(change).contains(&own.as_slice()) {
                out.push(Violation::StepsOfAction { address: id.clone() });
            }
        }
    }

    /// Checks that an object is made after all that it depends on, and that every attribute it
    /// waits for is known by then.
    fn dependencies(&self, out: &mut Vec<Violation>) {
        for step in self.plan.steps.iter().filter(|step| is_making(step)) {
            let Some(change) = self.plan.changes.get(&step.address) else { continue };
            let Some(desired) = &change.desired else { continue };
            for dependency in &desired.dependencies {
                for made in self.steps_of(dependency).iter().filter(|step| is_making(step)) {
                    if !self.is_before(made, step) {
                        out.push(Violation::DependencyLater {
                            address: step.address.clone(),
                            dependency: dependency.clone(),
                        });
                    }
                }
            }
            let mut note = |attribute: &rstack_model::value::AttributeRef| {
                let id = &attribute.address;
                let exists = self.plan.changes.get(id).is_some_and(|c| c.desired.is_some());
                let is_own = exists && desired.dependencies.contains(id);
                if !is_own && !self.plan.awaits.contains(id) {
                    out.push(Violation::NeverKnown {
                        address: step.address.clone(),
                        attribute: attribute.to_string(),
                    });
                }
            };
            desired.properties.values().for_each(|value| value.visit_attributes(&mut note));
        }
    }

    fn objects(&self, out: &mut Vec<Violation>) {
        let mut touched: BTreeSet<ObjectKey> = BTreeSet::new();
        for step in &self.plan.steps {
            let prior = self.plan.changes.get(&step.address).and_then(|c| c.prior.as_ref());
            let object = match &step.operation {
                Operation::Delete(object)
                | Operation::DeleteWithSnapshot { object, .. }
                | Operation::Forget(object)
                | Operation::Restore(object) => Some(object.key()),
                Operation::Update | Operation::Record => prior.map(ResourceState::key),
                Operation::Create => None,
            };
            if let Some(key) = object
                && !touched.insert(key.clone())
            {
                out.push(Violation::TwoChanges { key });
            }
        }
    }

    /// A step is about the object that its change is about, or about one that an earlier apply left:
    /// the shown object is the one that is deleted. Only a rollback restores, and only objects that
    /// the state has deposed.
    fn own_objects(&self, out: &mut Vec<Violation>) {
        for step in &self.plan.steps {
            let prior = self.plan.changes.get(&step.address).and_then(|it| it.prior.as_ref());
            let fits = match &step.operation {
                Operation::Delete(object)
                | Operation::DeleteWithSnapshot { object, .. }
                | Operation::Forget(object) => {
                    let deposed =
                        |it: &DeposedObject| it.address == step.address && it.object == **object;
                    prior == Some(&**object) || self.plan.deposed.iter().any(deposed)
                }
                Operation::Restore(_) => self.plan.mode == PlanMode::Rollback,
                Operation::Update | Operation::Record => prior.is_some(),
                Operation::Create => true,
            };
            if !fits {
                out.push(Violation::OtherObject { step: step.id });
            }
        }
    }

    /// Deletes of current objects run in the reverse order of dependencies.
    fn deletes(&self, out: &mut Vec<Violation>) {
        let current: Vec<(&Step, &rstack_model::state::ResourceState)> = self
            .plan
            .steps
            .iter()
            .filter_map(|step| {
                let object = step.operation.deleted()?;
                let deposed = self.plan.deposed.iter().any(|d| d.object == *object);
                (!deposed).then_some((step, object))
            })
            .collect();
        let by_id: BTreeMap<&Address, &Step> =
            current.iter().map(|(step, _)| (&step.address, *step)).collect();
        for (referrer, object) in &current {
            for dependency in &object.dependencies {
                if let Some(used) = by_id.get(dependency)
                    && !self.is_before(referrer, used)
                {
                    out.push(Violation::DeletedBeforeReferrer {
                        address: dependency.clone(),
                        referrer: referrer.address.clone(),
                    });
                }
            }
        }
    }

    /// Checks that no step deletes an object that its policy keeps, and that none leaves out the final
    /// snapshot that its policy asks for: neither of a current object nor of a deposed one. A rollback
    /// keeps what it did not make by its actions.
    fn policies(&self, out: &mut Vec<Violation>) {
        for step in &self.plan.steps {
            let Some(object) = step.operation.deleted() else { continue };
            let change = self.plan.changes.get(&step.address);
            let unfinished = object.status == ObjectStatus::Incomplete;
            let in_force = |holds: &dyn Fn(RemovalPolicy) -> bool| {
                let is_current = change
                    .and_then(|change| change.prior.as_ref())
                    .is_some_and(|prior| prior.is_same_object(object));
                match change.map(|change| change.action).filter(|_| is_current) {
                    Some(Action::Delete) => holds(object.deletion_policy),
                    // The object that takes its place is not one of the template's.
                    Some(Action::Restore) => holds(object.update_replace_policy),
                    Some(_) | None => {
                        let desired = change.and_then(|change| change.desired.as_ref());
                        holds(object.update_replace_policy)
                            || desired.is_some_and(|desired| holds(desired.update_replace_policy))
                    }
                }
            };
            let kept = in_force(&|policy| match policy {
                RemovalPolicy::Retain => true,
                RemovalPolicy::RetainExceptOnCreate => !unfinished,
                RemovalPolicy::Delete | RemovalPolicy::Snapshot => false,
            });
            if kept && self.plan.mode != PlanMode::Rollback {
                out.push(Violation::RetainedTouched { address: step.address.clone() });
            }
            let asked_for = in_force(&|policy| match policy {
                RemovalPolicy::Snapshot => !unfinished,
                RemovalPolicy::Delete
                | RemovalPolicy::Retain
                | RemovalPolicy::RetainExceptOnCreate => false,
            });
            if asked_for != step.operation.final_snapshot().is_some() {
                out.push(Violation::FinalSnapshot { address: step.address.clone() });
            }
        }
    }

    fn outputs(&self, out: &mut Vec<Violation>) {
        for (name, output) in &self.plan.outputs {
            let Some(after) = &output.after else { continue };
            let mut known = true;
            for value in std::iter::once(&after.value).chain(&after.export) {
                value.visit_attributes(&mut |attribute| {
                    let change = self.plan.changes.get(&attribute.address);
                    known &= change.is_some_and(|change| change.desired.is_some())
                        || self.plan.awaits.contains(&attribute.address);
                });
            }
            if !known {
                out.push(Violation::OutputNeverKnown { output: name.clone() });
            }
        }
    }

    /// Checks that changes wait for the propagation of a secret only at objects that exist.
    fn propagation_waits(&self, out: &mut Vec<Violation>) {
        let there = |id: &Address| self.plan.changes.get(id).is_some_and(|it| it.prior.is_some());
        for (id, waits) in &self.plan.propagation_waits {
            let mut all = waits.iter().map(|it| &it.checked_by);
            let sound = self.plan.changes.contains_key(id)
                && all.all(|by| !by.is_empty() && by.iter().all(there));
            if !sound {
                out.push(Violation::PropagationWait { address: id.clone() });
            }
        }
    }
}

fn is_making(step: &Step) -> bool {
    match step.operation {
        Operation::Create | Operation::Update | Operation::Record | Operation::Restore(_) => true,
        Operation::Delete(_) | Operation::DeleteWithSnapshot { .. } | Operation::Forget(_) => false,
    }
}

/// The steps that an action may have, in the order of the plan.
fn expected(change: &Change) -> &'static [&'static [&'static str]] {
    match change.action {
        Action::NoOp => &[&[]],
        Action::Create => &[&["create"], &["forget", "create"]],
        Action::Update => &[&["update"]],
        Action::Record => &[&["record"]],
        Action::Replace(ReplaceOrder::CreateFirst) => {
            &[&["create", "delete"], &["create", "forget"]]
        }
        Action::Replace(ReplaceOrder::DeleteFirst) => {
            &[&["delete", "create"], &["forget", "create"]]
        }
        Action::Delete => &[&["delete"]],
        Action::Retain | Action::Forget => &[&["forget"]],
        Action::Restore => &[&["restore", "delete"], &["restore"]],
    }
}
