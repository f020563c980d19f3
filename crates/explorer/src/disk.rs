//! A simulated disk that knows what is durable and what is not.
//!
//! Written bytes are durable when their file was synced, names when their directory was. What a
//! crash leaves of the rest is what the point of the crash says.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rstack_state::{Access, Disk, DiskFile, Facts, Identity, Kind};

use crate::fate::{Fate, Ruling, lock};
use crate::moment::{Act, Data, Fault, Names, Pending, Survival};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Inode(u64);

#[derive(Clone, Debug, Default)]
struct Content {
    durable: Vec<u8>,
    now: Vec<u8>,
}

/// One change of names.
#[derive(Clone, Debug)]
enum Naming {
    Given(PathBuf, Inode),
    Moved(PathBuf, PathBuf, Inode),
    Taken(PathBuf),
}

impl Naming {
    /// The directory whose names it changes.
    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Given(path, _) | Self::Moved(_, path, _) | Self::Taken(path) => path.parent(),
        }
    }
}

impl From<Inode> for Identity {
    fn from(inode: Inode) -> Self {
        Self { device: 0, inode: inode.0 }
    }
}

type Directory = BTreeMap<PathBuf, Inode>;

#[derive(Clone, Debug, Default)]
struct Surface {
    files: BTreeMap<Inode, Content>,
    names: Directory,
    durable_names: Directory,
    namings: Vec<Naming>,
    /// Which of the names are those of directories.
    folders: BTreeSet<Inode>,
    /// The directories that are older than the stack.
    directories: BTreeSet<PathBuf>,
    locks: BTreeSet<Inode>,
    next: u64,
    fault: Option<Fault>,
    failed: bool,
    /// Everything that was ever written.
    written: Vec<u8>,
}

/// What survives processes and crashes.
#[derive(Debug, Default)]
pub struct Platter(Mutex<Surface>);

fn apply(names: &mut Directory, naming: &Naming) {
    match naming {
        Naming::Given(path, inode) => {
            names.insert(path.clone(), *inode);
        }
        Naming::Moved(from, to, inode) => {
            names.remove(from);
            names.insert(to.clone(), *inode);
        }
        Naming::Taken(path) => {
            names.remove(path);
        }
    }
}

fn survivor(content: &Content, data: Data) -> Vec<u8> {
    let same = content.durable.iter().zip(&content.now).take_while(|(a, b)| a == b).count();
    let half = same + (content.now.len() - same) / 2;
    match data {
        Data::Kept => content.now.clone(),
        Data::Lost => content.durable.clone(),
        Data::Torn => content.now.iter().take(half).copied().collect(),
        Data::Zeroed => {
            let mut bytes: Vec<u8> = content.now.iter().take(half).copied().collect();
            bytes.resize(content.now.len(), 0);
            bytes
        }
    }
}

impl Platter {
    /// Another platter that holds the same.
    pub(crate) fn fork(&self) -> Self {
        Self(Mutex::new(lock(&self.0).clone()))
    }

    pub(crate) fn pending(&self) -> Pending {
        let surface = lock(&self.0);
        let data = surface.files.values().any(|content| content.durable != content.now);
        Pending { data, names: surface.namings.len() }
    }

    /// The process is dead: this is left of what was not durable.
    pub(crate) fn crash(&self, left: Survival) {
        let mut surface = lock(&self.0);
        let surface = &mut *surface;
        match (left.names, surface.namings.last()) {
            (Names::Kept, _) => surface.durable_names.clone_from(&surface.names),
            (Names::Last, Some(last)) => apply(&mut surface.durable_names, last),
            (Names::Lost, _) | (Names::Last, None) => {}
        }
        let Surface { durable_names, directories, folders, .. } = &mut *surface;
        let there = |path: &Path, names: &Directory| {
            directories.contains(path) || names.get(path).is_some_and(|i| folders.contains(i))
        };
        // What is in a directory goes with it.
        let names = durable_names.clone();
        durable_names.retain(|path, _| path.parent().is_some_and(|above| there(above, &names)));
        surface.names.clone_from(&surface.durable_names);
        surface.namings.clear();
        let named: BTreeSet<Inode> = surface.names.values().copied().collect();
        surface.files.retain(|inode, _| named.contains(inode));
        surface.folders.retain(|inode| named.contains(inode));
        for content in surface.files.values_mut() {
            content.now = survivor(content, left.data);
            content.durable.clone_from(&content.now);
        }
        surface.locks.clear();
    }

    pub(crate) fn fail(&self, fault: Fault) {
        lock(&self.0).fault = Some(fault);
    }

    /// Whether a fault has come to the notice of the process.
    pub(crate) fn has_failed(&self) -> bool {
        lock(&self.0).failed
    }

    /// The disk is as good as new; what was not durable on a failing one is lost.
    pub(crate) fn repair(&self) {
        let failing = {
            let mut surface = lock(&self.0);
            surface.failed = false;
            surface.fault.take() == Some(Fault::Failing)
        };
        if failing {
            self.crash(Survival { data: Data::Lost, names: Names::Lost });
        }
    }

    /// What is on it, as text.
    pub(crate) fn image(&self) -> String {
        let surface = lock(&self.0);
        let mut image = String::new();
        for (path, inode) in &surface.names {
            let content = surface.files.get(inode).map(|content| content.now.as_slice());
            let text = String::from_utf8_lossy(content.unwrap_or_default());
            image.push_str(&format!("{}\n{}\n{text}\n", path.display(), text.len()));
        }
        image
    }

    /// How many temporary files are on it.
    pub(crate) fn temporary_files(&self) -> usize {
        let name = |path: &PathBuf| path.file_name()?.to_str().map(|n| n.starts_with(".rstack-"));
        lock(&self.0).names.keys().filter(|path| name(path) == Some(true)).count()
    }

    /// Whether these bytes were ever written.
    pub(crate) fn holds(&self, needle: &[u8]) -> bool {
        let surface = lock(&self.0);
        !needle.is_empty() && surface.written.windows(needle.len()).any(|bytes| bytes == needle)
    }
}

/// The disk as one process sees it.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk {
    pub(crate) platter: Arc<Platter>,
    pub(crate) fate: Arc<Fate>,
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: Inode,
    locked: Mutex<bool>,
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl SimulatedDisk {
    /// Does something, unless the process is dead.
    fn act<T>(&self, act: Act, work: impl FnOnce(&mut Surface) -> io::Result<T>) -> io::Result<T> {
        let ruling = self.fate.meet(act);
        if ruling == Ruling::Dead {
            return Err(io::Error::other("the process is dead"));
        }
        let done = {
            let mut surface = lock(&self.platter.0);
            let done = work(&mut surface);
            surface.failed |= done.is_err() && surface.fault.is_some();
            done
        };
        if ruling == Ruling::Last {
            self.fate.die();
        }
        done
    }

    fn look<T>(&self, work: impl FnOnce(&Surface) -> io::Result<T>) -> io::Result<T> {
        work(&lock(&self.platter.0))
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

impl Surface {
    fn changeable(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault::ReadOnly) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::Full | Fault::Failing) | None => Ok(()),
        }
    }

    fn syncable(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault::Failing) => Err(io::Error::other("input/output error")),
            Some(Fault::Full | Fault::ReadOnly) | None => Ok(()),
        }
    }

    fn make(&mut self, path: &Path) -> io::Result<Inode> {
        self.changeable()?;
        if self.fault == Some(Fault::Full) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = Inode(self.next);
        self.next += 1;
        self.name(Naming::Given(path.to_owned(), inode));
        Ok(inode)
    }

    fn name(&mut self, naming: Naming) {
        apply(&mut self.names, &naming);
        self.namings.push(naming);
    }

    fn content(&mut self, inode: Inode) -> io::Result<&mut Content> {
        self.files.get_mut(&inode).ok_or_else(missing)
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
            lock(&self.platter.0).directories.insert(path.to_owned());
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
    fn facts(&self) -> io::Result<Facts> {
        let size = self.read()?.len() as u64;
        Ok(Facts { identity: self.inode.into(), kind: Kind::File, mode: 0o600, size })
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
        let got = lock(&self.disk.platter.0).locks.insert(self.inode);
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
        if *lock(&self.locked) && !self.disk.fate.is_dead() {
            lock(&self.disk.platter.0).locks.remove(&self.inode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> SimulatedDisk {
        let platter = Arc::new(Platter::default());
        let fate = Fate::new(Arc::clone(&platter), None);
        let disk = SimulatedDisk { platter, fate };
        disk.make_directory(Path::new("/d")).unwrap();
        disk
    }

    /// What stands at a path after a crash.
    fn after(disk: &SimulatedDisk, left: Survival, path: &str) -> Option<String> {
        let platter = Arc::new(disk.platter.fork());
        platter.crash(left);
        let fate = Fate::new(Arc::clone(&platter), None);
        let file = SimulatedDisk { platter, fate }.open(Path::new(path), Access::Read).ok()?;
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
