//! The places that the laws are tried in, and how a lease is lost there.

use std::fmt::Debug;
use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use rstack_store::object::{Clock, Timestamp};
use rstack_store::{Lease, ObjectStateStore, StateBackend, StateStore};

use crate::support::directory;

/// The time that a lease lasts here.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

#[async_trait]
pub(crate) trait Place {
    /// A backend as a process sees it that was just started.
    fn backend(&self) -> Box<dyn StateBackend>;

    /// True if it keeps the names of holders that die.
    async fn die(&self, lease: Box<dyn Lease>);

    /// Lets another process take the lease that one still believes to have.
    async fn lose(&self);

    /// Leaves behind what an append leaves that was cut off before it was acknowledged.
    async fn cut_off(&self);
}

#[derive(Debug)]
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(directory())
    }
}

#[async_trait]
impl Place for Files {
    fn backend(&self) -> Box<dyn StateBackend> {
        Box::new(StateStore::open(self.0.path()).unwrap())
    }

    async fn die(&self, lease: Box<dyn Lease>) {
        let lock = self.0.path().join("Live.lock");
        let name = fs::read(&lock).unwrap();
        drop(lease);
        // The operating system clears nothing.
        fs::write(&lock, name).unwrap();
    }

    async fn lose(&self) {
        fs::remove_file(self.0.path().join("Live.lock")).unwrap();
    }

    async fn cut_off(&self) {
        let path = self.0.path().join("Live.journal");
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"format\":1,\"number\":").unwrap();
    }
}

/// A clock that stands until a test moves it.
#[derive(Debug, Default)]
pub(crate) struct StandingClock(AtomicU64);

impl StandingClock {
    /// Another clock that says the same now.
    pub(crate) fn copy(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::SeqCst)))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Debug)]
pub(crate) struct ObjectPlace {
    pub(crate) memory: Arc<InMemory>,
    pub(crate) clock: Arc<StandingClock>,
}

impl ObjectPlace {
    pub(crate) fn new() -> Self {
        Self { memory: Arc::new(InMemory::new()), clock: Arc::default() }
    }

    /// The backend over another store that stands for this one.
    pub(crate) fn over(&self, store: Arc<dyn ObjectStore>) -> ObjectStateStore {
        self.by(&self.clock, store)
    }

    /// The backend as a machine sees it that has this clock.
    pub(crate) fn by(
        &self,
        clock: &Arc<StandingClock>,
        store: Arc<dyn ObjectStore>,
    ) -> ObjectStateStore {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        ObjectStateStore::new(store, "memory:", "stacks", clock).leasing_for(LEASE)
    }
}

#[async_trait]
impl Place for ObjectPlace {
    fn backend(&self) -> Box<dyn StateBackend> {
        Box::new(self.over(Arc::clone(&self.memory) as Arc<dyn ObjectStore>))
    }

    async fn die(&self, lease: Box<dyn Lease>) {
        drop(lease);
        self.clock.pass(LEASE);
    }

    async fn lose(&self) {
        self.clock.pass(LEASE);
    }

    /// Nothing of an object is there before all of it is; what can be left is an object that no
    /// pointer names.
    async fn cut_off(&self) {
        let orphan = Path::from("stacks/Live/journal/00000001-0009/00000000.json");
        self.memory.put(&orphan, PutPayload::from_static(b"{}\n")).await.unwrap();
        let orphan = Path::from("stacks/Live/state/00000007-00000001-000000000000.json");
        self.memory.put(&orphan, PutPayload::from_static(b"{}\n")).await.unwrap();
    }
}
