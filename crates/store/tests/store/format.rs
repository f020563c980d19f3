//! Formats: newer ones are refused, older ones are brought up, and kept as they were.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rstack_journal::{Entry, Outcome, fold};
use rstack_model::state::ResourceState;
use rstack_model::{Serial, StackName};
use rstack_store::{StateStore, StoreError};

use crate::support::{base, directory, holder, object, put, stack, state};

/// A state as format 1 wrote it.
const FORMAT_1: &str = include_str!("fixtures/format-1.json");

fn holding(text: &str) -> (tempfile::TempDir, StateStore) {
    let directory = directory();
    let path = directory.path().join("Live.json");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let store = StateStore::open(directory.path()).unwrap();
    (directory, store)
}

#[test]
fn a_state_of_format_1_is_read_and_kept_as_it_was() {
    let (directory, store) = holding(FORMAT_1);
    let stored = store.read(&stack()).unwrap();
    assert_eq!(stored.written, None);
    let old = stored.state.unwrap();
    assert_eq!((old.serial, &old.resources["A"]), (Serial(1), &object("a")));
    assert_eq!(fs::read_to_string(directory.path().join("Live.json")).unwrap(), FORMAT_1);

    let locked = store.lock(&stack(), &holder()).unwrap();
    let new = locked.publish(old.clone(), &base(&old)).unwrap();
    let text = fs::read_to_string(directory.path().join("Live.json")).unwrap();
    assert!(text.contains("\"format\": 3"), "{text}");
    let backups = store.backups(&stack()).unwrap();
    assert_eq!(
        backups.iter().map(|backup| backup.serial).collect::<Vec<_>>(),
        [new.serial, old.serial]
    );
    assert_eq!(fs::read_to_string(backups[1].location.as_str()).unwrap(), FORMAT_1);
    assert_eq!(backups[1].content.as_ref().unwrap(), &(old, None));
}

#[test]
fn a_state_of_format_1_that_was_changed_is_refused() {
    let (_directory, store) = holding(&FORMAT_1.replacen("\"serial\": 1", "\"serial\": 2", 1));
    assert!(matches!(store.read(&stack()), Err(StoreError::Checksum { .. })));
}

#[test]
fn formats_that_are_newer_or_never_were_are_refused() {
    let newer = FORMAT_1.replacen("\"format\": 1", "\"format\": 4", 1);
    let (_newer, store) = holding(&newer.replacen("\"serial\": 1", "\"serial\": 7", 1));
    let error = store.read(&stack()).unwrap_err();
    assert!(error.to_string().ends_with("has format 4; this rstack reads formats up to 3"));
    let write = store.lock(&stack(), &holder()).unwrap().replace(state());
    assert!(matches!(write, Err(StoreError::NewerFormat { .. })), "{write:?}");
    let (_never, store) = holding(&FORMAT_1.replacen("\"format\": 1", "\"format\": 0", 1));
    assert!(matches!(store.read(&stack()), Err(StoreError::Damaged { .. })));
}

/// A state of format 2 and the journal of format 1 over it: an object named `admin` was made in one
/// scope, and the deletion of the `admin` of another one was announced.
#[test]
fn what_was_written_before_identifiers_is_read_with_them() {
    let read = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/formats/");
        fs::read(format!("{folder}{name}")).unwrap()
    };
    let directory = directory();
    put(&directory.path().join("Pools.json"), &read("state-2.json"));
    put(&directory.path().join("Pools.journal"), &read("journal-1"));
    let store = StateStore::open(directory.path()).unwrap();
    let pools = StackName::parse("Pools").unwrap();
    let stored = store.read(&pools).unwrap();
    let (state, entries) = (stored.state.unwrap(), stored.journal.unwrap());
    let folded = fold(&state, &entries).unwrap();
    let parts = |object: &ResourceState| object.identifier.parts().to_vec();
    let old = parts(&state.resources["Admin"]);
    let new = parts(&folded.state.resources["Admin"]);
    assert_eq!((old[1].as_str(), new[1].as_str()), ("admin", "admin"));
    assert_ne!(old[0], new[0]);
    assert_eq!(parts(&folded.state.deposed[0].object), old);
    let open = &folded.open[0].intent;
    assert_eq!(open.action.key().unwrap().identifier.parts(), old);
    // Recovery compares the two before it concludes anything.
    assert_eq!(open.input_digest, rstack_model::Digest::of_json(&open.action).unwrap());

    // The next record is written in the present format, and the whole journal is still read.
    let locked = store.lock(&pools, &holder()).unwrap();
    let operation = folded.open[0].intent.operation;
    let done = Entry::Done { operation, outcome: Outcome::Gone };
    locked.resume().unwrap().append(&done).unwrap();
    let entries = locked.read().unwrap().journal.unwrap();
    assert_eq!(fold(&state, &entries).unwrap().state.deposed, []);
}
