//! Damaged files are refused, each kind with its name.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rstack_model::StackName;
use rstack_store::{StateStore, StoreError};

use crate::support::{base, begin, directory, holder, object, stack, state};

fn stored() -> (tempfile::TempDir, StateStore, std::path::PathBuf) {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let mut state = state();
    state.resources.insert("A".into(), object("a"));
    let base = base(&state);
    store.lock(&stack(), &holder()).unwrap().publish(state, &base).unwrap();
    let path = directory.path().join("Live.json");
    (directory, store, path)
}

#[test]
fn a_state_that_is_cut_off_anywhere_is_refused() {
    let (_directory, store, path) = stored();
    let whole = fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(store.read(&stack()).is_err(), "{cut} bytes");
    }
}

/// Every bit of these bytes, one after the other flipped.
fn flipped(whole: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..whole.len() * 8).map(|bit| {
        let mut flipped = whole.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit, flipped)
    })
}

#[test]
fn a_state_with_one_bit_flipped_is_refused() {
    let (_directory, store, path) = stored();
    let whole = fs::read(&path).unwrap();
    for (bit, flipped) in flipped(&whole) {
        fs::write(&path, &flipped).unwrap();
        assert!(store.read(&stack()).is_err(), "bit {bit} was not noticed");
    }
}

#[test]
fn a_journal_with_one_bit_flipped_is_refused_or_cut() {
    let (directory, store, _) = stored();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let state = locked.read().unwrap().state.unwrap();
    locked.begin(&begin(&state)).unwrap();
    let path = directory.path().join("Live.journal");
    let whole = fs::read(&path).unwrap();
    let end = whole.len() - 1;
    for (bit, flipped) in flipped(&whole).filter(|(bit, _)| bit / 8 < end) {
        fs::write(&path, &flipped).unwrap();
        assert!(store.read(&stack()).is_err(), "bit {bit} was not noticed");
    }
}

#[test]
fn links_directories_and_open_files_are_refused() {
    let (directory, store, path) = stored();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(store.read(&stack()), Err(StoreError::Exposed { mode: 0o644, .. })));
    let other = directory.path().join("other");
    fs::rename(&path, &other).unwrap();
    symlink(&other, &path).unwrap();
    assert!(matches!(store.read(&stack()), Err(StoreError::NotAFile { .. })));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(store.read(&stack()), Err(StoreError::NotAFile { .. })));
    assert!(matches!(StateStore::open(&other), Err(StoreError::NotADirectory { .. })));
    fs::remove_dir(&path).unwrap();

    for name in ["Live.journal", "Live.lock"] {
        let path = directory.path().join(name);
        let used = || match name {
            "Live.lock" => store.lock(&stack(), &holder()).map(|_| ()),
            _ => store.read(&stack()).map(|_| ()),
        };
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        let error = used().unwrap_err();
        assert!(matches!(error, StoreError::Exposed { mode: 0o620, .. }), "{error}");
        fs::remove_file(&path).unwrap();
        symlink(&other, &path).unwrap();
        assert!(matches!(used(), Err(StoreError::NotAFile { .. })), "{name}");
        fs::remove_file(&path).unwrap();
    }

    let (link, real) = (directory.path().join("link"), directory.path().join("real"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    for link in [link.clone(), link.join("")] {
        assert!(matches!(StateStore::open(link), Err(StoreError::NotADirectory { .. })));
    }
    // The link comes after the store was opened; that of the backups is refused, too.
    let late = directory.path().join("late");
    let store = StateStore::open(&late).unwrap();
    symlink(&real, &late).unwrap();
    assert!(matches!(store.lock(&stack(), &holder()), Err(StoreError::NotADirectory { .. })));
    let store = StateStore::open(&real).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    symlink(directory.path(), real.join("Live.backup")).unwrap();
    let published = locked.publish(state(), &base(&state()));
    assert!(matches!(published, Err(StoreError::NotADirectory { .. })), "{published:?}");
}

/// Nothing of it is read, be it larger than the memory.
#[test]
fn a_file_that_is_too_large_is_refused() {
    let (_directory, store, path) = stored();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = store.read(&stack()).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { size, .. } if size == 1 << 40), "{error}");
}

#[test]
fn another_stacks_file_is_refused() {
    let (directory, store, path) = stored();
    fs::rename(&path, directory.path().join("Other.json")).unwrap();
    let other = StackName::parse("Other").unwrap();
    assert!(matches!(store.read(&other), Err(StoreError::OtherStack { .. })));
}
