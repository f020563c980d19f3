//! From decisions to steps: which operation waits for which.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{has_path_connecting, toposort};
use petgraph::graphmap::DiGraphMap;
use rstack_model::plan::{
    Action, Change, Operation, Phase, PlannedObject, Reason, ReplaceOrder, Step, StepId,
};
use rstack_model::state::{DeposedObject, ResourceState};
use rstack_model::{Address, StackName};

use crate::PlanError;
use crate::final_snapshot::deletion;
use crate::name_conflicts::places_of;
use crate::replace_cascade::deleted_early;
use crate::retention::{keeps_replaced, snapshots_removed, snapshots_replaced};

/// The steps of a plan, in an order in which they can be done.
pub(crate) fn steps(
    stack: &StackName,
    changes: &BTreeMap<Address, Change>,
    deposed: &[DeposedObject],
    restores: &BTreeMap<Address, ResourceState>,
) -> Result<Vec<Step>, PlanError> {
    let mut builder = Builder {
        stack,
        unnumbered: Vec::new(),
        early: deleted_early(changes),
        made: BTreeMap::new(),
        deleted_first: BTreeMap::new(),
        after: BTreeMap::new(),
    };
    for (id, change) in changes {
        builder.change(id, change, restores.get(id));
    }
    for DeposedObject { address, object } in deposed {
        let desired = changes.get(address).and_then(|change| change.desired.as_ref());
        let operation = removal_of_replaced(stack, address, object, desired);
        builder.step(address, operation, Phase::Cleanup);
    }
    builder.order_forward(changes);
    builder.order_cleanup();
    builder.finish()
}

struct Builder<'a> {
    stack: &'a StackName,
    unnumbered: Vec<(Address, Operation, Phase)>,
    /// The resources whose old object goes before new ones are made.
    early: BTreeSet<Address>,
    /// The step after which the resource's object is what it is to become.
    made: BTreeMap<Address, usize>,
    /// Old objects that are deleted before the new ones are created.
    deleted_first: BTreeMap<Address, usize>,
    after: BTreeMap<usize, BTreeSet<usize>>,
}

impl Builder<'_> {
    fn step(&mut self, id: &Address, operation: Operation, phase: Phase) -> usize {
        self.unnumbered.push((id.clone(), operation, phase));
        self.unnumbered.len() - 1
    }

    fn wait(&mut self, step: usize, before: usize) {
        self.after.entry(step).or_default().insert(before);
    }

    fn change(&mut self, id: &Address, change: &Change, restored: Option<&ResourceState>) {
        let prior = change.prior.as_ref();
        match change.action {
            Action::NoOp => {}
            Action::Record => self.make(id, Operation::Record),
            Action::Update => self.make(id, Operation::Update),
            Action::Create => {
                let missing = prior.filter(|_| change.reasons.contains(&Reason::Missing));
                let forget = missing.map(|object| {
                    self.step(id, Operation::Forget(Box::new(object.clone())), Phase::Forward)
                });
                self.make(id, Operation::Create);
                if let (Some(forget), Some(&made)) = (forget, self.made.get(id)) {
                    self.wait(made, forget);
                }
            }
            Action::Replace(order) => {
                let Some(prior) = prior else { return };
                let desired = change.desired.as_ref();
                let operation = removal_of_replaced(self.stack, id, prior, desired);
                match order {
                    ReplaceOrder::CreateFirst => {
                        self.make(id, Operation::Create);
                        self.step(id, operation, Phase::Cleanup);
                    }
                    ReplaceOrder::DeleteFirst => {
                        let delete = self.step(id, operation, Phase::Forward);
                        self.deleted_first.insert(id.clone(), delete);
                        self.make(id, Operation::Create);
                        if let Some(&made) = self.made.get(id) {
                            self.wait(made, delete);
                        }
                    }
                }
            }
            Action::Restore => {
                let Some(restored) = restored else { return };
                self.make(id, Operation::Restore(Box::new(restored.clone())));
                if let Some(prior) = prior {
                    let operation =
                        deletion(self.stack, id, prior, snapshots_replaced(prior, None));
                    self.step(id, operation, Phase::Cleanup);
                }
            }
            Action::Delete => {
                let Some(prior) = prior else { return };
                let operation = deletion(self.stack, id, prior, snapshots_removed(prior));
                if self.early.contains(id) {
                    let delete = self.step(id, operation, Phase::Forward);
                    self.deleted_first.insert(id.clone(), delete);
                } else {
                    self.step(id, operation, Phase::Cleanup);
                }
            }
            Action::Retain | Action::Forget => {
                if let Some(prior) = prior {
                    self.step(id, Operation::Forget(Box::new(prior.clone())), Phase::Cleanup);
                }
            }
        }
    }

    fn make(&mut self, id: &Address, operation: Operation) {
        let step = self.step(id, operation, Phase::Forward);
        self.made.insert(id.clone(), step);
    }

    /// A resource is made when all it depends on is made. An old object that goes first goes when
    /// the old objects of its users that go first are gone.
    fn order_forward(&mut self, changes: &BTreeMap<Address, Change>) {
        let mut waits = Vec::new();
        for (id, change) in changes {
            if let (Some(&step), Some(desired)) = (self.made.get(id), &change.desired) {
                let made = desired.dependencies.iter().filter_map(|d| self.made.get(d));
                waits.extend(made.map(|&dependency| (step, dependency)));
                let leaving = places_of(change).filter_map(|of| self.deleted_first.get(of));
                waits.extend(leaving.map(|&deleted| (step, deleted)));
            }
            if let (Some(&delete), Some(prior)) = (self.deleted_first.get(id), &change.prior) {
                let used = prior.dependencies.iter().filter_map(|d| self.deleted_first.get(d));
                waits.extend(used.map(|&dependency| (dependency, delete)));
            }
        }
        for (step, before) in waits {
            self.wait(step, before);
        }
    }

    /// An object goes when all that depend on it are gone. Left-overs of different applies may
    /// depend on each other in a circle; an edge that would close one is left out.
    fn order_cleanup(&mut self) {
        let removals: Vec<(usize, Address, BTreeSet<Address>)> = self
            .unnumbered
            .iter()
            .enumerate()
            .filter(|(_, (_, _, phase))| *phase == Phase::Cleanup)
            .filter_map(|(step, (id, operation, _))| {
                Some((step, id.clone(), operation.deleted()?.dependencies.clone()))
            })
            .collect();
        let mut by_id: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
        for (step, id, _) in &removals {
            by_id.entry(id).or_default().push(*step);
        }
        let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
        let several = by_id.values().any(|steps| steps.len() > 1);
        let mut waits = Vec::new();
        for (user, id, dependencies) in &removals {
            for dependency in dependencies.iter().filter(|d| *d != id) {
                for &used in by_id.get(dependency).into_iter().flatten() {
                    if several && has_path_connecting(&graph, used, *user, None) {
                        continue;
                    }
                    graph.add_edge(*user, used, ());
                    waits.push((used, *user));
                }
            }
        }
        for (step, before) in waits {
            self.wait(step, before);
        }
    }

    /// Numbers the steps in an order in which they can be done.
    fn finish(self) -> Result<Vec<Step>, PlanError> {
        let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
        (0..self.unnumbered.len()).for_each(|step| {
            graph.add_node(step);
        });
        for (&step, before) in &self.after {
            before.iter().for_each(|&b| {
                graph.add_edge(b, step, ());
            });
        }
        let order = toposort(&graph, None)
            .map_err(|_| PlanError::Broken("the steps wait for each other in a circle".into()))?;
        let phase = |step: &usize| self.unnumbered.get(*step).map(|(_, _, phase)| *phase);
        let mut order: Vec<usize> = order;
        order.sort_by_key(phase);
        let numbers: BTreeMap<usize, StepId> =
            (0u32..).zip(&order).map(|(number, &step)| (step, StepId(number))).collect();
        let mut unnumbered: BTreeMap<usize, _> = self.unnumbered.into_iter().enumerate().collect();
        let mut steps = Vec::new();
        for step in order {
            let (Some((address, operation, phase)), Some(&id)) =
                (unnumbered.remove(&step), numbers.get(&step))
            else {
                continue;
            };
            let before = self.after.get(&step).into_iter().flatten();
            let after = before.filter_map(|b| numbers.get(b)).copied().collect();
            steps.push(Step { id, address, operation, phase, after });
        }
        Ok(steps)
    }
}

/// The removal of the old object of a replacement, or of an update that has ended in another object: it
/// is deleted, or kept where a policy says so. `desired` is the object in its place, as far as there is
/// a plan for it.
pub fn removal_of_replaced(
    stack: &StackName,
    address: &Address,
    object: &ResourceState,
    desired: Option<&PlannedObject>,
) -> Operation {
    if keeps_replaced(object, desired) {
        return Operation::Forget(Box::new(object.clone()));
    }
    deletion(stack, address, object, snapshots_replaced(object, desired))
}
