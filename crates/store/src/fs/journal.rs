//! Writing the journal. Concurrent appends share one fsync (group commit).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::atomic::io;
use super::disk::{Disk, DiskFile, Identity};
use super::files::Files;
use super::lock::Held;
use crate::error::StoreError;
use rstack_journal::Entry;
use rstack_journal::Tail;

/// The journal of a run. Shared by all its operations.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    identity: Identity,
    disk: Arc<dyn Disk>,
    lock: Arc<Held>,
    inner: Mutex<Inner>,
    synced: Condvar,
}

#[derive(Debug)]
struct Inner {
    tail: Tail,
    /// The number of records that are durable.
    durable: u64,
    syncing: bool,
    broken: bool,
}

impl Journal {
    pub(crate) fn new(
        files: &Files,
        lock: &Arc<Held>,
        file: Box<dyn DiskFile>,
        tail: Tail,
    ) -> Result<Self, StoreError> {
        let durable = tail.count;
        let path = files.journal.clone();
        Ok(Self {
            identity: file.metadata().map_err(io("read", &path))?.identity,
            path,
            file,
            disk: Arc::clone(&files.disk),
            lock: Arc::clone(lock),
            inner: Mutex::new(Inner { tail, durable, syncing: false, broken: false }),
            synced: Condvar::new(),
        })
    }

    fn lock_inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if appending may take time: see [`DiskFile::blocks`].
    pub fn blocks(&self) -> bool {
        self.file.blocks()
    }

    /// Refuses if this process may not write any more: its lock is lost, or the journal that the
    /// next command is going to read is another file.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], [`StoreError::JournalLost`], or if it cannot be determined.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.lock.verify()?;
        match self.disk.identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(StoreError::JournalLost { location: (&self.path).into() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::JournalLost { location: (&self.path).into() })
            }
            Err(error) => Err(io("read", &self.path)(error)),
        }
    }

    /// Appends a record. When this returns, it is durable, and the lock was held all the time.
    ///
    /// # Errors
    /// If it could not be made durable, or the lock is lost; from then on every append fails.
    pub fn append(&self, entry: &Entry) -> Result<(), StoreError> {
        let mut inner = self.lock_inner();
        if inner.broken {
            self.verify()?;
            return Err(StoreError::Broken { location: (&self.path).into() });
        }
        if let Err(error) = self.verify() {
            inner.broken = true;
            self.synced.notify_all();
            return Err(error);
        }
        let (line, tail) = inner.tail.line(entry).map_err(|error| StoreError::Damaged {
            location: (&self.path).into(),
            problem: error.to_string(),
        })?;
        if let Err(error) = self.file.write(&line) {
            inner.broken = true;
            self.synced.notify_all();
            return Err(io("write", &self.path)(error));
        }
        let mine = tail.count;
        inner.tail = tail;
        loop {
            if inner.durable >= mine {
                return Ok(());
            }
            if inner.broken {
                return Err(StoreError::Broken { location: (&self.path).into() });
            }
            if inner.syncing {
                inner = self.synced.wait(inner).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            // This append syncs for all that were written up to now.
            let written = inner.tail.count;
            inner.syncing = true;
            drop(inner);
            let result = self.file.sync_data();
            // A process may have slept before its record was durable, too.
            let result = result.map_err(io("sync", &self.path)).and_then(|()| self.verify());
            inner = self.lock_inner();
            inner.syncing = false;
            match result {
                Ok(()) => inner.durable = inner.durable.max(written),
                Err(error) => {
                    inner.broken = true;
                    self.synced.notify_all();
                    return Err(error);
                }
            }
            self.synced.notify_all();
        }
    }
}
