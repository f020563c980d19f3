//! The sandbox's file: where its log is, the lock that keeps processes apart, and what is durable.
//!
//! A lock file beside it, whose name no stack's lock can have, keeps processes apart. Records are
//! appended; a new file, one of an older format, and a log that is much longer than what exists
//! are written whole by temporary file, fsync and rename. Mode 0600.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::SandboxError;
use crate::inventory::Inventory;
use crate::log::{self, Content, FORMAT, Flaw, Tail};

/// Bytes below which a log is never rewritten.
const SMALL: u64 = 1 << 20;
/// Bytes of the longest file that is read.
const MAX: u64 = 1 << 30;
/// The factor by which a log may be longer than the records of what exists: a longer one is
/// rewritten.
const LONG: u64 = 4;

/// A log on the disk.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    pub(crate) file: Arc<File>,
    /// Its end with all records that were made, durable or not.
    pub(crate) tail: Tail,
    /// The length from which on it is looked at whether it is too long.
    looked_at_from: u64,
}

/// The format of the file, as far as it was read.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// There is none.
    Absent,
    /// It has an older format; these are its first bytes, which tell it from every other one.
    Legacy(Vec<u8>),
    /// It is a log.
    Log(LogFile),
}

/// An inventory and the file it was read from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) inventory: Inventory,
    pub(crate) source: Source,
}

/// A sandbox file, which need not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct SandboxFile {
    path: PathBuf,
}

/// The lock on a sandbox file; it is released when this is dropped.
#[derive(Debug)]
pub(crate) enum Locked {
    /// The lock is held.
    Held {
        /// The open lock file.
        _file: File,
    },
    /// The directory cannot be written: the sandbox can be read, and nothing can be changed.
    ReadOnly(io::ErrorKind),
}

impl Locked {
    /// Checks that the sandbox can be changed.
    ///
    /// # Errors
    /// The kind of the error that kept the lock file from being made.
    pub(crate) fn may_write(&self) -> io::Result<()> {
        match self {
            Self::Held { .. } => Ok(()),
            Self::ReadOnly(kind) => Err((*kind).into()),
        }
    }
}

/// True if an error says that nothing can be written here.
fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

impl SandboxFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    pub(crate) fn failed(
        &self,
        action: &'static str,
    ) -> impl Fn(io::Error) -> SandboxError + use<> {
        let path = self.path.clone();
        move |source| SandboxError::Io { path: path.clone(), action, source }
    }

    /// The error of a change of which it is not known whether it is in the file.
    pub(crate) fn in_doubt(&self, source: io::Error) -> SandboxError {
        SandboxError::InDoubt { path: self.path.clone(), source }
    }

    fn flawed(&self, flaw: Flaw) -> SandboxError {
        let path = self.path.clone();
        match flaw {
            Flaw::Newer(found) => SandboxError::Newer { path, found, known: FORMAT },
            Flaw::Damaged(problem) => SandboxError::Damaged { path, problem },
        }
    }

    /// Waits for the lock on the file. Where its directory cannot be written there is none, and no
    /// other process can change the sandbox either but one of another user.
    pub(crate) fn lock(&self) -> Result<Locked, SandboxError> {
        if let Some(parent) = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            match std::fs::create_dir_all(parent) {
                Err(error) if is_read_only(&error) => return Ok(Locked::ReadOnly(error.kind())),
                made => made.map_err(self.failed("created"))?,
            }
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let path = self.beside(".sandbox-lock");
        regular(std::fs::symlink_metadata(&path)).map_err(self.failed("locked"))?;
        let file = match options.open(path) {
            Err(error) if is_read_only(&error) => return Ok(Locked::ReadOnly(error.kind())),
            opened => opened.map_err(self.failed("locked"))?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => file.lock().map_err(self.failed("locked"))?,
            Err(TryLockError::Error(error)) => return Err(self.failed("locked")(error)),
        }
        Ok(Locked::Held { _file: file })
    }

    /// Brings the inventory up to what the file says now. Only what other processes appended is read,
    /// unless the file is another one.
    pub(crate) fn refresh(
        &self,
        locked: &Locked,
        loaded: Option<Loaded>,
    ) -> Result<Loaded, SandboxError> {
        let read = self.failed("read");
        let found = regular(std::fs::metadata(&self.path)).map_err(self.failed("opened"))?;
        let found = found.map(|found| (found.dev(), found.ino(), found.len()));
        let Some((dev, ino, length)) = found else {
            return Ok(match loaded {
                Some(loaded) if matches!(loaded.source, Source::Absent) => loaded,
                Some(_) | None => {
                    Loaded { inventory: Inventory::default(), source: Source::Absent }
                }
            });
        };
        match loaded {
            Some(Loaded { mut inventory, source: Source::Log(log) }) => {
                let own = log.file.metadata().map_err(&read)?;
                if (own.dev(), own.ino()) == (dev, ino) && log.is_in_place(length).map_err(&read)? {
                    let more = bytes_from(&log.file, log.tail.length).map_err(&read)?;
                    if more.is_empty() {
                        return Ok(Loaded { inventory, source: Source::Log(log) });
                    }
                    if let Ok(tail) = log.tail.clone().follow(&more, &mut inventory) {
                        return Ok(Loaded {
                            inventory,
                            source: Source::Log(LogFile { tail, ..log }),
                        });
                    }
                }
                self.load(locked)
            }
            Some(Loaded { inventory, source: Source::Legacy(head) }) => {
                let file = File::open(&self.path).map_err(self.failed("opened"))?;
                let mut start = vec![0; head.len()];
                match file.read_exact_at(&mut start, 0) {
                    Ok(()) if start == head => {
                        Ok(Loaded { inventory, source: Source::Legacy(head) })
                    }
                    Ok(()) | Err(_) => self.load(locked),
                }
            }
            Some(Loaded { source: Source::Absent, .. }) | None => self.load(locked),
        }
    }

    /// Reads the file from its beginning.
    fn load(&self, locked: &Locked) -> Result<Loaded, SandboxError> {
        let writes = matches!(locked, Locked::Held { .. });
        let file = OpenOptions::new().read(true).write(writes).open(&self.path);
        let file = file.map_err(self.failed("opened"))?;
        let bytes = bytes_from(&file, 0).map_err(self.failed("read"))?;
        let (inventory, content) = log::read(&bytes).map_err(|flaw| self.flawed(flaw))?;
        let source = match content {
            Content::Legacy(head) => Source::Legacy(head),
            Content::Log(tail) => {
                Source::Log(LogFile { file: Arc::new(file), tail, looked_at_from: SMALL })
            }
        };
        Ok(Loaded { inventory, source })
    }

    /// Writes the inventory as a new file, durably, in the place of what is there.
    pub(crate) fn rewrite(
        &self,
        _: &Locked,
        inventory: &Inventory,
        source: &Source,
    ) -> Result<LogFile, SandboxError> {
        let after = match source {
            Source::Log(log) => log.tail.digest.as_str(),
            Source::Absent | Source::Legacy(_) => "",
        };
        let new = self.beside(".sandbox-new");
        let (file, tail) = write_new(&new, inventory, after).map_err(self.failed("written"))?;
        std::fs::rename(&new, &self.path).map_err(self.failed("written"))?;
        let looked_at_from = looked_at_from(tail.length, tail.length);
        sync_parent(&self.path).map_err(|source| self.in_doubt(source))?;
        Ok(LogFile { file: Arc::new(file), tail, looked_at_from })
    }
}

/// The metadata of a regular file of a length that can be read, or none if there is no file: opening
/// a FIFO would wait for another process.
fn regular(found: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match found {
        Ok(found) if !found.is_file() => Err(io::Error::other("it is not a regular file")),
        Ok(found) if found.len() > MAX => Err(io::Error::other("it is too large")),
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A length at which a log that holds so many live bytes and is so long is looked at next.
fn looked_at_from(live: u64, length: u64) -> u64 {
    SMALL.max(live.saturating_mul(LONG)).max(length.saturating_mul(3) / 2)
}

impl LogFile {
    /// True if what was read of it still is in it: it is no shorter, and its last record is the
    /// same.
    fn is_in_place(&self, length: u64) -> io::Result<bool> {
        if length < self.tail.length {
            return Ok(false);
        }
        let digest = self.tail.digest.as_str();
        let mut found = vec![0; digest.len()];
        self.file.read_exact_at(&mut found, self.tail.digest_at)?;
        Ok(found == digest.as_bytes())
    }

    /// True if it is much longer than the records of what exists.
    pub(crate) fn is_long(&mut self, inventory: &Inventory) -> bool {
        if self.tail.length < self.looked_at_from {
            return false;
        }
        if self.tail.count <= inventory.count() {
            // Nothing was written twice: there is nothing to leave out.
            self.looked_at_from = looked_at_from(0, self.tail.length);
            return false;
        }
        let counted = log::live_bytes(inventory);
        let live = *counted.as_ref().unwrap_or(&0);
        let too_long = counted.is_ok() && self.tail.length > live.saturating_mul(LONG);
        self.looked_at_from = looked_at_from(live, self.tail.length);
        too_long
    }
}

/// Makes records durable that follow the first `at` bytes of a log; whatever is behind these, such
/// as a record that was cut off, is cut away.
pub(crate) fn append(file: &File, at: u64, lines: &[u8]) -> io::Result<()> {
    if file.metadata()?.len() != at {
        file.set_len(at)?;
    }
    file.write_all_at(lines, at)?;
    file.sync_data()
}

/// Takes back records that may not be durable.
pub(crate) fn take_back(file: &File, at: u64) -> io::Result<()> {
    file.set_len(at)?;
    file.sync_data()
}

fn bytes_from(file: &File, at: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len().saturating_sub(at);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

fn write_new(new: &Path, inventory: &Inventory, after: &str) -> io::Result<(File, Tail)> {
    match std::fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    let file = options.create_new(true).read(true).write(true).mode(0o600).open(new)?;
    let mut writer = BufWriter::with_capacity(1 << 18, &file);
    let tail = log::whole(inventory, after, |bytes| writer.write_all(bytes))?;
    writer.flush()?;
    drop(writer);
    file.sync_all()?;
    Ok((file, tail))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
