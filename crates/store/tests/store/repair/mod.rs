//! Repairs of damaged files, and reports of what is lost.

mod base_mismatch;
mod journal;
mod stale_journal;
mod state;

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
        let delete = IntentAction::Delete { key: key("a"), snapshot: None };
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
