//! Applying: a deploy from a template, or a plan that was saved.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::{ApplyError, ApplyOptions, Engine, Outcome, SecretParameters};
use rstack_journal::Entry;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{SecretString, Value};
use rstack_plan::{CheckedPlan, contradictions};

use crate::exports::check_exports;
use crate::open::open;
use crate::plan::{Deploy, plan_deploy};
use crate::producers::Recording;
use crate::{
    FrontEnd, GivenSecrets, Held, Holder, Operations, OpsError, Record, Review, Verdict, Work,
    describe,
};

/// The end of an operation that carries a plan out.
#[derive(Debug)]
pub enum Applied {
    /// The front end stopped it. Nothing was changed.
    Stopped,
    /// There was nothing to do.
    Unchanged(Box<State>),
    /// The plan was carried out.
    Ran(Box<Outcome>),
}

/// Makes the stack what is desired of it.
///
/// # Errors
/// If nothing was begun, or what was done could not be recorded. Steps that failed are in the
/// outcome.
pub async fn apply<F: FrontEnd>(
    ops: &Operations,
    deploy: &Deploy<'_>,
    holder: &Holder,
    front: &F,
) -> Result<Applied, F::Error> {
    let stack = &deploy.desired.stack;
    ops.under_lease(stack, holder, async |lease| apply_held(ops, lease, deploy, front).await).await
}

async fn apply_held<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    deploy: &Deploy<'_>,
    front: &F,
) -> Result<Applied, F::Error> {
    let mut state = open(ops, lease, deploy.parameters, front).await?;
    if deploy.refresh {
        state = ops.engine.record_stabilized(&**lease, state).await.map_err(OpsError::from)?;
    }
    let renewed = deploy.parameters.renewed(state.clone());
    if renewed != state {
        let base = PlanBase { lineage: state.lineage.clone(), serial: state.serial };
        state = lease.revise(renewed, &base).await.map_err(OpsError::from)?;
    }
    let planned = lease.unless_lost(plan_deploy(ops, deploy, &state, front)).await;
    let planned = planned.unwrap_or_else(|lost| Err(lost.into()));
    front.planned(planned.as_deref().ok())?;
    let plan = planned?;
    let work = work_of(&plan, &state);
    let review = Review { plan: &plan, state: &state, work, secrets: Default::default() };
    carry_out(ops, lease, &review, (deploy.parameters, deploy.imported), front).await
}

/// The work that a plan is. A stack that is applied for the first time gets its state even if it is empty.
/// One that an earlier apply left half-way is whole now, which is recorded, and so are its imports and
/// parameters.
pub(crate) fn work_of(plan: &CheckedPlan, state: &State) -> Work {
    let recorded = state.former.is_none()
        && plan.imports == state.imports
        && plan.given == state.given
        && plan.parameters == state.parameters;
    match (plan.is_noop() && state.serial.0 > 0, recorded) {
        (false, _) => Work::Changes,
        (true, false) => Work::Record,
        (true, true) => Work::Nothing,
    }
}

/// Carries out a plan that was saved, with the values of its secret parameters, if nothing moved
/// since it was made, and state and cloud are as it says.
///
/// # Errors
/// As [`apply`], and if the state or an object moved, the plan tells of them what is not so, or a
/// value is not the one that the plan was made with.
pub async fn apply_saved<F: FrontEnd>(
    ops: &Operations,
    plan: &CheckedPlan,
    given: &[(String, SecretString)],
    holder: &Holder,
    front: &F,
) -> Result<Applied, F::Error> {
    check_planned_environment(ops, plan)?;
    let parameters = GivenSecrets(given).for_plan(ops, plan).await?;
    let apply =
        async |lease: &Held<'_>| apply_saved_held(ops, lease, plan, &parameters, front).await;
    ops.under_lease(&plan.stack, holder, apply).await
}

/// Refuses a plan for another account, Region or cloud.
pub(crate) fn check_planned_environment(
    ops: &Operations,
    plan: &CheckedPlan,
) -> Result<(), OpsError> {
    if plan.environment == ops.environment {
        return Ok(());
    }
    let (planned, found) = (describe(&plan.environment), describe(&ops.environment));
    Err(ApplyError::Environment { planned, found }.into())
}

/// Checks that a saved plan can be carried out, or could be if the outputs were known that it awaits: nothing
/// moved since it was made. Nothing is locked or recorded.
///
/// # Errors
/// As [`apply_saved`]; and if a run of the stack is open.
pub async fn check_saved(
    ops: &Operations,
    plan: &CheckedPlan,
    given: &[(String, SecretString)],
) -> Result<(), OpsError> {
    check_planned_environment(ops, plan)?;
    let record = ops.backend.read(&plan.stack).await?;
    if has_begun(&record, plan)? {
        return Err(OpsError::AlreadyBegun);
    }
    if record.journal.is_some() {
        return Err(base_moved(plan, "a run that is not complete".to_owned()));
    }
    check_base(plan, record.state.as_ref())?;
    let parameters = GivenSecrets(given).for_plan(ops, plan).await?;
    let state = record.state.unwrap_or_else(|| ops.new_state(&plan.stack));
    verify_saved(ops, plan, &state, &parameters).await
}

async fn apply_saved_held<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    plan: &CheckedPlan,
    parameters: &SecretParameters,
    front: &F,
) -> Result<Applied, F::Error> {
    let begun = has_begun(&lease.read().await.map_err(OpsError::from)?, plan)?;
    let state = open(ops, lease, parameters, front).await?;
    if begun {
        return Err(OpsError::AlreadyBegun.into());
    }
    check_base(plan, lease.read().await.map_err(OpsError::from)?.state.as_ref())?;
    let work = work_of(plan, &state);
    let review = Review { plan, state: &state, work, secrets: Default::default() };
    let engine = match (reviewed(ops, lease, &review, front).await?, work) {
        (_, Work::Nothing) => {
            let verified = verify_saved(ops, plan, &state, parameters);
            lease.unless_lost(verified).await.map_err(OpsError::from)??;
            return Ok(Applied::Unchanged(Box::new(state)));
        }
        (None, Work::Record | Work::Changes) => return Ok(Applied::Stopped),
        (Some(engine), Work::Record | Work::Changes) => engine,
    };
    let gone = BTreeSet::new();
    let exports = check_exports(ops, plan, &gone, front);
    lease.unless_lost(exports).await.map_err(OpsError::from)??;
    let verified = verify_saved(ops, plan, &state, parameters);
    lease.unless_lost(verified).await.map_err(OpsError::from)??;
    lease.unless_lost(front.publish(plan)).await.map_err(OpsError::from)??;
    run(ops, engine, lease, &review, (parameters, None)).await.map_err(Into::into)
}

/// Holds a saved plan against the state and the cloud: what it has of them is what they have. Every
/// object is read, whatever the plan says of how it was looked at.
///
/// # Errors
/// If something moved or is not as the plan says, or the cloud cannot be asked.
pub async fn verify_saved(
    ops: &Operations,
    plan: &CheckedPlan,
    state: &State,
    parameters: &SecretParameters,
) -> Result<(), OpsError> {
    let contradictions = contradictions(plan, state);
    if !contradictions.is_empty() {
        return Err(OpsError::Contradicts(contradictions));
    }
    let moved = ops.engine.moved(plan, state, parameters).await?;
    if moved.is_empty() { Ok(()) } else { Err(ApplyError::ObjectsMoved(moved).into()) }
}

/// True if the open run of a stack is one of this very plan.
fn has_begun(record: &Record, plan: &CheckedPlan) -> Result<bool, OpsError> {
    let Some(Entry::Begin { plan_digest, .. }) = record.journal.iter().flatten().next() else {
        return Ok(false);
    };
    let digest = plan.digest().map_err(|error| ApplyError::Digest(error.to_string()))?;
    Ok(*plan_digest == digest)
}

/// Refuses a plan whose state has moved, before the front end is asked.
pub(crate) fn check_base(plan: &CheckedPlan, state: Option<&State>) -> Result<(), OpsError> {
    let found = match state {
        Some(state) if state.lineage == plan.base.lineage && state.serial == plan.base.serial => {
            return Ok(());
        }
        Some(state) => format!("serial {} of {}", state.serial, state.lineage),
        None if plan.base.serial.0 == 0 => return Ok(()),
        None => "no serial: the stack is gone".to_owned(),
    };
    Err(base_moved(plan, found))
}

fn base_moved(plan: &CheckedPlan, found: String) -> OpsError {
    let (planned, lineage) = (plan.base.serial.0, plan.base.lineage.to_string());
    ApplyError::BaseMoved { planned, lineage, found }.into()
}

/// Has a plan reviewed, and carries it out if it is to be.
pub(crate) async fn carry_out<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    review: &Review<'_>,
    (parameters, imported): (&SecretParameters, Option<&BTreeMap<String, Value>>),
    front: &F,
) -> Result<Applied, F::Error> {
    if !review.plan.awaits.is_empty() {
        return Err(OpsError::Preview { stack: review.plan.stack.clone() }.into());
    }
    let engine = reviewed(ops, lease, review, front).await?;
    match (engine, review.work) {
        (_, Work::Nothing) => Ok(Applied::Unchanged(Box::new(review.state.clone()))),
        (None, Work::Record | Work::Changes) => Ok(Applied::Stopped),
        (Some(engine), Work::Record | Work::Changes) => {
            lease.unless_lost(front.publish(review.plan)).await.map_err(OpsError::from)??;
            run(ops, engine, lease, review, (parameters, imported)).await.map_err(Into::into)
        }
    }
}

/// An engine that waits as the front end says, and how it is to apply.
type Reviewed = (Engine, ApplyOptions);

/// Has a plan reviewed, as long as the lease is held.
async fn reviewed<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    review: &Review<'_>,
    front: &F,
) -> Result<Option<Reviewed>, F::Error> {
    let verdict = lease.unless_lost(front.review(review)).await.map_err(OpsError::from)??;
    Ok(match verdict {
        Verdict::Stop => None,
        Verdict::Proceed { waiting, rollback } => {
            Some((Engine { waiting, ..ops.engine.clone() }, ApplyOptions { rollback }))
        }
    })
}

async fn run(
    ops: &Operations,
    (engine, options): Reviewed,
    lease: &Held<'_>,
    review: &Review<'_>,
    (parameters, imported): (&SecretParameters, Option<&BTreeMap<String, Value>>),
) -> Result<Applied, OpsError> {
    let recording = Recording::of(ops, lease, (review.plan, review.state), imported);
    let recording = lease.unless_lost(recording).await??;
    let outcome = engine.apply(&recording, review.plan, parameters, options).await;
    recording.release_producers().await;
    Ok(Applied::Ran(Box::new(outcome?)))
}
