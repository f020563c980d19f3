//! The state store: file, lock and journal.
//!
//! `STACK.json` holds the last published state, `STACK.journal` what a run has done since,
//! `STACK.lock` who is at it, and `STACK.backup/` the last states. Damage is refused with its name, never repaired silently.

mod apart;
mod atomic;
mod backup;
mod disk;
mod entry;
mod error;
mod examine;
mod file;
mod files;
mod fold;
mod handover;
mod identity_upgrade;
mod journal;
mod key;
mod leftover;
mod lock;
mod locked;
mod mend;
mod migration;
mod record;
mod revise;
mod salvage;
mod status;
mod store;

pub use apart::Apart;
pub use backup::Backup;
pub use disk::{Access, Disk, DiskFile, Facts, FileSystem, Identity, Kind};
pub use entry::{Entry, FailedEffect, Intent, IntentAction, JournalEnd, OperationId, Outcome};
pub use error::StateError;
pub use examine::{Difference, Examination, JournalFinding, StateFinding, Twin};
pub use file::{Written, parse_state};
pub use fold::{Folded, JournalError, OpenOperation, base_of, fold};
pub use handover::Handover;
pub use journal::Journal;
pub use key::{DigestKey, keyed_digest};
pub use lock::{LockHolder, Unlocked};
pub use locked::LockedStack;
pub use mend::{Aside, Mended};
pub use revise::{ReviseError, Taken, dependants, forgotten, rename, take_out};
pub use salvage::{LostRecord, Salvage};
pub use status::{IllegalTransition, Status, next_status};
pub use store::{StateStore, Stored};
