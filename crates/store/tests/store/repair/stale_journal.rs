//! Stale journals beside the states that they are in.

use super::*;

/// The rest of a run that is in the state does not keep the user from repairing the state, and is
/// gone then: it is no journal of the state that takes the place of the one that knew it.
#[test]
fn a_state_is_repaired_under_a_journal_that_is_in_it() {
    for damage in [None, Some(200)] {
        let (place, mut journal) = stale();
        let (path, state) = (place.path("Live.journal"), place.path("Live.json"));
        if let Some(byte) = damage {
            journal[byte] ^= 1;
            fs::write(&path, &journal).unwrap();
        }
        replace(&state, "\"physical_id\": \"b\"", "\"physical_id\": \"edited\"");
        let done = place.locked.accept_edit().unwrap();
        assert_eq!(done.now.serial, Serial(4));
        assert!(!path.exists());
        assert_eq!(fs::read(done.aside.journal.unwrap()).unwrap(), journal);
        assert_eq!(place.state().resources["B"].physical_id.as_str(), "edited");

        // The newest state has what the run did, and so has the one that comes back.
        let (place, _) = stale();
        let (path, state) = (place.path("Live.journal"), place.path("Live.json"));
        let before = place.state();
        if damage.is_some() {
            fs::write(&path, &journal).unwrap();
        }
        fs::write(&state, "").unwrap();
        place.locked.restore_damaged(Serial(3)).unwrap();
        assert_eq!(place.locked.read().unwrap().state.as_ref(), Some(&before));
        assert!(!path.exists());
    }
}

/// The work of the run is in an edited state alone: it is not forgotten with the edit.
#[test]
fn a_journal_stays_when_no_state_that_has_its_run_is_kept() {
    let (place, whole) = stale();
    fs::remove_file(place.store.backups(&stack()).unwrap()[0].location.as_str()).unwrap();
    replace(&place.path("Live.json"), "\"physical_id\": \"b\"", "\"physical_id\": \"edited\"");
    let done = place.locked.restore_damaged(Serial(2)).unwrap();
    assert_eq!(done.aside.journal, None);
    assert_eq!(fs::read(place.path("Live.journal")).unwrap(), whole);
    fold(&done.now, &place.locked.read().unwrap().journal.unwrap()).unwrap();
}

/// The run goes on over the state that it began with, even if what it did is kept elsewhere.
#[test]
fn the_state_that_a_run_began_with_comes_back_with_its_journal() {
    let (place, whole) = stale();
    fs::write(place.path("Live.json"), "").unwrap();
    place.locked.restore_damaged(Serial(2)).unwrap();
    assert_eq!(fs::read(place.path("Live.journal")).unwrap(), whole);
    assert!(place.locked.read().unwrap().journal.is_some());
}

/// Whatever byte of it is damaged or wherever it is cut off in its last record: everything that it
/// tells of is in the state, and it is removed when it is asked for.
#[test]
fn a_damaged_journal_whose_run_is_in_the_state_is_removed() {
    let (place, whole) = stale();
    let (path, state) = (place.path("Live.journal"), place.state());
    let cut = |length: usize| whole[..length].to_vec();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let flipped = (0..whole.len()).step_by(7).map(|byte| {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1 << (byte % 7);
        damaged
    });
    let damaged = flipped.chain([cut(whole.len() - 1), cut(last + 9), cut(last)]);
    for damaged in damaged {
        put(&path, &damaged);
        let found = place.locked.examine().unwrap().journal;
        assert!(matches!(found, JournalFinding::Stale { .. }), "{found:?}");
        let done = place.locked.repair_journal().unwrap();
        assert_eq!(done.now, None);
        assert_eq!(fs::read(done.aside.journal.unwrap()).unwrap(), damaged);
        assert!(!path.exists());
        assert_eq!(place.state(), state);
    }
}

/// A journal whose first record was cut off, and one that is folded in, are of no open run.
#[test]
fn a_stale_journal_is_no_obstacle() {
    let place = Place::new();
    let (journal, now) = (place.run(), place.state());
    place.locked.publish(now.clone(), &base(&now)).unwrap();
    put(&place.path("Live.journal"), &journal);
    let found = place.locked.examine().unwrap().journal;
    assert!(matches!(found, JournalFinding::Missing), "{found:?}");

    put(&place.path("Live.journal"), &journal[..30]);
    replace(&place.path("Live.json"), "\"physical_id\": \"b\"", "\"physical_id\": \"edited\"");
    let found = place.locked.examine().unwrap().journal;
    assert!(matches!(found, JournalFinding::Missing), "{found:?}");
    place.locked.accept_edit().unwrap();
}
