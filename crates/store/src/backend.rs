//! The contract of every place where states are kept.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use rstack_journal::Entry;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{LockId, StackName};

use crate::error::StoreError;
use crate::holder::{LockHolder, Unlocked};
use crate::key::DigestKey;
use crate::location::Location;
use crate::stored::{Stored, Version};

/// A place where the states and journals of stacks are kept.
#[async_trait]
pub trait StateBackend: Debug + Send + Sync {
    /// The location of the whole store, for messages.
    fn location(&self) -> Location;

    /// The stacks with a state or an open run, by name.
    ///
    /// # Errors
    /// If they cannot be listed.
    async fn stacks(&self) -> Result<Vec<StackName>, StoreError>;

    /// The state and the open run of a stack, read without its lease: a run may be adding to it.
    ///
    /// # Errors
    /// [`StoreError`] for whatever is wrong with them.
    async fn read(&self, stack: &StackName) -> Result<Stored, StoreError>;

    /// The present state of a stack in the format that states are kept in, as [`parse_state`] reads it;
    /// `None` if there is none.
    ///
    /// [`parse_state`]: crate::parse_state
    ///
    /// # Errors
    /// As [`Self::read`].
    async fn copy(&self, stack: &StackName) -> Result<Option<Vec<u8>>, StoreError>;

    /// The kept states of a stack, the present one among them: those of its lineage first, and the
    /// newest first. A kept state that cannot be used says so itself.
    ///
    /// # Errors
    /// If they cannot be listed.
    async fn history(&self, stack: &StackName) -> Result<Vec<Version>, StoreError>;

    /// The right to write of a stack, for one holder at a time.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another holder has it; others if it cannot be taken.
    async fn acquire(
        &self,
        stack: &StackName,
        holder: &LockHolder,
    ) -> Result<Box<dyn Lease>, StoreError>;

    /// Removes the name of a dead holder. The lease of a living one is never taken away.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while the holder may be alive; others if that cannot be found out.
    async fn unlock(&self, stack: &StackName, id: &LockId) -> Result<Unlocked, StoreError>;

    /// The key for digests of secrets; made when there is none.
    ///
    /// # Errors
    /// If it cannot be read or made.
    async fn digest_key(&self) -> Result<DigestKey, StoreError>;
}

/// The right to write of one stack. It ends when it is [released](Lease::release), when its process
/// dies, or when it expires and another holder takes it over; from then on every write is refused with
/// [`StoreError::LeaseLost`], whatever this process believes.
#[async_trait]
pub trait Lease: Debug + Send + Sync {
    /// The stack.
    fn stack(&self) -> &StackName;

    /// The holder before this one, if it died with the lease or let it expire.
    fn dead_holder(&self) -> Option<&LockHolder>;

    /// The number of this lease: every later lease of the stack has a higher one, and no write of a
    /// lower one is accepted after it. `None` where the operating system takes the lease back with the
    /// process, so that no two holders can ever be alive.
    fn fencing_token(&self) -> Option<u64>;

    /// The time within which the lease is to be [renewed](Self::renew) while nothing is written; `None`
    /// if it does not expire.
    fn renew_within(&self) -> Option<Duration>;

    /// Renews the lease. Writing renews it, too, when it is due.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], or if it cannot be renewed.
    async fn renew(&self) -> Result<(), StoreError>;

    /// Refuses if this holder may not write any more.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], or if it cannot be found out.
    async fn verify(&self) -> Result<(), StoreError>;

    /// The state and the open run of the stack.
    ///
    /// # Errors
    /// [`StoreError`] for whatever is wrong with them.
    async fn read(&self) -> Result<Stored, StoreError>;

    /// The state of the stack, if no run is open.
    ///
    /// # Errors
    /// [`StoreError::OpenJournal`] while a run is open; others as [`Self::read`].
    async fn state_without_run(&self) -> Result<Option<State>, StoreError>;

    /// Begins the journal of a run with its first record.
    ///
    /// # Errors
    /// [`StoreError::OpenJournal`] while an earlier run is open; others if it cannot be written.
    async fn begin(&self, begin: &Entry) -> Result<Box<dyn JournalWriter>, StoreError>;

    /// Continues the journal of the open run. A last record that was cut off is dropped.
    ///
    /// # Errors
    /// If no run is open, or its journal cannot be used.
    async fn resume(&self) -> Result<Box<dyn JournalWriter>, StoreError>;

    /// Publishes a state as the successor of `base`, and ends the run that led to it, in one step.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the present state is not `base`; others if it cannot be written. Until
    /// the new state is in place the old one is.
    async fn publish(&self, state: State, base: &PlanBase) -> Result<State, StoreError>;

    /// [`Self::publish`] of a state that no run led to.
    ///
    /// # Errors
    /// [`StoreError::OpenJournal`] while a run is open; others as [`Self::publish`].
    async fn revise(&self, state: State, base: &PlanBase) -> Result<State, StoreError>;

    /// Puts a state in the place of the present one, whatever that is. Its serial is higher than both,
    /// so that no plan that was made from either can be applied to it.
    ///
    /// # Errors
    /// As [`Self::revise`], but for [`StoreError::Moved`].
    async fn replace(&self, state: State) -> Result<State, StoreError>;

    /// Publishes the last state of a stack of which nothing exists any more, and removes the stack. Its
    /// kept states stay.
    ///
    /// # Errors
    /// As [`Self::publish`].
    async fn retire(&self, state: State, base: &PlanBase) -> Result<(), StoreError>;

    /// Releases the lease. A lease that is dropped without is released by the operating system, or
    /// expires.
    ///
    /// # Errors
    /// If it was lost, or cannot be released.
    async fn release(self: Box<Self>) -> Result<(), StoreError>;
}

/// The journal of an open run, shared by all its operations.
#[async_trait]
pub trait JournalWriter: Debug + Send + Sync {
    /// Appends a record. When this returns, the record and all before it are durable, and the lease was
    /// held. Concurrent appends may share one write.
    ///
    /// # Errors
    /// If the record may not be durable, or the lease is lost; from then on every append fails.
    async fn append(&self, entry: &Entry) -> Result<(), StoreError>;

    /// Refuses if this holder may not write any more, or the journal that the next one is going to read
    /// is another one. For those who have waited since their last record.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], [`StoreError::JournalLost`], or if it cannot be found out.
    async fn verify(&self) -> Result<(), StoreError>;
}
