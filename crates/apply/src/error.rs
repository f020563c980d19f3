//! Errors of applying a plan: of a step, of recovery, and of the run.

use std::collections::BTreeSet;
use std::time::Duration;

use rstack_driver::DriverError;
use rstack_journal::{JournalError, OperationId};
use rstack_model::value::{
    AttributeRef, InvalidParameter, InvalidReference, NotKnown, SecretAttribute, Unresolvable,
};
use rstack_model::{Address, PropertyPath, ResourceType, StackName};
use rstack_plan::{Moved, PlanError};
use rstack_store::StoreError;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The cloud refused, or could not be asked.
    #[error("{0}")]
    Driver(DriverError),
    /// No driver serves the type.
    #[error("this rstack has no driver for `{0}`")]
    NoDriver(ResourceType),
    /// A property cannot be evaluated now that attributes are known.
    #[error("{0}")]
    Function(Unresolvable),
    /// A property is still not known.
    #[error("{0}")]
    NotKnown(NotKnown),
    /// A property uses a text that was hidden, because it may have been a secret of another property.
    #[error(
        "`{0}` uses an attribute of another resource that may hold a secret, and was not recorded"
    )]
    SecretAttribute(PropertyPath),
    /// A property uses a secret attribute that was shown to an earlier run, and is not shown again.
    #[error("`{name}` of `{of}` was shown once, and is recorded nowhere", name = .0.name, of = .0.of)]
    SecretLost(SecretAttribute),
    /// A secret that is known only now would be a part of an object's name.
    #[error("`{0}` is a part of the object's name, and holds a secret")]
    SecretInName(PropertyPath),
    /// A property uses an attribute that the handler of a custom resource did not return.
    #[error("the handler of `{address}` returned no attribute for `{0}`", address = .0.address)]
    NoAttribute(AttributeRef),
    /// A property uses an attribute that the service of an existing object did not give.
    #[error("`{address}` exists, and its service gave no attribute for `{0}`", address = .0.address)]
    NotGiven(AttributeRef),
    /// A dynamic reference turned out to be malformed.
    #[error("{0}")]
    Reference(InvalidReference),
    /// The name of a secret parameter turned out to be malformed.
    #[error("{0}")]
    ParameterName(InvalidParameter),
    /// A secret cannot be resolved.
    #[error("the secret {reference} cannot be resolved: {source}")]
    Secret {
        /// The reference.
        reference: String,
        /// Why not.
        source: DriverError,
    },
    /// The value of a `NoEcho` parameter was not given.
    #[error("secret parameter `{0}` has no value")]
    Parameter(String),
    /// The value that a `NoEcho` parameter had before was not given, and is kept nowhere.
    #[error(
        "the value that the secret parameter `{0}` had before is kept nowhere: it has the new one"
    )]
    OldParameter(String),
    /// Something is there and it is unknown whether this operation made it.
    #[error("cannot determine whether this run created the object: {0}")]
    Ambiguous(String),
    /// It did not stabilize in time.
    #[error("it was not ready within {}; it still waits for {waits_for}", spoken(*.within))]
    NotStabilized {
        /// The time that was waited.
        within: Duration,
        /// The condition that was waited for.
        waits_for: String,
    },
    /// A nested stack was not created within its own time limit.
    #[error(
        "the nested stack was not created within {} (`TimeoutInMinutes`){}",
        spoken(Duration::from_secs(u64::from(*.minutes) * 60)),
        unfinished(.running)
    )]
    CreationTimeout {
        /// The minutes that it had.
        minutes: u32,
        /// Its resources whose operations were not complete.
        running: BTreeSet<Address>,
    },
    /// A secret is rotated more often than it can be taken up.
    #[error("the secret was rotated repeatedly while the change waited for {0}")]
    KeepsRotating(String),
    /// The user asked to stop while it waited.
    #[error("interrupted while it waited for {0}")]
    Interrupted(String),
    /// The intent of an operation cannot be digested; nothing was called.
    #[error("cannot compute the digest of the operation: {0}")]
    Digest(String),
    /// The journal cannot be written; nothing was called.
    #[error("cannot write the journal")]
    Journal(#[source] StoreError),
}

impl StepError {
    /// True if no other call can be expected to succeed: a rollback would fail in the same way.
    pub fn stops_everything(&self) -> bool {
        match self {
            Self::Driver(error) | Self::Secret { source: error, .. } => {
                crate::observe::stops_everything(error)
            }
            Self::NoDriver(_)
            | Self::Function(_)
            | Self::NotKnown(_)
            | Self::SecretAttribute(_)
            | Self::SecretLost(_)
            | Self::SecretInName(_)
            | Self::NoAttribute(_)
            | Self::NotGiven(_)
            | Self::Reference(_)
            | Self::ParameterName(_)
            | Self::Parameter(_)
            | Self::OldParameter(_)
            | Self::Ambiguous(_)
            | Self::NotStabilized { .. }
            | Self::CreationTimeout { .. }
            | Self::KeepsRotating(_)
            | Self::Interrupted(_)
            | Self::Digest(_)
            | Self::Journal(_) => false,
        }
    }
}

impl From<DriverError> for StepError {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

impl From<NotKnown> for StepError {
    fn from(error: NotKnown) -> Self {
        Self::NotKnown(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Journal(error)
    }
}

/// The reasons why the outcome of an operation cannot be found out.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It is unknown whether an object is ours.
    #[error("cannot determine whether the interrupted run created `{address}`: {why}")]
    Ambiguous {
        /// The stack.
        stack: StackName,
        /// The resource.
        address: Address,
        /// The objects that were found.
        why: String,
    },
    /// The record of an operation is not the one that was written.
    #[error(
        "the journal's record of operation {operation} on `{address}` does not fit the digest that was \
         recorded with it"
    )]
    InputDigest {
        /// The resource.
        address: Address,
        /// The operation.
        operation: OperationId,
    },
    /// The cloud could not be asked.
    #[error("cannot determine the outcome of the interrupted operation on `{address}`")]
    Step {
        /// The resource.
        address: Address,
        /// Why not.
        source: StepError,
    },
}

/// Why applying ended before it began, or could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// State or journal cannot be read or written.
    #[error(transparent)]
    State(#[from] StoreError),
    /// The journal does not fit the state.
    #[error("the journal of `{stack}` does not fit its state")]
    Journal {
        /// The stack.
        stack: StackName,
        /// Why not.
        source: JournalError,
    },
    /// No plan can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan cannot be digested; nothing was begun.
    #[error("cannot compute the digest of the plan: {0}")]
    Digest(String),
    /// The state moved since the plan was made.
    #[error("the plan was made for serial {planned} of {lineage}, and the state is at {found}")]
    BaseMoved {
        /// The serial the plan was made from.
        planned: u64,
        /// The lineage of the plan.
        lineage: String,
        /// The serial and lineage of the present state.
        found: String,
    },
    /// Objects moved since the plan was made.
    #[error("objects changed since the plan was made: {}", list(.0))]
    ObjectsMoved(Vec<Moved>),
    /// The plan is for another account, Region or cloud.
    #[error("the plan belongs to {planned}, and this command runs in {found}")]
    Environment {
        /// Where the plan belongs.
        planned: String,
        /// Where we are.
        found: String,
    },
    /// An interrupted run cannot be recovered.
    #[error("an earlier run was interrupted and cannot be recovered")]
    Recover(#[from] RecoverError),
    /// The cloud cannot be observed.
    #[error("{0}")]
    Cloud(DriverError),
}

/// `45 minutes`, `90 seconds`.
fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 120 && seconds.is_multiple_of(60) => {
            format!("{} minutes", seconds / 60)
        }
        seconds => format!("{seconds} seconds"),
    }
}

/// The most resources that an error lists.
const LISTED: usize = 5;

/// `; still at work on \`Net/A\` and 3 more`, or nothing.
fn unfinished(running: &BTreeSet<Address>) -> String {
    if running.is_empty() {
        return String::new();
    }
    let names: Vec<String> = running.iter().take(LISTED).map(|id| format!("`{id}`")).collect();
    let more = match running.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; still at work on {}{more}", names.join(", "))
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_minutes_are_shown_in_minutes() {
        let text = |seconds| spoken(Duration::from_secs(seconds));
        assert_eq!(
            [60, 90, 119, 150].map(text),
            ["60 seconds", "90 seconds", "119 seconds", "150 seconds"]
        );
        assert_eq!([120, 45 * 60].map(text), ["2 minutes", "45 minutes"]);
    }

    #[test]
    fn every_object_that_moved_is_named() {
        let moved = |id: &str, how| Moved { address: id.into(), how };
        let error =
            ApplyError::ObjectsMoved(vec![moved("A", "is gone"), moved("B", "was changed")]);
        let text = error.to_string();
        assert!(text.ends_with("was made: `A` is gone; `B` was changed"), "{text}");
    }
}
