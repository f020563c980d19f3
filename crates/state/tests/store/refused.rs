//! A call that the disk refuses is told. It is never taken for there being nothing, nor for done.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rstack_state::{StateError, StateStore};

use crate::disk::{Call, Witness, Witnessed};
use crate::support::{base, begin, create, directory, effect, holder, object, stack, state};

/// One of the calls is refused.
#[derive(Debug, Default)]
struct Refusal(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    made: usize,
    refused: Option<usize>,
    /// What the one that was refused asked for.
    call: Option<(String, PathBuf)>,
}

impl Witness for Refusal {
    fn before(&self, call: Call<'_>, path: &Path) -> io::Result<()> {
        let mut calls = self.0.lock().unwrap();
        calls.made += 1;
        if calls.refused == Some(calls.made) {
            calls.call = Some((format!("{call:?}"), path.to_owned()));
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }
}

/// Everything that a stack goes through, from the first run to its end.
fn life(store: &StateStore) -> Result<(), StateError> {
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

/// What may fail: of a directory that may be new more is made durable than must be, a copy that
/// cannot be read is written again, a temporary file is nobody's, and a name that is left in a lock
/// file is no obstacle.
fn may_fail(call: &str, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
    match call {
        "LookThrough" => true,
        "Look" | "Open(Read)" | "Read" => path.parent().unwrap().ends_with("Live.backup"),
        "Remove" => name.starts_with(".rstack-"),
        "Truncate" => name == "Live.lock",
        _ => false,
    }
}

#[test]
fn whatever_call_the_disk_refuses_is_told_and_nothing_is_damaged() {
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
            Err(StateError::Io { ref source, .. }) => {
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
