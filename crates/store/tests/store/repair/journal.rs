//! Repairs of journals of which a part is damaged.

use super::*;

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
