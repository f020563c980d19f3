//! Journals and locks on disk.

use std::sync::Arc;

use rstack_journal::{Entry, JournalEnd, fold};
use rstack_store::{StateStore, StoreError};

use crate::support::{base, begin, create, directory, effect, holder, made, stack, state};

#[test]
fn a_run_is_recorded_published_and_gone() {
    let directory = directory();
    let store = StateStore::open(directory.path().join("state")).unwrap();
    assert!(store.stacks().unwrap().is_empty());
    let locked = store.lock(&stack(), &holder()).unwrap();
    let empty = state();
    let journal = locked.begin(&begin(&empty)).unwrap();
    assert!(journal.blocks(), "a real disk takes its time");
    for entry in [create(1, "A"), effect(1, "a"), made(1, "a")] {
        journal.append(&entry).unwrap();
    }
    journal.append(&Entry::End { end: JournalEnd::Succeeded }).unwrap();
    let entries = store.read(&stack()).unwrap().journal.unwrap();
    let folded = fold(&empty, &entries).unwrap();
    assert!(matches!(locked.begin(&begin(&empty)), Err(StoreError::OpenJournal { .. })));
    let published = locked.publish(folded.state, &base(&empty)).unwrap();
    let stored = store.read(&stack()).unwrap();
    assert_eq!((stored.state.as_ref(), &stored.journal), (Some(&published), &None));
    assert_eq!(store.stacks().unwrap(), [stack()]);
    let moved = locked.publish(published.clone(), &base(&empty)).unwrap_err();
    assert!(matches!(moved, StoreError::Moved { .. }), "{moved}");
    locked.retire(published.clone(), &base(&published)).unwrap();
    assert!(store.stacks().unwrap().is_empty());
}

/// The writer died between publishing the state and removing the journal.
#[test]
fn a_journal_that_is_folded_in_has_nothing_left_to_say() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    locked.begin(&begin(&state())).unwrap();
    let journal = directory.path().join("Live.journal");
    let bytes = std::fs::read(&journal).unwrap();
    let published = locked.publish(state(), &base(&state())).unwrap();
    let file = tempfile::NamedTempFile::new_in(directory.path()).unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file.persist(&journal).unwrap();
    assert_eq!(store.read(&stack()).unwrap().journal, None);
    locked.begin(&begin(&published)).unwrap();
    assert_eq!(store.read(&stack()).unwrap().journal.unwrap().len(), 1);
}

#[test]
fn every_prefix_of_a_journal_is_a_prefix_of_its_records() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let journal = locked.begin(&begin(&state())).unwrap();
    let entries = [create(1, "A"), effect(1, "a"), made(1, "a")];
    entries.iter().for_each(|entry| journal.append(entry).unwrap());
    let path = directory.path().join("Live.journal");
    let whole = std::fs::read(&path).unwrap();
    let all = locked.read().unwrap().journal.unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let stored = locked.read().unwrap();
        let read = stored.journal.unwrap_or_default();
        assert_eq!(read, all[..lines]);
        // Before its first record is whole, there is nothing that could be cut off.
        let torn = lines > 0 && whole[cut - 1] != b'\n';
        assert_eq!(stored.torn, torn, "after {cut} bytes");
        // A journal goes on behind its last whole record: cut at it, around it, and far from it.
        let whole_record = [cut, cut.saturating_sub(1), (cut + 1).min(whole.len())]
            .iter()
            .any(|at| *at > 0 && whole[at - 1] == b'\n');
        if !whole_record && cut % 64 != 0 {
            continue;
        }
        let journal = locked.resume().unwrap();
        journal.append(&begin(&state())).unwrap();
        assert_eq!(locked.read().unwrap().journal.unwrap().len(), lines + 1, "after {cut} bytes");
    }
}

#[test]
fn concurrent_appends_are_all_durable_and_chained() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let journal = Arc::new(locked.begin(&begin(&state())).unwrap());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = Arc::clone(&journal);
            scope.spawn(move || {
                for i in 0..16 {
                    journal.append(&create(thread * 100 + i, "A")).unwrap();
                }
            });
        }
    });
    assert_eq!(store.read(&stack()).unwrap().journal.unwrap().len(), 1 + 8 * 16);
}
