//! Damaged files are refused, each kind with its name.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rstack_model::StackName;
use rstack_state::{StateError, StateStore, keyed_digest};

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
        let error = store.read(&stack()).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
    }
}

/// Two bits of every byte, other ones from byte to byte.
fn bits(bytes: usize) -> impl Iterator<Item = usize> {
    (0..bytes).flat_map(|byte| [byte * 8 + byte % 8, byte * 8 + (byte + 3) % 8])
}

#[test]
fn a_state_with_one_bit_flipped_is_refused() {
    let (_directory, store, path) = stored();
    let whole = fs::read(&path).unwrap();
    for bit in bits(whole.len()) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
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
    for bit in bits(whole.len() - 1) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        assert!(store.read(&stack()).is_err(), "bit {bit} was not noticed");
    }
}

#[test]
fn links_directories_and_open_files_are_refused() {
    let (directory, store, path) = stored();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(store.read(&stack()), Err(StateError::Exposed { mode: 0o644, .. })));
    let other = directory.path().join("other");
    fs::rename(&path, &other).unwrap();
    symlink(&other, &path).unwrap();
    assert!(matches!(store.read(&stack()), Err(StateError::NotAFile { .. })));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(store.read(&stack()), Err(StateError::NotAFile { .. })));
    assert!(matches!(StateStore::open(other), Err(StateError::NotADirectory { .. })));
}

#[test]
fn another_stacks_file_and_newer_formats_are_refused() {
    let (directory, store, path) = stored();
    fs::rename(&path, directory.path().join("Other.json")).unwrap();
    let other = StackName::parse("Other").unwrap();
    assert!(matches!(store.read(&other), Err(StateError::OtherStack { .. })));
    let text = fs::read_to_string(directory.path().join("Other.json")).unwrap();
    fs::write(&path, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(store.read(&stack()), Err(StateError::NewerFormat { found: 2, .. })));
}

#[test]
fn the_key_stays_the_same_and_gives_the_same_digests() {
    let (_directory, store, _) = stored();
    let secret = rstack_model::SecretString::new("hunter2".into());
    let first = keyed_digest(&store.digest_key().unwrap(), &secret);
    assert_eq!(first, keyed_digest(&store.digest_key().unwrap(), &secret));
    assert_eq!(first.len(), 64);
}
