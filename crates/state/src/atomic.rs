//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::error::StateError;

/// Larger than any state or journal that rstack writes, in bytes.
const LIMIT: u64 = 256 << 20;

pub(crate) fn io(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError::Io { operation, path, source }
}

/// The flag that makes `open` fail on a symbolic link.
pub(crate) fn no_follow() -> i32 {
    i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

/// Makes a directory for the owner alone, if there is none.
pub(crate) fn directory(path: &Path) -> Result<(), StateError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => return Err(StateError::NotADirectory { path: path.to_owned() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("read", path)(error)),
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io("create", path))
}

/// Refuses links, devices, files open to others, and files that are too large.
pub(crate) fn check(path: &Path, file: &File) -> Result<(), StateError> {
    let metadata = file.metadata().map_err(io("read", path))?;
    if !metadata.is_file() {
        return Err(StateError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StateError::Exposed { path: path.to_owned(), mode });
    }
    if metadata.size() > LIMIT {
        return Err(StateError::TooLarge { path: path.to_owned(), size: metadata.size() });
    }
    Ok(())
}

/// Opens an existing file of the store; `None` if there is none.
pub(crate) fn open(path: &Path, write: bool) -> Result<Option<File>, StateError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(StateError::NotAFile { path: path.to_owned() });
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", path)(error)),
    }
    let opened = OpenOptions::new().read(true).write(write).custom_flags(no_follow()).open(path);
    match opened {
        Ok(file) => {
            check(path, &file)?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("open", path)(error)),
    }
}

/// The bytes of a file of the store; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let Some(mut file) = open(path, false)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(io("read", path))?;
    Ok(Some(bytes))
}

/// A new file that is durable but not yet in place.
#[must_use = "the file is not in place until it is published"]
pub(crate) struct Unpublished {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

/// Writes a file, durably, beside its place. Its mode is 0600.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Unpublished, StateError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".rstack-")
        .tempfile_in(parent)
        .map_err(io("write in", parent))?;
    file.write_all(bytes).map_err(io("write", path))?;
    file.as_file().sync_all().map_err(io("sync", path))?;
    Ok(Unpublished { file, path: path.to_owned() })
}

impl Unpublished {
    /// Puts the file in its place, durably.
    pub(crate) fn publish(self) -> Result<(), StateError> {
        self.file.persist(&self.path).map_err(|error| io("replace", &self.path)(error.error))?;
        sync_parent(&self.path)
    }
}

/// Removes a file, durably. A file that is not there is removed.
pub(crate) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("remove", path)(error)),
    }
}

/// Makes durable what names a directory holds.
pub(crate) fn sync_parent(path: &Path) -> Result<(), StateError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let directory = File::open(parent).map_err(io("open", parent))?;
    directory.sync_all().map_err(io("sync", parent))
}
