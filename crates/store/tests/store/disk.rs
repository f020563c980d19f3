//! The file system, of which a test sees every call, may refuse it, or puts a file of its own in the
//! place of a real one.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_store::fs::{Access, Disk, DiskFile, FileSystem, Identity, Kind, Metadata};

/// The call for a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    Look,
    /// With links followed.
    LookThrough,
    List,
    MakeDirectory,
    Open(Access),
    /// A new temporary file in a directory, which is the path.
    MakeTemporary,
    /// The object at the path gets this one.
    Rename(&'a Path),
    /// It gets this one, too.
    Link(&'a Path),
    Remove,
    SyncDirectory,
    Read,
    Write,
    Truncate,
    Sync,
    Lock,
}

/// A witness of the calls.
pub(crate) trait Witness: Debug + Send + Sync + Sized + 'static {
    /// Comes before a call. An error is what comes of it instead.
    fn before(&self, _call: Call<'_>, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Comes after a call that was made. The path of a temporary file is now that of the file.
    fn after(&self, _call: Call<'_>, _path: &Path) {}

    /// The file that stands for one that was opened.
    fn file(this: &Arc<Self>, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(WitnessedFile { witness: Arc::clone(this), path: path.to_owned(), file })
    }
}

/// The file system under the eyes of a witness.
#[derive(Debug)]
pub(crate) struct Witnessed<W>(pub(crate) Arc<W>);

impl<W: Witness> Witnessed<W> {
    fn make<T>(
        &self,
        call: Call<'_>,
        path: &Path,
        work: impl FnOnce(&FileSystem) -> io::Result<T>,
    ) -> io::Result<T> {
        self.0.before(call, path)?;
        let made = work(&FileSystem)?;
        self.0.after(call, path);
        Ok(made)
    }
}

impl<W: Witness> Disk for Witnessed<W> {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.make(Call::LookThrough, path, |disk| disk.kind(path))
    }

    fn own_kind(&self, path: &Path) -> io::Result<Kind> {
        self.make(Call::Look, path, |disk| disk.own_kind(path))
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        self.make(Call::Look, path, |disk| disk.identity(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.make(Call::List, directory, |disk| disk.list(directory))
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.make(Call::MakeDirectory, path, |disk| disk.make_directory(path))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let file = self.make(Call::Open(access), path, |disk| disk.open(path, access))?;
        Ok(W::file(&self.0, path, file))
    }

    fn temporary(
        &self,
        directory: &Path,
        prefix: &str,
    ) -> io::Result<(PathBuf, Box<dyn DiskFile>)> {
        self.0.before(Call::MakeTemporary, directory)?;
        let (path, file) = FileSystem.temporary(directory, prefix)?;
        self.0.after(Call::MakeTemporary, &path);
        let file = W::file(&self.0, &path, file);
        Ok((path, file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.make(Call::Rename(to), from, |disk| disk.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.make(Call::Link(to), from, |disk| disk.link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.make(Call::Remove, path, |disk| disk.remove(path))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.make(Call::SyncDirectory, directory, |disk| disk.sync_directory(directory))
    }
}

#[derive(Debug)]
struct WitnessedFile<W> {
    witness: Arc<W>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl<W: Witness> WitnessedFile<W> {
    fn make<T>(
        &self,
        call: Call<'_>,
        work: impl FnOnce(&dyn DiskFile) -> io::Result<T>,
    ) -> io::Result<T> {
        self.witness.before(call, &self.path)?;
        let made = work(self.file.as_ref())?;
        self.witness.after(call, &self.path);
        Ok(made)
    }
}

impl<W: Witness> DiskFile for WitnessedFile<W> {
    fn metadata(&self) -> io::Result<Metadata> {
        self.make(Call::Look, |file| file.metadata())
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        self.make(Call::Read, |file| file.read())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.make(Call::Write, |file| file.write(bytes))
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.make(Call::Truncate, |file| file.truncate(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.make(Call::Sync, |file| file.sync_data())
    }

    fn lock(&self) -> io::Result<bool> {
        self.make(Call::Lock, |file| file.lock())
    }
}
