//! The errors of a store.

use std::io;

use rstack_model::StackName;

use crate::holder::LockHolder;
use crate::location::Location;

/// A failed operation of a store, with the location it failed on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system or the object store refused.
    #[error("cannot {operation} `{location}`")]
    Io {
        /// The operation that failed: `read`, `write`, `lock`, …
        operation: &'static str,
        /// The file or directory.
        location: Location,
        /// Why not.
        source: io::Error,
    },
    /// The state directory is something else.
    #[error("`{location}` is not a directory")]
    NotADirectory {
        /// Its location.
        location: Location,
    },
    /// A file of the store is a link, a directory or a device.
    #[error("`{location}` is not a regular file")]
    NotAFile {
        /// Its location.
        location: Location,
    },
    /// A file of the store is open to others.
    #[error("`{location}` can be read or written by others (mode {mode:o})")]
    Exposed {
        /// Its location.
        location: Location,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is larger than any that rstack writes.
    #[error("`{location}` is too large ({size} bytes)")]
    TooLarge {
        /// Its location.
        location: Location,
        /// Its size.
        size: u64,
    },
    /// The file is cut off or is no JSON.
    #[error("`{location}` is damaged: {problem}")]
    Damaged {
        /// Its location.
        location: Location,
        /// The mistake, and its place.
        problem: String,
    },
    /// The content is not what was written.
    #[error("`{location}` was changed: its checksum does not match its content")]
    Checksum {
        /// Its location.
        location: Location,
    },
    /// The file was written by a newer rstack.
    #[error("`{location}` has format {found}; this rstack reads formats up to {known}")]
    NewerFormat {
        /// Its location.
        location: Location,
        /// The format of the file.
        found: u32,
        /// The newest format that can be read.
        known: u32,
    },
    /// The file belongs to another stack.
    #[error("`{location}` holds the state of stack `{found}`")]
    OtherStack {
        /// Its location.
        location: Location,
        /// The stack inside.
        found: String,
    },
    /// Another process has the lock.
    #[error("the stack `{stack}` is locked by {}", holder_words(.holder.as_deref()))]
    Locked {
        /// The stack.
        stack: StackName,
        /// The holder, if its name is in the lock file already.
        holder: Option<Box<LockHolder>>,
    },
    /// The lock or lease is free or in the hands of another holder: this one may not write any more.
    #[error("the lock of the stack `{stack}` is lost: `{location}` {loss}")]
    LeaseLost {
        /// The stack.
        stack: StackName,
        /// The lock file or the lease object.
        location: Location,
        /// The way it was lost.
        loss: LeaseLoss,
    },
    /// The journal is not the file that is written to any more.
    #[error("the journal `{location}` was removed or replaced during the run")]
    JournalLost {
        /// The journal.
        location: Location,
    },
    /// The state on disk is not the one that was read.
    #[error("the state changed from {expected} to {found} since it was read")]
    Moved {
        /// The lineage and serial that were read.
        expected: String,
        /// The lineage and serial of the state that is there.
        found: String,
    },
    /// An earlier run has not been folded into the state yet.
    #[error("`{location}` records an interrupted run")]
    OpenJournal {
        /// The journal.
        location: Location,
    },
    /// The chosen repair does not fit what is wrong.
    #[error("cannot repair `{stack}`: {problem}")]
    CannotRepair {
        /// The stack.
        stack: StackName,
        /// Why not.
        problem: String,
    },
    /// An earlier write to this journal failed.
    #[error("cannot write `{location}`: an earlier write failed")]
    Broken {
        /// The journal.
        location: Location,
    },
}

/// The way a lease was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseLoss {
    /// Its file or object was removed or replaced.
    Replaced,
    /// It expired, and a later holder took it over.
    TakenOver,
}

impl std::fmt::Display for LeaseLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Replaced => "was removed or replaced",
            Self::TakenOver => "expired and was taken over by another process",
        })
    }
}

fn holder_words(holder: Option<&LockHolder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
}
