//! The journal of a run: its entries, the chain of its records, the transitions of its operations,
//! and the state that a journal leads to. Pure: where records are kept is the store's.

mod entry;
mod fold;
mod identity_upgrade;
mod migration;
mod record;
mod repair;
mod revise;
mod status;

pub use entry::{
    Entry, FailedEffect, Intent, IntentAction, JournalEnd, OperationId, Outcome, PolledKind,
};
pub use fold::{Folded, JournalError, OpenOperation, base_of, fold};
pub use migration::{FORMAT as STATE_FORMAT, upgraded};
pub use record::{
    Alone, FORMAT as RECORD_FORMAT, Flaw, Reading, Records, Tail, alone, alone_digest, read,
};
pub use repair::{LostRecord, RepairedJournal, journal_bytes, repair};
pub use revise::{ReviseError, Taken, dependants, forgotten, holds, put_in, rename, take_out};
pub use status::{IllegalTransition, Status, next_status};
