//! Destroying: everything that a stack made is deleted. The template is not needed.

use std::collections::BTreeSet;

use rstack_model::{SecretString, StackName};
use rstack_plan::{CheckedPlan, DestroyOptions};

use crate::apply::carry_out;
use crate::exports::check_exports;
use crate::hindrance::check_hindrances;
use crate::open::open;
use crate::{
    Applied, FrontEnd, GivenSecrets, Held, Holder, Operations, OpsError, Record, Review, Work,
};

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

/// Plans the end of a stack and carries nothing out. `gone` are the stacks that are destroyed before it.
/// The stack is locked only if an interrupted run has to be recovered.
///
/// # Errors
/// If the stack is protected or cannot be opened, the cloud cannot be asked, or there is no plan.
pub async fn plan_destroy<F: FrontEnd>(
    ops: &Operations,
    asked: &Destroy<'_>,
    gone: &BTreeSet<StackName>,
    holder: &Holder,
    front: &F,
) -> Result<CheckedPlan, F::Error> {
    let record = ops.backend.read(asked.stack).await.map_err(OpsError::from)?;
    check_protection(asked.stack, &record)?;
    let parameters = GivenSecrets(asked.secrets).for_stack(ops, &record).await?;
    let state = match (record.journal, record.state) {
        (Some(_), _) => {
            let open = async |lease: &Held<'_>| open(ops, lease, &parameters, front).await;
            ops.under_lease(asked.stack, holder, open).await?
        }
        (None, Some(state)) => {
            ops.check_environment(asked.stack, &state.environment)?;
            state
        }
        (None, None) => ops.new_state(asked.stack),
    };
    let state = parameters.renewed(state);
    let observations = ops.engine.observe(None, &state, &parameters).await;
    let observations = observations.map_err(OpsError::from)?;
    let planned = ops.engine.plan_destroy(&state, &observations, &asked.options);
    front.planned(planned.as_deref().ok())?;
    let plan = planned.map_err(OpsError::from)?;
    check_exports(ops, &plan, gone, front).await?;
    check_hindrances(ops, &plan, &state).await?;
    Ok(plan)
}

/// Refuses a stack that must not be destroyed.
fn check_protection(stack: &StackName, record: &Record) -> Result<(), OpsError> {
    match record.state.as_ref().is_some_and(|state| state.termination_protection) {
        true => Err(OpsError::TerminationProtection { stack: stack.clone() }),
        false => Ok(()),
    }
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
    check_protection(asked.stack, &record)?;
    let given = GivenSecrets(asked.secrets);
    let parameters = given.for_stack(ops, &record).await?;
    let state = parameters.renewed(open(ops, lease, &parameters, front).await?);
    let observing = lease.unless_lost(ops.engine.observe(None, &state, &parameters));
    let observations = observing.await.map_err(OpsError::from)?.map_err(OpsError::from)?;
    let planned = ops.engine.plan_destroy(&state, &observations, &asked.options);
    front.planned(planned.as_deref().ok())?;
    let plan = planned.map_err(OpsError::from)?;
    let gone = BTreeSet::new();
    let exports = check_exports(ops, &plan, &gone, front);
    lease.unless_lost(exports).await.map_err(OpsError::from)??;
    let hindered = lease.unless_lost(check_hindrances(ops, &plan, &state));
    hindered.await.map_err(OpsError::from)??;
    let work = Work::Changes;
    let review = Review { plan: &plan, state: &state, work, secrets: Default::default() };
    carry_out(ops, lease, &review, (&parameters, None), front).await
}
