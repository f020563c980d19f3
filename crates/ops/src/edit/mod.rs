//! Edits of a stack's state: rename, forget, move and replace. They make no cloud calls, refuse while a
//! run is open, and publish one new state each, on any backend.

mod error;
mod move_resource;
mod replace;

use std::collections::BTreeSet;
use std::sync::Arc;

use rstack_apply::{CancellationToken, Clock};
use rstack_journal::{Taken, dependants, rename as rename_in, take_out};
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{Address, StackName};

use crate::lease::under_lease;
use crate::{Backend, Held, Holder, Lease};

pub use error::EditError;
pub use move_resource::{Move, move_resource};
pub use replace::{Replaced, Replacement, replace_state};

/// The states of stacks, and the clock that their leases are renewed by.
#[derive(Clone)]
pub struct States {
    /// The place where the states are kept.
    pub backend: Arc<dyn Backend>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The front end of an edit.
pub trait EditFrontEnd {
    /// The error of a front end, which an edit's own becomes.
    type Error: From<EditError>;

    /// The lease of a stack is acquired. It may name a holder that died.
    fn acquired(&self, _lease: &dyn Lease) {}

    /// Decides whether an edit is made. As [`crate::FrontEnd::review`], it does not block the thread.
    ///
    /// # Errors
    /// If the front end cannot decide.
    fn confirm(&self, edit: &EditReview<'_>) -> impl Future<Output = Result<bool, Self::Error>>;
}

/// An edit before it is made.
#[derive(Debug)]
pub enum EditReview<'a> {
    /// Resources leave the state; their objects stay.
    Forget {
        /// The stack.
        stack: &'a StackName,
        /// The resources, with their objects.
        taken: &'a [(Address, Taken)],
        /// Each resource that stays and depends on one of them, with that one.
        dependants: &'a [(Address, Address)],
    },
    /// A resource goes to another stack, and others that stay depend on it.
    Move {
        /// The resource, and the stacks.
        moved: &'a Move<'a>,
        /// The resources that depend on it.
        dependants: &'a [Address],
    },
    /// A state takes the place of the present one.
    Replace {
        /// The stack.
        stack: &'a StackName,
        /// The present state; `None` if there is none.
        present: Option<&'a State>,
        /// The other one.
        new: &'a State,
    },
}

impl States {
    pub(crate) async fn under_lease<T, E: From<EditError>>(
        &self,
        stack: &StackName,
        holder: &Holder,
        work: impl AsyncFnOnce(&Held<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (backend, clock) = (self.backend.as_ref(), self.clock.as_ref());
        let done =
            under_lease(backend, clock, &CancellationToken::new(), (stack, holder), work).await;
        done.map_err(EditError::from)?
    }
}

fn base(state: &State) -> PlanBase {
    PlanBase { lineage: state.lineage.clone(), serial: state.serial }
}

/// The state of a stack, if no run is open.
async fn state_without_run(lease: &dyn Lease) -> Result<State, EditError> {
    let state = lease.state_without_run().await?;
    state.ok_or_else(|| EditError::NoState { stack: lease.stack().clone() })
}

/// The front end's decision, as long as the lease is held.
async fn confirmed<F: EditFrontEnd>(
    lease: &Held<'_>,
    review: &EditReview<'_>,
    front: &F,
) -> Result<bool, F::Error> {
    lease.unless_lost(front.confirm(review)).await.map_err(EditError::from)?
}

/// Gives a resource another address in its stack.
///
/// # Errors
/// If there is no such resource, the new address is taken, or the state cannot be published.
pub async fn rename<F: EditFrontEnd>(
    states: &States,
    stack: &StackName,
    (from, to): (&Address, &Address),
    holder: &Holder,
    front: &F,
) -> Result<State, F::Error> {
    let rename = async |lease: &Held<'_>| {
        front.acquired(&**lease);
        let mut state = state_without_run(&**lease).await?;
        let before = base(&state);
        rename_in(&mut state, from, to).map_err(EditError::from)?;
        Ok(lease.revise(state, &before).await.map_err(EditError::from)?)
    };
    states.under_lease(stack, holder, rename).await
}

/// Forgets resources; their objects stay in the cloud. `None` if the front end does not agree.
///
/// # Errors
/// If one of the resources is not there, or the state cannot be published.
pub async fn forget<F: EditFrontEnd>(
    states: &States,
    stack: &StackName,
    addresses: &BTreeSet<Address>,
    holder: &Holder,
    front: &F,
) -> Result<Option<State>, F::Error> {
    let forget = async |lease: &Held<'_>| {
        front.acquired(&**lease);
        let mut state = state_without_run(&**lease).await?;
        let before = base(&state);
        let mut users = Vec::new();
        for of in addresses {
            let others = dependants(&state, of).filter(|other| !addresses.contains(*other));
            users.extend(others.map(|other| (other.clone(), of.clone())));
        }
        let mut taken = Vec::new();
        for address in addresses {
            let objects = take_out(&mut state, address).map_err(EditError::from)?;
            taken.push((address.clone(), objects));
        }
        let review = EditReview::Forget { stack, taken: &taken, dependants: &users };
        if !confirmed(lease, &review, front).await? {
            return Ok(None);
        }
        Ok(Some(lease.revise(state, &before).await.map_err(EditError::from)?))
    };
    states.under_lease(stack, holder, forget).await
}
