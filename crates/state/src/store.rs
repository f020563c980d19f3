//! The store: one directory, three files for each stack.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{Serial, StackName};

use crate::atomic::{self, io};
use crate::disk::{Access, Disk, DiskFile, FileSystem, Kind};
use crate::entry::Entry;
use crate::error::StateError;
use crate::file::Content;
use crate::journal::Journal;
use crate::key::DigestKey;
use crate::lock::{LockHolder, take};
use crate::record::{self, Records, Tail};

/// A directory of states.
#[derive(Clone, Debug)]
pub struct StateStore {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
}

/// What is stored of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// The last published state.
    pub state: Option<State>,
    /// The records of a run that has not been published.
    pub journal: Option<Vec<Entry>>,
    /// Whether a last record was cut off while it was written, and so left out.
    pub torn: bool,
}

/// A stack whose lock is held.
#[derive(Debug)]
pub struct LockedStack {
    files: Files,
    _lock: Box<dyn DiskFile>,
}

#[derive(Clone, Debug)]
struct Files {
    disk: Arc<dyn Disk>,
    stack: StackName,
    state: PathBuf,
    journal: PathBuf,
    lock: PathBuf,
}

impl StateStore {
    /// The store in this directory. Nothing is made before something is to be stored.
    ///
    /// # Errors
    /// If there is something else than a directory.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StateError> {
        Self::on(Arc::new(FileSystem), directory)
    }

    /// [`Self::open`] on another disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn on(disk: Arc<dyn Disk>, directory: impl Into<PathBuf>) -> Result<Self, StateError> {
        let directory = directory.into();
        match disk.kind(&directory) {
            Ok(Kind::File | Kind::Other) => Err(StateError::NotADirectory { path: directory }),
            Err(error)
                if error.kind() != std::io::ErrorKind::NotFound
                    && error.kind() != std::io::ErrorKind::NotADirectory =>
            {
                Err(io("read", &directory)(error))
            }
            Ok(Kind::Directory) | Err(_) => Ok(Self { disk, directory }),
        }
    }

    fn files(&self, stack: &StackName) -> Files {
        let file = |extension: &str| self.directory.join(format!("{stack}.{extension}"));
        Files {
            disk: Arc::clone(&self.disk),
            stack: stack.clone(),
            state: file("json"),
            journal: file("journal"),
            lock: file("lock"),
        }
    }

    /// The stacks that are stored, by name.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn stacks(&self) -> Result<Vec<StackName>, StateError> {
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

    /// What is stored of a stack, without its lock: a run may be at it.
    ///
    /// # Errors
    /// [`StateError`] for whatever is wrong with the files.
    pub fn read(&self, stack: &StackName) -> Result<Stored, StateError> {
        self.files(stack).read().map(|(stored, _)| stored)
    }

    /// Takes the lock of a stack.
    ///
    /// # Errors
    /// [`StateError::Locked`] if somebody else has it, others if the directory cannot be used.
    pub fn lock(&self, stack: &StackName, holder: &LockHolder) -> Result<LockedStack, StateError> {
        atomic::directory(self.disk.as_ref(), &self.directory)?;
        let files = self.files(stack);
        let lock = take(self.disk.as_ref(), &files.lock, stack, holder)?;
        Ok(LockedStack { files, _lock: lock })
    }

    /// The key for digests of secrets; made when there is none.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn digest_key(&self) -> Result<DigestKey, StateError> {
        atomic::directory(self.disk.as_ref(), &self.directory)?;
        DigestKey::load(self.disk.as_ref(), &self.directory.join(".key"))
    }
}

impl Files {
    fn content(&self) -> Result<Option<Content>, StateError> {
        let Some(bytes) = atomic::read(self.disk.as_ref(), &self.state)? else { return Ok(None) };
        Content::parse(&self.state, &bytes, &self.stack).map(Some)
    }

    fn records(&self) -> Result<Option<Records>, StateError> {
        let Some(bytes) = atomic::read(self.disk.as_ref(), &self.journal)? else { return Ok(None) };
        record::parse(&self.journal, &bytes).map(Some)
    }

    /// A journal whose last record the state remembers as folded in has nothing left to say: the
    /// writer died between publishing the state and removing the journal. So has an empty one.
    fn read(&self) -> Result<(Stored, Tail), StateError> {
        let content = self.content()?;
        let records = self.records()?;
        let folded = content.as_ref().and_then(|content| content.folded.clone());
        let state = content.map(|content| content.state);
        let Some(Records { entries, tail, torn }) = records else {
            return Ok((Stored { state, journal: None, torn: false }, Tail::default()));
        };
        let done = tail.digest.is_none() || (folded.is_some() && tail.digest == folded);
        let journal = (!done).then_some(entries);
        Ok((Stored { state, torn: torn && journal.is_some(), journal }, tail))
    }
}

impl LockedStack {
    /// What is stored of the stack.
    ///
    /// # Errors
    /// [`StateError`] for whatever is wrong with the files.
    pub fn read(&self) -> Result<Stored, StateError> {
        self.files.read().map(|(stored, _)| stored)
    }

    /// Begins the journal of a run.
    ///
    /// # Errors
    /// [`StateError::OpenJournal`] if an earlier run has not been folded in yet; others if the
    /// journal cannot be made.
    pub fn begin(&self, begin: &Entry) -> Result<Journal, StateError> {
        let (disk, path) = (self.files.disk.as_ref(), &self.files.journal);
        if self.files.records()?.is_some() {
            if self.read()?.journal.is_some() {
                return Err(StateError::OpenJournal { path: path.clone() });
            }
            atomic::remove(disk, path)?;
        }
        let file = disk.open(path, Access::New).map_err(io("create", path))?;
        atomic::sync_parent(disk, path)?;
        let journal = Journal::new(path, file, Tail::default());
        journal.append(begin)?;
        Ok(journal)
    }

    /// Goes on with the journal that is there. A record that was cut off is removed first.
    ///
    /// # Errors
    /// If there is none, or it cannot be read or written.
    pub fn resume(&self) -> Result<Journal, StateError> {
        let path = &self.files.journal;
        let (_, tail) = self.files.read()?;
        let missing = || StateError::Damaged {
            path: path.clone(),
            problem: "there is no journal to go on with".to_owned(),
        };
        let disk = self.files.disk.as_ref();
        let file = atomic::open(disk, path, Access::Write)?.ok_or_else(missing)?;
        file.truncate(tail.length).map_err(io("truncate", path))?;
        file.sync().map_err(io("sync", path))?;
        Ok(Journal::new(path, file, tail))
    }

    /// Publishes a state as the successor of `base`, and removes the journal that led to it.
    ///
    /// # Errors
    /// [`StateError::Moved`] if the state on disk is not `base`; others if it cannot be written.
    /// The old state is in place until the new one is.
    pub fn publish(&self, mut state: State, base: &PlanBase) -> Result<State, StateError> {
        let (stored, tail) = self.files.read()?;
        check_base(stored.state.as_ref(), base)?;
        state.serial = base.serial.next();
        let content = Content::new(state, tail.digest);
        let (disk, path) = (self.files.disk.as_ref(), &self.files.state);
        atomic::write(disk, path, &content.bytes(path)?)?.publish()?;
        atomic::remove(disk, &self.files.journal)?;
        Ok(content.state)
    }

    /// Publishes the state of a stack of which nothing exists any more, and removes it: whoever
    /// comes in between sees an empty stack.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn retire(&self, state: State, base: &PlanBase) -> Result<(), StateError> {
        self.publish(state, base)?;
        atomic::remove(self.files.disk.as_ref(), &self.files.state)
    }

    /// The stack.
    pub fn stack(&self) -> &StackName {
        &self.files.stack
    }

    /// The state file, for messages.
    pub fn state_path(&self) -> &Path {
        &self.files.state
    }
}

fn check_base(found: Option<&State>, base: &PlanBase) -> Result<(), StateError> {
    let name = |base: &PlanBase| format!("serial {} of {}", base.serial, base.lineage);
    let Some(found) = found else {
        if base.serial == Serial(0) {
            return Ok(());
        }
        return Err(StateError::Moved { expected: name(base), found: "nothing".to_owned() });
    };
    let found = PlanBase { lineage: found.lineage.clone(), serial: found.serial };
    if found == *base {
        return Ok(());
    }
    Err(StateError::Moved { expected: name(base), found: name(&found) })
}
