//! The lock of a stack: an OS file lock, and who holds it.

use std::path::Path;

use rstack_model::StackName;
use serde::{Deserialize, Serialize};

use crate::atomic::io;
use crate::disk::{Access, Disk, DiskFile};
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
    disk: &dyn Disk,
    path: &Path,
    stack: &StackName,
    holder: &LockHolder,
) -> Result<Box<dyn DiskFile>, StateError> {
    let file = disk.open(path, Access::Any).map_err(io("open", path))?;
    if !file.lock().map_err(io("lock", path))? {
        let text = file.read().map_err(io("read", path))?;
        let holder = serde_json::from_slice::<LockHolder>(&text)
            .map_or_else(|_| "another process".to_owned(), |holder| holder.to_string());
        return Err(StateError::Locked { stack: stack.to_string(), holder });
    }
    let text = serde_json::to_string(holder).unwrap_or_default();
    file.truncate(0).map_err(io("write", path))?;
    file.write(text.as_bytes()).map_err(io("write", path))?;
    Ok(file)
}
