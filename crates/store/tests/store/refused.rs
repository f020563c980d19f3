//! A call that the disk refuses is reported. It is never taken for there being nothing, nor for
//! done; and what was there is still there, even if it is the last call of all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rstack_journal::{Entry, JournalEnd, fold};
use rstack_model::Serial;
use rstack_store::fs::{Access, JournalFinding, StateFinding};
use rstack_store::{LockedStack, StateStore, StoreError};

use crate::disk::{Call, Witness, Witnessed};
use crate::support::{
    base, begin, create, directory, effect, holder, made, object, put, stack, state,
};

/// One of the calls is refused, and what comes behind it if the process dies there.
#[derive(Debug, Default)]
struct Refusal(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    made: usize,
    refused: Option<usize>,
    dies: bool,
    /// The call that was refused.
    call: Option<(String, PathBuf)>,
}

impl Witness for Refusal {
    fn before(&self, call: Call<'_>, path: &Path) -> io::Result<()> {
        let mut calls = self.0.lock().unwrap();
        let dead = calls.dies && calls.call.is_some();
        // Before a look no process dies that would not have died before the next change.
        if !calls.dies || changes(call) {
            calls.made += 1;
        } else if !dead {
            return Ok(());
        }
        if dead || calls.refused == Some(calls.made) {
            calls.call.get_or_insert_with(|| (format!("{call:?}"), path.to_owned()));
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }
}

fn changes(call: Call<'_>) -> bool {
    match call {
        Call::Look | Call::LookThrough | Call::List | Call::Read | Call::Lock => false,
        Call::Open(access) => access != Access::Read,
        Call::MakeDirectory
        | Call::MakeTemporary
        | Call::Rename(_)
        | Call::Link(_)
        | Call::Remove
        | Call::SyncDirectory
        | Call::Write
        | Call::Truncate
        | Call::Sync => true,
    }
}

/// Everything that a stack goes through, from the first run to its end.
fn life(store: &StateStore) -> Result<(), StoreError> {
    store.digest_key()?;
    store.stacks()?;
    store.is_known(&stack())?;
    let locked = store.lock(&stack(), &holder())?;
    locked.begin(&begin(&state()))?.append(&create(1, "A"))?;
    locked.resume()?.append(&effect(1, "a"))?;
    let mut now = state();
    now.resources.insert("A".into(), object("a"));
    let now = locked.publish(now.clone(), &base(&now))?;
    let now = locked.revise(now.clone(), &base(&now))?;
    let now = locked.replace(now)?;
    locked.retire(now.clone(), &base(&now))?;
    drop(locked);
    store.unlock(&stack(), &holder().id)?;
    Ok(())
}

/// True for calls that may fail: of a directory that may be new more is made durable than must be,
/// a copy that cannot be read is written again, a temporary file belongs to no stack, a name that
/// is left in a lock file is no obstacle, and the directory above may be one that cannot be opened.
fn may_fail(call: &str, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
    match call {
        "LookThrough" => true,
        "Look" | "Open(Read)" | "Read" => path.parent().unwrap().ends_with("Live.backup"),
        "Remove" => name.starts_with(".rstack-"),
        "SyncDirectory" => !path.ends_with("state") && !path.ends_with("Live.backup"),
        "Truncate" => name == "Live.lock",
        _ => false,
    }
}

#[test]
fn whatever_call_the_disk_refuses_is_reported_and_nothing_is_damaged() {
    let mut refused = 0;
    for number in 1..1000 {
        let directory = directory();
        let disk = Arc::new(Refusal::default());
        disk.0.lock().unwrap().refused = Some(number);
        let on = Arc::new(Witnessed(Arc::clone(&disk)));
        let store = StateStore::on(on, directory.path().join("state"));
        let lived = store.and_then(|store| life(&store));
        let Some((call, path)) = disk.0.lock().unwrap().call.take() else { break };
        let told = format!("{call} of {}: {lived:?}", path.display());
        match lived {
            Err(StoreError::Io { ref source, .. }) => {
                assert_eq!(source.kind(), io::ErrorKind::PermissionDenied, "{told}");
                refused += 1;
            }
            Ok(()) => assert!(may_fail(&call, &path), "{told}"),
            Err(_) => panic!("{told}"),
        }
        let sound = StateStore::open(directory.path().join("state")).unwrap();
        sound.lock(&stack(), &holder()).unwrap().read().unwrap();
    }
    assert!(refused > 100, "{refused}");
}

/// A damaged state, and a journal whose run is in a state that is kept.
struct Damage {
    name: &'static str,
    repair: fn(&LockedStack) -> Result<(), StoreError>,
    directory: tempfile::TempDir,
    /// The bytes of both.
    bytes: [Vec<u8>; 2],
}

fn restore(locked: &LockedStack) -> Result<(), StoreError> {
    locked.restore_damaged(Serial(2)).map(|_| ())
}

fn accept(locked: &LockedStack) -> Result<(), StoreError> {
    locked.accept_edit().map(|_| ())
}

impl Damage {
    /// Makes it, with so many states that were published since, and this record damaged.
    fn new(
        (name, since, record): (&'static str, usize, Option<usize>),
        repair: fn(&LockedStack) -> Result<(), StoreError>,
        damage: fn(&str) -> String,
    ) -> Self {
        let directory = directory();
        let files = ["Live.json", "Live.journal"].map(|name| directory.path().join(name));
        let locked = StateStore::open(directory.path()).unwrap().lock(&stack(), &holder()).unwrap();
        let now = locked.publish(state(), &base(&state())).unwrap();
        let run = locked.begin(&begin(&now)).unwrap();
        let end = Entry::End { end: JournalEnd::Succeeded };
        for entry in [create(1, "A"), effect(1, "a"), made(1, "a"), end] {
            run.append(&entry).unwrap();
        }
        let mut journal = fs::read(&files[1]).unwrap();
        let entries = locked.read().unwrap().journal.unwrap();
        let mut now = locked.publish(fold(&now, &entries).unwrap().state, &base(&now)).unwrap();
        for _ in 0..since {
            now = locked.revise(now.clone(), &base(&now)).unwrap();
        }
        if let Some(record) = record {
            let lines = journal.split_inclusive(|byte| *byte == b'\n').take(record);
            let begin: usize = lines.map(<[u8]>::len).sum();
            journal[begin + 30] ^= 1;
        }
        put(&files[1], &journal);
        let text = damage(&fs::read_to_string(&files[0]).unwrap());
        fs::write(&files[0], &text).unwrap();
        Self { name, repair, directory, bytes: [text.into_bytes(), journal] }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// Wherever it ends, both files are where they were or aside, and the rest is repaired in the same
/// way as if nothing had been: never is the state damaged and the journal gone, nor the state repaired
/// and its run open.
#[test]
fn a_repair_that_is_refused_or_dies_at_any_call_loses_nothing() {
    let lost = |_: &str| String::new();
    let edited = |text: &str| text.replace("\"Size\": 5", "\"Size\": 6");
    let newest = Damage::new(("the newest", 0, None), restore, lost);
    let accepted = Damage::new(("edited, beginning damaged", 0, Some(0)), accept, edited);
    for (damage, dies) in [
        (&newest, false),
        (&newest, true),
        (&accepted, false),
        (&accepted, true),
        (&Damage::new(("the newest, end damaged", 0, Some(4)), restore, lost), true),
        (&Damage::new(("an older one", 1, None), restore, lost), true),
        (&Damage::new(("an older one, end damaged", 1, Some(4)), restore, edited), true),
    ] {
        let struck = (1..1000).take_while(|number| strike(damage, *number, dies)).count();
        assert!(struck > 15, "{}: {struck}", damage.name);
    }
}

/// True if there is such a call.
fn strike(damage: &Damage, number: usize, dies: bool) -> bool {
    let directory = directory();
    copy(damage.directory.path(), directory.path());
    let disk = Arc::new(Refusal::default());
    *disk.0.lock().unwrap() = Calls { refused: Some(number), dies, ..Calls::default() };
    let repaired = StateStore::on(Arc::new(Witnessed(Arc::clone(&disk))), directory.path())
        .and_then(|store| (damage.repair)(&store.lock(&stack(), &holder())?));
    let struck = disk.0.lock().unwrap().call.take();
    let told = format!("{}, {number}: {struck:?}: {repaired:?}", damage.name);

    let places = [directory.path().to_owned(), directory.path().join("Live.backup")];
    let files: Vec<Vec<u8>> = places
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flatten()
        .filter_map(|entry| fs::read(entry.unwrap().path()).ok())
        .collect();
    assert!(damage.bytes.iter().all(|bytes| files.contains(bytes)), "{told}");

    let store = StateStore::open(directory.path()).unwrap();
    let locked = store.lock(&stack(), &holder()).unwrap();
    let found = locked.examine().unwrap();
    if matches!(found.state, StateFinding::Sound(_)) {
        let done = matches!(found.journal, JournalFinding::Missing);
        let stale = matches!(found.journal, JournalFinding::Stale { .. });
        assert!(done || stale && repaired.is_err(), "{told}: {:?}", found.journal);
        if stale {
            locked.repair_journal().unwrap();
        }
    } else {
        assert!(repaired.is_err() && directory.path().join("Live.journal").exists(), "{told}");
        (damage.repair)(&locked).unwrap();
    }
    let stored = locked.read().unwrap();
    let now = stored.state.unwrap();
    assert_eq!(stored.journal, None, "{told}");
    assert!(now.resources.contains_key("A"), "{told}");
    struck.is_some()
}
