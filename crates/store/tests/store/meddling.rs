//! Acts of others on the files between two calls of the store.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rstack_store::fs::{Access, Disk, FileSystem};
use rstack_store::{LockedStack, StateStore, StoreError};

use crate::disk::{Call, Witness, Witnessed};
use crate::support::{base, begin, create, directory, holder, object, stack, state};

/// Another process that does something to a file right before a call that is about it.
struct Meddler {
    call: fn(Call<'_>) -> bool,
    extension: &'static str,
    act: fn(&Path),
    /// The number of times so far.
    times: AtomicUsize,
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.extension)
    }
}

impl Witness for Meddler {
    fn before(&self, call: Call<'_>, path: &Path) -> io::Result<()> {
        let about = path.extension().is_some_and(|extension| extension == self.extension);
        if about && (self.call)(call) {
            let left =
                self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            if left.is_ok() {
                (self.act)(path);
            }
        }
        Ok(())
    }
}

fn opened(call: Call<'_>) -> bool {
    matches!(call, Call::Open(_))
}

fn locked(call: Call<'_>) -> bool {
    call == Call::Lock
}

/// A store with a state and an open run, at which another process meddles so many times.
struct Place {
    directory: tempfile::TempDir,
    meddled: StateStore,
}

impl Place {
    fn new(
        call: fn(Call<'_>) -> bool,
        extension: &'static str,
        act: fn(&Path),
        times: usize,
    ) -> Self {
        let directory = directory();
        let store = StateStore::open(directory.path()).unwrap();
        let locked = store.lock(&stack(), &holder()).unwrap();
        let mut now = state();
        now.resources.insert("A".into(), object("a"));
        let now = locked.publish(now, &base(&state())).unwrap();
        locked.begin(&begin(&now)).unwrap();
        let meddler = Meddler { call, extension, act, times: AtomicUsize::new(times) };
        let on = Arc::new(Witnessed(Arc::new(meddler)));
        let meddled = StateStore::on(on, directory.path()).unwrap();
        Self { directory, meddled }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn lock(&self) -> Result<LockedStack, StoreError> {
        self.meddled.lock(&stack(), &holder())
    }
}

/// Puts a link to the file in its place, which a look at it before has not seen.
fn link(path: &Path) {
    let target = path.with_extension("elsewhere");
    match fs::rename(path, &target) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::write(&target, "").unwrap(),
        Err(error) => panic!("{error}"),
    }
    symlink(&target, path).unwrap();
}

#[test]
fn a_link_that_is_put_in_place_between_a_look_and_the_opening_is_not_followed() {
    type Use = fn(&Place) -> Result<(), StoreError>;
    let uses: [(&'static str, Use); 6] = [
        ("json", |place| place.meddled.read(&stack()).map(|_| ())),
        ("journal", |place| place.meddled.read(&stack()).map(|_| ())),
        ("journal", |place| place.lock()?.resume().map(|_| ())),
        ("lock", |place| place.lock().map(|_| ())),
        ("json", |place| place.lock()?.read().map(|_| ())),
        ("lock", |place| place.meddled.unlock(&stack(), &holder().id).map(|_| ())),
    ];
    for (extension, used) in uses {
        let place = Place::new(opened, extension, link, 1);
        let error = used(&place).unwrap_err();
        assert!(matches!(error, StoreError::Io { operation: "open", .. }), "{extension}: {error}");
    }
}

/// Every call that opens a link gets an error, and the file that it leads to is neither made nor
/// changed.
#[test]
fn the_file_system_opens_no_links() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("target"), "whole").unwrap();
    symlink(path("target"), path("link")).unwrap();
    symlink(path("none"), path("dangling")).unwrap();
    for access in [Access::Read, Access::Write, Access::New, Access::Any] {
        for link in ["link", "dangling"] {
            assert!(FileSystem.open(&path(link), access).is_err(), "{access:?} {link}");
        }
    }
    assert_eq!(fs::read(path("target")).unwrap(), b"whole");
    assert!(!path("none").exists());
}

/// The holder of the lock publishes the state and removes the journal while others read.
#[test]
fn a_journal_that_goes_while_it_is_read_is_not_there() {
    let place = Place::new(opened, "journal", |path| fs::remove_file(path).unwrap(), 1);
    let stored = place.meddled.read(&stack()).unwrap();
    assert_eq!((stored.state.is_some(), stored.journal), (true, None));
}

fn replace(path: &Path) {
    fs::rename(path, path.with_extension("old")).unwrap();
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
}

/// The lock of a file that no longer has its name keeps no process out.
#[test]
fn a_lock_file_that_goes_while_it_is_locked_is_locked_anew() {
    let acts: [fn(&Path); 2] = [|path| fs::remove_file(path).unwrap(), replace];
    for act in acts {
        let place = Place::new(locked, "lock", act, 3);
        let mine = place.lock().unwrap();
        mine.verify().unwrap();
        assert!(matches!(place.lock(), Err(StoreError::Locked { .. })));
        let text = fs::read_to_string(place.path("Live.lock")).unwrap();
        assert!(text.contains("rstack apply"), "{text}");

        let place = Place::new(locked, "lock", act, usize::MAX);
        assert!(matches!(place.lock(), Err(StoreError::LeaseLost { .. })));
        let place = Place::new(locked, "lock", act, 1);
        let unlocked = place.meddled.unlock(&stack(), &holder().id);
        assert!(matches!(unlocked, Err(StoreError::LeaseLost { .. })), "{unlocked:?}");
    }
}

#[test]
fn a_journal_in_whose_place_there_is_another_takes_no_record() {
    let place = Place::new(|_| false, "", |_| {}, 0);
    let locked = place.lock().unwrap();
    let journal = locked.resume().unwrap();
    journal.append(&create(1, "A")).unwrap();
    let path = place.path("Live.journal");
    replace(&path);
    fs::copy(path.with_extension("old"), &path).unwrap();
    let error = journal.append(&create(2, "B")).unwrap_err();
    assert!(matches!(error, StoreError::JournalLost { .. }), "{error}");
    assert_eq!(locked.read().unwrap().journal.unwrap().len(), 2);
}
