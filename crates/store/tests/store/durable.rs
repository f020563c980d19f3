//! Durability: everything that a call of the store has done is durable when it returns, and nothing
//! takes the place of anything before it is.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rstack_model::Serial;
use rstack_store::StateStore;
use rstack_store::fs::{Access, FileSystem};
use rstack_store::fs::{Disk, DiskFile};

use crate::disk::{Call, Witness, Witnessed};
use crate::support::{base, begin, create, directory, holder, object, put, stack, state};

/// The changes that a loss of power would take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pending {
    /// Files whose bytes are not durable.
    bytes: BTreeSet<PathBuf>,
    /// Directories whose names are not.
    names: BTreeSet<PathBuf>,
    /// The changes that went before something was durable.
    early: Vec<String>,
}

#[derive(Debug, Default)]
struct Ledger(Mutex<Pending>);

impl Ledger {
    fn named(&self, path: &Path) {
        self.0.lock().unwrap().names.insert(path.parent().unwrap().to_owned());
    }

    #[track_caller]
    fn assert_settled(&self, call: &str) {
        assert_eq!(*self.0.lock().unwrap(), Pending::default(), "after {call}");
    }
}

/// Locks have no holder after a loss of power.
fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lock")
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).unwrap().starts_with(".rstack-")
}

impl Witness for Ledger {
    fn before(&self, call: Call<'_>, path: &Path) -> io::Result<()> {
        let mut pending = self.0.lock().unwrap();
        let whole = match call {
            // But for the name that is being replaced.
            Call::Rename(_) | Call::Link(_) => {
                pending.bytes.is_empty() && pending.names.iter().all(|it| path.parent() == Some(it))
            }
            Call::Remove => pending.bytes.is_empty() && pending.names.is_empty(),
            _ => true,
        };
        if !whole {
            let early = format!("{call:?} of {} with {pending:?}", path.display());
            pending.early.push(early);
        }
        Ok(())
    }

    fn after(&self, call: Call<'_>, path: &Path) {
        match call {
            // If it comes back, it belongs to no stack.
            Call::Remove if is_temporary(path) => {}
            Call::Open(Access::New) | Call::MakeTemporary | Call::MakeDirectory | Call::Remove => {
                self.named(path);
            }
            Call::Link(to) => self.named(to),
            Call::Rename(to) => {
                self.named(path);
                self.named(to);
            }
            Call::Write | Call::Truncate if !is_lock(path) => {
                self.0.lock().unwrap().bytes.insert(path.to_owned());
            }
            Call::Sync => {
                self.0.lock().unwrap().bytes.remove(path);
            }
            Call::SyncDirectory => {
                self.0.lock().unwrap().names.remove(path);
            }
            Call::Write
            | Call::Truncate
            | Call::Look
            | Call::LookThrough
            | Call::List
            | Call::Open(Access::Read | Access::Write | Access::Any)
            | Call::Read
            | Call::Lock => {}
        }
    }
}

#[test]
fn what_the_store_has_done_is_durable_when_it_says_so() {
    let directory = directory();
    let ledger = Arc::new(Ledger::default());
    let on = Arc::new(Witnessed(Arc::clone(&ledger)));
    let store = StateStore::on(on, directory.path().join("state")).unwrap();
    let path = |name: &str| directory.path().join("state").join(name);

    store.digest_key().unwrap();
    ledger.assert_settled("the key is made");
    let locked = store.lock(&stack(), &holder()).unwrap();
    ledger.assert_settled("the lock is taken");
    let journal = locked.begin(&begin(&state())).unwrap();
    ledger.assert_settled("a run begins");
    journal.append(&create(1, "A")).unwrap();
    ledger.assert_settled("a record is appended");
    let whole = fs::read(path("Live.journal")).unwrap();
    fs::write(path("Live.journal"), &whole[..whole.len() - 1]).unwrap();
    locked.resume().unwrap();
    ledger.assert_settled("a run is resumed");
    fs::write(path("Live.journal"), [&whole[..whole.len() - 2], b"\n"].concat()).unwrap();
    locked.repair_journal().unwrap();
    ledger.assert_settled("a journal is cut");
    let mut now = state();
    now.resources.insert("A".into(), object("a"));
    let now = locked.publish(now.clone(), &base(&now)).unwrap();
    ledger.assert_settled("a state is published");
    let now = locked.revise(now.clone(), &base(&now)).unwrap();
    ledger.assert_settled("a state is revised");
    let now = locked.replace(now).unwrap();
    ledger.assert_settled("a state is replaced");
    let text = fs::read_to_string(path("Live.json")).unwrap();
    fs::write(path("Live.json"), text.replace("\"a\"", "\"b\"")).unwrap();
    let now = {
        assert_eq!(now.serial, Serial(3));
        locked.accept_edit().unwrap().now
    };
    ledger.assert_settled("an edit is accepted");
    fs::write(path("Live.json"), "").unwrap();
    locked.restore_damaged(now.serial).unwrap();
    ledger.assert_settled("a state is restored");
    let journal = locked.begin(&begin(&now)).unwrap();
    journal.append(&create(1, "B")).unwrap();
    let whole = fs::read(path("Live.journal")).unwrap();
    let now = locked.publish(now.clone(), &base(&now)).unwrap();
    put(&path("Live.journal"), &whole);
    fs::write(path("Live.json"), "").unwrap();
    locked.restore_damaged(now.serial).unwrap();
    ledger.assert_settled("a state is restored, and a journal removed");
    locked.retire(now.clone(), &base(&now)).unwrap();
    ledger.assert_settled("a state is retired");
}

/// The double cannot see whether the file system really syncs; the operating system, which refuses
/// to sync what has no disk, can.
#[test]
fn a_sync_that_the_system_refuses_is_reported() {
    let (reader, _writer) = io::pipe().unwrap();
    let pipe = fs::File::from(std::os::fd::OwnedFd::from(reader));
    assert!(DiskFile::sync_data(&pipe).is_err());
    assert!(DiskFile::sync(&pipe).is_err());
    let gone = directory().path().join("gone");
    assert_eq!(FileSystem.sync_directory(&gone).unwrap_err().kind(), io::ErrorKind::NotFound);
}
