//! Files that are there whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

use rstack_model::StackName;

use super::disk::{Access, Disk, DiskFile, Kind, Metadata};
use crate::error::StoreError;

/// Larger than any state or journal that rstack writes, in bytes.
const LIMIT: u64 = 256 << 20;

pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let location = path.into();
    move |source| StoreError::Io { operation, location, source }
}

/// The outcome of making something that may be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// It was.
    Before,
    /// It was not, and has been made.
    Now,
}

/// Makes a directory for the owner alone, durably, if there is none. Links are refused.
pub(crate) fn directory(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    match disk.own_kind(path) {
        Ok(Kind::Directory) => return Ok(()),
        Ok(Kind::File | Kind::Other) => {
            return Err(StoreError::NotADirectory { location: path.into() });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("read", path)(error)),
    }
    // Those above it may be made with it.
    let above = path.ancestors().skip(1).take_while(|above| disk.kind(above).is_err());
    let made: Vec<&Path> = std::iter::once(path).chain(above).collect();
    disk.make_directory(path).map_err(io("create", path))?;
    made.into_iter().try_for_each(|made| sync_parent(disk, made))
}

/// Makes the name of a directory durable whose maker may have died before.
pub(crate) fn sync_found(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    match sync_parent(disk, path) {
        // Without the right to read the directory above it cannot be synced, and nothing else is
        // lost by that.
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => {
            Ok(())
        }
        done => done,
    }
}

/// Refuses links, devices, files open to others, and files that are too large.
pub(crate) fn check(path: &Path, file: &dyn DiskFile) -> Result<Metadata, StoreError> {
    let metadata = file.metadata().map_err(io("read", path))?;
    if metadata.kind != Kind::File {
        return Err(StoreError::NotAFile { location: path.into() });
    }
    if metadata.mode & 0o077 != 0 {
        return Err(StoreError::Exposed { location: path.into(), mode: metadata.mode });
    }
    if metadata.size > LIMIT {
        return Err(StoreError::TooLarge { location: path.into(), size: metadata.size });
    }
    Ok(metadata)
}

/// Opens an existing file of the store; `None` if there is none.
pub(crate) fn open(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
) -> Result<Option<Box<dyn DiskFile>>, StoreError> {
    match disk.own_kind(path) {
        Ok(Kind::Directory | Kind::Other) => {
            return Err(StoreError::NotAFile { location: path.into() });
        }
        Ok(Kind::File) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", path)(error)),
    }
    match disk.open(path, access) {
        Ok(file) => {
            check(path, file.as_ref())?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("open", path)(error)),
    }
}

/// The bytes of a file of the store; `None` if there is none.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = open(disk, path, Access::Read)? else { return Ok(None) };
    file.read().map(Some).map_err(io("read", path))
}

/// A new file that is durable but not yet in place. One that is not published is removed.
#[must_use = "the file is not in place until it is published"]
pub(crate) struct Unpublished<'a> {
    disk: &'a dyn Disk,
    temporary: PathBuf,
    path: &'a Path,
    published: bool,
}

/// The beginning of the names of the temporary files of a stack. No stack's name holds a dot, so
/// that no other stack's files begin like this.
fn prefix(owner: &str) -> String {
    format!(".rstack-{owner}.")
}

/// Removes the temporary files that writers of a stack left in a directory when they died. The
/// holder of the stack's lock is its only writer.
pub(crate) fn remove_stale_temporaries(
    disk: &dyn Disk,
    directory: &Path,
    stack: &StackName,
) -> Result<(), StoreError> {
    remove_stale_of(disk, directory, stack.as_str())
}

/// [`remove_stale_temporaries`] for what [`make_shared`] has left: once the file is there, no
/// process needs another one.
pub(crate) fn remove_stale_shared(disk: &dyn Disk, directory: &Path) -> Result<(), StoreError> {
    remove_stale_of(disk, directory, "")
}

fn remove_stale_of(disk: &dyn Disk, directory: &Path, owner: &str) -> Result<(), StoreError> {
    let paths = match disk.list(directory) {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("read", directory)(error)),
    };
    let prefix = prefix(owner);
    let ours = |path: &&PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(&prefix))
            && disk.own_kind(path).is_ok_and(|kind| kind == Kind::File)
    };
    for path in paths.iter().filter(ours) {
        match disk.remove(path) {
            Ok(()) => {}
            // Its writer, or another one who sweeps, was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io("remove", path)(error)),
        }
    }
    Ok(())
}

/// Writes a file of a stack, durably, beside its place. Its mode is 0600.
pub(crate) fn write<'a>(
    disk: &'a dyn Disk,
    path: &'a Path,
    stack: &StackName,
    bytes: &[u8],
) -> Result<Unpublished<'a>, StoreError> {
    write_of(disk, path, stack.as_str(), bytes)
}

/// Makes a file that belongs to no stack, and that several processes may make at the same time:
/// whole, durably, and never in the place of one that is there. Says whether it was there.
pub(crate) fn make_shared(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<Made, StoreError> {
    let unpublished = write_of(disk, path, "", bytes)?;
    match disk.link(&unpublished.temporary, path) {
        Ok(()) => {
            sync_parent(disk, path)?;
            Ok(Made::Now)
        }
        // A writer that was faster has also removed the temporary file that would be linked.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) =>
        {
            Ok(Made::Before)
        }
        Err(error) => Err(io("create", path)(error)),
    }
}

fn write_of<'a>(
    disk: &'a dyn Disk,
    path: &'a Path,
    owner: &str,
    bytes: &[u8],
) -> Result<Unpublished<'a>, StoreError> {
    let parent = parent(path);
    let (temporary, file) =
        disk.temporary(parent, &prefix(owner)).map_err(io("write in", parent))?;
    let unpublished = Unpublished { disk, temporary, path, published: false };
    file.write(bytes).map_err(io("write", path))?;
    file.sync().map_err(io("sync", path))?;
    Ok(unpublished)
}

impl Unpublished<'_> {
    /// Puts the file in its place, durably.
    pub(crate) fn publish(mut self) -> Result<(), StoreError> {
        self.disk.rename(&self.temporary, self.path).map_err(io("replace", self.path))?;
        self.published = true;
        sync_parent(self.disk, self.path)
    }
}

impl Drop for Unpublished<'_> {
    fn drop(&mut self) {
        if !self.published {
            // The error that led here is reported already, and a file that stays belongs to no
            // state.
            let _removed = self.disk.remove(&self.temporary);
        }
    }
}

/// Removes a file, durably. A file that is not there is removed.
pub(crate) fn remove(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    match disk.remove(path) {
        Ok(()) => sync_parent(disk, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("remove", path)(error)),
    }
}

/// Makes durable what names a directory holds.
pub(crate) fn sync_parent(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    let parent = parent(path);
    disk.sync_directory(parent).map_err(io("sync", parent))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}
