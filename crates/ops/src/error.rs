//! The errors of operations.

use std::collections::BTreeSet;

use rstack_apply::ApplyError;
use rstack_driver::DriverError;
use rstack_model::{Address, StackName};
use rstack_plan::{Contradiction, PlanError};
use rstack_store::{DigestError, StoreError};

use crate::ExportConflict;
use crate::names::{NameOfRun, names_text};

/// Why an operation did not begin, or could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// State or journal cannot be used.
    #[error(transparent)]
    State(#[from] StoreError),
    /// No plan can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Applying or recovering did not begin, or could not be recorded.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The cloud refused, or cannot be asked.
    #[error("{0}")]
    Cloud(DriverError),
    /// A digest of a secret parameter cannot be made.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The stack lives in another account, Region or cloud.
    #[error("stack `{stack}` belongs to {state}, and this command runs in {current}")]
    OtherEnvironment {
        /// The stack.
        stack: StackName,
        /// The environment of its state.
        state: String,
        /// The environment of the cloud.
        current: String,
    },
    /// A resource that may be deleted first, or is to be replaced, is not in the template.
    #[error("`{option} {address}`: the template has no such resource")]
    NoResource {
        /// The option.
        option: &'static str,
        /// The address.
        address: Address,
        /// The most similar address in the template, which was perhaps meant.
        near: Option<Address>,
    },
    /// The service would refuse to delete an object.
    #[error("`{address}` would not be deleted: {reason}")]
    Hindered {
        /// The resource.
        address: Address,
        /// The reason.
        reason: String,
    },
    /// The stack must not be destroyed.
    #[error("stack `{stack}` has termination protection and is not destroyed")]
    TerminationProtection {
        /// The stack.
        stack: StackName,
    },
    /// The plan waits for outputs of other stacks.
    #[error(
        "the plan of `{stack}` waits for the outputs of other stacks and cannot be carried out"
    )]
    Preview {
        /// The stack.
        stack: StackName,
    },
    /// An export that a stack begins to import is gone, or has another value than it was planned with.
    #[error("the export `{export}` that `{stack}` is to import was removed or changed meanwhile")]
    ImportMoved {
        /// The stack that imports.
        stack: StackName,
        /// The name of the export.
        export: String,
    },
    /// A saved plan waits for a value of another stack of its run, and that stack does not have it.
    #[error("`{stack}` waits for {value}, which that stack does not have")]
    AwaitedMissing {
        /// The stack of the plan.
        stack: StackName,
        /// The other stack and its output.
        value: String,
    },
    /// The values of parameters that the last apply was given are others than those that were kept.
    #[error("the parameters of `{stack}` were changed by another run meanwhile")]
    ParametersMoved {
        /// The stack.
        stack: StackName,
    },
    /// Exports that other stacks import would go or change, or names are exported by other stacks.
    #[error("{}", conflicts(.0))]
    Exports(Vec<ExportConflict>),
    /// Objects of two stacks of one run would have one name.
    #[error("{}", names_text(.0))]
    NamesOfRun(Vec<NameOfRun>),
    /// Answers of the cloud lead to further questions, without end.
    #[error("the lookups of the template lead to ever more lookups")]
    Questions,
    /// A plan that was begun before. What became of that run is in the state.
    #[error("the plan was applied before, and that run was interrupted")]
    AlreadyBegun,
    /// A saved plan has other objects or outputs than the state that it was made from.
    #[error("the plan contradicts the state: {}", parts(.0))]
    Contradicts(Vec<Contradiction>),
    /// No apply of the stack waits to be rolled back.
    #[error("there is nothing to roll back: {}", nothing_to_roll_back(stack, *deposed))]
    NothingToRollBack {
        /// The stack.
        stack: StackName,
        /// The number of deposed objects that wait to be deleted.
        deposed: usize,
    },
    /// Objects of a rollback need the values of secret parameters.
    #[error("the rollback needs the former values of secret parameters: {}", quoted(.0))]
    OldSecrets(BTreeSet<String>),
    /// No creation of a resource waits to be resolved.
    #[error("stack `{stack}` has no interrupted create of `{address}`")]
    NothingOpen {
        /// The stack.
        stack: StackName,
        /// The resource.
        address: Address,
    },
    /// A value was given for a parameter that is not a secret one of the stack.
    #[error("this command accepts no value for parameter `{0}`")]
    NoSecretParameter(String),
    /// A value was given for a parameter that is not a secret one of the saved plan.
    #[error("a saved plan accepts no value for parameter `{0}`")]
    SavedPlanParameter(String),
    /// The value of a secret parameter is missing; a saved plan does not hold it.
    #[error("the saved plan needs the value of secret parameter `{0}`, which is not stored in it")]
    SecretParameter(String),
    /// The value of a secret parameter is not the one that the plan was made with.
    #[error("the value of secret parameter `{0}` differs from the one that the plan was made with")]
    OtherSecret(String),
}

impl From<DriverError> for OpsError {
    fn from(error: DriverError) -> Self {
        Self::Cloud(error)
    }
}

fn parts(contradictions: &[Contradiction]) -> String {
    contradictions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn conflicts(conflicts: &[ExportConflict]) -> String {
    conflicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn quoted(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn nothing_to_roll_back(stack: &StackName, deposed: usize) -> String {
    // Resources that are no longer in the template may be left as well, and the state does not know them.
    match deposed {
        0 => format!(
            "no apply of `{stack}` failed or was interrupted while it made or changed objects"
        ),
        _ => format!(
            "the last apply of `{stack}` made everything new, and only old objects remain to be deleted"
        ),
    }
}
