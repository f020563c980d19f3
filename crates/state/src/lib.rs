//! The state store: file, lock and journal.
//!
//! `STACK.json` holds the last published state, `STACK.journal` what a run has done since,
//! `STACK.lock` who is at it, and `STACK.backup/` the last states. Damage is refused with its name, never repaired silently.

mod atomic;
mod backup;
mod disk;
mod entry;
mod error;
mod file;
mod files;
mod fold;
mod journal;
mod key;
mod lock;
mod locked;
mod migration;
mod record;
mod status;
mod store;

pub use backup::Backup;
pub use disk::{Access, Disk, DiskFile, Facts, FileSystem, Identity, Kind};
pub use entry::{Entry, FailedEffect, Intent, IntentAction, JournalEnd, OperationId, Outcome};
pub use error::StateError;
pub use file::Written;
pub use fold::{Folded, JournalError, OpenOperation, fold};
pub use journal::Journal;
pub use key::{DigestKey, keyed_digest};
pub use lock::LockHolder;
pub use locked::LockedStack;
pub use status::{IllegalTransition, Status, next_status};
pub use store::{StateStore, Stored};
