//! What can be wrong with files of the store.

use std::io;
use std::path::PathBuf;

use rstack_model::StackName;

use crate::lock::LockHolder;

/// A failed operation on the store, with the file it failed on.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `lock`, …
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The state directory is something else.
    #[error("`{}` is not a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// A file of the store is a link, a directory or a device.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file of the store is open to others.
    #[error("`{}` can be read or written by others (mode {mode:o})", path.display())]
    Exposed {
        /// The path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is larger than any that rstack writes.
    #[error("`{}` is too large ({size} bytes)", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// The file is cut off or is no JSON.
    #[error("`{}` is damaged: {problem}", path.display())]
    Damaged {
        /// The path.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
    /// The content is not what was written.
    #[error("`{}` was changed: its checksum does not fit its content", path.display())]
    Checksum {
        /// The path.
        path: PathBuf,
    },
    /// The file was written by a newer rstack.
    #[error("`{}` has format {found}; this rstack knows formats up to {known}", path.display())]
    NewerFormat {
        /// The path.
        path: PathBuf,
        /// The format of the file.
        found: u32,
        /// The newest format that can be read.
        known: u32,
    },
    /// The file belongs to another stack.
    #[error("`{}` holds the stack `{found}`", path.display())]
    OtherStack {
        /// The path.
        path: PathBuf,
        /// The stack inside.
        found: String,
    },
    /// Somebody else has the lock.
    #[error("the stack `{stack}` is locked by {}", holder_words(.holder.as_deref()))]
    Locked {
        /// The stack.
        stack: StackName,
        /// Who, if they have come to say so.
        holder: Option<Box<LockHolder>>,
    },
    /// The lock file is not the one that was locked any more.
    #[error("the lock of the stack `{stack}` is lost: `{}` was removed or replaced", path.display())]
    LockLost {
        /// The stack.
        stack: StackName,
        /// The lock file.
        path: PathBuf,
    },
    /// The journal is not the file that is written to any more.
    #[error("the journal `{}` was removed or replaced during the run", path.display())]
    JournalLost {
        /// The journal.
        path: PathBuf,
    },
    /// The state on disk is not the one that was read.
    #[error("the state moved from {expected} to {found} meanwhile")]
    Moved {
        /// What was read.
        expected: String,
        /// What is there.
        found: String,
    },
    /// An earlier run has not been folded into the state yet.
    #[error("`{}` holds a run that was not finished", path.display())]
    OpenJournal {
        /// The journal.
        path: PathBuf,
    },
    /// What is wrong is not mended in the way that was chosen.
    #[error("`{stack}` is not mended like this: {problem}")]
    NotMended {
        /// The stack.
        stack: StackName,
        /// Why not.
        problem: String,
    },
    /// An earlier write to this journal failed.
    #[error("`{}` cannot be written any more: an earlier write failed", path.display())]
    Broken {
        /// The journal.
        path: PathBuf,
    },
}

fn holder_words(holder: Option<&LockHolder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
}
