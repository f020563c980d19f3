//! The states of all stacks in an object store.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::ObjectStore;
use object_store::path::Path;
use rstack_model::{LockId, StackName};

use super::clock::Clock;
use super::current::Stack;
use super::holding::Holding;
use super::lease::ObjectLease;
use super::names::Names;
use super::objects::{Condition, Objects, Put};
use crate::backend::{Lease, StateBackend};
use crate::error::StoreError;
use crate::holder::{LockHolder, Unlocked};
use crate::key::DigestKey;
use crate::location::Location;
use crate::stored::{Stored, Version};

/// The number of states of a stack that are kept, the present one among them.
const KEPT: usize = 10;
/// The time that a lease lasts without being renewed.
const DURATION: Duration = Duration::from_secs(60);

/// A folder of an object store in which states are kept.
#[derive(Clone, Debug)]
pub struct ObjectStateStore {
    objects: Objects,
    root: Path,
    clock: Arc<dyn Clock>,
    duration: Duration,
    keep: usize,
}

impl ObjectStateStore {
    /// The states below `root`. `label` comes before the name of every object in messages, as
    /// `memory:` or `s3://bucket/`.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        label: &str,
        root: &str,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (objects, root) = (Objects::new(store, label), Path::from(root));
        Self { objects, root, clock, duration: DURATION, keep: KEPT }
    }

    /// The store with leases that last so long without being renewed.
    #[must_use]
    pub fn leasing_for(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    /// The store with so many kept states of each stack.
    #[must_use]
    pub fn keeping(self, states: NonZeroUsize) -> Self {
        Self { keep: states.get(), ..self }
    }

    fn stack(&self, name: &StackName) -> Stack {
        let names = Names::new(&self.root, name);
        Stack { objects: self.objects.clone(), names, name: name.clone() }
    }

    fn key(&self) -> Path {
        self.root.clone().join("digest-key")
    }
}

#[async_trait]
impl StateBackend for ObjectStateStore {
    fn location(&self) -> Location {
        self.objects.location(&self.root)
    }

    async fn stacks(&self) -> Result<Vec<StackName>, StoreError> {
        let mut stacks = Vec::new();
        for folder in self.objects.folders(&self.root).await? {
            let name = folder.filename().and_then(|name| StackName::parse(name).ok());
            let Some(name) = name else { continue };
            let (current, _) = self.stack(&name).current().await?;
            if current.state.is_some() || current.run.is_some() {
                stacks.push(name);
            }
        }
        stacks.sort();
        Ok(stacks)
    }

    async fn read(&self, stack: &StackName) -> Result<Stored, StoreError> {
        Ok(self.stack(stack).read().await?.stored())
    }

    async fn copy(&self, stack: &StackName) -> Result<Option<Vec<u8>>, StoreError> {
        self.stack(stack).copy().await
    }

    async fn history(&self, stack: &StackName) -> Result<Vec<Version>, StoreError> {
        self.stack(stack).history().await
    }

    async fn acquire(
        &self,
        stack: &StackName,
        holder: &LockHolder,
    ) -> Result<Box<dyn Lease>, StoreError> {
        let (stack, clock) = (self.stack(stack), Arc::clone(&self.clock));
        let holding = Holding::take(stack, holder, clock, self.duration).await?;
        Ok(Box::new(ObjectLease::fenced(holding, self.keep).await?))
    }

    async fn unlock(&self, stack: &StackName, id: &LockId) -> Result<Unlocked, StoreError> {
        self.stack(stack).unlock(id, self.clock.as_ref()).await
    }

    async fn digest_key(&self) -> Result<DigestKey, StoreError> {
        let path = self.key();
        let location = self.objects.location(&path);
        if let Some(found) = self.objects.get(&path).await? {
            return DigestKey::parse(&found.bytes, location);
        }
        let key = DigestKey::fresh();
        if let Put::Done(_) = self.objects.put(&path, &key, &Condition::Absent).await? {
            return DigestKey::parse(&key, location);
        }
        // Another process was faster: its key is the one of the store.
        let found = self.objects.get(&path).await?.map(|found| found.bytes).unwrap_or_default();
        DigestKey::parse(&found, location)
    }
}
