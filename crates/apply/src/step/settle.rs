//! Waiting until an object has settled, and recording it.

use std::time::Duration;

use rstack_driver::{ErrorKind, Object, Progress, ResourceDriver};
use rstack_journal::{Entry, FailedEffect, OperationId, Outcome};
use rstack_model::event::Event;
use rstack_model::plan::Phase;
use rstack_model::state::ObjectStatus;
use rstack_model::{Identifier, PhysicalId};

use super::{Context, Failure, Work, resource_state};
use crate::{Engine, StepError, Wait};

/// The shortest time between two questions, whatever a driver says: it bounds their number.
const SHORTEST: Duration = Duration::from_millis(100);

/// The patience of one operation.
pub(super) struct Patience {
    waited: Duration,
    limit: Duration,
}

impl Patience {
    /// A patience that ends after this time.
    pub(super) fn new(limit: Duration) -> Self {
        Self { waited: Duration::ZERO, limit }
    }

    /// How long to wait now, when the driver names this time.
    ///
    /// # Errors
    /// [`StepError::Unsettled`] when it was waited long enough.
    pub(super) fn wait(&mut self, wait: Duration, waits_for: &str) -> Result<Duration, StepError> {
        if self.waited >= self.limit {
            let waits_for = waits_for.to_owned();
            return Err(StepError::Unsettled { within: self.limit, waits_for });
        }
        let wait = wait.min(self.limit - self.waited).max(SHORTEST);
        self.waited = self.waited.saturating_add(wait);
        Ok(wait)
    }
}

/// Whether an error says that the object itself failed, and not only that it is not known yet
/// whether it has settled.
fn tells_of_object(error: &StepError) -> bool {
    match error {
        StepError::Interrupted(_) | StepError::Unsettled { .. } => false,
        StepError::Driver(error) => match error.kind {
            ErrorKind::Throttled
            | ErrorKind::AccessDenied { .. }
            | ErrorKind::Credentials
            | ErrorKind::Transient
            | ErrorKind::Unreachable
            | ErrorKind::UnknownOutcome => false,
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::DependencyNotReady
            | ErrorKind::Invalid { .. }
            | ErrorKind::Conflict
            | ErrorKind::Unsupported => true,
        },
        StepError::NoDriver(_)
        | StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::Reference(_)
        | StepError::ParameterName(_)
        | StepError::Secret { .. }
        | StepError::Parameter(_)
        | StepError::Digest(_)
        | StepError::OldParameter(_)
        | StepError::Ambiguous(_)
        | StepError::KeepsRotating(_)
        | StepError::Journal(_) => true,
    }
}

/// Whether an object that is as declared has settled.
pub(crate) enum Settling {
    /// It has.
    Settled,
    /// It goes on.
    Goes,
}

/// Asks once whether an object has settled.
///
/// # Errors
/// [`StepError::Driver`] if it cannot be told or the object failed to settle.
pub(crate) async fn settling(
    engine: &Engine,
    driver: &dyn ResourceDriver,
    identifier: &Identifier,
) -> Result<Settling, StepError> {
    match engine.persist(|| driver.settled(identifier), |_, _| {}).await? {
        Progress::Done => Ok(Settling::Settled),
        Progress::Pending { .. } => Ok(Settling::Goes),
    }
}

impl Context<'_> {
    /// Waits until an object that was made or changed has settled, and records it.
    ///
    /// An object that did not settle in time, or before the user asked to stop, or of which the cloud
    /// does not tell whether it did, is as declared and recorded so; that it is not ready yet is
    /// recorded, too, and the next plan goes on from there. Its users are not made before.
    pub(super) async fn settle_and_finish(
        &self,
        work: &Work<'_>,
        operation: OperationId,
        made: &Object,
    ) -> Result<PhysicalId, StepError> {
        let (status, settled) = match self.status(work, &made.identifier).await {
            Ok(status) => (status, Ok(())),
            Err(error) if !tells_of_object(&error) => (ObjectStatus::PartlyUpdated, Err(error)),
            Err(error) => {
                return self.fail(operation, Failure::new(error, FailedEffect::Partial)).await;
            }
        };
        let state = resource_state(
            &work.change.resource_type,
            &work.object,
            made,
            status,
            work.driver.as_ref(),
        );
        let outcome = Outcome::Object(Box::new(state.clone()));
        self.ledger.append(Entry::Done { operation, outcome }).await?;
        self.ledger.set_object(&work.change.address, state);
        settled.map(|()| made.physical_id.clone())
    }

    /// Whether an object is waited for until it has settled.
    fn is_waited_for(&self, work: &Work<'_>) -> bool {
        let steps = &self.plan.steps;
        if steps.iter().any(|step| step.phase == Phase::Cleanup) {
            return true;
        }
        let usable = work.driver.is_usable_unsettled();
        match self.engine.waiting.wait {
            Wait::Full => true,
            Wait::Ready => !usable,
            Wait::None => !usable && steps.iter().any(|s| s.after.contains(&work.label.step)),
        }
    }

    /// Whether the object has settled, or how it is to be recorded if it has not.
    async fn status(
        &self,
        work: &Work<'_>,
        identifier: &Identifier,
    ) -> Result<ObjectStatus, StepError> {
        if self.is_waited_for(work) {
            return self.settle(work, identifier).await.map(|()| ObjectStatus::Ready);
        }
        Ok(match settling(self.engine, work.driver.as_ref(), identifier).await? {
            Settling::Settled => ObjectStatus::Ready,
            Settling::Goes => ObjectStatus::Settling,
        })
    }

    async fn settle(&self, work: &Work<'_>, identifier: &Identifier) -> Result<(), StepError> {
        let id = &work.change.address;
        let limit = self.engine.waiting.limit(id, &work.change.resource_type);
        let mut patience = Patience::new(limit);
        loop {
            let told = |error: &_, attempt| self.retrying(work.label, error, attempt);
            let asked = self.engine.persist(|| work.driver.settled(identifier), told).await;
            match asked {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Pending { waits_for, ask_again_in }) => {
                    let wait = patience.wait(ask_again_in, &waits_for)?;
                    let (label, text) = (work.label.clone(), waits_for.clone());
                    self.engine.events.emit(Event::StepWaiting { label, waits_for: text });
                    if self.engine.sleep_or_stop(wait).await {
                        return Err(StepError::Interrupted(waits_for));
                    }
                }
                Err(error) => return Err(self.given_up(work.secrets.hide(error))),
            }
        }
    }
}
