//! The holder of a stack's lock.

use rstack_model::LockId;
use serde::{Deserialize, Serialize};

/// The holder of a lock, as others see it in messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The identity of this holding.
    pub id: LockId,
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// The user.
    pub user: String,
    /// The command.
    pub command: String,
    /// Since when.
    pub since: String,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, pid, host, user, command, since } = self;
        write!(f, "{user}@{host} (`{command}`, process {pid}, since {since}, lock ID {id})")
    }
}

/// The outcome of unlocking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlocked {
    /// No process had the lock, and no holder's name was left.
    NotHeld,
    /// The name of this holder, who is dead, was removed.
    Dead(LockHolder),
    /// The name of a dead holder is left there: its lock has another ID.
    Other(LockHolder),
}
