//! The digest of what an operation was to do. It is recorded before the operation begins, and looked
//! at before anything is concluded from the record.

use rstack_journal::{IntentAction, OpenOperation};
use rstack_model::Digest;

use crate::{RecoverError, StepError};

/// The digest of an action.
///
/// # Errors
/// If the action cannot be written as JSON.
pub(crate) fn input_digest(action: &IntentAction) -> Result<Digest, StepError> {
    Digest::of_json(action).map_err(|error| StepError::Digest(error.to_string()))
}

/// Refuses an operation whose record is not the one that was written: its properties decide which
/// object is looked for and taken for ours.
///
/// # Errors
/// [`RecoverError::InputDigest`] if the action has another digest than the one beside it, and
/// [`RecoverError::Step`] if it has none.
pub(crate) fn check_input(open: &OpenOperation) -> Result<(), RecoverError> {
    let address = open.intent.address.clone();
    match input_digest(&open.intent.action) {
        Ok(digest) if digest == open.intent.input_digest => Ok(()),
        Ok(_) => Err(RecoverError::InputDigest { address, operation: open.intent.operation }),
        Err(source) => Err(RecoverError::Step { address, source }),
    }
}
