//! Destroying: everything that a stack made is deleted. The template is not needed.

use rstack_model::{SecretString, StackName};
use rstack_plan::DestroyOptions;

use crate::apply::carry_out;
use crate::exports::check_exports;
use crate::open::open;
use crate::{Applied, FrontEnd, GivenSecrets, Held, Holder, Operations, OpsError, Review, Work};

/// The stack to destroy, and how.
#[derive(Clone, Copy, Debug)]
pub struct Destroy<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// Values of secret parameters, which the recovery of an interrupted run may need.
    pub secrets: &'a [(String, SecretString)],
    /// The options of the plan, as the user chose them.
    pub options: DestroyOptions,
}

/// Destroys a stack.
///
/// # Errors
/// If the stack is protected, nothing was begun, or what was done could not be recorded. Steps that
/// failed are in the outcome.
pub async fn destroy<F: FrontEnd>(
    ops: &Operations,
    asked: &Destroy<'_>,
    holder: &Holder,
    front: &F,
) -> Result<Applied, F::Error> {
    let destroy = async |lease: &Held<'_>| destroy_held(ops, lease, asked, front).await;
    ops.under_lease(asked.stack, holder, destroy).await
}

async fn destroy_held<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    asked: &Destroy<'_>,
    front: &F,
) -> Result<Applied, F::Error> {
    let record = lease.read().await.map_err(OpsError::from)?;
    if record.state.as_ref().is_some_and(|state| state.termination_protection) {
        return Err(OpsError::TerminationProtection { stack: asked.stack.clone() }.into());
    }
    let given = GivenSecrets(asked.secrets);
    let parameters = given.for_stack(ops, &record).await?;
    let state = parameters.renewed(open(ops, lease, &parameters, front).await?);
    let observing = lease.unless_lost(ops.engine.observe(None, &state, &parameters));
    let observations = observing.await.map_err(OpsError::from)?.map_err(OpsError::from)?;
    let planned = ops.engine.plan_destroy(&state, &observations, &asked.options);
    front.planned(planned.as_deref().ok())?;
    let plan = planned.map_err(OpsError::from)?;
    check_exports(ops.backend.as_ref(), &plan).await?;
    let work = Work::Changes;
    let review = Review { plan: &plan, state: &state, work, secrets: Default::default() };
    carry_out(ops, lease, &review, &parameters, front).await
}
