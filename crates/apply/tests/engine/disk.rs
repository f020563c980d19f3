//! A disk that fails under a run. Faults at every moment of a run are explored elsewhere, on a
//! simulated disk; here it is the real one.

use std::fs;
use std::sync::Arc;

use rstack_apply::{ApplyError, ApplyOptions};

use crate::bench::{Bench, Wanted, run, small};
use crate::probe::{Calls, Probed};

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
