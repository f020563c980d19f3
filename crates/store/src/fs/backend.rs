//! The contract of backends, kept by files.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_journal::Entry;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{LockId, StackName};
use tokio::task::JoinError;

use super::journal::Journal;
use super::locked::LockedStack;
use super::store::StateStore;
use crate::backend::{JournalWriter, Lease, StateBackend};
use crate::error::StoreError;
use crate::holder::{LockHolder, Unlocked};
use crate::key::DigestKey;
use crate::location::Location;
use crate::stored::{Stored, Version};

#[async_trait]
impl StateBackend for StateStore {
    fn location(&self) -> Location {
        self.directory().into()
    }

    async fn stacks(&self) -> Result<Vec<StackName>, StoreError> {
        Self::stacks(self)
    }

    async fn read(&self, stack: &StackName) -> Result<Stored, StoreError> {
        Self::read(self, stack)
    }

    async fn copy(&self, stack: &StackName) -> Result<Option<Vec<u8>>, StoreError> {
        Self::copy(self, stack)
    }

    async fn history(&self, stack: &StackName) -> Result<Vec<Version>, StoreError> {
        self.backups(stack)
    }

    async fn acquire(
        &self,
        stack: &StackName,
        holder: &LockHolder,
    ) -> Result<Box<dyn Lease>, StoreError> {
        Ok(Box::new(self.lock(stack, holder)?))
    }

    async fn unlock(&self, stack: &StackName, id: &LockId) -> Result<Unlocked, StoreError> {
        Self::unlock(self, stack, id)
    }

    async fn digest_key(&self) -> Result<DigestKey, StoreError> {
        Self::digest_key(self)
    }
}

#[async_trait]
impl Lease for LockedStack {
    fn stack(&self) -> &StackName {
        Self::stack(self)
    }

    fn dead_holder(&self) -> Option<&LockHolder> {
        Self::dead_holder(self)
    }

    fn fencing_token(&self) -> Option<u64> {
        None
    }

    fn renew_within(&self) -> Option<Duration> {
        None
    }

    async fn renew(&self) -> Result<(), StoreError> {
        Self::verify(self)
    }

    async fn verify(&self) -> Result<(), StoreError> {
        Self::verify(self)
    }

    async fn read(&self) -> Result<Stored, StoreError> {
        Self::read(self)
    }

    async fn state_without_run(&self) -> Result<Option<State>, StoreError> {
        let stored = Self::read(self)?;
        self.refuse_journal(&stored)?;
        Ok(stored.state)
    }

    async fn begin(&self, begin: &Entry) -> Result<Box<dyn JournalWriter>, StoreError> {
        Ok(Box::new(Shared(Arc::new(Self::begin(self, begin)?))))
    }

    async fn resume(&self) -> Result<Box<dyn JournalWriter>, StoreError> {
        Ok(Box::new(Shared(Arc::new(Self::resume(self)?))))
    }

    async fn publish(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        Self::publish(self, state, base)
    }

    async fn revise(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        Self::revise(self, state, base)
    }

    async fn replace(&self, state: State) -> Result<State, StoreError> {
        Self::replace(self, state)
    }

    async fn retire(&self, state: State, base: &PlanBase) -> Result<(), StoreError> {
        Self::retire(self, state, base)
    }

    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        Self::verify(&self)
    }
}

/// A journal that threads share.
#[derive(Debug)]
struct Shared(Arc<Journal>);

#[async_trait]
impl JournalWriter for Shared {
    /// Writing and syncing that may take time happen on a thread that may block; concurrent appends
    /// share their sync.
    async fn append(&self, entry: &Entry) -> Result<(), StoreError> {
        let Self(journal) = self;
        if !journal.blocks() {
            return journal.append(entry);
        }
        let (shared, entry) = (Arc::clone(journal), entry.clone());
        let written = tokio::task::spawn_blocking(move || shared.append(&entry)).await;
        match written.map_err(JoinError::try_into_panic) {
            Ok(result) => result,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The runtime ends: it is not known whether the record was written.
            Err(Err(_)) => Err(StoreError::Broken { location: journal.path().into() }),
        }
    }

    async fn verify(&self) -> Result<(), StoreError> {
        self.0.verify()
    }
}
