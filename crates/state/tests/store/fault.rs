//! Disks that take only a part of what is written, or nothing more: the former state stays.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rstack_state::{
    Access, Disk, DiskFile, Facts, FileSystem, Identity, Kind, StateError, StateStore,
};

use crate::support::{base, begin, create, directory, holder, object, stack, state};

/// The file system, on which only so many bytes are left.
#[derive(Clone, Debug)]
struct Short(Arc<AtomicUsize>);

#[derive(Debug)]
struct ShortFile(Box<dyn DiskFile>, Arc<AtomicUsize>);

impl DiskFile for ShortFile {
    fn facts(&self) -> io::Result<Facts> {
        self.0.facts()
    }
    fn read(&self) -> io::Result<Vec<u8>> {
        self.0.read()
    }
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let left = self.1.load(Ordering::SeqCst);
        let fits = bytes.len().min(left);
        self.1.store(left - fits, Ordering::SeqCst);
        self.0.write(&bytes[..fits])?;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn lock(&self) -> io::Result<bool> {
        self.0.lock()
    }
}

impl Disk for Short {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        FileSystem.kind(path)
    }
    fn own_kind(&self, path: &Path) -> io::Result<Kind> {
        FileSystem.own_kind(path)
    }
    fn identity(&self, path: &Path) -> io::Result<Identity> {
        FileSystem.identity(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        FileSystem.list(directory)
    }
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        FileSystem.make_directory(path)
    }
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(ShortFile(FileSystem.open(path, access)?, Arc::clone(&self.0))))
    }
    fn temporary(
        &self,
        directory: &Path,
        prefix: &str,
    ) -> io::Result<(PathBuf, Box<dyn DiskFile>)> {
        let (path, file) = FileSystem.temporary(directory, prefix)?;
        Ok((path, Box::new(ShortFile(file, Arc::clone(&self.0)))))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        FileSystem.rename(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        FileSystem.link(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove(path)
    }
    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        FileSystem.sync_directory(directory)
    }
}

/// Whatever number of bytes is left, a run goes as far as that, and no further: every record that
/// was said to be durable is there, and the state is the former or the new one.
#[test]
fn a_disk_that_is_full_after_any_number_of_bytes_loses_nothing() {
    let mut reached = 0;
    for room in (0..).step_by(97) {
        let directory = directory();
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let store = StateStore::on(Arc::new(Short(Arc::clone(&left))), directory.path()).unwrap();
        let mut old = state();
        old.resources.insert("A".into(), object("a"));
        let locked = store.lock(&stack(), &holder()).unwrap();
        let old = locked.publish(old, &base(&state())).unwrap();
        left.store(room, Ordering::SeqCst);
        let mut durable = 0;
        let written = locked.begin(&begin(&old)).and_then(|journal| {
            durable += 1;
            for operation in 1..4 {
                journal.append(&create(operation, "B"))?;
                durable += 1;
            }
            Ok(())
        });
        let published = written.and_then(|()| locked.publish(old.clone(), &base(&old)));
        drop(locked);
        left.store(usize::MAX, Ordering::SeqCst);
        let stored = store.lock(&stack(), &holder()).unwrap().read().unwrap();
        match published {
            Ok(new) => {
                assert_eq!((stored.state.as_ref(), stored.journal), (Some(&new), None));
                break;
            }
            Err(error) => {
                assert!(matches!(error, StateError::Io { .. }), "{error}");
                assert_eq!(stored.state.as_ref(), Some(&old));
                assert_eq!(stored.journal.unwrap_or_default().len(), durable);
                reached = reached.max(durable);
            }
        }
        let names = FileSystem.list(directory.path()).unwrap();
        assert!(names.iter().all(|path| !path.to_str().unwrap().contains(".rstack-")));
    }
    assert_eq!(reached, 4);
}
