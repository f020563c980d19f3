//! Repairs of states: accepted edits, and kept states in the place of damaged ones.

use super::*;

#[test]
fn an_edited_state_is_accepted_when_it_is_asked_for_under_a_serial_of_its_own() {
    let place = Place::new();
    replace(&place.path("Live.json"), "\"physical_id\": \"b\"", "\"physical_id\": \"edited\"");
    assert!(matches!(place.locked.read(), Err(StoreError::Checksum { .. })));
    let found = place.locked.examine().unwrap();
    assert!(matches!(found.state, StateFinding::Edited(_)));
    let twin = found.twin.unwrap();
    assert_eq!((twin.state.serial, twin.difference), (Serial(2), Difference::Other));
    let done = place.locked.accept_edit().unwrap();
    assert_eq!(done.now, place.state());
    assert_eq!(done.now.serial, Serial(3));
    assert_eq!(done.now.resources["B"].physical_id.as_str(), "edited");
    let aside = fs::read_to_string(done.aside.state.unwrap()).unwrap();
    assert!(aside.contains("edited") && aside.contains("\"serial\": 2"));
    assert!(place.locked.accept_edit().is_err(), "there is nothing to accept any more");

    for (from, to) in
        [("\"lineage\": \"lineage\"", "\"lineage\": \"x\""), ("eu-west-1", "us-east-1")]
    {
        let whole = fs::read(place.path("Live.json")).unwrap();
        replace(&place.path("Live.json"), from, to);
        let error = place.locked.accept_edit().unwrap_err();
        assert!(matches!(error, StoreError::CannotRepair { .. }), "{error}");
        fs::write(place.path("Live.json"), whole).unwrap();
    }
}

#[test]
fn an_edit_under_an_open_run_is_not_accepted() {
    let place = Place::new();
    place.run();
    replace(&place.path("Live.json"), "\"physical_id\": \"b\"", "\"physical_id\": \"edited\"");
    let error = place.locked.accept_edit().unwrap_err();
    assert!(error.to_string().contains("a run is open"), "{error}");
    // The state comes back as it was, so that the journal fits it.
    assert!(place.locked.restore_damaged(Serial(1)).is_err());
    let done = place.locked.restore_damaged(Serial(2)).unwrap();
    let entries = place.locked.read().unwrap().journal.unwrap();
    fold(&done.now, &entries).unwrap();
}

#[test]
fn a_state_that_is_cut_flipped_or_lost_comes_back_as_it_was() {
    let place = Place::new();
    let (path, before) = (place.path("Live.json"), place.state());
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[300] ^= 2;
    for (bytes, difference) in [
        (Some(whole[..200].to_vec()), Difference::Cut { left: 200, of: whole.len() }),
        (Some(flipped), Difference::Bit { byte: 300 }),
        (Some(b"nonsense".to_vec()), Difference::Other),
        (None, Difference::Other),
    ] {
        match &bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let twin = place.locked.examine().unwrap().twin.unwrap();
        assert_eq!(twin.difference, difference);
        let done = place.locked.restore_damaged(Serial(2)).unwrap();
        assert_eq!((&done.now, &place.state()), (&before, &before));
        assert_eq!(done.aside.state.map(|aside| fs::read(aside).unwrap()), bytes);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    let sound = place.locked.restore_damaged(Serial(1)).unwrap_err();
    assert!(sound.to_string().contains("the state is intact"), "{sound}");
    // An older one has a serial that no plan was made from.
    fs::write(&path, "").unwrap();
    let done = place.locked.restore_damaged(Serial(1)).unwrap();
    assert_eq!((done.now.serial, done.now.resources.len()), (Serial(3), 1));
    assert_eq!(place.store.backups(&stack()).unwrap().len(), 3);
}

/// A file that another process may have written, or that may be repaired without losing anything,
/// is not replaced.
#[test]
fn a_newer_or_open_state_is_not_replaced() {
    let place = Place::new();
    let path = place.path("Live.json");
    let whole = fs::read(&path).unwrap();
    replace(&path, "\"format\": 3", "\"format\": 9");
    replace(&path, "\"serial\": 2", "\"serial\": 7");
    let newer = fs::read(&path).unwrap();
    let error = place.locked.restore_damaged(Serial(2)).unwrap_err();
    assert!(matches!(error, StoreError::NewerFormat { found: 9, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), newer);
    fs::write(&path, &whole).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = place.locked.restore_damaged(Serial(1)).unwrap_err();
    assert!(matches!(error, StoreError::Exposed { .. }), "{error}");
    // None that rstack wrote is so large, nor can it be kept aside.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let error = place.locked.restore_damaged(Serial(2)).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    fs::remove_file(&path).unwrap();
    place.locked.restore_damaged(Serial(2)).unwrap();
}

/// A bit of the format is a bit like any other: it is no sign of a newer rstack.
#[test]
fn a_format_that_was_flipped_is_damage() {
    let place = Place::new();
    place.run();
    let (state, journal) = (place.path("Live.json"), place.path("Live.journal"));
    replace(&state, "\"format\": 3", "\"format\": 7");
    let found = place.locked.examine().unwrap().state;
    assert!(matches!(found, StateFinding::Unusable(StoreError::Damaged { .. })), "{found:?}");
    place.locked.restore_damaged(Serial(2)).unwrap();
    let whole = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, whole.replacen("\"format\":2", "\"format\":6", 1)).unwrap();
    let found = place.locked.examine().unwrap().journal;
    assert!(matches!(found, JournalFinding::Damaged { .. }), "{found:?}");
    place.locked.repair_journal().unwrap();
}

/// The newest one comes back as it was, without its beginning, too; and a copy that is damaged has
/// had its serial.
#[test]
fn a_serial_that_a_damaged_copy_has_is_not_given_again() {
    let place = Place::new();
    let mut damaged = place.run();
    damaged[20] ^= 1;
    fs::write(place.path("Live.journal"), &damaged).unwrap();
    fs::write(place.path("Live.json"), "").unwrap();
    assert_eq!(place.locked.restore_damaged(Serial(2)).unwrap().now.serial, Serial(2));

    let newest = Path::new(place.store.backups(&stack()).unwrap()[0].location.as_str()).to_owned();
    for file in [newest, place.path("Live.json")] {
        fs::write(file, "").unwrap();
    }
    fs::remove_file(place.path("Live.journal")).unwrap();
    assert_eq!(place.locked.restore_damaged(Serial(1)).unwrap().now.serial, Serial(3));
}

/// The copy that is offered is the one that the file is most like, and not the newest.
#[test]
fn the_copy_of_an_older_state_is_known_again() {
    let place = Place::new();
    let older = fs::read(place.store.backups(&stack()).unwrap()[1].location.as_str()).unwrap();
    fs::write(place.path("Live.json"), &older[..older.len() - 3]).unwrap();
    let twin = place.locked.examine().unwrap().twin.unwrap();
    let cut = Difference::Cut { left: older.len() - 3, of: older.len() };
    assert_eq!((twin.state.serial, twin.difference), (Serial(1), cut));
}

/// The mistake of the journal may be repaired without losing anything: before it is, it is not
/// known which state fits it.
#[test]
fn a_state_is_not_restored_under_a_journal_that_cannot_be_used() {
    let place = Place::new();
    place.run();
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(place.path("Live.journal"), mode).unwrap();
    fs::remove_file(place.path("Live.json")).unwrap();
    let error = place.locked.restore_damaged(Serial(1)).unwrap_err();
    assert!(matches!(error, StoreError::Exposed { .. }), "{error}");
    assert!(!place.path("Live.json").exists());
}
