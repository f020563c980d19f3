//! The backend on a file system: a directory, some files for each stack.
//!
//! `STACK.json` holds the last published state, `STACK.journal` the run since then, `STACK.lock` the
//! holder of the lock, which the operating system takes back with the process, and `STACK.backup/` the
//! last states. All files have the mode 0600; links, and files that others can read, are refused.

mod atomic;
mod backend;
mod backup;
mod base_mismatch;
mod disk;
mod examine;
mod files;
mod journal;
mod key;
mod lock;
mod locked;
mod repair;
mod stale_journal;
mod store;

pub use base_mismatch::BaseMismatch;
pub use disk::{Access, Disk, DiskFile, FileSystem, Identity, Kind, Metadata};
pub use examine::{Difference, Examination, JournalFinding, StateFinding, Twin};
pub use journal::Journal;
pub use locked::LockedStack;
pub use repair::{Aside, Repaired};
pub use store::StateStore;
