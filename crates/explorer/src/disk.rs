//! A simulated disk as one process sees it, until it dies. What is on it outlives the process: see
//! `disk_image`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rstack_store::fs::{Access, Disk, DiskFile, Identity, Kind, Metadata};

use crate::crash_injector::{CrashInjector, Verdict, lock};
use crate::crash_point::{Act, Fault};
use crate::disk_image::{Content, DiskImage, Inode, Naming, Surface, apply, missing};

/// The disk as one process sees it.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk {
    pub(crate) image: Arc<DiskImage>,
    pub(crate) injector: Arc<CrashInjector>,
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: Inode,
    locked: Mutex<bool>,
}

impl SimulatedDisk {
    /// Does something, unless the process is dead.
    fn act<T>(&self, act: Act, work: impl FnOnce(&mut Surface) -> io::Result<T>) -> io::Result<T> {
        let verdict = self.injector.meet(act);
        if verdict == Verdict::Dead {
            return Err(io::Error::other("the process is dead"));
        }
        let done = {
            let mut surface = lock(&self.image.0);
            let done = work(&mut surface);
            surface.failed |= done.is_err() && surface.fault.is_some();
            done
        };
        if verdict == Verdict::Last {
            self.injector.die();
        }
        done
    }

    fn look<T>(&self, work: impl FnOnce(&Surface) -> io::Result<T>) -> io::Result<T> {
        work(&lock(&self.image.0))
    }

    fn file(&self, inode: Inode) -> Box<dyn DiskFile> {
        Box::new(SimulatedFile { disk: self.clone(), inode, locked: Mutex::new(false) })
    }

    fn make(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.act(Act::Make, |surface| {
            let inode = surface.make(path)?;
            surface.files.insert(inode, Content::default());
            Ok(inode)
        })?;
        Ok(self.file(inode))
    }
}

impl Disk for SimulatedDisk {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.own_kind(path)
    }

    fn own_kind(&self, path: &Path) -> io::Result<Kind> {
        self.look(|surface| {
            if surface.directories.contains(path) {
                return Ok(Kind::Directory);
            }
            let inode = surface.names.get(path).ok_or_else(missing)?;
            let folder = surface.folders.contains(inode);
            Ok(if folder { Kind::Directory } else { Kind::File })
        })
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        self.look(|surface| {
            surface.names.get(path).map(|inode| Identity::from(*inode)).ok_or_else(missing)
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.look(|surface| {
            let inside = |path: &&PathBuf| path.parent() == Some(directory);
            Ok(surface.names.keys().filter(inside).cloned().collect())
        })
    }

    // The directory of the states is older than the stack: what becomes of it in a crash is not
    // explored. That of the backups, which is in it, may be lost.
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        let inside = |surface: &Surface| {
            Ok(path.parent().is_some_and(|above| surface.directories.contains(above)))
        };
        if !self.look(inside)? {
            lock(&self.image.0).directories.insert(path.to_owned());
            return Ok(());
        }
        self.act(Act::Make, |surface| {
            let inode = surface.make(path)?;
            surface.folders.insert(inode);
            Ok(())
        })
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let found = self.look(|surface| Ok(surface.names.get(path).copied()))?;
        match (access, found) {
            (Access::Read | Access::Write, None) => Err(missing()),
            (Access::Read | Access::Write | Access::Any, Some(inode)) => Ok(self.file(inode)),
            (Access::New, _) | (Access::Any, None) => self.make(path),
        }
    }

    fn temporary(
        &self,
        directory: &Path,
        prefix: &str,
    ) -> io::Result<(PathBuf, Box<dyn DiskFile>)> {
        let number = self.look(|surface| Ok(surface.next))?;
        let path = directory.join(format!("{prefix}{number}"));
        let file = self.make(&path)?;
        Ok((path, file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.act(Act::Rename, |surface| {
            surface.changeable()?;
            let inode = surface.names.get(from).copied().ok_or_else(missing)?;
            surface.name(Naming::Moved(from.to_owned(), to.to_owned(), inode));
            Ok(())
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.act(Act::Make, |surface| {
            surface.changeable()?;
            if surface.names.contains_key(to) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let inode = surface.names.get(from).copied().ok_or_else(missing)?;
            surface.name(Naming::Given(to.to_owned(), inode));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.own_kind(path).is_err() {
            return Err(missing());
        }
        self.act(Act::Remove, |surface| {
            surface.changeable()?;
            surface.name(Naming::Taken(path.to_owned()));
            Ok(())
        })
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        // One above that of the states.
        if self.own_kind(directory).is_err() {
            return Ok(());
        }
        self.act(Act::SyncDirectory, |surface| {
            surface.syncable()?;
            let Surface { namings, durable_names, .. } = surface;
            namings.retain(|naming| {
                let here = naming.directory() == Some(directory);
                if here {
                    apply(durable_names, naming);
                }
                !here
            });
            Ok(())
        })
    }
}

impl DiskFile for SimulatedFile {
    fn metadata(&self) -> io::Result<Metadata> {
        let size = self.read()?.len() as u64;
        Ok(Metadata { identity: self.inode.into(), kind: Kind::File, mode: 0o600, size })
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let content = |surface: &Surface| surface.files.get(&self.inode).map(|c| c.now.clone());
        self.disk.look(|surface| content(surface).ok_or_else(missing))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.act(Act::Write, |surface| {
            surface.changeable()?;
            let full = surface.fault == Some(Fault::Full);
            let fits = if full { bytes.len() / 2 } else { bytes.len() };
            let bytes = bytes.get(..fits).unwrap_or_default();
            surface.written.extend_from_slice(bytes);
            surface.content(self.inode)?.now.extend_from_slice(bytes);
            if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.disk.act(Act::Truncate, |surface| {
            surface.changeable()?;
            let length = usize::try_from(length).map_err(io::Error::other)?;
            surface.content(self.inode)?.now.truncate(length);
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.act(Act::Sync, |surface| {
            surface.syncable()?;
            let content = surface.content(self.inode)?;
            content.durable.clone_from(&content.now);
            Ok(())
        })
    }

    fn lock(&self) -> io::Result<bool> {
        let got = lock(&self.disk.image.0).locks.insert(self.inode);
        *lock(&self.locked) |= got;
        Ok(got)
    }

    fn blocks(&self) -> bool {
        false
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        // The locks of a dead process go with the crash.
        if *lock(&self.locked) && !self.disk.injector.is_dead() {
            lock(&self.disk.image.0).locks.remove(&self.inode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash_point::{Data, Names, Survival};

    fn disk() -> SimulatedDisk {
        let image = Arc::new(DiskImage::default());
        let injector = CrashInjector::new(Arc::clone(&image), None);
        let disk = SimulatedDisk { image, injector };
        disk.make_directory(Path::new("/d")).unwrap();
        disk
    }

    /// The text of the file at a path after a crash.
    fn after(disk: &SimulatedDisk, left: Survival, path: &str) -> Option<String> {
        let image = Arc::new(disk.image.fork());
        image.crash(left);
        let injector = CrashInjector::new(Arc::clone(&image), None);
        let file = SimulatedDisk { image, injector }.open(Path::new(path), Access::Read).ok()?;
        Some(String::from_utf8(file.read().unwrap()).unwrap())
    }

    #[test]
    fn bytes_are_durable_when_synced_and_names_with_their_directory() {
        let (disk, path) = (disk(), Path::new("/d/a"));
        let left = |data, names| Survival { data, names };
        let file = disk.open(path, Access::New).unwrap();
        file.write(b"whole").unwrap();
        file.sync_data().unwrap();
        assert_eq!(after(&disk, left(Data::Kept, Names::Lost), "/d/a"), None);
        disk.sync_directory(Path::new("/d")).unwrap();
        file.write(b"12345678").unwrap();
        let read = |data| after(&disk, left(data, Names::Lost), "/d/a").unwrap();
        assert_eq!(read(Data::Kept), "whole12345678");
        assert_eq!(read(Data::Lost), "whole");
        assert_eq!(read(Data::Torn), "whole1234");
        assert_eq!(read(Data::Zeroed), "whole1234\0\0\0\0");
    }

    #[test]
    fn a_directory_that_was_not_durable_takes_with_it_what_is_in_it() {
        let (disk, inner) = (disk(), Path::new("/d/inner"));
        disk.make_directory(inner).unwrap();
        let file = disk.open(&inner.join("a"), Access::New).unwrap();
        file.write(b"whole").unwrap();
        file.sync_data().unwrap();
        disk.sync_directory(inner).unwrap();
        let left = Survival { data: Data::Lost, names: Names::Lost };
        assert_eq!(after(&disk, left, "/d/inner/a"), None);
        disk.sync_directory(Path::new("/d")).unwrap();
        assert_eq!(after(&disk, left, "/d/inner/a").as_deref(), Some("whole"));
    }

    #[test]
    fn renames_may_be_lost_or_overtaken() {
        let (disk, directory) = (disk(), Path::new("/d"));
        let make = |name: &str, text: &[u8]| {
            let file = disk.open(&directory.join(name), Access::New).unwrap();
            file.write(text).unwrap();
            file.sync_data().unwrap();
        };
        make("a", b"old");
        make("journal", b"");
        disk.sync_directory(directory).unwrap();
        make("b", b"new");
        disk.rename(Path::new("/d/b"), Path::new("/d/a")).unwrap();
        disk.remove(Path::new("/d/journal")).unwrap();
        let left = |names, path| after(&disk, Survival { data: Data::Kept, names }, path);
        assert_eq!(left(Names::Kept, "/d/a").as_deref(), Some("new"));
        assert_eq!(left(Names::Lost, "/d/a").as_deref(), Some("old"));
        assert_eq!(left(Names::Last, "/d/a").as_deref(), Some("old"));
        assert_eq!(left(Names::Last, "/d/journal"), None);
    }
}
