//! Planning a deploy: observe, compare, plan.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_catalog::nearest;
use rstack_model::desired::Desired;
use rstack_model::state::State;
use rstack_model::{Address, GivenValues, Value};
use rstack_plan::{CheckedPlan, PlanOptions};

use crate::exports::check_exports;
use crate::hindrance::check_hindrances;
use crate::open::open;
use crate::{FrontEnd, Held, Holder, Operations, OpsError};

/// The goal of a deploy, and the options of its plan.
#[derive(Clone, Copy, Debug)]
pub struct Deploy<'a> {
    /// The desired state that the template evaluates to.
    pub desired: &'a Desired,
    /// The values of secret parameters.
    pub parameters: &'a SecretParameters,
    /// The permissions of the user, such as for replacements.
    pub options: &'a PlanOptions,
    /// True if objects are read. If not, the last applied state is taken for the observed one.
    pub refresh: bool,
    /// The values that were given for parameters by the last apply, if values were kept of it: the plan is
    /// refused if the stack has others by then.
    pub last_given: Option<&'a GivenValues>,
    /// The values of the exports of other stacks' states that were there when the template was evaluated: a
    /// stack that begins to import one is refused if it has another value by then.
    pub imported: Option<&'a BTreeMap<String, Value>>,
}

/// Plans a deploy and carries nothing out. The stack is locked only if an interrupted run has to be
/// recovered.
///
/// # Errors
/// If the stack cannot be opened, the cloud cannot be asked, or there is no plan.
pub async fn plan<F: FrontEnd>(
    ops: &Operations,
    deploy: &Deploy<'_>,
    holder: &Holder,
    front: &F,
) -> Result<CheckedPlan, F::Error> {
    let stack = &deploy.desired.stack;
    let record = ops.backend.read(stack).await.map_err(OpsError::from)?;
    let state = match (record.journal, record.state) {
        (Some(_), _) => {
            let open = async |lease: &Held<'_>| open(ops, lease, deploy.parameters, front).await;
            ops.under_lease(stack, holder, open).await?
        }
        (None, Some(state)) => {
            ops.check_environment(stack, &state.environment)?;
            state
        }
        (None, None) => ops.new_state(stack),
    };
    let planned = plan_deploy(ops, deploy, &deploy.parameters.renewed(state), front).await;
    front.planned(planned.as_deref().ok())?;
    Ok(planned?)
}

/// Observes and plans.
///
/// # Errors
/// If the cloud cannot be asked, or there is no plan.
pub(crate) async fn plan_deploy<F: FrontEnd>(
    ops: &Operations,
    deploy: &Deploy<'_>,
    state: &State,
    front: &F,
) -> Result<CheckedPlan, OpsError> {
    let Deploy { desired, parameters, options, refresh, last_given, .. } = *deploy;
    if last_given.is_some_and(|last| *last != state.given) {
        return Err(OpsError::ParametersMoved { stack: desired.stack.clone() });
    }
    for (option, addresses) in
        [("--delete-first", &options.delete_first), ("--replace", &options.replace)]
    {
        let unknown = addresses.iter().find(|address| !desired.resources.contains_key(*address));
        if let Some(address) = unknown {
            let near = nearest(address.as_str(), desired.resources.keys().map(Address::as_str));
            let near = near.map(Address::new);
            return Err(OpsError::NoResource { option, address: address.clone(), near });
        }
    }
    let observations = if refresh {
        ops.engine.observe(Some(desired), state, parameters).await?
    } else {
        ops.engine.observe_nothing(state, parameters)
    };
    let plan = ops.engine.plan(desired, state, &observations, options)?;
    check_exports(ops, &plan, &BTreeSet::new(), front).await?;
    check_hindrances(ops, &plan, state).await?;
    Ok(plan)
}
