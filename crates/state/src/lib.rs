//! The state store: file, lock and journal.
//!
//! `STACK.json` holds the last published state, `STACK.journal` what a run has done since,
//! `STACK.lock` who is at it, and `STACK.backup/` the last states. Damage is refused with its name, never repaired silently.

mod apart;
mod atomic;
mod backup;
mod disk;
mod error;
mod examine;
mod file;
mod files;
mod handover;
mod journal;
mod key;
mod leftover;
mod lock;
mod locked;
mod mend;
mod records;
mod store;

pub use apart::Apart;
pub use backup::Backup;
pub use disk::{Access, Disk, DiskFile, Facts, FileSystem, Identity, Kind};
pub use error::StateError;
pub use examine::{Difference, Examination, JournalFinding, StateFinding, Twin};
pub use file::{Written, parse_state};
pub use handover::Handover;
pub use journal::Journal;
pub use key::{DigestKey, keyed_digest};
pub use lock::{LockHolder, Unlocked};
pub use locked::LockedStack;
pub use mend::{Aside, Mended};
pub use store::{StateStore, Stored};

pub use rstack_journal::{
    Entry, FailedEffect, Folded, IllegalTransition, Intent, IntentAction, JournalEnd, JournalError,
    LostRecord, OpenOperation, OperationId, Outcome, ReviseError, Salvage, Status, Taken, base_of,
    dependants, fold, forgotten, next_status, rename, take_out,
};
