//! Backups: which are kept, and what is left of a writer that died.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use rstack_model::Serial;
use rstack_model::state::State;
use rstack_store::{StateStore, StoreError};

use crate::support::{base, begin, directory, holder, object, stack, state};

fn serials(store: &StateStore) -> Vec<u64> {
    store.backups(&stack()).unwrap().into_iter().map(|backup| backup.serial.0).collect()
}

/// Publishes states of one lineage up to this serial.
fn publish(store: &StateStore, from: State, up_to: u64) -> State {
    let locked = store.lock(&stack(), &holder()).unwrap();
    let mut now = from;
    while now.serial.0 < up_to {
        let id = format!("R{}", now.serial);
        now.resources.insert(id.as_str().into(), object(&id));
        now = locked.publish(now.clone(), &base(&now)).unwrap();
    }
    now
}

#[test]
fn the_last_states_are_kept_and_the_oldest_go_first() {
    let directory = directory();
    let keep = NonZeroUsize::new(3).unwrap();
    let store = StateStore::open(directory.path()).unwrap().keeping(keep);
    assert_eq!(serials(&store), [0; 0]);
    let last = publish(&store, state(), 5);
    assert_eq!(serials(&store), [5, 4, 3]);
    let backups = store.backups(&stack()).unwrap();
    let (newest, written) = backups[0].content.as_ref().unwrap();
    assert_eq!(newest, &last);
    let written = written.as_ref().unwrap();
    assert_eq!((written.command.as_str(), written.by.as_str()), ("rstack apply", "user@host"));
    assert_eq!(backups[2].content.as_ref().unwrap().0.resources.len(), 3);
    // The present state has a twin: what happens to one of them does not happen to the other.
    let name = Path::new(backups[0].location.as_str()).file_name().unwrap();
    assert!(name.to_str().unwrap().starts_with("000005-"));
    let twin = fs::read(backups[0].location.as_str()).unwrap();
    assert_eq!(twin, fs::read(directory.path().join("Live.json")).unwrap());
}

#[test]
fn a_stack_is_known_by_its_state_its_journal_or_what_is_kept_of_it() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let known = || (store.is_known(&stack()).unwrap(), store.copy(&stack()).unwrap().is_some());
    assert_eq!(known(), (false, false), "a lock alone is of no stack");
    locked.begin(&begin(&state())).unwrap();
    assert_eq!(known(), (true, false), "it is being made");
    let now = locked.publish(state(), &base(&state())).unwrap();
    assert_eq!(known(), (true, true));
    let bytes = fs::read(directory.path().join("Live.json")).unwrap();
    assert_eq!(store.copy(&stack()).unwrap(), Some(bytes));
    locked.retire(now.clone(), &base(&now)).unwrap();
    assert_eq!(known(), (true, false), "it can come back");
}

/// A stack that is made again counts from 1; what was kept of the former one is older.
#[test]
fn a_new_lineage_does_not_lose_its_backups_to_the_old_one() {
    let directory = directory();
    let keep = NonZeroUsize::new(3).unwrap();
    let store = StateStore::open(directory.path()).unwrap().keeping(keep);
    let last = publish(&store, state(), 5);
    let locked = store.lock(&stack(), &holder()).unwrap();
    locked.retire(last.clone(), &base(&last)).unwrap();
    drop(locked);
    assert!(!directory.path().join("Live.json").exists());
    let fresh = State { lineage: "another".into(), ..state() };
    publish(&store, fresh, 2);
    assert_eq!(serials(&store), [2, 1, 6]);
}

/// A state of before there were backups gets one before it is replaced.
#[test]
fn a_state_without_a_backup_gets_one_before_it_goes() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let first = publish(&store, state(), 1);
    fs::remove_dir_all(directory.path().join("Live.backup")).unwrap();
    let old = fs::read(directory.path().join("Live.json")).unwrap();
    publish(&store, first, 2);
    assert_eq!(serials(&store), [2, 1]);
    assert_eq!(fs::read(store.backups(&stack()).unwrap()[1].location.as_str()).unwrap(), old);
}

/// Neither the serial nor the lineage alone makes a state the one that was read.
#[test]
fn a_state_is_only_followed_by_one_that_was_made_from_it() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let now = publish(&store, state(), 2);
    let locked = store.lock(&stack(), &holder()).unwrap();
    let (mut other, mut old) = (base(&now), base(&now));
    other.lineage = "another".into();
    old.serial = Serial(1);
    for wrong in [other, old] {
        let error = locked.publish(now.clone(), &wrong).unwrap_err();
        assert!(matches!(error, StoreError::Moved { .. }), "{error}");
    }
    assert_eq!(locked.read().unwrap().state.unwrap(), now);
}

#[test]
fn what_is_pushed_has_a_serial_of_its_own() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let now = publish(&store, state(), 4);
    let old = store.backups(&stack()).unwrap()[2].content.as_ref().unwrap().0.clone();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let put = locked.replace(old.clone()).unwrap();
    assert_eq!((put.serial, &put.resources), (Serial(5), &old.resources));
    assert!(locked.publish(now.clone(), &base(&now)).is_err());
    assert!(locked.revise(put.clone(), &base(&now)).is_err());
    locked.begin(&begin(&put)).unwrap();
    assert!(locked.replace(old).is_err());
    assert!(locked.revise(put.clone(), &base(&put)).is_err());
}

/// Only those of the stack go: another stack's writer may be at work.
#[test]
fn temporary_files_of_dead_writers_are_removed_by_the_next() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    publish(&store, state(), 1);
    let path = |name: &str| directory.path().join(name);
    let (ours, kept) = (
        [".rstack-Live.a1B2c3", "Live.backup/.rstack-Live.x"],
        [
            ".rstack-Live-2.a1B2c3",
            ".rstack-Other.a1B2c3",
            ".rstack-.a1B2c3",
            ".rstack-Live",
            "notes.rstack-Live.txt",
        ],
    );
    for name in ours.iter().chain(&kept) {
        fs::write(path(name), "").unwrap();
    }
    fs::create_dir(path(".rstack-Live.directory")).unwrap();
    drop(store.lock(&stack(), &holder()).unwrap());
    assert!(ours.iter().all(|name| !path(name).exists()));
    assert!(kept.iter().all(|name| path(name).exists()));
    assert!(path(".rstack-Live.directory").exists());
}
