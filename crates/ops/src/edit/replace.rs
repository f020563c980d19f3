//! Another state in the place of a stack's own: one that is given, or one that is kept.

use rstack_model::state::State;
use rstack_model::{Serial, StackName};
use rstack_store::Location;

use super::{EditError, EditFrontEnd, EditReview, States, confirmed};
use crate::{Backend, Held, Holder, describe};

/// The state that takes the place of the present one.
#[derive(Clone, Debug)]
pub enum Replacement {
    /// A state from elsewhere.
    Given {
        /// The state.
        state: Box<State>,
        /// The place where it was read, for messages.
        location: Location,
        /// True if it may be of another lineage than the present one, or older.
        force: bool,
    },
    /// The kept state of this serial.
    Kept(Serial),
}

/// A state that took the place of another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Replaced {
    /// The serial that it had before.
    pub serial: Serial,
    /// True if there was a present state, which is kept.
    pub kept_present: bool,
    /// The state as it was published, under a serial of its own.
    pub state: State,
}

/// Puts another state in the place of a stack's own. `sandbox` says whether the states that are kept
/// here are those of the sandbox. `None` if the front end does not agree.
///
/// # Errors
/// If the other state does not fit the stack, none is kept of the serial, or it cannot be published.
pub async fn replace_state<F: EditFrontEnd>(
    states: &States,
    stack: &StackName,
    (replacement, sandbox): (&Replacement, bool),
    holder: &Holder,
    front: &F,
) -> Result<Option<Replaced>, F::Error> {
    let replace = async |lease: &Held<'_>| {
        front.acquired(&**lease);
        let present = lease.state_without_run().await.map_err(EditError::from)?;
        let (new, location) = match replacement {
            Replacement::Given { state, location, .. } => ((**state).clone(), location.clone()),
            Replacement::Kept(serial) => kept(states.backend.as_ref(), stack, *serial).await?,
        };
        check_environment(&location, present.as_ref(), &new, sandbox)?;
        if let (Some(present), Replacement::Given { force: false, .. }) = (&present, replacement) {
            check_line(&location, present, &new)?;
        }
        let review = EditReview::Replace { stack, present: present.as_ref(), new: &new };
        if !confirmed(lease, &review, front).await? {
            return Ok(None);
        }
        let (serial, kept_present) = (new.serial, present.is_some());
        let state = lease.replace(new).await.map_err(EditError::from)?;
        Ok(Some(Replaced { serial, kept_present, state }))
    };
    states.under_lease(stack, holder, replace).await
}

async fn kept(
    backend: &dyn Backend,
    stack: &StackName,
    serial: Serial,
) -> Result<(State, Location), EditError> {
    let versions = backend.history(stack).await?;
    let found = versions.into_iter().find(|version| version.serial == serial);
    let found = found.ok_or_else(|| EditError::NotKept { stack: stack.clone(), serial })?;
    let unusable = |source| EditError::Unusable { stack: stack.clone(), source };
    let (state, _) = found.content.map_err(unusable)?;
    Ok((state, found.location))
}

fn check_environment(
    location: &Location,
    present: Option<&State>,
    new: &State,
    sandbox: bool,
) -> Result<(), EditError> {
    let theirs = describe(&new.environment);
    let (fits, ours) = match present {
        Some(present) => (present.environment == new.environment, describe(&present.environment)),
        None if sandbox => (new.environment.sandbox, "the sandbox".to_owned()),
        None => (!new.environment.sandbox, "AWS accounts".to_owned()),
    };
    if fits {
        return Ok(());
    }
    let (location, sandbox_there) = (location.clone(), new.environment.sandbox);
    let sandbox_here = sandbox;
    Err(EditError::StateOfOtherEnvironment { location, ours, theirs, sandbox_here, sandbox_there })
}

fn check_line(location: &Location, present: &State, new: &State) -> Result<(), EditError> {
    let (location, stack) = (location.clone(), present.stack.clone());
    if new.lineage != present.lineage {
        let (ours, theirs) = (present.lineage.to_string(), new.lineage.to_string());
        return Err(EditError::Lineage { location, stack, ours, theirs });
    }
    if new.serial < present.serial {
        let (ours, theirs) = (present.serial, new.serial);
        return Err(EditError::Older { location, stack, ours, theirs });
    }
    Ok(())
}
