//! Going back: what a failed apply did is undone at once, or later when the user asks for it.

use std::collections::BTreeSet;

use rstack_model::Address;
use rstack_model::event::{Event, RunEnd};
use rstack_model::plan::{Checked, Operation, Plan};
use rstack_model::state::{ResourceState, State};
use rstack_model::value::SecretReference;
use rstack_plan::{CheckedPlan, Observation, RollbackInput, plan_rollback};
use rstack_store::Lease;

use crate::observe::absent;
use crate::reads::Lookups;
use crate::run::Leads;
use crate::run_secrets::RunSecrets;
use crate::{ApplyError, Engine, RecoverError, SecretParameters, StepError};

/// A secret parameter that an object of a rollback is made with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OldSecret {
    /// The resource.
    pub address: Address,
    /// The parameter.
    pub parameter: String,
    /// The knowledge of its value.
    pub given: GivenSecret,
}

/// The knowledge of the value that a rollback gives to a secret parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GivenSecret {
    /// No value was given, and none is kept anywhere.
    Missing,
    /// It is the one that the object had before.
    Same,
    /// It is another one than the object had before.
    Other,
}

/// The outcome of a rollback.
pub(crate) struct RollbackOutcome {
    pub(crate) state: Option<State>,
    /// The changes that were not rolled back, with the error of each.
    pub(crate) failures: Vec<(Address, StepError)>,
    /// As in [`crate::Outcome`].
    pub(crate) open: Option<RecoverError>,
    /// As in [`crate::Outcome`].
    pub(crate) kept: Vec<(Address, ResourceState)>,
}

impl Engine {
    /// Plans the rollback of an apply that did not complete, from the state that it left; `None` if
    /// the last one completed. Objects that the rollback touches are looked for first: those that
    /// were deleted meanwhile are created again.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all, or for a defect of the planner.
    pub async fn plan_rollback(&self, state: &State) -> Result<Option<CheckedPlan>, ApplyError> {
        let Some(target) = state.former.as_deref() else { return Ok(None) };
        let (absent, none, schemas) = (BTreeSet::new(), BTreeSet::new(), self.schemas.as_ref());
        let input =
            RollbackInput { target, current: state, absent: &absent, missing: &none, schemas };
        let plan = plan_rollback(input)?;
        let mut missing = BTreeSet::new();
        let touched: Vec<(&Address, &ResourceState)> = touched(&plan).collect();
        self.events.emit(Event::Observing { objects: touched.len() });
        let (none_known, lookups) = (RunSecrets::none(), Lookups::default());
        for (id, object) in touched {
            let read = self.read(&lookups, object, &none_known).await.map_err(ApplyError::Cloud)?;
            if matches!(read, Observation::Absent) {
                missing.insert((id.clone(), object.key()));
            }
        }
        if missing.is_empty() {
            return Ok(Some(plan));
        }
        Ok(Some(plan_rollback(RollbackInput { missing: &missing, ..input })?))
    }

    /// Plans the way back from what `plan` has just failed to do.
    pub(crate) fn plan_automatic_rollback(
        &self,
        base: &State,
        current: &State,
        plan: &Plan,
    ) -> Result<CheckedPlan, ApplyError> {
        let (absent, missing, schemas) = (absent(plan), BTreeSet::new(), self.schemas.as_ref());
        let input =
            RollbackInput { target: base, current, absent: &absent, missing: &missing, schemas };
        Ok(plan_rollback(input)?)
    }

    /// Goes back from `current` to `base`.
    pub(crate) async fn roll_back(
        &self,
        locked: &dyn Lease,
        (base, current): (&State, &State),
        back: &CheckedPlan,
        parameters: &SecretParameters,
    ) -> Result<RollbackOutcome, ApplyError> {
        let leads = if base.former.is_some() { Leads::Partial } else { Leads::Whole };
        let (outcome, left) = self.run(locked, current, back, parameters, leads).await?;
        let state = match &outcome.open {
            Some(_) => outcome.state,
            None => self.tidy(locked, base, outcome.state).await?,
        };
        let mut failures = outcome.failures;
        let others = old_secrets(back, parameters).into_iter();
        failures.extend(others.filter(|old| old.given == GivenSecret::Other).map(|old| {
            let error = StepError::OldParameter(old.parameter);
            (old.address, error)
        }));
        let kept = kept(back, &left, &failures);
        if outcome.end == RunEnd::Interrupted {
            // What was not rolled back is reported: the stack is not as it was before.
            let waits_for = || StepError::Interrupted("its turn to be rolled back".to_owned());
            failures.extend(left.into_iter().map(|id| (id, waits_for())));
        }
        Ok(RollbackOutcome { state, failures, open: outcome.open, kept })
    }

    /// Removes the state of a stack of which a rollback has left nothing, and that was never whole.
    /// Says whether it was one.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub async fn forget_bare(&self, locked: &dyn Lease, state: &State) -> Result<bool, ApplyError> {
        let bare = state.is_bare() && state.template_digest.is_none() && state.former.is_none();
        if bare && state.serial.0 > 0 {
            let base = State { serial: rstack_model::Serial(0), ..state.clone() };
            self.tidy(locked, &base, Some(state.clone())).await?;
        }
        Ok(bare)
    }
}

/// The objects that the steps of a rollback have forgotten and left in the cloud.
fn kept(
    back: &Plan,
    left: &[Address],
    failures: &[(Address, StepError)],
) -> Vec<(Address, ResourceState)> {
    let done = |address: &Address| {
        !left.contains(address) && !failures.iter().any(|(failed, _)| failed == address)
    };
    let mut kept = Vec::new();
    for step in &back.steps {
        let Operation::Forget(object) = &step.operation else { continue };
        let change = back.changes.get(&step.address);
        let is_there = change.is_none_or(|change| change.checked != Checked::Absent);
        if is_there && done(&step.address) {
            kept.push((step.address.clone(), (**object).clone()));
        }
    }
    kept
}

/// The objects that the steps of a plan are about, and that have to be there for them.
fn touched(plan: &Plan) -> impl Iterator<Item = (&Address, &ResourceState)> {
    plan.steps.iter().filter_map(|step| {
        let prior = || plan.changes.get(&step.address).and_then(|change| change.prior.as_ref());
        let object = match &step.operation {
            Operation::Create => None,
            Operation::Update | Operation::Record => prior(),
            Operation::Delete(_)
            | Operation::DeleteWithSnapshot { .. }
            | Operation::Forget(_)
            | Operation::Restore(_) => step.operation.object(),
        };
        Some((&step.address, object?))
    })
}

/// The secret parameters that objects are made with when a rollback is carried out. The values that
/// they had before are kept nowhere: they have to be given.
pub fn old_secrets(back: &Plan, parameters: &SecretParameters) -> BTreeSet<OldSecret> {
    let mut out = BTreeSet::new();
    for (id, change) in &back.changes {
        let Some(desired) = change.desired.as_ref().filter(|_| change.action.sends()) else {
            continue;
        };
        let mut note = |reference: &SecretReference| {
            let SecretReference::Parameter(name) = reference else { return };
            let text = reference.to_string();
            let given = match parameters.versions.get(&text) {
                None => GivenSecret::Missing,
                Some(_) if parameters.is_of_given(&text, desired.secret_versions.get(&text)) => {
                    GivenSecret::Same
                }
                Some(_) => GivenSecret::Other,
            };
            let (address, parameter) = (id.clone(), name.clone());
            out.insert(OldSecret { address, parameter, given });
        };
        desired.properties.values().for_each(|value| value.visit_secrets(&mut note));
    }
    out
}
