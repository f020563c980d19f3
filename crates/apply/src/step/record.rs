//! Steps that change the state alone.

use rstack_journal::{Entry, IntentAction, Outcome};
use rstack_model::PhysicalId;
use rstack_model::plan::{Change, PlannedObject, Step};
use rstack_model::state::ResourceState;

use super::Context;
use crate::StepError;

impl Context<'_> {
    pub(super) async fn record(
        &self,
        step: &Step,
        change: &Change,
    ) -> Result<PhysicalId, StepError> {
        let (Some(desired), Some(prior)) = (&change.desired, &change.prior) else {
            return Err(StepError::Ambiguous("the plan does not say what to record".to_owned()));
        };
        self.record_object(step, prior, desired).await
    }

    /// Takes dependencies and policies over. The properties stay as they were applied: those that
    /// are declared now are the same ones after normalization.
    pub(super) async fn record_object(
        &self,
        step: &Step,
        prior: &ResourceState,
        desired: &PlannedObject,
    ) -> Result<PhysicalId, StepError> {
        let physical_id = prior.physical_id.clone();
        let action = IntentAction::Record { key: prior.key() };
        let state = ResourceState {
            dependencies: desired.dependencies.clone(),
            deletion_policy: desired.deletion_policy,
            update_replace_policy: desired.update_replace_policy,
            ..prior.clone()
        };
        let (operation, _) = self.intent(step, &prior.resource_type, &prior.driver, action).await?;
        let outcome = Outcome::Object(Box::new(state.clone()));
        self.ledger.append(Entry::Done { operation, outcome }).await?;
        self.ledger.set_object(&step.address, state);
        Ok(physical_id)
    }

    pub(super) async fn forget(
        &self,
        step: &Step,
        object: &ResourceState,
    ) -> Result<PhysicalId, StepError> {
        let physical_id = object.physical_id.clone();
        let action = IntentAction::Forget { key: object.key() };
        let (operation, _) =
            self.intent(step, &object.resource_type, &object.driver, action).await?;
        self.ledger.append(Entry::Done { operation, outcome: Outcome::Gone }).await?;
        self.ledger.drop_object(&step.address, object);
        Ok(physical_id)
    }

    pub(super) async fn restore(
        &self,
        step: &Step,
        object: &ResourceState,
    ) -> Result<PhysicalId, StepError> {
        let physical_id = object.physical_id.clone();
        let action = IntentAction::Restore { key: object.key() };
        let (operation, _) =
            self.intent(step, &object.resource_type, &object.driver, action).await?;
        let outcome = Outcome::Object(Box::new(object.clone()));
        self.ledger.append(Entry::Done { operation, outcome }).await?;
        self.ledger.set_object(&step.address, object.clone());
        Ok(physical_id)
    }
}
