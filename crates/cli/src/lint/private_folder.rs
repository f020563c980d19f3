//! A folder that is the user's alone: no other user can have written what is in it.
//!
//! Every access goes through descriptors, and no link is followed below the folder that the environment
//! names, so that what was checked is what is used.

use std::fs::DirBuilder;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// Rights of others than the owner to write.
const WRITE_OF_OTHERS: u32 = 0o022;

/// All rights of others than the owner.
const ANY_OF_OTHERS: u32 = 0o077;

/// The name of a file that is being written begins like this.
const TEMPORARY: &str = ".new-";

/// The reason why a folder or file in it is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrivateError {
    /// It cannot be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It belongs to another user, or others may write it, or it is a link.
    #[error("`{}` is not used: {reason}", path.display())]
    NotPrivate {
        /// The folder or file.
        path: PathBuf,
        /// The unmet condition.
        reason: &'static str,
    },
}

/// A folder of the user.
#[derive(Debug)]
pub(super) struct PrivateFolder {
    folder: OwnedFd,
    path: PathBuf,
}

/// A file in it, as a listing shows it.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Seconds and nanoseconds of its last change.
    pub(super) changed: (i64, u64),
}

impl PrivateFolder {
    /// Opens the folder `names` below `base`, and makes what is missing of it.
    ///
    /// # Errors
    /// If it cannot be made or opened, or one of `names` is not the user's alone.
    pub(super) fn open(base: &Path, names: &[&str]) -> Result<Self, PrivateError> {
        let mut path = base.to_owned();
        let failed =
            |path: &Path, source: io::Error| PrivateError::Io { path: path.into(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(base).map_err(|e| failed(base, e))?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(CWD, base, flags, Mode::empty());
        let mut folder = opened.map_err(|error| failed(base, error.into()))?;
        for name in names {
            path.push(name);
            match rustix::fs::mkdirat(&folder, *name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(&path, error.into())),
            }
            let opened =
                rustix::fs::openat(&folder, *name, flags | OFlags::NOFOLLOW, Mode::empty());
            folder = opened.map_err(|error| match error {
                Errno::LOOP | Errno::NOTDIR => not_private(&path, "it is a link or no folder"),
                error => failed(&path, error.into()),
            })?;
            let stat = rustix::fs::fstat(&folder).map_err(|error| failed(&path, error.into()))?;
            check(&path, &stat, WRITE_OF_OTHERS)?;
        }
        Ok(Self { folder, path })
    }

    /// The bytes of a file; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, is longer than `most` bytes, or is not a file of the user alone.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, PrivateError> {
        // A pipe of this name must not be waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.folder, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(not_private(&self.path.join(name), "it is a link")),
            Err(error) => return Err(self.failed(name, error.into())),
        };
        let stat = rustix::fs::fstat(&file).map_err(|error| self.failed(name, error.into()))?;
        let path = self.path.join(name);
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(not_private(&path, "it is not a regular file"));
        }
        check(&path, &stat, ANY_OF_OTHERS)?;
        let mut bytes = Vec::new();
        let file = std::fs::File::from(file);
        let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
        let length = read.map_err(|error| self.failed(name, error))?;
        if u64::try_from(length).unwrap_or(u64::MAX) > most {
            return Err(not_private(&path, "it is longer than any that rstack writes"));
        }
        Ok(Some(bytes))
    }

    /// Replaces a file as a whole, or makes it.
    ///
    /// # Errors
    /// If it cannot be written. What was there stays then.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PrivateError> {
        let temporary = format!("{TEMPORARY}{}", uuid::Uuid::new_v4());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let opened = rustix::fs::openat(&self.folder, &*temporary, flags, mode);
        let file = opened.map_err(|error| self.failed(name, error.into()))?;
        let written = std::fs::File::from(file).write_all(bytes).and_then(|()| {
            Ok(rustix::fs::renameat(&self.folder, &*temporary, &self.folder, name)?)
        });
        written.map_err(|error| {
            // What is left of it is removed with the oldest files.
            let _left = self.remove(&temporary);
            self.failed(name, error)
        })
    }

    /// Removes a file.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(super) fn remove(&self, name: &str) -> Result<(), PrivateError> {
        let removed = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
        removed.map_err(|error| self.failed(name, error.into()))
    }

    /// The regular files in it.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn files(&self) -> Result<Vec<Listed>, PrivateError> {
        let failed = |error: Errno| self.failed("", error.into());
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let stat =
                rustix::fs::statat(&self.folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
            // Another process may have removed it.
            let (Ok(stat), Ok(name)) = (stat, entry.file_name().to_str()) else { continue };
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                let bytes = u64::try_from(stat.st_size).unwrap_or(0);
                let changed = (stat.st_mtime, stat.st_mtime_nsec);
                files.push(Listed { name: name.to_owned(), bytes, changed });
            }
        }
        Ok(files)
    }

    fn failed(&self, name: &str, source: io::Error) -> PrivateError {
        PrivateError::Io { path: self.path.join(name), source }
    }
}

fn not_private(path: &Path, reason: &'static str) -> PrivateError {
    PrivateError::NotPrivate { path: path.to_owned(), reason }
}

fn check(path: &Path, stat: &Stat, forbidden: u32) -> Result<(), PrivateError> {
    if stat.st_uid != geteuid().as_raw() {
        return Err(not_private(path, "it belongs to another user"));
    }
    if stat.st_mode & forbidden != 0 {
        return Err(not_private(path, "other users have rights to it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn reason(result: Result<impl Sized, PrivateError>) -> String {
        match result {
            Ok(_) => "used".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_folder_that_others_can_write_or_that_is_a_link_is_not_used() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b");
        let open = || PrivateFolder::open(base.path(), &["a", "b"]);
        assert_eq!(reason(open()), "used");
        for folder in [path.parent().unwrap(), &path] {
            fs::set_permissions(folder, Permissions::from_mode(0o770)).unwrap();
            assert!(reason(open()).ends_with("is not used: other users have rights to it"));
            fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
        }
        fs::rename(&path, base.path().join("elsewhere")).unwrap();
        symlink(base.path().join("elsewhere"), &path).unwrap();
        assert!(reason(open()).ends_with("is not used: it is a link or no folder"));
    }

    #[test]
    fn a_file_of_others_or_a_link_or_no_file_is_not_read() {
        let base = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(base.path(), &["a"]).unwrap();
        folder.write("f", b"text").unwrap();
        assert_eq!(folder.read("f", 4).unwrap().unwrap(), b"text");
        assert!(folder.read("none", 4).unwrap().is_none());
        assert!(reason(folder.read("f", 3)).contains("longer than any"));
        let path = base.path().join("a");
        symlink(path.join("f"), path.join("link")).unwrap();
        assert!(reason(folder.read("link", 9)).contains("it is a link"));
        rustix::fs::mknodat(CWD, path.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(reason(folder.read("pipe", 9)).contains("it is not a regular file"));
        for mode in [0o640, 0o604, 0o660, 0o666] {
            fs::set_permissions(path.join("f"), Permissions::from_mode(mode)).unwrap();
            assert!(reason(folder.read("f", 9)).contains("other users have rights to it"));
        }
        let names: Vec<String> = folder.files().unwrap().into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["f"], "nothing is left of what was written");
    }

    #[test]
    fn a_folder_of_another_user_is_not_used() {
        // Only root can give a folder away.
        if !geteuid().is_root() {
            return;
        }
        let base = tempfile::tempdir().unwrap();
        let open = || PrivateFolder::open(base.path(), &["a"]);
        let folder = open().unwrap();
        folder.write("f", b"text").unwrap();
        std::os::unix::fs::chown(base.path().join("a/f"), Some(65_534), None).unwrap();
        assert!(reason(folder.read("f", 9)).contains("it belongs to another user"));
        std::os::unix::fs::chown(base.path().join("a"), Some(65_534), None).unwrap();
        assert!(reason(open()).contains("it belongs to another user"));
    }
}
