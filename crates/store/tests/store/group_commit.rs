//! Many threads append to one journal: no append returns before its own bytes are durable, and they
//! share their syncs. The disk counts what is durable, and holds syncs back where a test says so.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use rstack_journal::{Entry, OperationId};
use rstack_store::fs::{DiskFile, Journal, Metadata};
use rstack_store::{StateStore, StoreError};

use crate::disk::{Witness, Witnessed};
use crate::support::{begin, directory, holder, stack, state};

/// The bytes of the journal's file, and how much of them is durable.
#[derive(Debug, Default)]
struct Bytes {
    written: Vec<u8>,
    writes: usize,
    durable: usize,
    syncs: usize,
    /// The number of syncs that may end; the others are held back.
    allowed: usize,
    /// The sync with this number fails.
    failing: Option<usize>,
}

/// A file whose syncs are watched.
#[derive(Debug, Default)]
struct Watched {
    bytes: Mutex<Bytes>,
    moved: Condvar,
}

impl Watched {
    fn bytes(&self) -> MutexGuard<'_, Bytes> {
        self.bytes.lock().unwrap()
    }

    /// Changes something that others wait for.
    fn change(&self, change: impl FnOnce(&mut Bytes)) {
        change(&mut self.bytes());
        self.moved.notify_all();
    }

    fn wait_until(&self, reached: impl Fn(&Bytes) -> bool) -> MutexGuard<'_, Bytes> {
        self.moved.wait_while(self.bytes(), |bytes| !reached(bytes)).unwrap()
    }

    /// True if the record of an operation is durable.
    fn holds(&self, operation: u64) -> bool {
        let bytes = self.bytes();
        let durable = String::from_utf8_lossy(&bytes.written[..bytes.durable]).into_owned();
        durable.lines().any(|line| line.contains(&format!("{{\"operation\":{operation}}}")))
    }
}

impl Watched {
    fn sync_now(&self) -> io::Result<()> {
        let (number, covered) = {
            let mut bytes = self.bytes();
            bytes.syncs += 1;
            (bytes.syncs, bytes.written.len())
        };
        self.moved.notify_all();
        let mut bytes = self.wait_until(|bytes| bytes.allowed >= number);
        if bytes.failing == Some(number) {
            return Err(io::Error::other("the disk is gone"));
        }
        // What was written while it ran is not covered.
        bytes.durable = bytes.durable.max(covered);
        Ok(())
    }
}

/// The watched file in the place of a real one, which gives it its name and identity.
#[derive(Debug)]
struct File(Arc<Watched>, Box<dyn DiskFile>);

impl DiskFile for File {
    fn metadata(&self) -> io::Result<Metadata> {
        self.1.metadata()
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.0.bytes().written.clone())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.change(|file| {
            file.written.extend_from_slice(bytes);
            file.writes += 1;
        });
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.bytes().written.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_now()
    }

    fn lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn blocks(&self) -> bool {
        false
    }
}

impl Witness for Watched {
    fn file(this: &Arc<Self>, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        if path.extension().is_some_and(|extension| extension == "journal") {
            return Box::new(File(Arc::clone(this), file));
        }
        file
    }
}

/// Does something with a journal that has its first record.
fn with_journal(test: impl FnOnce(&Watched, &Journal)) {
    let directory = directory();
    let file = Arc::new(Watched::default());
    file.change(|bytes| bytes.allowed = 1);
    let store = StateStore::on(Arc::new(Witnessed(Arc::clone(&file))), directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let journal = locked.begin(&begin(&state())).unwrap();
    assert!(!journal.blocks());
    test(&file, &journal);
}

/// Appends a record; if that succeeds, it is durable.
fn append(file: &Watched, journal: &Journal, operation: u64) -> Result<(), StoreError> {
    let appended = journal.append(&Entry::Absent { operation: OperationId(operation) });
    if appended.is_ok() {
        assert!(file.holds(operation), "the append of {operation} returned too early");
    }
    appended
}

/// A record that is written while a sync runs is not covered by it, and waits for the next one,
/// which covers all of them.
#[test]
fn what_is_written_during_a_sync_waits_for_the_next_one() {
    with_journal(|file, journal| {
        std::thread::scope(|scope| {
            let first = scope.spawn(|| append(file, journal, 1));
            drop(file.wait_until(|bytes| bytes.syncs == 2));
            let others: Vec<_> =
                (2..=9).map(|number| scope.spawn(move || append(file, journal, number))).collect();
            drop(file.wait_until(|bytes| bytes.writes == 10));
            file.change(|bytes| bytes.allowed = 2);
            first.join().unwrap().unwrap();
            assert!((2..=9).all(|number| !file.holds(number)));
            drop(file.wait_until(|bytes| bytes.syncs == 3));
            file.change(|bytes| bytes.allowed = 3);
            others.into_iter().for_each(|other| other.join().unwrap().unwrap());
        });
        assert_eq!(file.bytes().syncs, 3, "the eight share one");
    });
}

/// No caller is informed that a record is durable when the sync that was to cover it failed, and
/// nothing more is written.
#[test]
fn a_sync_that_fails_fails_all_that_wait_for_it() {
    with_journal(|file, journal| {
        file.change(|bytes| bytes.failing = Some(3));
        std::thread::scope(|scope| {
            let first = scope.spawn(|| append(file, journal, 1));
            drop(file.wait_until(|bytes| bytes.syncs == 2));
            let others: Vec<_> =
                (2..=9).map(|number| scope.spawn(move || append(file, journal, number))).collect();
            drop(file.wait_until(|bytes| bytes.writes == 10));
            file.change(|bytes| bytes.allowed = usize::MAX);
            first.join().unwrap().unwrap();
            let errors = others.into_iter().map(|other| other.join().unwrap().unwrap_err());
            let told = errors.filter(|error| matches!(error, StoreError::Io { .. })).count();
            assert_eq!(told, 1, "one has made the sync, the others hear that it is broken");
        });
        let written = file.bytes().writes;
        assert!(matches!(append(file, journal, 10), Err(StoreError::Broken { .. })));
        assert_eq!(file.bytes().writes, written);
    });
}

/// Threads as they come, for cases that no other test has.
#[test]
fn many_threads_append_and_nothing_is_reported_too_early() {
    const THREADS: u64 = 8;
    const EACH: u64 = 50;
    with_journal(|file, journal| {
        file.change(|bytes| bytes.allowed = usize::MAX);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    for number in 0..EACH {
                        append(file, journal, thread * EACH + number).unwrap();
                    }
                });
            }
        });
        let bytes = file.bytes();
        assert_eq!(bytes.durable, bytes.written.len());
        let lines = String::from_utf8(bytes.written.clone()).unwrap();
        assert_eq!(lines.lines().count() as u64, THREADS * EACH + 1);
        assert!(bytes.syncs as u64 <= THREADS * EACH + 1);
    });
}
