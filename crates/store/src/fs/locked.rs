//! A stack whose lock is held: every writer has one.

use std::path::Path;
use std::sync::Arc;

use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{Serial, StackName};

use super::atomic::{self, io};
use super::disk::Access;
use super::files::{Contents, Files};
use super::journal::Journal;
use super::lock::Held;
use crate::content::{Content, Written};
use crate::error::StoreError;
use crate::holder::LockHolder;
use crate::stored::{Stored, check_base};
use rstack_journal::Entry;
use rstack_journal::Tail;

/// A stack whose lock is held.
#[derive(Debug)]
pub struct LockedStack {
    pub(crate) files: Files,
    lock: Arc<Held>,
}

impl LockedStack {
    /// Takes the lock, and removes the temporary files of writers that died.
    pub(crate) fn take(files: Files, holder: &LockHolder) -> Result<Self, StoreError> {
        let disk = files.disk.as_ref();
        atomic::directory(disk, &files.directory)?;
        atomic::sync_found(disk, &files.directory)?;
        let lock = Held::take(&files.disk, &files.lock, &files.stack, holder)?;
        atomic::remove_stale_temporaries(disk, &files.directory, &files.stack)?;
        atomic::remove_stale_temporaries(disk, &files.backups.directory, &files.stack)?;
        Ok(Self { files, lock: Arc::new(lock) })
    }

    /// The stored state and journal of the stack.
    ///
    /// # Errors
    /// [`StoreError`] for whatever is wrong with the files.
    pub fn read(&self) -> Result<Stored, StoreError> {
        Ok(self.files.read()?.stored)
    }

    /// Refuses if the lock is lost, because its file was removed, replaced or moved away.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], or if it cannot be determined.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.lock.verify()
    }

    /// The holder of the lock before, which died with it.
    pub fn dead_holder(&self) -> Option<&LockHolder> {
        self.lock.dead.as_ref()
    }

    /// Begins the journal of a run.
    ///
    /// # Errors
    /// [`StoreError::OpenJournal`] if an earlier run has not been folded in yet; others if the
    /// journal cannot be made.
    pub fn begin(&self, begin: &Entry) -> Result<Journal, StoreError> {
        let (disk, path) = (self.files.disk.as_ref(), &self.files.journal);
        self.verify()?;
        self.refuse_journal(&self.read()?)?;
        atomic::remove(disk, path)?;
        let file = disk.open(path, Access::New).map_err(io("create", path))?;
        atomic::sync_parent(disk, path)?;
        let journal = Journal::new(&self.files, &self.lock, file, Tail::default())?;
        journal.append(begin)?;
        Ok(journal)
    }

    /// Goes on with the journal that is there. A record that was cut off is removed first.
    ///
    /// # Errors
    /// If there is none, or it cannot be read or written.
    pub fn resume(&self) -> Result<Journal, StoreError> {
        let path = &self.files.journal;
        self.verify()?;
        let tail = self.files.read()?.tail;
        let missing = || StoreError::Damaged {
            location: path.into(),
            problem: "there is no journal to go on with".to_owned(),
        };
        let disk = self.files.disk.as_ref();
        let file = atomic::open(disk, path, Access::Write)?.ok_or_else(missing)?;
        file.truncate(tail.length).map_err(io("truncate", path))?;
        file.sync().map_err(io("sync", path))?;
        Journal::new(&self.files, &self.lock, file, tail)
    }

    /// Publishes a state as the successor of `base`, and removes the journal that led to it.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the state on disk is not `base`; others if it cannot be written.
    /// The old state is in place until the new one is.
    pub fn publish(&self, mut state: State, base: &PlanBase) -> Result<State, StoreError> {
        self.verify()?;
        let mut contents = self.files.read()?;
        // Only the end of the journal is needed from here on.
        contents.stored.journal = None;
        let found = contents.stored.state.as_ref();
        let found =
            found.map(|found| PlanBase { lineage: found.lineage.clone(), serial: found.serial });
        check_base(found, base)?;
        state.serial = base.serial.next();
        self.put(state, contents)
    }

    /// [`Self::publish`] of a state that no run has led to.
    ///
    /// # Errors
    /// [`StoreError::OpenJournal`] if an earlier run has not been folded in yet; others as
    /// [`Self::publish`].
    pub fn revise(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        self.refuse_journal(&self.read()?)?;
        self.publish(state, base)
    }

    /// Puts a state in the place of whatever is there. Its serial is higher than both, so that no
    /// plan that was made from either of them can be applied to it.
    ///
    /// # Errors
    /// As [`Self::revise`], but for [`StoreError::Moved`].
    pub fn replace(&self, mut state: State) -> Result<State, StoreError> {
        self.verify()?;
        let contents = self.files.read()?;
        self.refuse_journal(&contents.stored)?;
        let found = contents.stored.state.as_ref().map_or(Serial(0), |found| found.serial);
        state.serial = found.max(state.serial).next();
        self.put(state, contents)
    }

    /// Publishes the state of a stack of which no object exists any more, and removes it: a reader
    /// in between sees an empty stack.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn retire(&self, state: State, base: &PlanBase) -> Result<(), StoreError> {
        self.publish(state, base)?;
        atomic::remove(self.files.disk.as_ref(), &self.files.state)
    }

    /// Copies of the old state and of the new one are kept before the new one takes its place.
    fn put(&self, state: State, contents: Contents) -> Result<State, StoreError> {
        let Files { disk, stack, state: path, journal, backups, .. } = &self.files;
        let disk = disk.as_ref();
        if let (Some(old), Some(bytes)) = (&contents.stored.state, &contents.bytes) {
            backups.keep(old, bytes)?;
        }
        let content = Content::new(state, contents.tail.digest, Some(self.written()));
        let bytes = content.bytes(path)?;
        backups.keep(&content.state, &bytes)?;
        let unpublished = atomic::write(disk, path, stack, &bytes)?;
        self.verify()?;
        unpublished.publish()?;
        atomic::remove(disk, journal)?;
        backups.prune(&content.state.lineage)?;
        Ok(content.state)
    }

    pub(crate) fn written(&self) -> Written {
        Written::by(&self.lock.holder)
    }

    pub(crate) fn refuse_journal(&self, stored: &Stored) -> Result<(), StoreError> {
        match stored.journal {
            Some(_) => Err(StoreError::OpenJournal { location: (&self.files.journal).into() }),
            None => Ok(()),
        }
    }

    /// The stack.
    pub fn stack(&self) -> &StackName {
        &self.files.stack
    }

    /// The journal, for messages.
    pub fn journal_path(&self) -> &Path {
        &self.files.journal
    }

    /// The state file, for messages.
    pub fn state_path(&self) -> &Path {
        &self.files.state
    }
}
