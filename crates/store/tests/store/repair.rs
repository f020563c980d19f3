//! Repairs of damaged files, and reports of what is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rstack_journal::{Entry, IntentAction, JournalEnd, LostRecord, RepairedJournal, fold};
use rstack_model::Serial;
use rstack_model::state::State;
use rstack_store::fs::{Difference, JournalFinding, StateFinding};
use rstack_store::{LockedStack, StateStore, StoreError};

use crate::support::{
    base, begin, create, directory, effect, gone, holder, intent, key, made, object, put, stack,
    state,
};

struct Place {
    directory: tempfile::TempDir,
    store: StateStore,
    locked: LockedStack,
}

impl Place {
    /// Two states, of which the first has the object `a` and the second `b`, too.
    fn new() -> Self {
        let directory = directory();
        let store = StateStore::open(directory.path()).unwrap();
        let locked = store.lock(&stack(), &holder()).unwrap();
        let mut now = state();
        for id in ["a", "b"] {
            now.resources.insert(id.to_uppercase().as_str().into(), object(id));
            now = locked.publish(now.clone(), &base(&now)).unwrap();
        }
        Self { directory, store, locked }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn state(&self) -> State {
        self.locked.read().unwrap().state.unwrap()
    }

    /// A run over the state: makes `c`, deletes `a`, and comes to its end.
    fn run(&self) -> Vec<u8> {
        let journal = self.locked.begin(&begin(&self.state())).unwrap();
        let delete = IntentAction::Delete { key: key("a") };
        for entry in [
            create(1, "C"),
            effect(1, "c"),
            made(1, "c"),
            intent(2, "A", delete),
            gone(2),
            Entry::Outputs { outputs: Default::default() },
            Entry::End { end: JournalEnd::Succeeded },
        ] {
            journal.append(&entry).unwrap();
        }
        fs::read(self.path("Live.journal")).unwrap()
    }
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

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

/// A newer rstack may write records that this one cannot read: they are not damage, and not cut.
#[test]
fn a_newer_journal_is_not_cut() {
    let place = Place::new();
    place.run();
    let path = place.path("Live.journal");
    let newer = "{\"format\":3,\"number\":7,\"entry\":{\"unheard\":{}}}\n";
    let text = fs::read_to_string(&path).unwrap() + newer;
    fs::write(&path, &text).unwrap();
    let error = place.locked.repair_journal().unwrap_err();
    assert!(matches!(error, StoreError::NewerFormat { found: 3, .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// Any byte of a journal is damaged: each object that it names is known afterwards, is asked for,
/// or is reported as lost; and no record says that the run has ended.
#[test]
fn no_object_is_silently_forgotten_with_a_damaged_journal() {
    let place = Place::new();
    let (base, whole) = (place.state(), place.run());
    let path = place.path("Live.journal");
    let aside = place.path("Live.backup");
    for byte in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1 << (byte % 7);
        fs::write(&path, &damaged).unwrap();
        let found = place.locked.examine().unwrap();
        let error = match &found.journal {
            JournalFinding::Damaged { error, .. } => error,
            // The end of the last line: its record was being written.
            JournalFinding::Sound { .. } if byte == whole.len() - 1 => continue,
            other => panic!("byte {byte}: {other:?}"),
        };
        assert!(error.to_string().contains(": record "), "{error}");
        let done = place.locked.repair_journal().unwrap();
        assert_eq!(fs::read(done.aside.journal.unwrap()).unwrap(), damaged);
        let entries = place.locked.read().unwrap().journal.unwrap();
        let repaired = done.now.unwrap();
        assert_eq!(entries, repaired.kept);
        let folded = fold(&base, &entries).unwrap();
        assert_eq!(folded.ended, None);
        let known = folded.state.resources.get("C").is_some_and(|c| c.physical_id.as_str() == "c");
        let open = folded.open.iter().any(|open| open.intent.address.as_str() == "C");
        let told = repaired.lost.iter().any(|lost| !lost.resolvable);
        assert!(known || open || told, "byte {byte}: {repaired:?}");
        assert!(folded.state.resources.contains_key("B"));
    }
    assert!(fs::read_dir(aside).unwrap().count() > 2);
    fs::write(&path, &whole).unwrap();
    assert!(place.locked.repair_journal().is_err(), "the journal is sound");
}

#[test]
fn a_journal_is_not_repaired_before_its_state_is_repaired() {
    let place = Place::new();
    let whole = place.run();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(place.path("Live.journal"), damaged).unwrap();
    let state = fs::read(place.path("Live.json")).unwrap();
    fs::write(place.path("Live.json"), &state[..100]).unwrap();
    let error = place.locked.repair_journal().unwrap_err();
    assert!(error.to_string().contains("without the state"), "{error}");
    place.locked.restore_damaged(Serial(2)).unwrap();
    place.locked.repair_journal().unwrap();
    assert!(place.locked.resume().is_ok());
}

/// State and first record are lost: an older state that is put in place counts on from the newest, so
/// that what is kept of that one stays, and the journal goes on over it.
#[test]
fn an_older_state_under_a_journal_without_its_beginning_has_a_serial_of_its_own() {
    let place = Place::new();
    let mut damaged = place.run();
    damaged[20] ^= 1;
    fs::write(place.path("Live.journal"), &damaged).unwrap();
    fs::write(place.path("Live.json"), "").unwrap();
    let newest = fs::read(place.store.backups(&stack()).unwrap()[0].location.as_str()).unwrap();
    let older = place.locked.restore_damaged(Serial(1)).unwrap().now;
    assert_eq!((older.serial, older.resources.len()), (Serial(3), 1));
    assert_eq!(fs::read(place.path("Live.journal")).unwrap(), damaged);

    assert!(place.locked.repair_journal().unwrap().now.unwrap().rebuilt);
    let folded = fold(&older, &place.locked.read().unwrap().journal.unwrap()).unwrap();
    assert!(folded.state.resources.contains_key("C") && folded.open.is_empty());
    place.locked.publish(folded.state, &base(&older)).unwrap();
    let backups = place.store.backups(&stack()).unwrap();
    let serials: Vec<Serial> = backups.iter().map(|backup| backup.serial).collect();
    assert_eq!(serials, [4, 3, 2, 1].map(Serial));
    assert_eq!(fs::read(backups[2].location.as_str()).unwrap(), newest);
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

/// A place whose run is in its state, and whose journal is still there: the writer died before it
/// removed it.
fn stale() -> (Place, Vec<u8>) {
    let place = Place::new();
    let whole = place.run();
    let before = place.state();
    let folded = fold(&before, &place.locked.read().unwrap().journal.unwrap()).unwrap();
    place.locked.publish(folded.state, &base(&before)).unwrap();
    put(&place.path("Live.journal"), &whole);
    assert_eq!(place.locked.read().unwrap().journal, None, "it is recognised");
    (place, whole)
}

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

/// A journal whose first record was cut off, and one that is folded in, are of no open run.
#[test]
fn a_journal_with_nothing_left_to_say_stands_in_nobodys_way() {
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

/// Of the records behind the damage those are kept that are as they were written, and no others. Of
/// the rest it is said whether the cloud is asked for what they tell of.
#[test]
fn records_behind_the_damage_are_kept_as_they_were_written() {
    let place = Place::new();
    let whole = String::from_utf8(place.run()).unwrap();
    let all = place.locked.read().unwrap().journal.unwrap();
    let mut lines: Vec<&str> = whole.lines().collect();
    let changed = lines[2].replacen("\"identifier\":[\"c\"]", "\"identifier\":[\"d\"]", 1);
    assert_ne!(changed, lines[2]);
    (lines[2], lines[6]) = (&changed, "");
    put(&place.path("Live.journal"), (lines.join("\n") + "\n").as_bytes());
    let RepairedJournal { kept, lost, .. } = place.locked.repair_journal().unwrap().now.unwrap();
    assert_eq!(kept, [&all[..2], &all[4..6]].concat());
    let told = |lost: &[LostRecord]| -> Vec<_> {
        lost.iter().map(|l| (l.number, l.entry.is_some(), l.whole, l.resolvable)).collect()
    };
    // The effect, what was done with it, and one that cannot be read; the end of the run names no
    // object.
    let found = [(2, true, false, true), (3, true, true, true), (6, false, false, false)];
    assert_eq!(told(&lost), found);

    let changed = whole.replacen("\"address\":\"C\"", "\"address\":\"D\"", 1);
    put(&place.path("Live.journal"), changed.as_bytes());
    assert_ne!(changed, whole);
    let RepairedJournal { kept, lost, .. } = place.locked.repair_journal().unwrap().now.unwrap();
    assert_eq!(kept, [&all[..1], &all[4..6]].concat());
    assert_eq!(told(&lost), [1, 2, 3].map(|number| (number, true, number > 1, false)));
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
