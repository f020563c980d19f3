//! Whether the world is still the one a saved plan was made from.

use std::fmt;

use rstack_driver::DriverError;
use rstack_model::LogicalId;
use rstack_model::plan::{Checked, Plan};
use rstack_plan::Observation;

use crate::Engine;

/// An object that is not what it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The resource.
    pub logical_id: LogicalId,
    /// What happened to it.
    pub how: &'static str,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.logical_id, self.how)
    }
}

impl Engine {
    /// Reads again the objects that the plan looked at, and names those that are not what they
    /// were.
    ///
    /// # Errors
    /// If the cloud cannot be asked at all.
    pub async fn moved(&self, plan: &Plan) -> Result<Vec<Moved>, DriverError> {
        let mut moved = Vec::new();
        for change in plan.changes.values() {
            let Some(prior) = &change.prior else { continue };
            if matches!(change.checked, Checked::Unchecked(_) | Checked::Nothing) {
                continue;
            }
            let now = self.read(prior).await?;
            let how = match (&change.checked, &now) {
                (Checked::Read(before), now) => match now {
                    Observation::Absent => Some("is gone"),
                    Observation::Present { .. } => {
                        (now.fingerprint().as_ref() != Some(before)).then_some("was changed")
                    }
                    Observation::Unchecked { .. } => Some("cannot be read any more"),
                },
                (Checked::Absent, Observation::Absent) => None,
                (Checked::Absent, _) => Some("is there again"),
                (Checked::Unchecked(_) | Checked::Nothing, _) => None,
            };
            if let Some(how) = how {
                moved.push(Moved { logical_id: change.logical_id.clone(), how });
            }
        }
        Ok(moved)
    }
}
