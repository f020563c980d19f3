//! The formats of saved plans: a format number, the digest of the plan, perhaps a signature, the plan.
//! A saved plan holds no secret. The plans of a run of several stacks have a format of their own
//! (`saved_run.rs`).
//!
//! ```json
//! {"rstack-plan": 2, "digest": "9f86…", "signature": {"algorithm": "ed25519", "key": "3a7b…",
//!  "value": "base64…"}, "plan": {…}}
//! ```
//!
//! The digest finds damage. It binds the file to no person: anyone who can write the file can write
//! a digest that fits. A plan that does other than it shows is found by [`read_plan`], which
//! derives what is shown from what is done, and when it is applied, from state and cloud. A
//! signature ([`Seal::verify`]) or the approved digest ([`Seal::approve`]) proves that
//! the plan is the one that a person made or approved. docs/approval.md has the table of all
//! fields.

use rstack_model::Digest;
use rstack_model::plan::{Plan, PlanMode};
use rstack_plan::{CheckedPlan, Schemas, Violation};
use serde::{Deserialize, Serialize};

use crate::plan_signature::{PlanSignature, PlanSigner, PlanVerifier};
use crate::saved_run::{RUN_FORMAT, RunProblem, Saved, read_saved};

/// The number of the format of one plan.
pub(crate) const FORMAT: u32 = 2;

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "rstack-plan")]
    format: u32,
    digest: &'a Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<PlanSignature>,
    plan: &'a CheckedPlan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "rstack-plan")]
    _format: u32,
    digest: Digest,
    #[serde(default)]
    signature: Option<PlanSignature>,
    plan: Plan,
}

/// Why a saved plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It cannot be read or written as JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It has another format.
    #[error("it has format {found}; this rstack reads formats {FORMAT} and {RUN_FORMAT}")]
    Format {
        /// The format.
        found: u32,
    },
    /// The plan in it is not the one that was shown when it was saved.
    #[error("its digest does not match its content")]
    Changed,
    /// The plan in it destroys or rolls back, which is never saved.
    #[error("its plan is not a plan to deploy")]
    Mode,
    /// The plan in it waits for outputs of stacks whose plans are not in it.
    #[error("its plan is a preview that waits for other stacks")]
    Preview,
    /// It has the plans of several stacks, and one is asked for.
    #[error("it has the plans of several stacks")]
    Several,
    /// The plans of several stacks in it are no run.
    #[error("its plans are not a run of several stacks: {0}")]
    Run(RunProblem),
    /// The plan in it breaks invariants, or does not do what it shows.
    #[error("its plan is not valid: {}", list(.0))]
    Unsound(Vec<Violation>),
}

/// Why a saved plan is not the one that was made or approved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// Its digest is not the one that was approved.
    #[error("the plan has the digest sha256:{found}, not the approved sha256:{approved}")]
    Digest {
        /// The digest that was approved.
        approved: Digest,
        /// The digest of the plan.
        found: Digest,
    },
    /// It is not signed.
    #[error("the plan is not signed")]
    NotSigned,
    /// It says that another key has signed it.
    #[error("the plan is signed by key sha256:{signer}, which is not a key given with `--verify`")]
    OtherKey {
        /// The key, by the digest of its public part.
        signer: Digest,
    },
    /// The signature is not one of this plan.
    #[error("the plan's signature by key sha256:{signer} is not valid")]
    Signature {
        /// The key, by the digest of its public part.
        signer: Digest,
    },
}

/// A plan that was saved, and what binds it.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlan {
    /// The plan, checked.
    pub plan: CheckedPlan,
    /// The digest and the signature.
    pub seal: Seal,
}

/// The digest and the signature of a file of plans.
#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    /// The format of the file, which the signature covers.
    pub(crate) format: u32,
    /// The digest of what is in it.
    pub digest: Digest,
    /// The signature, not verified.
    pub signature: Option<PlanSignature>,
}

impl Seal {
    /// Verifies that one of these keys has signed the plan.
    ///
    /// # Errors
    /// [`ApprovalError`] if none has.
    pub fn verify(&self, keys: &[PlanVerifier]) -> Result<(), ApprovalError> {
        let signature = self.signature.as_ref().ok_or(ApprovalError::NotSigned)?;
        let signer = signature.key.clone();
        let Some(key) = keys.iter().find(|key| key.id() == signer) else {
            return Err(ApprovalError::OtherKey { signer });
        };
        if !key.has_signed(signature, self.format, &self.digest) {
            return Err(ApprovalError::Signature { signer });
        }
        Ok(())
    }

    /// Checks that the plan is the one with the digest that was approved.
    ///
    /// # Errors
    /// [`ApprovalError::Digest`] if it is another one.
    pub fn approve(&self, approved: &Digest) -> Result<(), ApprovalError> {
        let (approved, found) = (approved.clone(), self.digest.clone());
        if approved == found { Ok(()) } else { Err(ApprovalError::Digest { approved, found }) }
    }
}

/// The text of a saved plan, signed if there is a signer.
///
/// # Errors
/// If the plan cannot be written as JSON.
pub fn write_plan(
    plan: &CheckedPlan,
    signer: Option<&PlanSigner>,
) -> Result<Vec<u8>, SavedPlanError> {
    let digest = &plan.digest()?;
    let signature = signer.map(|signer| signer.sign(FORMAT, digest));
    let mut bytes = serde_json::to_vec(&Written { format: FORMAT, digest, signature, plan })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The plan in a saved one: checked again, the very plan that was shown when it was saved, and one
/// that does what it shows. Whose it is, is for [`Seal::verify`] and [`Seal::approve`]; that state
/// and cloud are as it says, for [`crate::apply_saved`].
///
/// # Errors
/// If it is damaged, was changed, has another format, or the plan is not sound.
pub fn read_plan(bytes: &[u8], schemas: &dyn Schemas) -> Result<SavedPlan, SavedPlanError> {
    match read_saved(bytes, schemas)? {
        Saved::Plan(plan) => Ok(*plan),
        Saved::Run(_) => Err(SavedPlanError::Several),
    }
}

/// The plan in a file of format 2.
pub(crate) fn read_one(bytes: &[u8], schemas: &dyn Schemas) -> Result<SavedPlan, SavedPlanError> {
    let File { digest, signature, plan, .. } = serde_json::from_slice(bytes)?;
    if Digest::of_json(&plan)? != digest {
        return Err(SavedPlanError::Changed);
    }
    if !plan.awaits.is_empty() {
        return Err(SavedPlanError::Preview);
    }
    let plan = checked(plan, schemas)?;
    Ok(SavedPlan { plan, seal: Seal { format: FORMAT, digest, signature } })
}

/// A plan out of a file, checked.
pub(crate) fn checked(plan: Plan, schemas: &dyn Schemas) -> Result<CheckedPlan, SavedPlanError> {
    if plan.mode != PlanMode::Deploy {
        return Err(SavedPlanError::Mode);
    }
    CheckedPlan::of(plan, schemas).map_err(SavedPlanError::Unsound)
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
