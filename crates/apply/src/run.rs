//! A run: begin, execute, publish; and roll back what failed.

use std::collections::{BTreeMap, BTreeSet};

use rstack_journal::{Entry, JournalEnd};
use rstack_model::Address;
use rstack_model::desired::DesiredOutput;
use rstack_model::event::{Event, RunEnd};
use rstack_model::plan::{Phase, Plan, PlanMode, Step, StepId};
use rstack_model::state::{OutputState, ResourceState, State};
use rstack_model::value::FunctionError;
use rstack_plan::{CheckedPlan, removal_of_replaced};
use rstack_store::Lease;

use crate::drive::Waits;
use crate::ledger::{Ledger, begin};
use crate::recover::place;
use crate::rollback::RollbackOutcome;
use crate::schedule::{Executed, execute};
use crate::step::Context;
use crate::{ApplyError, Engine, RecoverError, SecretParameters, StepError};

/// The options of an apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplyOptions {
    /// True if a failed deploy is rolled back.
    pub rollback: bool,
}

/// The kind of state that a plan leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To a stack that is as declared: nothing waits to be rolled back then.
    Whole,
    /// Back to the state that an earlier, incomplete apply left.
    Partial,
}

/// The outcome of applying a plan.
#[derive(Debug)]
pub struct Outcome {
    /// The state now; `None` if nothing is left of the stack.
    pub state: Option<State>,
    /// The end of the plan's own run, without that of a rollback.
    pub end: RunEnd,
    /// The steps that failed.
    pub failures: Vec<(Address, StepError)>,
    /// True if everything new was made. Failures are then failed removals of old objects, which the
    /// next apply tries again.
    pub made: bool,
    /// The steps of the rollback that failed; `None` if there was no rollback.
    pub rollback: Option<Vec<(Address, StepError)>>,
    /// The objects of the apply that its rollback has left, as their `DeletionPolicy` says. The state does
    /// not have them any more.
    pub kept: Vec<(Address, ResourceState)>,
    /// The reason why the outcome of an operation is not known. The journal stays open, and the
    /// next command asks again.
    pub open: Option<RecoverError>,
}

impl Engine {
    /// Applies a plan. The caller holds and renews the lease, and has recovered earlier runs.
    ///
    /// # Errors
    /// [`ApplyError`] if nothing was begun, or what was done could not be recorded. Failed steps
    /// are not errors here: they are in the [`Outcome`].
    pub async fn apply(
        &self,
        locked: &dyn Lease,
        plan: &CheckedPlan,
        parameters: &SecretParameters,
        options: ApplyOptions,
    ) -> Result<Outcome, ApplyError> {
        let base = self.base(locked, plan).await?;
        let (first, _) = self.run(locked, &base, plan, parameters, Leads::Whole).await?;
        if first.open.is_some() {
            return Ok(first);
        }
        match plan.mode {
            PlanMode::Destroy => Ok(first),
            PlanMode::Rollback => {
                let target = base.former.as_deref().unwrap_or(&base);
                let state = self.tidy(locked, target, first.state).await?;
                Ok(Outcome { state, ..first })
            }
            PlanMode::Deploy => {
                let wants_rollback = options.rollback
                    && first.end == RunEnd::Failed
                    && !first.made
                    && !self.cancel.is_cancelled()
                    && helps(&first.failures);
                match first.state {
                    Some(current) if wants_rollback => {
                        let back = self.plan_automatic_rollback(&base, &current, plan)?;
                        let rolled_back =
                            self.roll_back(locked, (&base, &current), &back, parameters);
                        let RollbackOutcome { state, failures, open, kept } = rolled_back.await?;
                        Ok(Outcome { state, rollback: Some(failures), open, kept, ..first })
                    }
                    state => Ok(Outcome { state, ..first }),
                }
            }
        }
    }

    /// The state that the plan was made from.
    async fn base(&self, locked: &dyn Lease, plan: &Plan) -> Result<State, ApplyError> {
        let found = locked.read().await?.state;
        let base = found.unwrap_or_else(|| {
            let lineage = plan.base.lineage.clone();
            State::empty(lineage, plan.stack.clone(), plan.environment.clone())
        });
        if base.lineage != plan.base.lineage || base.serial != plan.base.serial {
            return Err(ApplyError::BaseMoved {
                planned: plan.base.serial.0,
                lineage: plan.base.lineage.to_string(),
                found: format!("serial {} of {}", base.serial, base.lineage),
            });
        }
        let planned = place(&plan.stack, &plan.environment);
        let found = place(locked.stack(), &base.environment);
        if planned == found { Ok(base) } else { Err(ApplyError::Environment { planned, found }) }
    }

    /// Runs a plan over `base` and publishes what comes of it; names the resources whose steps were
    /// not done, too.
    pub(crate) async fn run(
        &self,
        locked: &dyn Lease,
        base: &State,
        plan: &CheckedPlan,
        parameters: &SecretParameters,
        leads: Leads,
    ) -> Result<(Outcome, Vec<Address>), ApplyError> {
        let first = begin(plan, leads == Leads::Partial)?;
        let ledger = Ledger::new(base.clone(), locked.begin(&first).await?, vec![first]);
        for change in plan.changes.values() {
            // What was read for the plan is newer than what the state remembers.
            if let Some(prior) = &change.prior
                && base.resources.contains_key(&change.address)
            {
                ledger.set_object(&change.address, prior.clone());
            }
        }
        let (mode, steps) = (plan.mode, plan.steps.len());
        // A rollback that only drops the former state has nothing to tell.
        let emitted = mode != PlanMode::Rollback || steps > 0;
        if emitted {
            self.events.emit(Event::RunStarted { mode, steps });
        }
        let context = Context { engine: self, plan, ledger: &ledger, parameters };
        let mut executed = Executed::default();
        execute(context, Phase::Forward, &mut executed).await;
        if executed.made && mode != PlanMode::Destroy {
            // Before old objects go: from here on there is nothing to roll back, and who dies among
            // the deletions must not find a way back to what is deleted.
            let outputs = ledger.with_objects(|objects| self.outputs(plan, objects));
            ledger.append(Entry::Outputs { outputs }).await?;
        }
        execute(context, Phase::Cleanup, &mut executed).await;
        remove_superseded(context, &mut executed).await;
        let Executed { failures, interrupted, left, made } = executed;
        let end = match (failures.is_empty(), interrupted) {
            (true, false) => RunEnd::Succeeded,
            (false, _) => RunEnd::Failed,
            (true, true) => RunEnd::Interrupted,
        };
        let recorded = match end {
            RunEnd::Succeeded => JournalEnd::Succeeded,
            RunEnd::Failed => JournalEnd::Failed,
            RunEnd::Interrupted => JournalEnd::Interrupted,
        };
        ledger.append(Entry::End { end: recorded }).await?;
        let resolved = self.resolve_open(&ledger, parameters, Waits::No).await;
        let folded = ledger.folded()?;
        // The folded state takes its place: of a large stack there are not many copies at a time.
        drop(ledger);
        let kept = Vec::new();
        let outcome =
            Outcome { state: None, end, failures, made, rollback: None, open: None, kept };
        if let Err(ApplyError::Recover(error)) = resolved {
            self.ended(emitted, mode, end);
            let state = Some(folded.state);
            return Ok((Outcome { state, open: Some(error), ..outcome }, left));
        }
        resolved?;
        let gone = mode == PlanMode::Destroy && folded.state.is_bare();
        let state = if gone {
            locked.retire(folded.state, &plan.base).await?;
            None
        } else {
            Some(locked.publish(folded.state, &plan.base).await?)
        };
        self.ended(emitted, mode, end);
        Ok((Outcome { state, ..outcome }, left))
    }

    fn ended(&self, emitted: bool, mode: PlanMode, end: RunEnd) {
        if emitted {
            self.events.emit(Event::RunEnded { mode, end });
        }
    }

    /// The outputs. One that cannot be evaluated is reported and left out: everything is made, and
    /// a stream that runs is not taken back for it.
    fn outputs(
        &self,
        plan: &Plan,
        objects: &BTreeMap<Address, ResourceState>,
    ) -> BTreeMap<String, OutputState> {
        let mut out = BTreeMap::new();
        for (name, change) in &plan.outputs {
            let evaluated = match (&change.after, &change.problem) {
                (Some(after), _) => evaluated(after, objects).map_err(|error| error.to_string()),
                (None, Some(problem)) => Err(problem.clone()),
                (None, None) => continue,
            };
            match evaluated {
                Ok(output) => {
                    out.insert(name.clone(), output);
                }
                Err(error) => {
                    self.events.emit(Event::OutputFailed { output: name.clone(), error });
                }
            }
        }
        out
    }

    /// A stack that did not exist before, and of which nothing is left, leaves no state.
    pub(crate) async fn tidy(
        &self,
        locked: &dyn Lease,
        base: &State,
        state: Option<State>,
    ) -> Result<Option<State>, ApplyError> {
        let Some(state) = state else { return Ok(None) };
        let new = base.serial == rstack_model::Serial(0);
        if !(new && state.is_bare()) {
            return Ok(Some(state));
        }
        let now =
            rstack_model::plan::PlanBase { lineage: state.lineage.clone(), serial: state.serial };
        locked.retire(state, &now).await?;
        Ok(None)
    }
}

/// Removes the objects in whose place updates have put others, as the policy of each says: users
/// first. No plan can know of them, since that an update ends in another object is known when it is
/// made. What a rollback has put aside was there before it, and is left to the next plan.
async fn remove_superseded(context: Context<'_>, executed: &mut Executed) {
    if !executed.made || executed.interrupted || context.plan.mode == PlanMode::Rollback {
        return;
    }
    let (first, objects) = (context.plan.steps.len(), context.ledger.superseded());
    for (number, (address, object)) in objects.into_iter().rev().enumerate() {
        if context.engine.cancel.is_cancelled() {
            executed.interrupted = true;
            return;
        }
        if context.ledger.has_now(&address, &object) {
            continue;
        }
        let operation = removal_of_replaced(&context.plan.stack, &address, &object, None);
        let id = StepId(u32::try_from(first + number).unwrap_or(u32::MAX));
        let step =
            Step { id, address, operation, phase: Phase::Cleanup, after: BTreeSet::default() };
        match context.run(&step).await {
            Ok(()) => {}
            Err(StepError::Interrupted(_)) => executed.interrupted = true,
            Err(error) => executed.failures.push((step.address, error)),
        }
    }
}

/// True if a rollback helps. It does not if no call can be expected to succeed after some failures,
/// nor if the only failure is that an object did not stabilize in time: that one is as declared,
/// and would not stabilize sooner for being changed back.
fn helps(failures: &[(Address, StepError)]) -> bool {
    let only_slow = failures.iter().all(|(_, e)| matches!(e, StepError::NotStabilized { .. }));
    !only_slow && !failures.iter().any(|(_, error)| error.stops_everything())
}

/// An output with the attributes that are known now.
fn evaluated(
    output: &DesiredOutput,
    objects: &BTreeMap<Address, ResourceState>,
) -> Result<OutputState, FunctionError> {
    let export = output.export.as_ref().map(|export| export.resolve(objects)).transpose()?;
    Ok(OutputState {
        value: output.value.resolve(objects)?,
        description: output.description.clone(),
        export: export.map(|e| e.as_str().map_or_else(|| e.to_string(), str::to_owned)),
    })
}
