//! The format of saved plans: a format number, the digest of the plan, the plan. A saved plan holds
//! no secret.

use rstack_model::Digest;
use rstack_model::plan::Plan;
use rstack_plan::{CheckedPlan, Violation};
use serde::{Deserialize, Serialize};

/// The number of the format.
const FORMAT: u32 = 2;

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "rstack-plan")]
    format: u32,
    digest: Digest,
    plan: &'a CheckedPlan,
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "rstack-plan")]
    format: u32,
}

#[derive(Deserialize)]
struct Saved {
    digest: Digest,
    plan: Plan,
}

/// Why a saved plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It cannot be read or written as JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It has another format.
    #[error("its format is {found}, not {FORMAT}")]
    Format {
        /// The format.
        found: u32,
    },
    /// The plan in it is not the one that was shown when it was saved.
    #[error("it was changed")]
    Changed,
    /// The plan in it breaks invariants.
    #[error("the plan in it is not sound: {}", list(.0))]
    Unsound(Vec<Violation>),
}

/// The text of a saved plan.
///
/// # Errors
/// If the plan cannot be written as JSON.
pub fn write_plan(plan: &CheckedPlan) -> Result<Vec<u8>, SavedPlanError> {
    let mut bytes = serde_json::to_vec(&Written { format: FORMAT, digest: plan.digest()?, plan })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The plan in a saved one: checked again, and the very plan that was shown when it was saved.
///
/// # Errors
/// If it is damaged, was changed, has another format, or the plan is not sound.
pub fn read_plan(bytes: &[u8]) -> Result<CheckedPlan, SavedPlanError> {
    let Header { format } = serde_json::from_slice(bytes)?;
    if format != FORMAT {
        return Err(SavedPlanError::Format { found: format });
    }
    let Saved { digest, plan } = serde_json::from_slice(bytes)?;
    if Digest::of_json(&plan)? != digest {
        return Err(SavedPlanError::Changed);
    }
    CheckedPlan::of(plan).map_err(SavedPlanError::Unsound)
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
