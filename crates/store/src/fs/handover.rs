//! Moving a resource to another stack.
//!
//! The state that it comes into is published before the one that it leaves: whenever that is cut
//! off, the resource is in one of them or in both, and the same again goes on from there.

use rstack_model::Address;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;

use super::locked::LockedStack;
use crate::error::StoreError;
use rstack_journal::{ReviseError, holds, put_in, take_out};

/// A resource on its way from one stack to another.
#[derive(Clone, Debug)]
pub struct Handover {
    left: (State, PlanBase),
    /// The other stack with the resource in it; `None` if it has it already.
    taken: Option<(State, PlanBase)>,
}

fn base(state: &State) -> PlanBase {
    PlanBase { lineage: state.lineage.clone(), serial: state.serial }
}

impl Handover {
    /// From one state, where it is `id`, to another one, where it is to be `new_id`.
    ///
    /// # Errors
    /// If it is not there, or the other stack has another resource of that name.
    pub fn new(
        mut from: State,
        id: &Address,
        mut to: State,
        new_id: &Address,
    ) -> Result<Self, ReviseError> {
        let (before, their_before) = (base(&from), base(&to));
        let objects = take_out(&mut from, id)?;
        let is_there = holds(&to, new_id, &objects);
        if !is_there {
            put_in(&mut to, new_id, objects)?;
        }
        Ok(Self { left: (from, before), taken: (!is_there).then_some((to, their_before)) })
    }

    /// Publishes both states and gives the one that the resource has left.
    ///
    /// # Errors
    /// As [`LockedStack::revise`].
    pub fn publish(self, from: &LockedStack, to: &LockedStack) -> Result<State, StoreError> {
        if let Some((state, base)) = self.taken {
            to.revise(state, &base)?;
        }
        let (state, base) = self.left;
        from.revise(state, &base)
    }
}
