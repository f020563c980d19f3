//! The disk as the store uses it, and the file system that it is in production.
//!
//! Every call of the store goes through here, so that a disk that loses what was not made durable
//! can stand in its place.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

/// The kind of object at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a device, a pipe, a socket.
    Other,
}

/// Tells a file from every other one that exists at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The number of the file on it.
    pub inode: u64,
}

/// The metadata of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Which file it is. As long as it is open, no other one is the same.
    pub identity: Identity,
    /// Its kind.
    pub kind: Kind,
    /// Its permission bits.
    pub mode: u32,
    /// Its length in bytes.
    pub size: u64,
}

/// The way a file is opened. Links are never followed, and a file that is made has the mode 0600.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read. The file is there.
    Read,
    /// To be written to, too. The file is there.
    Write,
    /// To be written to. The file is not there, and is made.
    New,
    /// To be read and written to. The file is made if it is not there.
    Any,
}

/// An open file. What is written goes to its end.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Its metadata.
    ///
    /// # Errors
    /// If they cannot be read.
    fn metadata(&self) -> io::Result<Metadata>;

    /// All its bytes. Asked for once for each opened file.
    ///
    /// # Errors
    /// If they cannot be read.
    fn read(&self) -> io::Result<Vec<u8>>;

    /// Writes all of these bytes to its end. They are not durable yet.
    ///
    /// # Errors
    /// If they were not written, or only some of them.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts it to this length.
    ///
    /// # Errors
    /// If it could not be cut.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes its bytes durable, and its length. That it has a name is another matter: see
    /// [`Disk::sync_directory`].
    ///
    /// # Errors
    /// If they may not be durable.
    fn sync_data(&self) -> io::Result<()>;

    /// [`Self::sync_data`], with everything else that is known of the file.
    ///
    /// # Errors
    /// If it may not be durable.
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    /// Locks it against others until it is closed or the process dies; `false` if another has it.
    ///
    /// # Errors
    /// If it cannot be locked.
    fn lock(&self) -> io::Result<bool>;

    /// True if writing and syncing may take time, so that they are kept off the threads that drive
    /// futures.
    fn blocks(&self) -> bool {
        true
    }
}

/// Where a store keeps its files.
pub trait Disk: fmt::Debug + Send + Sync {
    /// The kind of object at the end of a path, links followed.
    ///
    /// # Errors
    /// If there is no object, or it cannot be read.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// The kind of object at a path itself.
    ///
    /// # Errors
    /// As [`Self::kind`].
    fn own_kind(&self, path: &Path) -> io::Result<Kind>;

    /// Which file is at a path itself.
    ///
    /// # Errors
    /// As [`Self::kind`].
    fn identity(&self, path: &Path) -> io::Result<Identity>;

    /// The paths of what is in a directory.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes a directory, and those above it, for the owner alone. Its name is not durable before
    /// [`Self::sync_directory`] of the one above it.
    ///
    /// # Errors
    /// If it cannot be made.
    fn make_directory(&self, path: &Path) -> io::Result<()>;

    /// Opens a file.
    ///
    /// # Errors
    /// If it is not as `access` says, or may not be opened.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>>;

    /// Makes a file of a new name that begins with `prefix` in a directory, for writing, with the
    /// mode 0600.
    ///
    /// # Errors
    /// If it cannot be made.
    fn temporary(&self, directory: &Path, prefix: &str)
    -> io::Result<(PathBuf, Box<dyn DiskFile>)>;

    /// Gives a file another name, in the place of what had it. Not durable before
    /// [`Self::sync_directory`].
    ///
    /// # Errors
    /// If it was not renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file one more name, which nothing has. Not durable before [`Self::sync_directory`].
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if something has the name; others if it was not given.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Not durable before [`Self::sync_directory`].
    ///
    /// # Errors
    /// If it is not there or was not removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes durable which names a directory holds.
    ///
    /// # Errors
    /// If they may not be durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug)]
pub struct FileSystem;

fn identity(metadata: &fs::Metadata) -> Identity {
    Identity { device: metadata.dev(), inode: metadata.ino() }
}

fn kind(metadata: &fs::Metadata) -> Kind {
    if metadata.is_file() {
        Kind::File
    } else if metadata.is_dir() {
        Kind::Directory
    } else {
        Kind::Other
    }
}

/// The flag that makes `open` fail on a symbolic link.
fn no_follow() -> i32 {
    i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

impl Disk for FileSystem {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        fs::metadata(path).map(|metadata| kind(&metadata))
    }

    fn own_kind(&self, path: &Path) -> io::Result<Kind> {
        fs::symlink_metadata(path).map(|metadata| kind(&metadata))
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        fs::symlink_metadata(path).map(|metadata| identity(&metadata))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.mode(0o600).custom_flags(no_follow());
        match access {
            Access::Read => options.read(true),
            Access::Write => options.read(true).append(true),
            Access::New => options.append(true).create_new(true),
            Access::Any => options.read(true).append(true).create(true),
        };
        Ok(Box::new(options.open(path)?))
    }

    fn temporary(
        &self,
        directory: &Path,
        prefix: &str,
    ) -> io::Result<(PathBuf, Box<dyn DiskFile>)> {
        let file = tempfile::Builder::new().prefix(prefix).tempfile_in(directory)?;
        let (file, path) = file.keep().map_err(|error| error.error)?;
        Ok((path, Box::new(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }
}

impl DiskFile for File {
    fn metadata(&self) -> io::Result<Metadata> {
        let metadata = self.metadata()?;
        let mode = metadata.mode() & 0o7777;
        let (identity, kind) = (identity(&metadata), kind(&metadata));
        Ok(Metadata { identity, kind, mode, size: metadata.size() })
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let (mut file, mut bytes) = (self, Vec::new());
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.write_all(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn lock(&self) -> io::Result<bool> {
        match flock(self, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
