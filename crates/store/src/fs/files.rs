//! The files of one stack.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::StackName;

use super::atomic;
use super::backup::Backups;
use super::disk::Disk;
use crate::content::Content;
use crate::error::StoreError;
use crate::records;
use crate::stored::Stored;
use rstack_journal::{Records, Tail};

/// Where the files of a stack are, and how they are read.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) stack: StackName,
    pub(crate) directory: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) journal: PathBuf,
    pub(crate) lock: PathBuf,
    pub(crate) backups: Backups,
}

/// Everything that the files of a stack say.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) stored: Stored,
    /// The end of the journal.
    pub(crate) tail: Tail,
    /// The bytes of the state file.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Files {
    pub(crate) fn new(
        disk: &Arc<dyn Disk>,
        directory: &Path,
        stack: &StackName,
        backups: usize,
    ) -> Self {
        let file = |extension: &str| directory.join(format!("{stack}.{extension}"));
        Self {
            disk: Arc::clone(disk),
            stack: stack.clone(),
            directory: directory.to_owned(),
            state: file("json"),
            journal: file("journal"),
            lock: file("lock"),
            backups: Backups {
                disk: Arc::clone(disk),
                stack: stack.clone(),
                directory: file("backup"),
                count: backups,
            },
        }
    }

    /// The state and the journal. A journal whose last record the state remembers as folded in is
    /// stale and left out: the writer died between publishing the state and removing the journal.
    /// An empty one is left out, too.
    pub(crate) fn read(&self) -> Result<Contents, StoreError> {
        // The journal first: the holder of the lock publishes the state and then removes the
        // journal, and neither an old state without its journal may be seen nor a journal without
        // its state.
        let journal = atomic::read(self.disk.as_ref(), &self.journal)?;
        let bytes = atomic::read(self.disk.as_ref(), &self.state)?;
        let parse = |bytes: &Vec<u8>| Content::parse(&self.state, bytes, &self.stack);
        let content = bytes.as_ref().map(parse).transpose()?;
        let (folded, written, state) = match content {
            Some(Content { folded, written, state, .. }) => (folded, written, Some(state)),
            None => (None, None, None),
        };
        let records = journal.map(|bytes| records::parse(&self.journal, &bytes, state.as_ref()));
        let Some(Records { entries, tail, torn }) = records.transpose()? else {
            let stored = Stored { state, written, journal: None, torn: false };
            return Ok(Contents { stored, tail: Tail::default(), bytes });
        };
        let done = tail.digest.is_none() || (folded.is_some() && tail.digest == folded);
        let journal = (!done).then_some(entries);
        let stored = Stored { state, written, torn: torn && journal.is_some(), journal };
        Ok(Contents { stored, tail, bytes })
    }
}
