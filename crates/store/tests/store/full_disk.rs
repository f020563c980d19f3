//! Disks that take only a part of what is written, or nothing more: the former state stays.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rstack_store::fs::{Disk, DiskFile, FileSystem, Metadata};
use rstack_store::{StateStore, StoreError};

use crate::disk::{Witness, Witnessed};
use crate::support::{base, begin, create, directory, holder, object, stack, state};

/// So many bytes are left on a disk.
#[derive(Debug)]
struct Room(AtomicUsize);

impl Witness for Room {
    fn file(this: &Arc<Self>, _path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(ShortFile(file, Arc::clone(this)))
    }
}

#[derive(Debug)]
struct ShortFile(Box<dyn DiskFile>, Arc<Room>);

impl DiskFile for ShortFile {
    fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }
    fn read(&self) -> io::Result<Vec<u8>> {
        self.0.read()
    }
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let Room(left) = self.1.as_ref();
        let fits = bytes.len().min(left.load(Ordering::SeqCst));
        left.fetch_sub(fits, Ordering::SeqCst);
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

/// Whatever number of bytes is left, a run goes as far as that, and no further: every record that
/// was said to be durable is there, and the state is the former or the new one.
#[test]
fn a_disk_that_is_full_after_any_number_of_bytes_loses_nothing() {
    let mut reached = 0;
    for room in (0..30_000).step_by(97) {
        let directory = directory();
        let disk = Arc::new(Room(AtomicUsize::new(usize::MAX)));
        let left = &disk.0;
        let on = Arc::new(Witnessed(Arc::clone(&disk)));
        let store = StateStore::on(on, directory.path()).unwrap();
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
        // A living process clears away the files that it does not publish.
        for place in [directory.path(), &directory.path().join("Live.backup")] {
            let names = FileSystem.list(place).unwrap();
            assert!(names.iter().all(|path| !path.to_str().unwrap().contains(".rstack-")));
        }
        left.store(usize::MAX, Ordering::SeqCst);
        let stored = store.lock(&stack(), &holder()).unwrap().read().unwrap();
        match published {
            Ok(new) => {
                assert_eq!((stored.state.as_ref(), stored.journal), (Some(&new), None));
                break;
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Io { .. }), "{error}");
                assert_eq!(stored.state.as_ref(), Some(&old));
                assert_eq!(stored.journal.unwrap_or_default().len(), durable);
                reached = reached.max(durable);
            }
        }
    }
    assert_eq!(reached, 4);
}
