//! Locks: who has one, who had one, and what happens when one is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rstack_store::{LockedStack, StateStore, StoreError, Unlocked};

use crate::support::{base, begin, create, directory, holder, stack, state};

#[test]
fn a_second_lock_is_refused_and_says_who_has_the_first() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let first = store.lock(&stack(), &holder()).unwrap();
    let error = store.lock(&stack(), &holder()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stack `Live` is locked by user@host (`rstack apply`, process 1, since now, lock ID \
         lock)"
    );
    drop(first);
    let second = store.lock(&stack(), &holder()).unwrap();
    assert_eq!(second.dead_holder(), None);
}

/// The lock goes with the process; only its name is left in the file.
#[test]
fn a_holder_that_died_is_no_obstacle_and_is_reported() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let path = directory.path().join("Live.lock");
    let alive = store.lock(&stack(), &holder()).unwrap();
    let text = fs::read(&path).unwrap();
    drop(alive);
    assert_eq!(fs::read(&path).unwrap(), b"");
    fs::write(&path, text).unwrap();
    let next = store.lock(&stack(), &holder()).unwrap();
    assert_eq!(next.dead_holder(), Some(&holder()));
}

type Write = fn(&LockedStack) -> Result<(), StoreError>;

/// The ways in which a lock is lost while a process sleeps.
fn losses() -> [fn(&Path); 3] {
    [
        |state| fs::remove_file(state.join("Live.lock")).unwrap(),
        |state| {
            fs::remove_file(state.join("Live.lock")).unwrap();
            fs::write(state.join("Live.lock"), "").unwrap();
            let mode = fs::Permissions::from_mode(0o600);
            fs::set_permissions(state.join("Live.lock"), mode).unwrap();
        },
        |state| fs::rename(state, state.with_extension("moved")).unwrap(),
    ]
}

#[test]
fn nothing_is_written_without_the_lock() {
    for lose in losses() {
        let uses: [Write; 5] = [
            |locked| locked.begin(&begin(&state())).map(|_| ()),
            |locked| locked.publish(state(), &base(&state())).map(|_| ()),
            |locked| locked.replace(state()).map(|_| ()),
            |locked| locked.retire(state(), &base(&state())),
            LockedStack::verify,
        ];
        for write in uses {
            let directory = directory();
            let path = directory.path().join("state");
            let locked = StateStore::open(&path).unwrap().lock(&stack(), &holder()).unwrap();
            lose(&path);
            let error = write(&locked).unwrap_err();
            assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
            let state = path.join("Live.json");
            assert!(!state.exists() && !path.join("Live.journal").exists());
        }
    }
}

/// The journal goes on for the present holder of the lock, and for no other.
#[test]
fn a_journal_takes_no_record_without_the_lock_and_never_again() {
    for lose in losses() {
        let directory = directory();
        let path = directory.path().join("state");
        let locked = StateStore::open(&path).unwrap().lock(&stack(), &holder()).unwrap();
        let journal = locked.begin(&begin(&state())).unwrap();
        journal.append(&create(1, "A")).unwrap();
        lose(&path);
        let error = journal.append(&create(2, "B")).unwrap_err();
        assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
        let again = journal.append(&create(3, "C")).unwrap_err();
        assert!(matches!(again, StoreError::LeaseLost { .. }), "{again}");
        // Even if the directory comes back: others may have been at it meanwhile.
        if fs::rename(path.with_extension("moved"), &path).is_ok() {
            let again = journal.append(&create(3, "C")).unwrap_err();
            assert!(matches!(again, StoreError::Broken { .. }), "{again}");
        }
        drop((journal, locked));
        let store = StateStore::open(&path).unwrap();
        let locked = store.lock(&stack(), &holder()).unwrap();
        assert_eq!(locked.read().unwrap().journal.unwrap().len(), 2);
        assert!(locked.resume().is_ok());
    }
}

#[test]
fn a_journal_that_was_taken_away_takes_no_record() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let journal = locked.begin(&begin(&state())).unwrap();
    fs::remove_file(directory.path().join("Live.journal")).unwrap();
    let error = journal.append(&create(1, "A")).unwrap_err();
    assert!(matches!(error, StoreError::JournalLost { .. }), "{error}");
}

#[test]
fn only_what_a_dead_holder_left_is_unlocked_and_only_by_its_id() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let (id, other) = (holder().id, "other".into());
    assert_eq!(store.unlock(&stack(), &id).unwrap(), Unlocked::NotHeld);
    assert!(!directory.path().join("Live.lock").exists());
    let alive = store.lock(&stack(), &holder()).unwrap();
    let text = fs::read(directory.path().join("Live.lock")).unwrap();
    let error = store.unlock(&stack(), &id).unwrap_err();
    assert!(matches!(error, StoreError::Locked { holder: Some(_), .. }), "{error}");
    alive.verify().unwrap();
    drop(alive);
    assert_eq!(store.unlock(&stack(), &id).unwrap(), Unlocked::NotHeld);
    fs::write(directory.path().join("Live.lock"), text).unwrap();
    assert_eq!(store.unlock(&stack(), &other).unwrap(), Unlocked::Other(holder()));
    assert_eq!(store.unlock(&stack(), &id).unwrap(), Unlocked::Dead(holder()));
    assert_eq!(store.unlock(&stack(), &id).unwrap(), Unlocked::NotHeld);
}
