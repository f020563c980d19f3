//! Deleting an object.

use rstack_driver::{
    DeleteRequest, ErrorKind, Finish, OperationKind, Poll, Removal, Request, ResourceDriver,
    Step as Progress,
};
use rstack_journal::{Entry, FailedEffect, IntentAction, OperationId, Outcome, PolledKind};
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::{PlanMode, Step};
use rstack_model::state::ResourceState;
use rstack_model::{Cursor, PhysicalId, SnapshotName};
use rstack_plan::Handler;

use super::stabilize::Patience;
use super::{Context, Failure};
use crate::StepError;
use crate::ledger::Effects;
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
        let snapshot = step.operation.final_snapshot().cloned();
        let action = IntentAction::Delete { key: object.key(), snapshot: snapshot.clone() };
        let (operation, token) =
            self.intent(step, &object.resource_type, driver.name(), action).await?;
        let request = DeleteRequest {
            identifier: object.identifier.clone(),
            token: token.clone(),
            prior: without_secrets(&object.properties),
            removal: match (self.plan.mode, self.plan.purge) {
                (PlanMode::Rollback, _) => Removal::Rollback,
                (PlanMode::Deploy | PlanMode::Destroy, true) => Removal::Purge,
                (PlanMode::Deploy | PlanMode::Destroy, false) => Removal::Recoverable,
            },
        };
        let reverted = self
            .revert_partial_update(driver.as_ref(), &object.in_doubt, &request.prior, label)
            .await;
        if let Err(error) = reverted {
            let failure = Failure::new(error, FailedEffect::Partial);
            return self.fail(operation, failure).await;
        }
        let poll = Poll {
            kind: OperationKind::Delete,
            cursor: Cursor::from(""),
            identifier: Some(request.identifier.clone()),
            token: request.token.clone(),
            declared: request.prior.clone(),
        };
        let request = match snapshot.clone() {
            Some(snapshot) => Request::DeleteWithSnapshot { request, snapshot },
            None => Request::Delete(request),
        };
        let deleted = self.call_delete(driver.as_ref(), (operation, poll, request), label).await;
        let taken = match deleted {
            Ok(taken) => taken,
            Err(Undeleted::Failed(failure)) => {
                let failed = self.fail(operation, failure).await;
                self.engine.acknowledge(self.ledger, driver.as_ref(), operation, &token).await;
                return failed;
            }
            Err(Undeleted::Left(error)) => return Err(error),
        };
        self.ledger.append(Entry::Done { operation, outcome: Outcome::Gone }).await?;
        self.ledger.drop_object(&step.address, object);
        self.engine.acknowledge(self.ledger, driver.as_ref(), operation, &token).await;
        self.tell_snapshot(label, snapshot, taken);
        Ok(physical_id)
    }

    /// Says which final snapshot exists, or that the one that was asked for does not.
    fn tell_snapshot(
        &self,
        label: &StepLabel,
        asked: Option<SnapshotName>,
        taken: Option<SnapshotName>,
    ) {
        let (address, resource_type) = (label.address.clone(), label.resource_type.clone());
        let event = match (taken, asked) {
            (Some(snapshot), _) => Event::SnapshotTaken { address, resource_type, snapshot },
            (None, Some(snapshot)) => Event::SnapshotMissing { address, resource_type, snapshot },
            (None, None) => return,
        };
        self.engine.events.emit(event);
    }

    /// Begins the deletion, and polls until the object is gone; the final snapshot of it, if there is
    /// one. From the first call that may have had an effect on (a distribution is disabled before it
    /// goes) a failure leaves the object partly changed. A deletion that may not be begun again is left
    /// open.
    async fn call_delete(
        &self,
        driver: &dyn ResourceDriver,
        (operation, mut poll, request): (OperationId, Poll, Request),
        label: &StepLabel,
    ) -> Result<Option<SnapshotName>, Undeleted> {
        let (address, resource_type) = (&label.address, &label.resource_type);
        let limit = self.engine.time_limit(address, resource_type, Handler::Delete);
        let mut patience = Patience::new(limit);
        let (mut attempt, mut effect) = (1, FailedEffect::None);
        let (mut begun, mut repeatable) = (false, true);
        let effects =
            Effects::new(self.ledger, operation, PolledKind::Delete).of(self.plan, &label.address);
        let with_snapshot = matches!(request, Request::DeleteWithSnapshot { .. });
        loop {
            let at = if begun {
                driver.poll(&poll).await.map_err(|error| self.redact(error))
            } else {
                driver.begin(&request, &effects).await.map_err(|error| self.redact(error))
            };
            if let Some(broken) = effects.failure() {
                // Nothing can be recorded any more: the next process follows what is durable.
                return Err(Undeleted::Left(broken.into()));
            }
            let (wait, waits_for) = match at {
                Ok(Progress::Done(Finish::Gone)) => return Ok(None),
                Ok(Progress::Done(Finish::Snapshotted(snapshot))) => return Ok(Some(snapshot)),
                Ok(Progress::Done(Finish::Object(_) | Finish::Stabilized)) => {
                    let error = StepError::Ambiguous("its driver keeps the object".to_owned());
                    return Err(Undeleted::Failed(Failure::new(error, FailedEffect::Partial)));
                }
                Ok(Progress::Pending(pending)) => {
                    (attempt, effect, begun) = (1, FailedEffect::Partial, true);
                    if !pending.repeatable && poll.cursor != pending.cursor {
                        let cursor = pending.cursor.clone();
                        let kind = PolledKind::Delete;
                        let appended =
                            self.ledger.append(Entry::Cursor { operation, kind, cursor });
                        let failed = |error| Undeleted::Failed(Failure::new(error, effect));
                        appended.await.map_err(failed)?;
                    }
                    let wait = patience.before_poll(&pending, &pending.waits_for);
                    (poll.cursor, repeatable) = (pending.cursor, pending.repeatable);
                    let (label, waits_for) = (label.clone(), pending.waits_for.clone());
                    self.engine.events.emit(Event::StepWaiting { label, waits_for });
                    (wait, pending.waits_for)
                }
                Ok(Progress::Done(Finish::Failed(error) | Finish::FailedForNow(error))) => {
                    let failure = Failure::new(self.redact(*error), FailedEffect::Partial);
                    return Err(Undeleted::Failed(failure));
                }
                // Of an operation that is polled it may be the operation that is not found.
                Err(error) if error.kind == ErrorKind::NotFound && repeatable => return Ok(None),
                Err(error) => {
                    if may_have_happened(&error) {
                        effect = FailedEffect::Partial;
                        // A service that has accepted it does not take it back: it is looked for.
                        repeatable &= !with_snapshot || error.kind == ErrorKind::AlreadyExists;
                    }
                    let Some(wait) = self.engine.next_attempt(&error, attempt) else {
                        return Err(Undeleted::of(self.given_up(error), effect, repeatable));
                    };
                    self.retrying(label, &error, attempt);
                    attempt += 1;
                    let waits_for = format!("another attempt: {error}");
                    (patience.wait(wait, &waits_for), waits_for)
                }
            };
            let wait = wait.map_err(|error| Undeleted::of(error, effect, repeatable))?;
            if self.engine.sleep_or_stop(wait).await {
                let error = StepError::Interrupted(waits_for);
                return Err(Undeleted::of(error, effect, repeatable));
            }
            let lost = |error| Undeleted::Failed(Failure::new(error, effect));
            self.ledger.verify().await.map_err(lost)?;
        }
    }
}

/// Why an object was not deleted.
enum Undeleted {
    /// It failed, which is recorded.
    Failed(Failure),
    /// It goes on in the cloud and may not be begun again: the next process polls on.
    Left(StepError),
}

impl Undeleted {
    /// The end of a deletion that is not followed any longer.
    fn of(error: StepError, effect: FailedEffect, repeatable: bool) -> Self {
        match repeatable {
            true => Self::Failed(Failure::new(error, effect)),
            false => Self::Left(error),
        }
    }
}
