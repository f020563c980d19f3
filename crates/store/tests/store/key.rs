//! The key for digests: there is one, whichever process makes it, and no other bytes of it stay
//! anywhere.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

use rstack_store::{StateStore, keyed_digest};

use crate::disk::{Call, Witness, Witnessed};
use crate::support::{directory, put};

#[test]
fn the_key_stays_the_same_and_gives_the_same_digests() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let secret = rstack_model::SecretString::new("hunter2".into());
    let first = keyed_digest(&store.digest_key().unwrap(), &secret);
    assert_eq!(first, keyed_digest(&store.digest_key().unwrap(), &secret));
    assert_eq!(first.len(), 64);
    assert_eq!(format!("{:?}", store.digest_key().unwrap()), "DigestKey(..)");
}

/// A process that makes the first key of a directory at the same time as others has theirs, or they
/// have its own.
#[test]
fn several_processes_that_make_the_key_have_the_same_one() {
    const PROCESSES: usize = 8;
    let secret = rstack_model::SecretString::new("hunter2".into());
    for _ in 0..20 {
        let directory = directory();
        let (path, start) = (directory.path(), Barrier::new(PROCESSES));
        let digest = || {
            let store = StateStore::open(path).unwrap();
            start.wait();
            keyed_digest(&store.digest_key().unwrap(), &secret)
        };
        let digests: BTreeSet<String> = thread::scope(|scope| {
            let made: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(digest)).collect();
            made.into_iter().map(|made| made.join().unwrap()).collect()
        });
        assert_eq!(digests.len(), 1);
        assert_eq!(fs::read_dir(path).unwrap().count(), 1, "nothing else is left there");
    }
}

/// Another process makes the key and sweeps what it finds, just before this one would put its own in
/// place.
#[derive(Debug)]
struct Faster;

impl Witness for Faster {
    fn before(&self, call: Call<'_>, path: &Path) -> io::Result<()> {
        if let Call::Link(to) = call {
            put(to, &[7; 32]);
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

#[test]
fn a_key_that_is_swept_away_while_it_is_made_is_the_one_of_the_faster_process() {
    let directory = directory();
    let secret = rstack_model::SecretString::new("hunter2".into());
    let store = StateStore::on(Arc::new(Witnessed(Arc::new(Faster))), directory.path()).unwrap();
    let made = keyed_digest(&store.digest_key().unwrap(), &secret);
    assert_eq!(fs::read(directory.path().join(".key")).unwrap(), [7; 32]);
    assert_eq!(made, keyed_digest(&store.digest_key().unwrap(), &secret));
}

/// A process that died while making it left its bytes behind. The files that a stack's writer left
/// are that stack's.
#[test]
fn what_a_death_leaves_of_a_key_is_removed() {
    let directory = directory();
    let store = StateStore::open(directory.path()).unwrap();
    let path = |name: &str| directory.path().join(name);
    for _ in ["the key is made", "the key is read"] {
        for name in [".rstack-.a1B2c3", ".rstack-Live.a1B2c3", ".rstack-"] {
            put(&path(name), &[7; 32]);
        }
        store.digest_key().unwrap();
        assert!(!path(".rstack-.a1B2c3").exists());
        assert!(path(".rstack-Live.a1B2c3").exists() && path(".rstack-").exists());
    }
}
