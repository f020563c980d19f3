//! The image of a simulated disk: the bytes and names that are durable, those that are not, and those that a crash leaves.
//!
//! Written bytes are durable when their file was synced, names when their directory was. What a
//! crash leaves of the rest is what the crash point says.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rstack_store::fs::Identity;

use crate::crash_injector::lock;
use crate::crash_point::{Data, Fault, Names, Pending, Survival};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inode(u64);

#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) durable: Vec<u8>,
    pub(crate) now: Vec<u8>,
}

/// One change of names.
#[derive(Clone, Debug)]
pub(crate) enum Naming {
    Given(PathBuf, Inode),
    Moved(PathBuf, PathBuf, Inode),
    Taken(PathBuf),
}

impl Naming {
    /// The directory whose names it changes.
    pub(crate) fn directory(&self) -> Option<&Path> {
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

pub(crate) type Directory = BTreeMap<PathBuf, Inode>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Surface {
    pub(crate) files: BTreeMap<Inode, Content>,
    pub(crate) names: Directory,
    pub(crate) durable_names: Directory,
    pub(crate) namings: Vec<Naming>,
    /// Which of the names are those of directories.
    pub(crate) folders: BTreeSet<Inode>,
    /// The directories that are older than the stack.
    pub(crate) directories: BTreeSet<PathBuf>,
    pub(crate) locks: BTreeSet<Inode>,
    pub(crate) next: u64,
    pub(crate) fault: Option<Fault>,
    pub(crate) failed: bool,
    /// Everything that was ever written.
    pub(crate) written: Vec<u8>,
}

/// The image of a disk, which survives processes and crashes.
#[derive(Debug, Default)]
pub struct DiskImage(pub(crate) Mutex<Surface>);

pub(crate) fn apply(names: &mut Directory, naming: &Naming) {
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

impl DiskImage {
    /// Another image that holds the same.
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

    /// True if a process has been refused something because of a fault.
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

    /// True if there is such a name.
    pub(crate) fn has(&self, path: &Path) -> bool {
        lock(&self.0).names.contains_key(path)
    }

    /// Changes the bytes of a file, durably; `false` if there is none.
    pub(crate) fn rewrite(&self, path: &Path, work: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut surface = lock(&self.0);
        let Some(inode) = surface.names.get(path).copied() else { return false };
        let Some(content) = surface.files.get_mut(&inode) else { return false };
        work(&mut content.now);
        content.durable.clone_from(&content.now);
        true
    }

    /// The names on it and the contents of their files, as text.
    pub(crate) fn contents(&self) -> String {
        let surface = lock(&self.0);
        let mut contents = String::new();
        for (path, inode) in &surface.names {
            let content = surface.files.get(inode).map(|content| content.now.as_slice());
            let text = String::from_utf8_lossy(content.unwrap_or_default());
            contents.push_str(&format!("{}\n{}\n{text}\n", path.display(), text.len()));
        }
        contents
    }

    /// The number of temporary files on it.
    pub(crate) fn temporary_files(&self) -> usize {
        let name = |path: &PathBuf| path.file_name()?.to_str().map(|n| n.starts_with(".rstack-"));
        lock(&self.0).names.keys().filter(|path| name(path) == Some(true)).count()
    }

    /// True if these bytes were ever written.
    pub(crate) fn holds(&self, needle: &[u8]) -> bool {
        let surface = lock(&self.0);
        !needle.is_empty() && surface.written.windows(needle.len()).any(|bytes| bytes == needle)
    }
}

pub(crate) fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Surface {
    pub(crate) fn changeable(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault::ReadOnly) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::Full | Fault::Failing) | None => Ok(()),
        }
    }

    pub(crate) fn syncable(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault::Failing) => Err(io::Error::other("input/output error")),
            Some(Fault::Full | Fault::ReadOnly) | None => Ok(()),
        }
    }

    pub(crate) fn make(&mut self, path: &Path) -> io::Result<Inode> {
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

    pub(crate) fn name(&mut self, naming: Naming) {
        apply(&mut self.names, &naming);
        self.namings.push(naming);
    }

    pub(crate) fn content(&mut self, inode: Inode) -> io::Result<&mut Content> {
        self.files.get_mut(&inode).ok_or_else(missing)
    }
}
