//! A saved plan against the objects as they are now.

use futures_util::stream::{self, StreamExt};
use rstack_driver::DriverError;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_plan::{Moved, moved, moved_secrets};

use crate::reads::Lookups;
use crate::{Engine, SecretParameters};

impl Engine {
    /// Reads every object of the plan, whatever the plan says of how it was looked at, and names
    /// those that are not what they were or not what the plan tells of them; then those whose
    /// secrets have other versions now than the plan says.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all.
    pub async fn moved(
        &self,
        plan: &Plan,
        state: &State,
        parameters: &SecretParameters,
    ) -> Result<Vec<Moved>, DriverError> {
        let objects = plan.changes.values().filter_map(|it| Some((it, it.prior.as_ref()?)));
        let objects: Vec<_> = objects.collect();
        let priors = objects.iter().map(|(_, prior)| *prior);
        let lookups = &Lookups::default();
        let secrets = &self.run_secrets(lookups, priors, parameters).await?;
        let read: Vec<_> = stream::iter(objects)
            .map(
                |(change, prior)| async move { (change, self.read(lookups, prior, secrets).await) },
            )
            .buffered(self.parallelism.get())
            .collect()
            .await;
        let mut out = Vec::new();
        for (change, now) in read {
            out.extend(moved(change, state, &now?, self.schemas.as_ref()));
        }
        let versions = self.planned_secret_versions(lookups, plan, parameters).await?;
        out.extend(moved_secrets(plan, &versions));
        Ok(out)
    }
}
