//! Waiting until an object has settled, and recording it.

use std::time::Duration;

use rstack_driver::{Object, Progress, ResourceDriver};
use rstack_model::PhysicalId;
use rstack_model::event::Event;
use rstack_model::state::ObjectStatus;
use rstack_state::{Entry, FailedEffect, OperationId, Outcome};

use super::{Context, Failure, Work, resource_state};
use crate::{Engine, StepError};

/// How long an object may take to settle or to go: CloudFront deploys in minutes, seldom in an
/// hour.
pub(super) const PATIENCE: Duration = Duration::from_secs(90 * 60);
/// The shortest time between two questions, whatever a driver says: it bounds their number.
const SHORTEST: Duration = Duration::from_millis(100);

/// The patience of one operation.
#[derive(Default)]
pub(super) struct Patience {
    waited: Duration,
}

impl Patience {
    /// How long to wait now, when the driver names this time.
    ///
    /// # Errors
    /// [`StepError::Unsettled`] when it was waited long enough.
    pub(super) fn wait(&mut self, wait: Duration, waits_for: &str) -> Result<Duration, StepError> {
        if self.waited > PATIENCE {
            let minutes = PATIENCE.as_secs() / 60;
            return Err(StepError::Unsettled { minutes, waits_for: waits_for.to_owned() });
        }
        let wait = wait.max(SHORTEST);
        self.waited = self.waited.saturating_add(wait);
        Ok(wait)
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
    physical_id: &PhysicalId,
) -> Result<Settling, StepError> {
    match engine.persist(|| driver.settled(physical_id), |_, _| {}).await? {
        Progress::Done => Ok(Settling::Settled),
        Progress::Pending { .. } => Ok(Settling::Goes),
    }
}

impl Context<'_> {
    /// Waits until an object that was made or changed has settled, and records it.
    ///
    /// An object that did not settle in time, or before the user asked to stop, is as declared and
    /// recorded so; that it is not ready yet is recorded, too, and the next plan goes on from
    /// there. Its users are not made before.
    pub(super) async fn settle_and_finish(
        &self,
        work: &Work<'_>,
        operation: OperationId,
        physical_id: PhysicalId,
        made: &Object,
    ) -> Result<PhysicalId, StepError> {
        let settled = self.settle(work, &physical_id).await;
        let status = match settled {
            Ok(()) => ObjectStatus::Ready,
            Err(StepError::Interrupted(_) | StepError::Unsettled { .. }) => {
                ObjectStatus::PartlyUpdated
            }
            Err(error) => {
                return self.fail(operation, Failure::new(error, FailedEffect::Partial)).await;
            }
        };
        let state = resource_state(
            &work.change.resource_type,
            &work.object,
            (physical_id.clone(), &made.attributes),
            status,
            work.driver.as_ref(),
        );
        let outcome = Outcome::Object(Box::new(state.clone()));
        self.ledger.append(Entry::Done { operation, outcome }).await?;
        self.ledger.set_object(&work.change.logical_id, state);
        settled.map(|()| physical_id)
    }

    async fn settle(&self, work: &Work<'_>, physical_id: &PhysicalId) -> Result<(), StepError> {
        let mut patience = Patience::default();
        loop {
            let told = |error: &_, attempt| self.retrying(work.label, error, attempt);
            let asked = self.engine.persist(|| work.driver.settled(physical_id), told).await;
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
