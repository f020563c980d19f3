//! Whether the world is still the one a saved plan was made from.

use std::fmt;

use futures_util::stream::{self, StreamExt};
use rstack_driver::DriverError;
use rstack_model::Address;
use rstack_model::plan::{Checked, Plan};
use rstack_plan::Observation;

use crate::{Engine, SecretParameters};

/// An object that is not what it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The resource.
    pub address: Address,
    /// What happened to it.
    pub how: &'static str,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.address, self.how)
    }
}

impl Engine {
    /// Reads again the objects that the plan looked at, and names those that are not what they
    /// were.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all.
    pub async fn moved(
        &self,
        plan: &Plan,
        parameters: &SecretParameters,
    ) -> Result<Vec<Moved>, DriverError> {
        let looked_at = plan.changes.values().filter_map(|change| match &change.checked {
            Checked::Read(_) | Checked::Absent => Some((change, change.prior.as_ref()?)),
            Checked::Unchecked(_) | Checked::Nothing => None,
        });
        let looked_at: Vec<_> = looked_at.collect();
        let objects = looked_at.iter().map(|(_, prior)| *prior);
        let secrets = &self.run_secrets(objects, parameters).await?;
        let read: Vec<_> = stream::iter(looked_at)
            .map(|(change, prior)| async move { (change, self.read(prior, secrets).await) })
            .buffered(self.parallelism.get())
            .collect()
            .await;
        let mut moved = Vec::new();
        for (change, now) in read {
            if let Some(how) = how(&change.checked, &now?) {
                moved.push(Moved { address: change.address.clone(), how });
            }
        }
        Ok(moved)
    }
}

/// What happened to an object, if anything did.
fn how(before: &Checked, now: &Observation) -> Option<&'static str> {
    match (before, now) {
        (Checked::Read(before), Observation::Present { .. }) => {
            (now.fingerprint().as_ref() != Some(before)).then_some("was changed")
        }
        (Checked::Read(_), Observation::Absent) => Some("is gone"),
        (Checked::Read(_), Observation::Unchecked { .. }) => Some("cannot be read any more"),
        (Checked::Absent, Observation::Present { .. }) => Some("is there again"),
        (Checked::Absent, Observation::Unchecked { .. }) => Some("cannot be looked for any more"),
        (Checked::Absent, Observation::Absent) | (Checked::Unchecked(_) | Checked::Nothing, _) => {
            None
        }
    }
}
