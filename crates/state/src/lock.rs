//! The lock of a stack: an OS file lock, and who holds it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rstack_model::StackName;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::atomic::{io, no_follow};
use crate::error::StateError;

/// Who holds a lock, for the message to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
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
        let Self { pid, host, user, command, since } = self;
        write!(f, "{user}@{host} (`{command}`, process {pid}, since {since})")
    }
}

/// Takes the lock without waiting. It is given back when the file is closed, and so also when the
/// process dies.
pub(crate) fn take(
    path: &Path,
    stack: &StackName,
    holder: &LockHolder,
) -> Result<File, StateError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_follow())
        .open(path)
        .map_err(io("open", path))?;
    if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(io("lock", path)(error.into()));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io("read", path))?;
        let holder = serde_json::from_str::<LockHolder>(&text)
            .map_or_else(|_| "another process".to_owned(), |holder| holder.to_string());
        return Err(StateError::Locked { stack: stack.to_string(), holder });
    }
    let text = serde_json::to_string(holder).unwrap_or_default();
    file.set_len(0).map_err(io("write", path))?;
    file.seek(SeekFrom::Start(0)).map_err(io("write", path))?;
    file.write_all(text.as_bytes()).map_err(io("write", path))?;
    Ok(file)
}
