//! Deleting an object.

use rstack_driver::{DeleteRequest, ErrorKind, Progress, Removal, ResourceDriver};
use rstack_journal::{Entry, FailedEffect, IntentAction, Outcome};
use rstack_model::PhysicalId;
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::{PlanMode, Step};
use rstack_model::state::ResourceState;

use super::settle::Patience;
use super::{Context, Failure};
use crate::StepError;
use crate::observe::without_secrets;
use crate::retry::may_have_happened;

impl Context<'_> {
    pub(super) async fn delete(
        &self,
        step: &Step,
        object: &ResourceState,
        label: &StepLabel,
    ) -> Result<PhysicalId, StepError> {
        let driver = self.driver(&object.resource_type)?;
        let physical_id = object.physical_id.clone();
        let action = IntentAction::Delete { key: object.key() };
        let (operation, token) =
            self.intent(step, &object.resource_type, driver.name(), action).await?;
        let request = DeleteRequest {
            identifier: object.identifier.clone(),
            token,
            prior: without_secrets(&object.properties),
            removal: match (self.plan.mode, self.plan.purge) {
                (PlanMode::Rollback, _) => Removal::Undo,
                (PlanMode::Deploy | PlanMode::Destroy, true) => Removal::Purge,
                (PlanMode::Deploy | PlanMode::Destroy, false) => Removal::Recoverable,
            },
        };
        let retracted =
            self.retract(driver.as_ref(), &object.attempted, &request.prior, label).await;
        if let Err(error) = retracted {
            let failure = Failure::new(error, FailedEffect::Partial);
            return self.fail(operation, failure).await;
        }
        if let Err(failure) = self.call_delete(driver.as_ref(), &request, label).await {
            return self.fail(operation, failure).await;
        }
        self.ledger.append(Entry::Done { operation, outcome: Outcome::Gone }).await?;
        self.ledger.drop_object(&step.address, object);
        Ok(physical_id)
    }

    /// Calls delete until the object is gone. From the first call that may have had an effect on
    /// (a distribution is disabled before it goes) a failure leaves the object partly changed.
    async fn call_delete(
        &self,
        driver: &dyn ResourceDriver,
        request: &DeleteRequest,
        label: &StepLabel,
    ) -> Result<(), Failure> {
        let mut patience =
            Patience::new(self.engine.waiting.limit(&label.address, &label.resource_type));
        let (mut attempt, mut effect) = (1, FailedEffect::None);
        loop {
            let (wait, waits_for) = match driver.delete(request).await {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Pending { waits_for, ask_again_in }) => {
                    let (label, text) = (label.clone(), waits_for.clone());
                    self.engine.events.emit(Event::StepWaiting { label, waits_for: text });
                    (attempt, effect) = (1, FailedEffect::Partial);
                    (ask_again_in, waits_for)
                }
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
                Err(error) => {
                    if may_have_happened(&error) {
                        effect = FailedEffect::Partial;
                    }
                    let Some(wait) = self.engine.next_attempt(&error, attempt) else {
                        return Err(Failure::new(self.given_up(error), effect));
                    };
                    self.retrying(label, &error, attempt);
                    attempt += 1;
                    (wait, format!("another attempt: {error}"))
                }
            };
            let wait = patience.wait(wait, &waits_for).map_err(|e| Failure::new(e, effect))?;
            if self.engine.sleep_or_stop(wait).await {
                return Err(Failure::new(StepError::Interrupted(waits_for), effect));
            }
            self.ledger.verify().await.map_err(|error| Failure::new(error, effect))?;
        }
    }
}
