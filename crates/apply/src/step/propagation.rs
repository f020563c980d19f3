//! Waiting before a call until others accept the secret that it is going to send.
//!
//! The wait comes before the intent: an interrupted one leaves nothing behind, and the next apply
//! asks the cloud again how old the version is.

use std::collections::BTreeMap;
use std::time::Duration;

use rstack_driver::VersionHistory;
use rstack_model::event::Event;
use rstack_model::plan::PropagationWait;
use rstack_model::state::ResourceState;
use rstack_model::value::{SecretReference, SecretsManagerReference};

use super::{Context, Work};
use crate::{StepError, secrets};

/// The time between two questions about the age of the version: it may have been rotated once more,
/// and a machine that slept does not know for how long.
const INTERVAL: Duration = Duration::from_secs(5);

/// The number of versions that one step waits for, at most. A secret that is rotated again and
/// again while others take it up never comes to rest.
const VERSIONS: usize = 6;

/// The wait that is left to a step.
struct RemainingWait {
    waits_for: String,
    /// The version that is to be taken up.
    version: String,
    within: Duration,
    remaining: Duration,
}

impl Context<'_> {
    /// The work, as soon as all who check its secrets accept them. What they hold may have changed
    /// meanwhile: they are resolved anew.
    pub(super) async fn propagated<'b>(
        &self,
        mut work: Work<'b>,
        prior: Option<&ResourceState>,
    ) -> Result<Work<'b>, StepError> {
        // A wait of this process counts even if the cloud's clock stands still.
        let mut waited: BTreeMap<String, Duration> = BTreeMap::new();
        while let Some(held) = self.longest_wait(&work, prior).await? {
            let so_far = waited.entry(held.version.clone()).or_default();
            let remaining = held.remaining.min(held.within.saturating_sub(*so_far));
            if remaining.is_zero() {
                return Ok(work);
            }
            if waited.len() > VERSIONS {
                return Err(StepError::KeepsRotating(held.waits_for));
            }
            let wait = remaining.min(INTERVAL);
            let (label, waits_for) = (work.label.clone(), held.waits_for.clone());
            self.engine.events.emit(Event::StepAwaitingPropagation { label, waits_for, remaining });
            if self.engine.sleep_or_stop(wait).await {
                return Err(StepError::Interrupted(held.waits_for));
            }
            *waited.entry(held.version).or_default() += wait;
            work = self.work(work.change, work.label).await?;
        }
        Ok(work)
    }

    /// The longest wait that is left to the work now; `None` if it may be sent.
    async fn longest_wait(
        &self,
        work: &Work<'_>,
        prior: Option<&ResourceState>,
    ) -> Result<Option<RemainingWait>, StepError> {
        let mut longest: Option<RemainingWait> = None;
        for wait in self.plan.propagation_waits.get(&work.change.address).into_iter().flatten() {
            let Some(sent) = work.object.secret_versions.get(&wait.reference) else { continue };
            let before = prior.and_then(|prior| prior.secret_versions.get(&wait.reference));
            if before == Some(sent) {
                continue;
            }
            let history = self.history(work, &wait.reference).await?;
            if let Some(held) = history.and_then(|history| waits(wait, before, history))
                && longest.as_ref().is_none_or(|longest| longest.remaining < held.remaining)
            {
                longest = Some(held);
            }
        }
        Ok(longest)
    }

    async fn history(
        &self,
        work: &Work<'_>,
        reference: &str,
    ) -> Result<Option<VersionHistory>, StepError> {
        let Some(reference) = reference_of(work, reference)? else { return Ok(None) };
        let on_retry = |error: &_, attempt| self.retrying(work.label, error, attempt);
        let ask = || self.engine.cloud.secrets().history(&reference);
        Ok(Some(
            self.engine.persist_read(ask, on_retry).await.map_err(|error| self.given_up(error))?,
        ))
    }
}

/// The reference that has this text.
fn reference_of(work: &Work<'_>, text: &str) -> Result<Option<SecretsManagerReference>, StepError> {
    let mut found = None;
    for value in work.object.properties.values() {
        value.visit_secrets(&mut |reference| match reference {
            SecretReference::SecretsManager(body) if reference.to_string() == text => {
                found = Some(secrets::parse(body));
            }
            SecretReference::SecretsManager(_)
            | SecretReference::SecureParameter(_)
            | SecretReference::Parameter(_)
            | SecretReference::SignalUrl(_)
            | SecretReference::Attribute(_)
            | SecretReference::Hidden => {}
        });
    }
    found.transpose()
}

/// The wait of a step for one secret; `None` if waiting does not help.
fn waits(
    wait: &PropagationWait,
    before: Option<&String>,
    history: VersionHistory,
) -> Option<RemainingWait> {
    // No caller has ever seen another version than the first.
    let previous = history.previous?;
    // What is sent until now is neither the current version nor the one before it: it is refused,
    // or soon will be, and the sooner the new one is sent the better.
    if before.is_some_and(|before| *before != previous) {
        return None;
    }
    let within = Duration::from_secs(wait.within_seconds);
    let remaining = within.saturating_sub(history.age);
    let by: Vec<String> = wait.checked_by.iter().map(|id| format!("`{id}`")).collect();
    let waits_for = format!("{} to take up the rotated secret", by.join(", "));
    Some(RemainingWait { waits_for, version: history.version, within, remaining })
        .filter(|held| !held.remaining.is_zero())
}
