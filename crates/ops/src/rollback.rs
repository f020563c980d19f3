//! Rolling back an apply that failed or was interrupted. The template is not needed.

use rstack_apply::old_secrets;
use rstack_model::{SecretString, StackName};

use crate::apply::carry_out;
use crate::open::open;
use crate::{Applied, FrontEnd, GivenSecrets, Held, Holder, Operations, OpsError, Review, Work};

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
    let roll_back = async |lease: &Held<'_>| rollback_held(ops, lease, asked, front).await;
    ops.under_lease(asked.stack, holder, roll_back).await
}

async fn rollback_held<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    asked: &Rollback<'_>,
    front: &F,
) -> Result<RolledBack, F::Error> {
    let record = lease.read().await.map_err(OpsError::from)?;
    let given = GivenSecrets(asked.secrets);
    let parameters = given.for_stack(ops, &record).await?;
    let state = parameters.renewed(open(ops, lease, &parameters, front).await?);
    if ops.engine.forget_bare(&**lease, &state).await.map_err(OpsError::from)? {
        return Ok(RolledBack::NothingLeft);
    }
    let planned = lease.unless_lost(ops.engine.plan_rollback(&state)).await;
    let planned = planned.map_err(OpsError::from).and_then(|plan| plan.map_err(OpsError::from));
    front.planned(planned.as_ref().ok().and_then(|plan| plan.as_deref()))?;
    let Some(plan) = planned? else {
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
    let applied = carry_out(ops, lease, &review, (&parameters, None), front).await?;
    Ok(RolledBack::Planned(applied))
}
