//! Writing the journal. Concurrent appends share one fsync (group commit).

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::atomic::io;
use crate::disk::DiskFile;
use crate::entry::Entry;
use crate::error::StateError;
use crate::record::Tail;

/// The journal of a run. Shared by all its operations.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    inner: Mutex<Inner>,
    synced: Condvar,
}

#[derive(Debug)]
struct Inner {
    tail: Tail,
    /// How many records are durable.
    durable: u64,
    syncing: bool,
    broken: bool,
}

impl Journal {
    pub(crate) fn new(path: &Path, file: Box<dyn DiskFile>, tail: Tail) -> Self {
        let durable = tail.count;
        Self {
            path: path.to_owned(),
            file,
            inner: Mutex::new(Inner { tail, durable, syncing: false, broken: false }),
            synced: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether appending may take time: see [`DiskFile::blocks`].
    pub fn blocks(&self) -> bool {
        self.file.blocks()
    }

    /// Appends a record. When this returns, it is durable.
    ///
    /// # Errors
    /// If it could not be made durable; from then on every append fails.
    pub fn append(&self, entry: &Entry) -> Result<(), StateError> {
        let mut inner = self.lock();
        if inner.broken {
            return Err(StateError::Broken { path: self.path.clone() });
        }
        let (line, tail) = inner.tail.line(entry).map_err(|error| StateError::Damaged {
            path: self.path.clone(),
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
                return Err(StateError::Broken { path: self.path.clone() });
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
            inner = self.lock();
            inner.syncing = false;
            match result {
                Ok(()) => inner.durable = inner.durable.max(written),
                Err(error) => {
                    inner.broken = true;
                    self.synced.notify_all();
                    return Err(io("sync", &self.path)(error));
                }
            }
            self.synced.notify_all();
        }
    }
}
