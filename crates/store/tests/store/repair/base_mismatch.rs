//! States that an open journal was not written over, and those that it was.

use super::*;

/// A journal that was written over the state before is not taken for one that is in the state unless
/// all that it tells of is there.
#[test]
fn a_journal_of_another_run_is_not_removed_as_one_that_is_in_the_state() {
    let (place, _) = stale();
    let path = place.path("Live.journal");
    let other = Place::new();
    let journal = other.locked.begin(&begin(&other.state())).unwrap();
    for entry in [create(1, "C"), effect(1, "other"), made(1, "other")] {
        journal.append(&entry).unwrap();
        fs::copy(other.path("Live.journal"), &path).unwrap();
        let found = place.locked.examine().unwrap();
        assert!(matches!(found.journal, JournalFinding::Sound { .. }), "{found:?}");
        let apart = found.base_mismatch.unwrap();
        assert_eq!(
            (&apart.journal, apart.state),
            (&base(&other.state()), Some(base(&place.state())))
        );
        // The successor of serial 2 is kept, too: which of the two is the right one is not known.
        assert!(apart.copy.is_some() && found.offered.is_none());
        assert!(place.locked.restore_damaged(Serial(2)).is_err());
    }
    let mut damaged = fs::read(&path).unwrap();
    let end = damaged.len() - 20;
    damaged[end] ^= 1;
    fs::write(&path, &damaged).unwrap();
    assert!(place.locked.repair_journal().is_err(), "it was written over another state");
    assert_eq!(fs::read(&path).unwrap(), damaged);
}

/// A state of before takes the place of the one that a run began with: this is the last that is known,
/// and comes back, whether the journal is whole or damaged.
#[test]
fn the_state_that_a_journal_was_written_over_takes_the_place_of_an_older_one() {
    for damage in [None, Some(900)] {
        let place = Place::new();
        let (mut journal, now) = (place.run(), place.state());
        let older = fs::read(place.store.backups(&stack()).unwrap()[1].location.as_str()).unwrap();
        if let Some(byte) = damage {
            journal[byte] ^= 1;
            fs::write(place.path("Live.journal"), &journal).unwrap();
        }
        fs::write(place.path("Live.json"), &older).unwrap();
        let found = place.locked.examine().unwrap();
        assert_eq!(found.offered, Some(Serial(2)));
        let apart = found.base_mismatch.unwrap();
        assert_eq!((apart.journal, apart.state.unwrap().serial), (base(&now), Serial(1)));
        assert!(place.locked.repair_journal().is_err());
        assert!(place.locked.restore_damaged(Serial(1)).is_err(), "it is there");
        let done = place.locked.restore_damaged(Serial(2)).unwrap();
        assert_eq!(fs::read(done.aside.state.unwrap()).unwrap(), older);
        assert_eq!((done.now, done.aside.journal), (now.clone(), None));
        assert_eq!(fs::read(place.path("Live.journal")).unwrap(), journal);
        assert!(place.locked.examine().unwrap().base_mismatch.is_none());
        if damage.is_some() {
            place.locked.repair_journal().unwrap();
        }
        fold(&now, &place.locked.read().unwrap().journal.unwrap()).unwrap();
    }
}

/// The state that is offered is the one that is taken: the state that an open run began with, not
/// the one that the damaged file is most like. If it is not kept, that is said.
#[test]
fn under_an_open_run_the_state_that_it_began_with_is_offered() {
    let place = Place::new();
    let journal = place.run();
    let backups = place.store.backups(&stack()).unwrap();
    let older = fs::read(backups[1].location.as_str()).unwrap();
    fs::write(place.path("Live.json"), &older[..older.len() - 3]).unwrap();
    let found = place.locked.examine().unwrap();
    assert_eq!(found.twin.unwrap().state.serial, Serial(1));
    assert!(found.base_mismatch.is_none());
    assert_eq!(found.offered, Some(Serial(2)));
    assert!(place.locked.restore_damaged(Serial(1)).is_err());

    fs::remove_file(backups[0].location.as_str()).unwrap();
    for state in [Some(&older[..9]), Some(&older), None] {
        match state {
            Some(bytes) => fs::write(place.path("Live.json"), bytes).unwrap(),
            None => fs::remove_file(place.path("Live.json")).unwrap(),
        }
        let found = place.locked.examine().unwrap();
        let apart = found.base_mismatch.unwrap();
        assert_eq!((apart.journal.serial, apart.copy, found.offered), (Serial(2), None, None));
        assert!(place.locked.restore_damaged(Serial(2)).is_err());
        assert!(place.locked.restore_damaged(Serial(1)).is_err());
        assert_eq!(fs::read(place.path("Live.journal")).unwrap(), journal);
    }
}

/// The state is lost, and the writer died when the copy of the next one was durable and that one not
/// yet in place: what is lost is the state that the journal was written over.
#[test]
fn a_lost_state_under_an_open_run_is_the_one_that_the_run_began_with() {
    let place = Place::new();
    let (journal, now) = (place.run(), place.state());
    place.locked.publish(now.clone(), &base(&now)).unwrap();
    put(&place.path("Live.journal"), &journal);
    fs::remove_file(place.path("Live.json")).unwrap();
    assert_eq!(place.locked.examine().unwrap().twin.unwrap().state.serial, Serial(2));
    let done = place.locked.restore_damaged(Serial(2)).unwrap();
    assert_eq!(done.now, now);
    fold(&done.now, &place.locked.read().unwrap().journal.unwrap()).unwrap();
}

/// The kept states of a stack that was destroyed are not the lost state of the one that is being
/// made.
#[test]
fn the_first_run_of_a_stack_has_no_lost_state() {
    let place = Place::new();
    let last = place.state();
    place.locked.retire(last.clone(), &base(&last)).unwrap();
    let fresh = State { lineage: "another".into(), serial: last.serial, ..state() };
    place.locked.begin(&begin(&fresh)).unwrap();
    assert!(place.locked.examine().unwrap().twin.is_none());
    assert!(place.locked.restore_damaged(last.serial).is_err());
}
