//! Rolling back an apply that failed or was interrupted. The template is not needed.

use rstack_apply::old_secrets;
use rstack_model::{SecretString, StackName};

use crate::apply::carry_out;
use crate::backend::release;
use crate::open::open;
use crate::{Applied, FrontEnd, GivenSecrets, Holder, Lease, Operations, OpsError, Review, Work};

/// The stack to roll back.
#[derive(Clone, Copy, Debug)]
pub struct Rollback<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// The values that its secret parameters had before.
    pub secrets: &'a [(String, SecretString)],
}

/// The end of a rollback.
#[derive(Debug)]
pub enum RolledBack {
    /// Nothing was left of the stack, and its state is removed.
    NothingLeft,
    /// There was a plan.
    Planned(Applied),
}

/// Rolls a stack back to the state before the apply that did not complete.
///
/// # Errors
/// If nothing was begun, or what was done could not be recorded. Steps that failed are in the
/// outcome.
pub async fn rollback<F: FrontEnd>(
    ops: &Operations,
    asked: &Rollback<'_>,
    holder: &Holder,
    front: &F,
) -> Result<RolledBack, F::Error> {
    let lease = ops.backend.acquire(asked.stack, holder).await.map_err(OpsError::from)?;
    let ended = rollback_held(ops, lease.as_ref(), asked, front).await;
    release(lease).await;
    ended
}

async fn rollback_held<F: FrontEnd>(
    ops: &Operations,
    lease: &dyn Lease,
    asked: &Rollback<'_>,
    front: &F,
) -> Result<RolledBack, F::Error> {
    let record = lease.read().await.map_err(OpsError::from)?;
    let given = GivenSecrets(asked.secrets);
    let parameters = given.for_stack(ops.backend.as_ref(), &record).await?;
    let state = open(ops, lease, &parameters, front).await?;
    if ops.engine.forget_bare(lease, &state).await.map_err(OpsError::from)? {
        return Ok(RolledBack::NothingLeft);
    }
    let planned = ops.engine.plan_rollback(&state).await;
    front.planned(planned.as_ref().ok().and_then(|plan| plan.as_deref()))?;
    let Some(plan) = planned.map_err(OpsError::from)? else {
        let (stack, deposed) = (asked.stack.clone(), state.deposed.len());
        return Err(OpsError::NothingToRollBack { stack, deposed }.into());
    };
    let secrets = old_secrets(&plan, &parameters);
    // Without steps only what is known of the former state goes.
    let work = if plan.is_noop() { Work::Record } else { Work::Changes };
    let review = Review { plan: &plan, state: &state, work, secrets };
    let missing = review.missing_secrets();
    if !missing.is_empty() {
        front.refused(&review)?;
        return Err(OpsError::OldSecrets(missing).into());
    }
    let applied = carry_out(ops, lease, &review, &parameters, front).await?;
    Ok(RolledBack::Planned(applied))
}
