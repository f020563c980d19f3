//! The state store: file, lock and journal.
//!
//! `STACK.json` holds the last published state, `STACK.journal` what a run has done since, and
//! `STACK.lock` who is at it. Damage is refused with its name, never repaired silently.

mod atomic;
mod disk;
mod entry;
mod error;
mod file;
mod fold;
mod journal;
mod key;
mod lock;
mod record;
mod status;
mod store;

pub use disk::{Access, Disk, DiskFile, Facts, FileSystem, Kind};
pub use entry::{Entry, FailedEffect, Intent, IntentAction, JournalEnd, OperationId, Outcome};
pub use error::StateError;
pub use fold::{Folded, JournalError, OpenOperation, fold};
pub use journal::Journal;
pub use key::{DigestKey, keyed_digest};
pub use lock::LockHolder;
pub use status::{IllegalTransition, Status, next_status};
pub use store::{LockedStack, StateStore, Stored};
