//! The engine: a cloud, a source of tokens, a clock, a listener.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rstack_driver::Cloud;
use rstack_model::desired::Desired;
use rstack_model::state::State;
use rstack_plan::{
    CheckedPlan, DestroyOptions, Observations, PlanError, PlanInput, PlanOptions, Schemas, plan,
    plan_destroy,
};

use crate::{CancellationToken, Clock, Entropy, Events, ShownSecrets, Slots, Waiting};

/// Everything that observing and applying need. Clones share their parts.
#[derive(Clone)]
pub struct Engine {
    /// The cloud.
    pub cloud: Arc<dyn Cloud>,
    /// The schemas of resource types, from which update kinds, time limits and secrets follow.
    pub schemas: Arc<dyn Schemas>,
    /// Where it waits.
    pub clock: Arc<dyn Clock>,
    /// Where tokens and names come from.
    pub entropy: Arc<dyn Entropy>,
    /// The receiver of the run's events.
    pub events: Arc<dyn Events>,
    /// The number of operations that run at once, at most.
    pub parallelism: NonZeroUsize,
    /// The slots that it shares with other engines of a run.
    pub slots: Slots,
    /// The secret attributes that the run has seen.
    pub shown: ShownSecrets,
    /// The objects that are waited for, and the time limits of the waits.
    pub waiting: Waiting,
    /// The user's wish to stop.
    pub cancel: CancellationToken,
}

impl Engine {
    /// Plans a deploy from what was observed.
    ///
    /// # Errors
    /// As [`rstack_plan::plan`].
    pub fn plan(
        &self,
        desired: &Desired,
        state: &State,
        observations: &Observations,
        options: &PlanOptions,
    ) -> Result<CheckedPlan, PlanError> {
        let schemas = self.schemas.as_ref();
        plan(&PlanInput { desired, state, observations, schemas, options })
    }

    /// Plans the end of a stack from what was observed.
    ///
    /// # Errors
    /// As [`rstack_plan::plan_destroy`].
    pub fn plan_destroy(
        &self,
        state: &State,
        observations: &Observations,
        options: &DestroyOptions,
    ) -> Result<CheckedPlan, PlanError> {
        plan_destroy(state, observations, self.schemas.as_ref(), options)
    }
}
