//! Applying: a deploy from a template, or a plan that was saved.

use rstack_apply::{ApplyError, ApplyOptions, Engine, Outcome, SecretParameters};
use rstack_journal::Entry;
use rstack_model::SecretString;
use rstack_model::state::State;
use rstack_plan::CheckedPlan;

use crate::backend::release;
use crate::open::open;
use crate::plan::{Deploy, plan_deploy};
use crate::{
    FrontEnd, GivenSecrets, Holder, Lease, Operations, OpsError, Record, Review, Verdict, Work,
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
    let lease = ops.backend.acquire(stack, holder).await.map_err(OpsError::from)?;
    let applied = apply_held(ops, lease.as_ref(), deploy, front).await;
    release(lease).await;
    applied
}

async fn apply_held<F: FrontEnd>(
    ops: &Operations,
    lease: &dyn Lease,
    deploy: &Deploy<'_>,
    front: &F,
) -> Result<Applied, F::Error> {
    let mut state = open(ops, lease, deploy.parameters, front).await?;
    if deploy.refresh {
        state = ops.engine.record_settled(lease, state).await.map_err(OpsError::from)?;
    }
    let planned = plan_deploy(ops, deploy, &state).await;
    front.planned(planned.as_deref().ok())?;
    let plan = planned?;
    // A stack that is applied for the first time gets its state even if it is empty. One that an
    // earlier apply left half-way is whole now, which is recorded.
    let work = match (plan.is_noop() && state.serial.0 > 0, &state.former) {
        (false, _) => Work::Changes,
        (true, Some(_)) => Work::Record,
        (true, None) => Work::Nothing,
    };
    let review = Review { plan: &plan, state: &state, work, secrets: Default::default() };
    carry_out(ops, lease, &review, deploy.parameters, front).await
}

/// Carries out a plan that was saved, with the values of its secret parameters, if nothing moved
/// since it was made.
///
/// # Errors
/// As [`apply`], and if the state or an object moved, or a value is not the one that the plan was
/// made with.
pub async fn apply_saved<F: FrontEnd>(
    ops: &Operations,
    plan: &CheckedPlan,
    given: &[(String, SecretString)],
    holder: &Holder,
    front: &F,
) -> Result<Applied, F::Error> {
    if plan.environment != ops.environment {
        let (planned, found) = (describe(&plan.environment), describe(&ops.environment));
        return Err(OpsError::from(ApplyError::Environment { planned, found }).into());
    }
    let parameters = GivenSecrets(given).for_plan(ops.backend.as_ref(), plan).await?;
    let lease = ops.backend.acquire(&plan.stack, holder).await.map_err(OpsError::from)?;
    let applied = apply_saved_held(ops, lease.as_ref(), plan, &parameters, front).await;
    release(lease).await;
    applied
}

async fn apply_saved_held<F: FrontEnd>(
    ops: &Operations,
    lease: &dyn Lease,
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
    let work = Work::Changes;
    let review = Review { plan, state: &state, work, secrets: Default::default() };
    let Some(engine) = reviewed(ops, &review, front)? else { return Ok(Applied::Stopped) };
    let moved = ops.engine.moved(plan).await.map_err(OpsError::from)?;
    if !moved.is_empty() {
        return Err(OpsError::from(ApplyError::ObjectsMoved(moved)).into());
    }
    run(engine, lease, plan, parameters).await.map_err(Into::into)
}

/// Whether the open run of a stack is one of this very plan.
fn has_begun(record: &Record, plan: &CheckedPlan) -> Result<bool, OpsError> {
    let Some(Entry::Begin { plan_digest, .. }) = record.journal.iter().flatten().next() else {
        return Ok(false);
    };
    let digest = plan.digest().map_err(|error| ApplyError::Digest(error.to_string()))?;
    Ok(*plan_digest == digest)
}

/// Refuses a plan whose state has moved, before the front end is asked.
fn check_base(plan: &CheckedPlan, state: Option<&State>) -> Result<(), OpsError> {
    let found = match state {
        Some(state) if state.lineage == plan.base.lineage && state.serial == plan.base.serial => {
            return Ok(());
        }
        Some(state) => format!("serial {} of {}", state.serial, state.lineage),
        None if plan.base.serial.0 == 0 => return Ok(()),
        None => "no serial: the stack is gone".to_owned(),
    };
    let (planned, lineage) = (plan.base.serial.0, plan.base.lineage.to_string());
    Err(ApplyError::BaseMoved { planned, lineage, found }.into())
}

/// Has a plan reviewed, and carries it out if it is to be.
pub(crate) async fn carry_out<F: FrontEnd>(
    ops: &Operations,
    lease: &dyn Lease,
    review: &Review<'_>,
    parameters: &SecretParameters,
    front: &F,
) -> Result<Applied, F::Error> {
    let engine = reviewed(ops, review, front)?;
    match (engine, review.work) {
        (_, Work::Nothing) => Ok(Applied::Unchanged(Box::new(review.state.clone()))),
        (None, Work::Record | Work::Changes) => Ok(Applied::Stopped),
        (Some(engine), Work::Record | Work::Changes) => {
            run(engine, lease, review.plan, parameters).await.map_err(Into::into)
        }
    }
}

/// An engine that waits as the front end says, and how it is to apply.
type Reviewed = (Engine, ApplyOptions);

fn reviewed<F: FrontEnd>(
    ops: &Operations,
    review: &Review<'_>,
    front: &F,
) -> Result<Option<Reviewed>, F::Error> {
    Ok(match front.review(review)? {
        Verdict::Stop => None,
        Verdict::Proceed { waiting, rollback } => {
            Some((Engine { waiting, ..ops.engine.clone() }, ApplyOptions { rollback }))
        }
    })
}

async fn run(
    (engine, options): Reviewed,
    lease: &dyn Lease,
    plan: &CheckedPlan,
    parameters: &SecretParameters,
) -> Result<Applied, OpsError> {
    let outcome = engine.apply(lease, plan, parameters, options).await?;
    Ok(Applied::Ran(Box::new(outcome)))
}
