//! The store: one directory, some files for each stack.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::{LockId, StackName};

use super::atomic::{self, io};
use super::disk::{Disk, FileSystem, Kind};
use super::files::Files;
use super::locked::LockedStack;
use crate::error::StoreError;
use crate::holder::{LockHolder, Unlocked};
use crate::key::DigestKey;
use crate::stored::{Stored, Version};

/// The number of states of a stack that are kept beside its own.
const BACKUPS: usize = 10;

/// A directory of states.
#[derive(Clone, Debug)]
pub struct StateStore {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    backups: usize,
}

impl StateStore {
    /// The store in this directory. Nothing is made before something is to be stored.
    ///
    /// # Errors
    /// If there is something else than a directory.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::on(Arc::new(FileSystem), directory)
    }

    /// [`Self::open`] on another disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn on(disk: Arc<dyn Disk>, directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        // A link with a slash behind it is its target; without, it is itself.
        let directory: PathBuf = directory.into().components().collect();
        match disk.own_kind(&directory) {
            Ok(Kind::File | Kind::Other) => {
                Err(StoreError::NotADirectory { location: directory.into() })
            }
            Err(error)
                if error.kind() != std::io::ErrorKind::NotFound
                    && error.kind() != std::io::ErrorKind::NotADirectory =>
            {
                Err(io("read", &directory)(error))
            }
            Ok(Kind::Directory) | Err(_) => Ok(Self { disk, directory, backups: BACKUPS }),
        }
    }

    /// The store with so many backups of each stack.
    #[must_use]
    pub fn keeping(self, backups: NonZeroUsize) -> Self {
        Self { backups: backups.get(), ..self }
    }

    fn files(&self, stack: &StackName) -> Files {
        Files::new(&self.disk, &self.directory, stack, self.backups)
    }

    /// The stacks that are stored, by name.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn stacks(&self) -> Result<Vec<StackName>, StoreError> {
        let paths = match self.disk.list(&self.directory) {
            Ok(paths) => paths,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io("read", &self.directory)(error)),
        };
        let mut stacks = Vec::new();
        for path in paths {
            let known = path.extension().is_some_and(|e| e == "json" || e == "journal");
            let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| known);
            stacks.extend(stem.and_then(|stem| StackName::parse(stem).ok()));
        }
        stacks.sort();
        stacks.dedup();
        Ok(stacks)
    }

    /// The stored state and journal of a stack, without its lock: a run may be at it.
    ///
    /// # Errors
    /// [`StoreError`] for whatever is wrong with the files.
    pub fn read(&self, stack: &StackName) -> Result<Stored, StoreError> {
        Ok(self.files(stack).read()?.stored)
    }

    /// The states of a stack that are kept, the present one among them: those of its lineage first,
    /// and the newest first.
    ///
    /// # Errors
    /// If the directory of the backups cannot be read. What is wrong with one of them is said
    /// there.
    pub fn backups(&self, stack: &StackName) -> Result<Vec<Version>, StoreError> {
        let files = self.files(stack);
        // What is wrong with the state is no reason not to look for another one.
        let lineage = files.read().ok().and_then(|read| read.stored.state).map(|s| s.lineage);
        files.backups.list(lineage.as_ref())
    }

    /// Takes the lock of a stack.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process has it, others if the directory cannot be used.
    pub fn lock(&self, stack: &StackName, holder: &LockHolder) -> Result<LockedStack, StoreError> {
        LockedStack::take(self.files(stack), holder)
    }

    /// True if there is anything of a stack: a state, a journal, or a state that is kept.
    ///
    /// # Errors
    /// If it cannot be determined.
    pub fn is_known(&self, stack: &StackName) -> Result<bool, StoreError> {
        let files = self.files(stack);
        for path in [&files.state, &files.journal] {
            match self.disk.own_kind(path) {
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(io("read", path)(error)),
            }
        }
        Ok(!files.backups.list(None)?.is_empty())
    }

    /// The bytes of a stack's state file, if it is sound.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn copy(&self, stack: &StackName) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files(stack).read()?.bytes)
    }

    /// Removes the name of a dead holder from the lock file. The lock of a living one is never
    /// taken away: the operating system releases it when the process ends.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if a process has the lock; others if the file cannot be used.
    pub fn unlock(&self, stack: &StackName, id: &LockId) -> Result<Unlocked, StoreError> {
        super::lock::unlock(self.disk.as_ref(), &self.files(stack).lock, stack, id)
    }

    /// The key for digests of secrets; made when there is none.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn digest_key(&self) -> Result<DigestKey, StoreError> {
        atomic::directory(self.disk.as_ref(), &self.directory)?;
        super::key::load(self.disk.as_ref(), &self.directory)
    }

    /// The directory, for messages.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}
