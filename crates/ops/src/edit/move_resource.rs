//! Moving a resource to another stack.
//!
//! The state that it comes into is published before the one that it leaves: wherever that is cut off,
//! the resource is in one of them or in both, and the same edit again goes on from there.

use rstack_journal::{dependants, holds, put_in, take_out};
use rstack_model::state::State;
use rstack_model::{Address, Lineage, StackName};

use super::{EditError, EditFrontEnd, EditReview, States, base, confirmed, state_without_run};
use crate::{Held, Holder, Lease, describe};

/// A resource that goes to another stack.
#[derive(Clone, Debug)]
pub struct Move<'a> {
    /// Its stack.
    pub from: &'a StackName,
    /// Its address there.
    pub address: &'a Address,
    /// The other stack.
    pub to: &'a StackName,
    /// Its address there.
    pub new_address: &'a Address,
    /// The lineage of the other stack's states if it has none yet.
    pub lineage: Lineage,
}

impl Move<'_> {
    /// The state of the other stack: its own, or the first one of a new stack.
    async fn destination(&self, lease: &dyn Lease, source: &State) -> Result<State, EditError> {
        let state = lease.state_without_run().await?.unwrap_or_else(|| {
            State::empty(self.lineage.clone(), self.to.clone(), source.environment.clone())
        });
        if state.environment == source.environment {
            return Ok(state);
        }
        let (ours, theirs) = (describe(&source.environment), describe(&state.environment));
        Err(EditError::OtherEnvironment {
            from: self.from.clone(),
            to: self.to.clone(),
            ours,
            theirs,
        })
    }
}

/// Moves a resource to another stack. The state that it has left; `None` if the front end does not
/// agree.
///
/// # Errors
/// If the resource is not there, the other stack has another one of the new address or lives in
/// another environment, or a state cannot be published.
pub async fn move_resource<F: EditFrontEnd>(
    states: &States,
    moved: &Move<'_>,
    holder: &Holder,
    front: &F,
) -> Result<Option<State>, F::Error> {
    let leave = async |from: &Held<'_>| {
        front.acquired(&**from);
        let state = state_without_run(&**from).await?;
        let enter = async |to: &Held<'_>| {
            front.acquired(&**to);
            hand_over(moved, state, (from, to), front).await
        };
        states.under_lease(moved.to, holder, enter).await
    };
    states.under_lease(moved.from, holder, leave).await
}

async fn hand_over<F: EditFrontEnd>(
    moved: &Move<'_>,
    mut state: State,
    (from, to): (&Held<'_>, &Held<'_>),
    front: &F,
) -> Result<Option<State>, F::Error> {
    let mut other = moved.destination(&**to, &state).await?;
    let users: Vec<Address> = dependants(&state, moved.address).cloned().collect();
    let (before, their_before) = (base(&state), base(&other));
    let objects = take_out(&mut state, moved.address).map_err(EditError::from)?;
    // A move that was cut off has left it there.
    let is_there = holds(&other, moved.new_address, &objects);
    if !is_there {
        put_in(&mut other, moved.new_address, objects).map_err(EditError::from)?;
    }
    let review = EditReview::Move { moved, dependants: &users };
    if !users.is_empty()
        && !from.unless_lost(confirmed(to, &review, front)).await.map_err(EditError::from)??
    {
        return Ok(None);
    }
    if !is_there {
        to.revise(other, &their_before).await.map_err(EditError::from)?;
    }
    Ok(Some(from.revise(state, &before).await.map_err(EditError::from)?))
}
