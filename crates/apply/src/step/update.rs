//! Changing an object in place.

use rstack_driver::{
    DriverError, OperationKind, Request, ResourceDriver, Step as Progress, UpdateRequest,
};
use rstack_journal::{FailedEffect, IntentAction, PolledKind};
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::{Change, Step};
use rstack_model::state::ResourceState;
use rstack_model::{KnownMap, PhysicalId, ValueMap};
use rstack_store::StoreError;

use super::stabilize::{Begun, Followed};
use super::{Context, Failure, Work};
use crate::StepError;
use crate::ledger::{Effects, Ledger};
use crate::observe::without_secrets;
use crate::secrets::CallSecrets;

impl Context<'_> {
    pub(super) async fn update(
        &self,
        step: &Step,
        change: &Change,
        label: &StepLabel,
    ) -> Result<PhysicalId, StepError> {
        let Some(prior) = &change.prior else {
            return Err(StepError::Ambiguous("the plan does not say what to change".to_owned()));
        };
        let work = self.work(change, label).await?;
        if let Some(kept) = self.unchanged(&work) {
            self.engine.events.emit(Event::StepUnchanged { label: label.clone() });
            return self.record_object(step, kept, &work.object).await;
        }
        let work = self.propagated(work, Some(prior)).await?;
        self.update_object(step, prior, &work).await
    }

    /// Changes an object into what is to be.
    pub(super) async fn update_object(
        &self,
        step: &Step,
        prior: &ResourceState,
        work: &Work<'_>,
    ) -> Result<PhysicalId, StepError> {
        self.begin_until_it_holds(work.label, || self.update_once(step, prior, work)).await
    }

    /// Changes an object in one operation.
    async fn update_once(
        &self,
        step: &Step,
        prior: &ResourceState,
        work: &Work<'_>,
    ) -> Result<Followed, StepError> {
        let properties = work.known()?;
        let object = work.object.clone();
        let action = IntentAction::Update { key: prior.key(), object };
        let resource_type = &work.change.resource_type;
        let (operation, token) =
            self.intent(step, resource_type, work.driver.name(), action).await?;
        let (driver, remembered) = (work.driver.as_ref(), without_secrets(&prior.properties));
        // What is wanted now stays.
        let others =
            prior.in_doubt.iter().filter(|attempted| **attempted != work.object.properties);
        let reverted = self.revert_partial_update(driver, others, &remembered, work.label).await;
        let request = UpdateRequest {
            identifier: prior.identifier.clone(),
            token,
            prior: remembered,
            properties,
        };
        let updated = match reverted {
            Ok(()) => {
                let effects = Effects::new(self.ledger, operation, PolledKind::Update)
                    .of(self.plan, &work.change.address);
                self.call_update(work, &request, &effects).await
            }
            Err(error) => Err(error),
        };
        match updated {
            Ok(first) => {
                let begun = Begun {
                    operation,
                    creates: false,
                    kind: OperationKind::Update,
                    token: request.token.clone(),
                    identifier: Some(request.identifier.clone()),
                };
                self.follow(work, begun, first).await
            }
            Err(error) => {
                let failed = self.fail(operation, Failure::new(error, FailedEffect::Partial));
                failed.await.map(Followed::To)
            }
        }
    }

    /// Takes away what updates that were cut off have put somewhere else, as long as the lock is
    /// held.
    pub(super) async fn revert_partial_update(
        &self,
        driver: &dyn ResourceDriver,
        sent: impl IntoIterator<Item = &ValueMap>,
        prior: &KnownMap,
        label: &StepLabel,
    ) -> Result<(), StepError> {
        for sent in sent {
            let sent = without_secrets(sent);
            let call = || async {
                match self.ledger.verify().await {
                    Ok(()) => {
                        let reverted = driver.revert_partial_update(&sent, prior).await;
                        reverted.map(Ok).map_err(|error| self.redact(error))
                    }
                    Err(lost) => Ok(Err(lost)),
                }
            };
            let on_retry = |error: &_, attempt| self.retrying(label, error, attempt);
            self.engine.persist(call, on_retry).await.map_err(|error| self.given_up(error))??;
        }
        Ok(())
    }

    /// Calls update, which may be repeated whatever came of it, as long as the lock is held.
    pub(super) async fn call_update(
        &self,
        work: &Work<'_>,
        request: &UpdateRequest,
        effects: &Effects<'_>,
    ) -> Result<Progress, StepError> {
        let driver = work.driver.as_ref();
        let call = || update_held(self.ledger, driver, request, effects, &work.secrets);
        let on_retry = |error: &_, attempt| self.retrying(work.label, error, attempt);
        let answer =
            self.engine.persist(call, on_retry).await.map_err(|error| self.given_up(error))?;
        Ok(answer?)
    }
}

/// Calls update once, if the lock is still held: who waited since the last record may have lost it.
pub(crate) async fn update_held(
    ledger: &Ledger,
    driver: &dyn ResourceDriver,
    request: &UpdateRequest,
    effects: &Effects<'_>,
    secrets: &CallSecrets,
) -> Result<Result<Progress, StoreError>, DriverError> {
    if let Err(lost) = ledger.verify().await {
        return Ok(Err(lost));
    }
    let begun = driver.begin(&Request::Update(request.clone()), effects).await;
    if let Some(broken) = effects.failure() {
        // Nothing can be recorded any more: the next process follows what is durable.
        return Ok(Err(broken));
    }
    begun.map(Ok).map_err(|error| secrets.redact(error))
}
