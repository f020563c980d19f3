//! A disk that fails under a run. Faults at every moment of a run are explored elsewhere, on a
//! simulated disk; here it is the real one.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_apply::{ApplyError, ApplyOptions, Engine};
use rstack_driver::{DriverError, ErrorKind};
use rstack_store::StoreError;

use crate::bench::{Bench, Wanted, count, run, small};
use crate::probe::{Call, Calls, Probe, Probed, error};

fn no_change_is_made(bench: &Bench, wanted: &Wanted, harm: impl FnOnce()) {
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, wanted).await;
        harm();
        let calls = Arc::new(Calls::default());
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), calls.clone()));
        let options = ApplyOptions { rollback: true };
        let applied = engine.apply(&locked, &plan, &bench.parameters, options).await;
        assert!(matches!(applied, Err(ApplyError::State(_))), "{applied:?}");
        assert_eq!(calls.made(), []);
    });
}

#[test]
fn a_directory_that_is_removed_stops_a_run_before_its_first_call() {
    let bench = Bench::new();
    let directory = bench.directory.path().to_owned();
    no_change_is_made(&bench, &small("one", "one", "6"), || {
        fs::remove_dir_all(directory).unwrap();
    });
}

/// The journal cannot be made because something has its name; the former state is still read.
#[test]
fn a_journal_that_cannot_be_made_stops_a_run_before_its_first_call() {
    let bench = Bench::new();
    let before = run(bench.reach(&small("one", "one", "6"))).unwrap();
    let journal = bench.directory.path().join("Live.journal");
    no_change_is_made(&bench, &small("one", "one", "4"), || fs::create_dir(&journal).unwrap());
    fs::remove_dir(&journal).unwrap();
    assert_eq!(bench.state(), before);
    run(bench.reach(&small("one", "one", "4")));
}

/// Another process takes the lock file away at one call, as if this one had slept meanwhile.
struct Loses {
    calls: Calls,
    verb: &'static str,
    lock: PathBuf,
    in_parts: bool,
}

#[async_trait]
impl Probe for Loses {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.calls.before(call).await?;
        if call.verb == self.verb && self.calls.of(self.verb).len() == 1 {
            fs::remove_file(&self.lock).unwrap();
        }
        Ok(())
    }

    fn creates_in_parts(&self) -> bool {
        self.in_parts
    }
}

/// The call at which the lock is lost is the last one that changes anything, whatever was to come:
/// its object is found by the one who has the lock now.
#[test]
fn a_run_whose_lock_is_lost_changes_nothing_more() {
    let (from, to) = (small("one", "one", "6"), small("two", "two", "4"));
    for (verb, from, to, in_parts) in [
        ("create", None, &from, false),
        ("create", None, &from, true),
        ("create", Some(&from), &to, false),
        ("update", Some(&from), &to, false),
        ("delete", Some(&from), &Wanted::Nothing, false),
    ] {
        let bench = Bench::new();
        if let Some(from) = from {
            run(bench.reach(from));
        }
        run(async {
            let locked = bench.lock();
            let state = bench.recovered(&bench.engine(), &locked).await;
            let plan = bench.planned(&bench.engine(), &state, to).await;
            let lock = bench.directory.path().join("Live.lock");
            let loses = Arc::new(Loses { calls: Calls::default(), verb, lock, in_parts });
            let mut engine = bench.engine_on(Probed::new(bench.sandbox.clone(), loses.clone()));
            engine.parallelism = count(1);
            let options = ApplyOptions { rollback: true };
            let applied = engine.apply(&locked, &plan, &bench.parameters, options).await;
            let Err(ApplyError::State(StoreError::LeaseLost { .. })) = applied else {
                panic!("{verb}: {applied:?}")
            };
            let made = loses.calls.made();
            let at = made.iter().position(|call| call.verb == verb).unwrap();
            // What the driver could not tell is not asked for either: it could not be recorded.
            let changes = |call: &&Call| !["read", "resolve", "stabilized"].contains(&call.verb);
            let after: Vec<&Call> = made[at + 1..].iter().filter(changes).collect();
            assert!(after.is_empty(), "{verb}: {after:?}");

            // Another one takes the lock that is there now, while the first still lives.
            let other = bench.lock();
            bench.recovered(&bench.engine(), &other).await;
            bench.check_known();
            drop(other);
        });
        run(bench.reach(to));
    }
}

/// An update that was throttled is not sent again by a process that lost its lock while it waited.
#[test]
fn an_update_is_not_repeated_without_the_lock() {
    let bench = Bench::new();
    run(bench.reach(&small("one", "one", "6")));
    let lock = bench.directory.path().join("Live.lock");
    let calls = Arc::new(Updates::default());
    *calls.lock.lock().unwrap() = Some(lock);
    let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), calls.clone()));
    let engine = Engine { parallelism: count(1), ..engine };
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, &small("one", "one", "4")).await;
        let options = ApplyOptions { rollback: true };
        let applied = engine.apply(&locked, &plan, &bench.parameters, options).await;
        assert!(matches!(applied, Err(ApplyError::State(_))), "{applied:?}");
    });
    assert_eq!(calls.calls.of("update").len(), 1);
    run(bench.reach(&small("one", "one", "4")));
}

/// Throttles every update, and takes the lock away at the first one.
#[derive(Default)]
struct Updates {
    calls: Calls,
    lock: Mutex<Option<PathBuf>>,
}

#[async_trait]
impl Probe for Updates {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.calls.before(call).await?;
        if call.verb != "update" {
            return Ok(());
        }
        if let Some(lock) = self.lock.lock().unwrap().take() {
            fs::remove_file(lock).unwrap();
        }
        Err(error(ErrorKind::Throttled))
    }
}

/// A run that dies while old objects are deleted has made everything: there is no way back to what
/// is deleted already, and the next apply deletes the rest.
#[test]
fn a_run_that_dies_among_its_deletions_is_not_rolled_back() {
    let (from, to) = (small("one", "one", "6"), small("two", "two", "6"));
    let bench = Bench::new();
    run(bench.reach(&from));
    let lock = bench.directory.path().join("Live.lock");
    let loses = Arc::new(Loses { calls: Calls::default(), verb: "delete", lock, in_parts: false });
    run(async {
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), loses));
        let locked = bench.lock();
        let state = bench.recovered(&engine, &locked).await;
        let plan = bench.planned(&engine, &state, &to).await;
        let options = ApplyOptions { rollback: true };
        let died = engine.apply(&locked, &plan, &bench.parameters, options).await;
        assert!(matches!(died, Err(ApplyError::State(_))), "{died:?}");
        drop(locked);
        let (engine, locked) = (bench.engine(), bench.lock());
        let state = bench.recovered(&engine, &locked).await;
        assert!(!state.deposed.is_empty());
        assert_eq!(engine.plan_rollback(&state).await.unwrap(), None);
    });
    run(bench.reach(&to));
}
