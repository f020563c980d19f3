//! The errors of edits.

use rstack_journal::ReviseError;
use rstack_model::{Serial, StackName};
use rstack_store::{Location, StoreError};

/// Why an edit was not made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The records cannot be used, a run is open, or the lease is held by another process or lost.
    #[error(transparent)]
    State(#[from] StoreError),
    /// The stack has no state.
    #[error("stack `{stack}` has no state")]
    NoState {
        /// The stack.
        stack: StackName,
    },
    /// A resource is not there, or its new address is taken.
    #[error(transparent)]
    Revise(#[from] ReviseError),
    /// The two stacks of a move live in different environments.
    #[error("stack `{to}` belongs to {theirs}, stack `{from}` to {ours}")]
    OtherEnvironment {
        /// The stack that the resource is in.
        from: StackName,
        /// The stack that it is to go to.
        to: StackName,
        /// The environment of the first one.
        ours: String,
        /// The environment of the other one.
        theirs: String,
    },
    /// A given or kept state is damaged, or is not the state of the stack.
    #[error("this state of `{stack}` cannot be used")]
    Unusable {
        /// The stack.
        stack: StackName,
        /// The reason, as the store reports it.
        source: StoreError,
    },
    /// The given state is of another lineage.
    #[error("`{location}` has lineage {theirs}; the state of `{stack}` has {ours}")]
    Lineage {
        /// The place where it was read.
        location: Location,
        /// The stack.
        stack: StackName,
        /// The lineage of the present state.
        ours: String,
        /// The lineage of the given one.
        theirs: String,
    },
    /// The given state is older than the present one.
    #[error("`{location}` is older: it has serial {theirs}, the state of `{stack}` has {ours}")]
    Older {
        /// The place where it was read.
        location: Location,
        /// The stack.
        stack: StackName,
        /// The serial of the present state.
        ours: Serial,
        /// The serial of the given one.
        theirs: Serial,
    },
    /// The other state is of another environment.
    #[error("`{location}` is a state of {theirs}; this command works on states of {ours}")]
    StateOfOtherEnvironment {
        /// The place where it was read.
        location: Location,
        /// The environment of the stack.
        ours: String,
        /// The environment of the other state.
        theirs: String,
        /// True if the states here are those of the sandbox.
        sandbox_here: bool,
        /// True if the other state is one of the sandbox.
        sandbox_there: bool,
    },
    /// No state of the serial is kept.
    #[error("no copy of the state of `{stack}` with serial {serial} exists")]
    NotKept {
        /// The stack.
        stack: StackName,
        /// The serial.
        serial: Serial,
    },
}
