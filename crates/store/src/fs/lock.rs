//! The lock of a stack: an OS file lock, and the name of its holder.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::{LockId, StackName};

use super::atomic::{self, io};
use super::disk::{Access, Disk, DiskFile, Identity, Kind};
use crate::error::{LeaseLoss, StoreError};
use crate::holder::{LockHolder, Unlocked};

/// The number of times that a lock file is opened anew that is removed or replaced while it is
/// being taken.
const ATTEMPTS: usize = 8;

/// A lock that is held: until this is dropped, or the process dies.
#[derive(Debug)]
pub(crate) struct Held {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    stack: StackName,
    file: Box<dyn DiskFile>,
    identity: Identity,
    pub(crate) holder: LockHolder,
    /// The holder before, which died with it.
    pub(crate) dead: Option<LockHolder>,
}

/// An opened lock file.
enum Opened {
    /// The lock is ours.
    Free(Box<dyn DiskFile>, Identity),
    /// Another process has it.
    Taken(Box<dyn DiskFile>),
    /// The file has no longer the name that it was opened by.
    Replaced,
}

fn open(disk: &dyn Disk, path: &Path) -> Result<Opened, StoreError> {
    match disk.own_kind(path) {
        Ok(Kind::Directory | Kind::Other) => {
            return Err(StoreError::NotAFile { location: path.into() });
        }
        Ok(Kind::File) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("read", path)(error)),
    }
    let file = disk.open(path, Access::Any).map_err(io("open", path))?;
    let identity = atomic::check(path, file.as_ref())?.identity;
    if !file.lock().map_err(io("lock", path))? {
        return Ok(Opened::Taken(file));
    }
    match disk.identity(path) {
        Ok(found) if found == identity => Ok(Opened::Free(file, identity)),
        Ok(_) => Ok(Opened::Replaced),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Opened::Replaced),
        Err(error) => Err(io("read", path)(error)),
    }
}

/// The holder that a lock file names.
fn holder_in(file: &dyn DiskFile, path: &Path) -> Result<Option<LockHolder>, StoreError> {
    let text = file.read().map_err(io("read", path))?;
    Ok(serde_json::from_slice(&text).ok())
}

/// Removes the name of a dead holder.
pub(crate) fn unlock(
    disk: &dyn Disk,
    path: &Path,
    stack: &StackName,
    id: &LockId,
) -> Result<Unlocked, StoreError> {
    match disk.own_kind(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Unlocked::NotHeld),
        Err(error) => return Err(io("read", path)(error)),
    }
    let file = match open(disk, path)? {
        Opened::Free(file, _) => file,
        Opened::Taken(file) => {
            let holder = holder_in(file.as_ref(), path)?.map(Box::new);
            return Err(StoreError::Locked { stack: stack.clone(), holder });
        }
        Opened::Replaced => {
            return Err(StoreError::LeaseLost {
                stack: stack.clone(),
                location: path.into(),
                loss: LeaseLoss::Replaced,
            });
        }
    };
    match holder_in(file.as_ref(), path)? {
        None => Ok(Unlocked::NotHeld),
        Some(holder) if holder.id == *id => {
            file.truncate(0).map_err(io("write", path))?;
            Ok(Unlocked::Dead(holder))
        }
        Some(holder) => Ok(Unlocked::Other(holder)),
    }
}

impl Held {
    /// Takes the lock without waiting.
    pub(crate) fn take(
        disk: &Arc<dyn Disk>,
        path: &Path,
        stack: &StackName,
        holder: &LockHolder,
    ) -> Result<Self, StoreError> {
        for _ in 0..ATTEMPTS {
            let (file, identity) = match open(disk.as_ref(), path)? {
                Opened::Free(file, identity) => (file, identity),
                Opened::Taken(file) => {
                    let holder = holder_in(file.as_ref(), path)?.map(Box::new);
                    return Err(StoreError::Locked { stack: stack.clone(), holder });
                }
                Opened::Replaced => continue,
            };
            let dead = holder_in(file.as_ref(), path)?;
            let text = serde_json::to_string(holder).unwrap_or_default();
            file.truncate(0).map_err(io("write", path))?;
            file.write(text.as_bytes()).map_err(io("write", path))?;
            let (disk, path, stack) = (Arc::clone(disk), path.to_owned(), stack.clone());
            return Ok(Self { disk, path, stack, file, identity, holder: holder.clone(), dead });
        }
        Err(StoreError::LeaseLost {
            stack: stack.clone(),
            location: path.into(),
            loss: LeaseLoss::Replaced,
        })
    }

    /// Refuses if another process may have taken the lock, because its file was removed, replaced
    /// or moved away with its directory while this process slept.
    pub(crate) fn verify(&self) -> Result<(), StoreError> {
        match self.disk.identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(self.lost()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.lost()),
            Err(error) => Err(io("read", &self.path)(error)),
        }
    }

    fn lost(&self) -> StoreError {
        StoreError::LeaseLost {
            stack: self.stack.clone(),
            location: (&self.path).into(),
            loss: LeaseLoss::Replaced,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A holder whose name is still in a file that no process has locked is dead. Where this
        // fails, the next one takes a living one for dead, and goes on all the same.
        let _cleared = self.file.truncate(0);
    }
}
