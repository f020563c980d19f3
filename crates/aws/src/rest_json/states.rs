//! The states that an object goes through, as its type's file says.

use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind, Progress};
use rstack_model::{KnownMap, KnownValue};

use super::RestDriver;
use crate::definition::{States, TypeDefinition};

/// The time between two questions about the state of an object.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The stage of an object's life.
#[derive(Debug, PartialEq)]
pub(super) enum Stage<'a> {
    /// Nothing happens to it without a call.
    Stable,
    /// Another state follows without a call.
    Passing(&'a str),
    /// It failed to become stable.
    Failed(&'a str),
    /// It is being deleted.
    Deleting,
    /// It is deleted and described nevertheless.
    Gone,
}

/// The stage of an object by its description. A state that the file does not name is stable.
pub(super) fn stage<'a>(kind: &'a TypeDefinition, members: &'a KnownMap) -> Stage<'a> {
    let Some((states, state)) = state(kind, members) else { return Stage::Stable };
    let is_one_of = |list: &[String]| list.iter().any(|name| name == state);
    if is_one_of(&states.gone) {
        Stage::Gone
    } else if is_one_of(&states.deleting) {
        Stage::Deleting
    } else if is_one_of(&states.failed) {
        Stage::Failed(state)
    } else if is_one_of(&states.passing) {
        Stage::Passing(state)
    } else {
        Stage::Stable
    }
}

fn state<'a>(kind: &'a TypeDefinition, members: &'a KnownMap) -> Option<(&'a States, &'a str)> {
    let states = kind.file.states.as_ref()?;
    Some((states, members.get(&states.member).and_then(KnownValue::as_str)?))
}

impl RestDriver {
    /// The progress of an object towards being stable, by its description.
    ///
    /// # Errors
    /// If it failed to become stable.
    pub(super) fn settled(&self, name: &str, members: &KnownMap) -> Result<Progress, DriverError> {
        let (file, noun) = (&self.kind.file, &self.kind.file.noun);
        match stage(self.kind, members) {
            Stage::Stable => Ok(Progress::Done),
            Stage::Passing(state) => Ok(Progress::Pending {
                waits_for: format!("{noun} `{name}`, which is {state}"),
                ask_again_in: ASK_AGAIN,
            }),
            Stage::Failed(state) => {
                let message = format!("{noun} `{name}` is {state}; the service says no more");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, self.action(&file.operations.read), message))
            }
            Stage::Deleting | Stage::Gone => {
                let message = format!("{noun} `{name}` was deleted meanwhile");
                let kind = ErrorKind::Conflict;
                Err(DriverError::new(kind, self.action(&file.operations.read), message))
            }
        }
    }

    /// The wait for an object to be gone.
    pub(super) fn goes(&self, name: &str) -> Progress {
        Progress::Pending {
            waits_for: format!("{} `{name}` to be gone", self.kind.file.noun),
            ask_again_in: ASK_AGAIN,
        }
    }

    /// The error of a change to an object in a state in which the service allows none. Nothing is
    /// sent.
    pub(super) fn unblocked(
        &self,
        operation: &str,
        name: &str,
        members: &KnownMap,
    ) -> Result<(), DriverError> {
        let Some((states, state)) = state(self.kind, members) else { return Ok(()) };
        let Some(found) = states.blocked.iter().find(|blocked| blocked.state == state) else {
            return Ok(());
        };
        let noun = &self.kind.file.noun;
        let remedy = found.remedy.replace("{id}", name);
        let message = format!("{noun} `{name}` is {state}, and nothing was sent: {remedy}");
        Err(DriverError::new(ErrorKind::Conflict, self.action(operation), message))
    }
}
