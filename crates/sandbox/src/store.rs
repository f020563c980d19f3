//! The inventory behind its lock: in memory, or in a file that other processes may write, too.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::SandboxError;
use crate::file::{self, Loaded, Locked, SandboxFile, Source};
use crate::inventory::Inventory;

/// The number of times that this process syncs before another one may have the lock.
const TURNS: u32 = 16;

/// The inventory and where it is kept.
#[derive(Debug)]
pub(crate) struct Store {
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Memory(Mutex<Inventory>),
    File(Shared),
}

/// A file, and the calls of this process that are at it. Calls that change something at the same
/// time share one sync; the lock is held from the first of them until all of them are durable, so
/// that no other process sees what may still be lost.
#[derive(Debug)]
struct Shared {
    file: SandboxFile,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    loaded: Option<Loaded>,
    locked: Option<Locked>,
    /// Records that are not in the file yet.
    pending: Vec<u8>,
    /// The bytes of the file that are durable.
    length: u64,
    /// The number of calls that have changed something, and of those whose changes are durable.
    made: u64,
    durable: u64,
    syncing: bool,
    /// The number of syncs since the lock was taken.
    turns: u32,
    /// The number of failed writes, and the last failure.
    failures: u64,
    failure: Option<Failure>,
}

/// A failed write, for each call whose changes were lost by it.
#[derive(Clone, Debug)]
struct Failure {
    kind: io::ErrorKind,
    message: String,
    /// It is not known whether the changes are in the file.
    in_doubt: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens a store and reads its file, if it has one.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, SandboxError> {
        let Some(path) = path else { return Ok(Self::of(Inventory::default())) };
        let (file, inner) = (SandboxFile::new(path), Mutex::default());
        let store = Self { kept: Kept::File(Shared { file, inner, changed: Condvar::new() }) };
        store.with(|_| ())?;
        Ok(store)
    }

    /// A store in memory that holds this inventory.
    pub(crate) fn of(inventory: Inventory) -> Self {
        Self { kept: Kept::Memory(Mutex::new(inventory)) }
    }

    /// Works on the inventory as it is now. What `work` changes is on the disk when this returns;
    /// when it cannot be written it did not happen.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Inventory) -> T,
    ) -> Result<T, SandboxError> {
        match &self.kept {
            Kept::Memory(inventory) => {
                let mut inventory = lock(inventory);
                let result = work(&mut inventory);
                inventory.take_changes(|_| ());
                Ok(result)
            }
            Kept::File(shared) => shared.with(work),
        }
    }

    /// [`Self::with`] off the threads that drive futures, if it has a file.
    pub(crate) async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Inventory) -> T + Send + 'static,
    ) -> Result<T, SandboxError> {
        if matches!(self.kept, Kept::Memory(_)) {
            return self.with(work);
        }
        let store = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || store.with(work));
        task.await.map_err(|_| SandboxError::CutOff)?
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| {
            // A call panicked in the middle of its changes.
            self.inner.clear_poison();
            let mut inner = poisoned.into_inner();
            inner.fail(&io::ErrorKind::Other.into(), false);
            self.changed.notify_all();
            inner
        })
    }

    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inventory) -> T) -> Result<T, SandboxError> {
        let mut inner = self.lock();
        while inner.locked.is_some() && inner.turns >= TURNS {
            inner = self.wait(inner);
        }
        let failures = inner.failures;
        let result = self.work(&mut inner, work);
        let mine = inner.made;
        // A call that has only read has seen what others changed, and waits until it is durable.
        while result.is_ok() && inner.failures == failures && inner.durable < mine {
            inner = if inner.syncing { self.wait(inner) } else { self.sync(inner) };
        }
        if !inner.syncing && inner.durable == inner.made && inner.locked.take().is_some() {
            self.changed.notify_all();
        }
        match &inner.failure {
            Some(failure) if inner.failures != failures => Err(failure.of(&self.file)),
            Some(_) | None => result,
        }
    }

    /// Works on the inventory, and notes what was changed.
    fn work<T>(
        &self,
        inner: &mut Inner,
        work: impl FnOnce(&mut Inventory) -> T,
    ) -> Result<T, SandboxError> {
        let locked = match inner.locked.take() {
            Some(locked) => locked,
            None => {
                let locked = self.file.lock()?;
                let loaded = self.file.refresh(&locked, inner.loaded.take())?;
                inner.turns = 0;
                inner.length = match &loaded.source {
                    Source::Log(log) => log.tail.length,
                    Source::Absent | Source::Legacy(_) => 0,
                };
                inner.loaded = Some(loaded);
                locked
            }
        };
        inner.locked = Some(locked);
        let Some(loaded) = &mut inner.loaded else { return Err(SandboxError::CutOff) };
        let result = work(&mut loaded.inventory);
        let tail = match &loaded.source {
            Source::Log(log) => Some(log.tail.clone()),
            Source::Absent | Source::Legacy(_) => None,
        };
        let lines = loaded.inventory.take_changes(|changes| match &tail {
            Some(tail) => tail.line(changes).map(Some),
            // The whole inventory is going to be written.
            None => Ok(None),
        });
        let Some(line) = lines else { return Ok(result) };
        match (line, &mut loaded.source) {
            (Ok(Some((line, next))), Source::Log(log)) => {
                inner.pending.extend(line);
                log.tail = next;
            }
            (Ok(_), _) => {}
            (Err(error), _) => {
                inner.fail(&error.into(), false);
                self.changed.notify_all();
                return Ok(result);
            }
        }
        inner.made += 1;
        Ok(result)
    }

    /// Makes durable all that was changed up to now.
    fn sync<'a>(&'a self, mut guard: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        let inner = &mut *guard;
        let (Some(loaded), Some(locked)) = (&mut inner.loaded, &inner.locked) else {
            inner.fail(&io::ErrorKind::NotFound.into(), true);
            return guard;
        };
        if let Err(error) = locked.may_write() {
            inner.fail(&error, false);
            self.changed.notify_all();
            return guard;
        }
        inner.turns = inner.turns.saturating_add(1);
        let (written, failures) = (inner.made, inner.failures);
        let long = match &mut loaded.source {
            Source::Log(log) => log.is_long(&loaded.inventory),
            Source::Absent | Source::Legacy(_) => true,
        };
        let log = match &loaded.source {
            Source::Log(log) if !long => log.clone(),
            Source::Log(_) | Source::Absent | Source::Legacy(_) => {
                match self.file.rewrite(locked, &loaded.inventory, &loaded.source) {
                    Ok(log) => {
                        inner.length = log.tail.length;
                        loaded.source = Source::Log(log);
                        inner.pending.clear();
                        inner.durable = written;
                    }
                    Err(SandboxError::InDoubt { source, .. }) => inner.fail(&source, true),
                    Err(SandboxError::Io { source, .. }) => inner.fail(&source, false),
                    Err(_) => inner.fail(&io::ErrorKind::Other.into(), false),
                }
                self.changed.notify_all();
                return guard;
            }
        };
        let (lines, at) = (std::mem::take(&mut inner.pending), inner.length);
        inner.syncing = true;
        drop(guard);
        let done = file::append(&log.file, at, &lines);
        let in_doubt = done.is_err() && file::take_back(&log.file, at).is_err();
        let mut guard = self.lock();
        guard.syncing = false;
        match done {
            Ok(()) if guard.failures != failures => {}
            Ok(()) => {
                guard.length = at.saturating_add(lines.len() as u64);
                guard.durable = written;
            }
            Err(error) => guard.fail(&error, in_doubt),
        }
        self.changed.notify_all();
        guard
    }
}

impl Inner {
    /// Drops the inventory in memory, which is not the one on the disk: it is read again, and every
    /// call that has seen it fails.
    fn fail(&mut self, error: &io::Error, in_doubt: bool) {
        self.failures += 1;
        self.failure = Some(Failure { kind: error.kind(), message: error.to_string(), in_doubt });
        self.loaded = None;
        self.locked = None;
        self.pending.clear();
        self.durable = self.made;
    }
}

impl Failure {
    fn of(&self, file: &SandboxFile) -> SandboxError {
        let source = io::Error::new(self.kind, self.message.clone());
        if self.in_doubt { file.in_doubt(source) } else { file.failed("written")(source) }
    }
}
