//! A disk that fails under a run. Faults at every moment of a run are explored elsewhere, on a
//! simulated disk; here it is the real one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_apply::{ApplyError, ApplyOptions};
use rstack_driver::DriverError;
use rstack_state::StateError;

use crate::bench::{Bench, Wanted, count, run, small};
use crate::probe::{Call, Calls, Probe, Probed};

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

/// Somebody else takes the lock file away at one call, as if the process had slept meanwhile.
struct Loses {
    calls: Calls,
    verb: &'static str,
    lock: PathBuf,
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
}

/// The call at which the lock is lost is the last one that changes anything, whatever was to come:
/// its object is found by the one who has the lock now.
#[test]
fn a_run_whose_lock_is_lost_changes_nothing_more() {
    let (from, to) = (small("one", "one", "6"), small("two", "two", "4"));
    for (verb, from, to) in [
        ("create", None, &from),
        ("create", Some(&from), &to),
        ("update", Some(&from), &to),
        ("delete", Some(&from), &Wanted::Nothing),
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
            let loses = Arc::new(Loses { calls: Calls::default(), verb, lock });
            let mut engine = bench.engine_on(Probed::new(bench.sandbox.clone(), loses.clone()));
            engine.parallelism = count(1);
            let options = ApplyOptions { rollback: true };
            let applied = engine.apply(&locked, &plan, &bench.parameters, options).await;
            let Err(ApplyError::State(StateError::LockLost { .. })) = applied else {
                panic!("{verb}: {applied:?}")
            };
            let made = loses.calls.made();
            let at = made.iter().position(|call| call.verb == verb).unwrap();
            let changes = |call: &&Call| ["create", "update", "delete"].contains(&call.verb);
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
