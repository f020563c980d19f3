//! The saved plans of a run of several stacks, in one file: a format number, the digest of all of it, perhaps
//! a signature, and the plan of each stack with the stacks that it needs, in an order in which they can be
//! applied.
//!
//! ```json
//! {"rstack-plan": 3, "digest": "9f86…", "signature": {…}, "stacks": [
//!   {"needs": [], "plan": {…}}, {"needs": ["Net"], "plan": {…, "awaits": ["stack Net"]}}]}
//! ```
//!
//! A plan may await the outputs of stacks that it needs. It shows where they go, and its values are filled in
//! when those stacks are applied ([`crate::apply_awaiting`]). Everything else is as in the file of one plan
//! (`saved_plan.rs`).

use std::collections::BTreeSet;

use rstack_model::plan::Plan;
use rstack_model::{Address, Digest, StackName};
use rstack_plan::{CheckedPlan, Schemas};
use serde::{Deserialize, Serialize};

use crate::plan_signature::{PlanSignature, PlanSigner};
use crate::planned_outputs::placeholder;
use crate::saved_plan::{FORMAT, SavedPlan, SavedPlanError, Seal, checked, read_one};

/// The number of the format of several plans.
pub(crate) const RUN_FORMAT: u32 = 3;

/// The most stacks of a saved run: those that an assembly has.
const MAX_STACKS: usize = 2_000;

/// A saved plan, or those of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// The plan of one stack.
    Plan(Box<SavedPlan>),
    /// The plans of several stacks.
    Run(SavedRun),
}

impl Saved {
    /// The digest and the signature.
    pub fn seal(&self) -> &Seal {
        match self {
            Self::Plan(plan) => &plan.seal,
            Self::Run(run) => &run.seal,
        }
    }
}

/// The saved plans of a run, and what binds them.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRun {
    /// The stacks, each behind all that it needs.
    pub stacks: Vec<SavedStack>,
    /// The digest and the signature.
    pub seal: Seal,
}

/// The plan of a stack of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SavedStack {
    /// The stacks of the run that come before it.
    pub needs: BTreeSet<String>,
    /// The plan, checked.
    pub plan: CheckedPlan,
}

/// Why plans are no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunProblem {
    /// There are too few or too many.
    #[error("there are {0}")]
    Count(usize),
    /// Two are of one stack.
    #[error("two are of the stack `{0}`")]
    SameStack(StackName),
    /// A stack needs one that does not come before it.
    #[error("`{stack}` needs `{needs}`, which does not come before it")]
    Order {
        /// The stack.
        stack: StackName,
        /// The stack that it needs.
        needs: String,
    },
    /// A plan awaits what is no stack that it needs.
    #[error("`{stack}` waits for `{awaits}`, which is no stack that it needs")]
    Awaits {
        /// The stack.
        stack: StackName,
        /// The placeholder.
        awaits: Address,
    },
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "rstack-plan")]
    format: u32,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "rstack-plan")]
    format: u32,
    digest: &'a Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<PlanSignature>,
    stacks: &'a [SavedStack],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "rstack-plan")]
    _format: u32,
    digest: Digest,
    #[serde(default)]
    signature: Option<PlanSignature>,
    stacks: Vec<StackInFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StackInFile {
    needs: BTreeSet<String>,
    plan: Plan,
}

/// The digest of the plans of a run.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn run_digest(stacks: &[SavedStack]) -> Result<Digest, SavedPlanError> {
    Ok(Digest::of_json(&stacks)?)
}

/// The text of the saved plans of a run, signed if there is a signer.
///
/// # Errors
/// If the plans are no run, or cannot be written as JSON.
pub fn write_run(
    stacks: &[SavedStack],
    signer: Option<&PlanSigner>,
) -> Result<Vec<u8>, SavedPlanError> {
    let parts: Vec<(&BTreeSet<String>, &Plan)> =
        stacks.iter().map(|stack| (&stack.needs, &*stack.plan)).collect();
    check_run(&parts).map_err(SavedPlanError::Run)?;
    let digest = &run_digest(stacks)?;
    let signature = signer.map(|signer| signer.sign(RUN_FORMAT, digest));
    let mut bytes = serde_json::to_vec(&Written { format: RUN_FORMAT, digest, signature, stacks })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The plan or the plans in a file, as [`crate::read_plan`] reads one.
///
/// # Errors
/// If it is damaged, was changed, has another format, or a plan is not sound.
pub fn read_saved(bytes: &[u8], schemas: &dyn Schemas) -> Result<Saved, SavedPlanError> {
    let Header { format } = serde_json::from_slice(bytes)?;
    match format {
        FORMAT => Ok(Saved::Plan(Box::new(read_one(bytes, schemas)?))),
        RUN_FORMAT => Ok(Saved::Run(read_run(bytes, schemas)?)),
        found => Err(SavedPlanError::Format { found }),
    }
}

fn read_run(bytes: &[u8], schemas: &dyn Schemas) -> Result<SavedRun, SavedPlanError> {
    let File { digest, signature, stacks, .. } = serde_json::from_slice(bytes)?;
    if Digest::of_json(&stacks)? != digest {
        return Err(SavedPlanError::Changed);
    }
    let parts: Vec<(&BTreeSet<String>, &Plan)> =
        stacks.iter().map(|stack| (&stack.needs, &stack.plan)).collect();
    check_run(&parts).map_err(SavedPlanError::Run)?;
    let mut out = Vec::new();
    for StackInFile { needs, plan } in stacks {
        out.push(SavedStack { needs, plan: checked(plan, schemas)? });
    }
    Ok(SavedRun { stacks: out, seal: Seal { format: RUN_FORMAT, digest, signature } })
}

/// Checks that plans are a run: each of another stack, behind those that it needs, and waiting for none but
/// these.
fn check_run(stacks: &[(&BTreeSet<String>, &Plan)]) -> Result<(), RunProblem> {
    if stacks.len() < 2 || stacks.len() > MAX_STACKS {
        return Err(RunProblem::Count(stacks.len()));
    }
    let mut before: BTreeSet<&str> = BTreeSet::new();
    for (needs, plan) in stacks {
        let stack = || plan.stack.clone();
        if let Some(other) = needs.iter().find(|name| !before.contains(name.as_str())) {
            return Err(RunProblem::Order { stack: stack(), needs: other.clone() });
        }
        let needed: BTreeSet<Address> = needs.iter().map(|name| placeholder(name)).collect();
        if let Some(awaits) = plan.awaits.iter().find(|it| !needed.contains(*it)) {
            return Err(RunProblem::Awaits { stack: stack(), awaits: awaits.clone() });
        }
        if !before.insert(plan.stack.as_str()) {
            return Err(RunProblem::SameStack(stack()));
        }
    }
    Ok(())
}
