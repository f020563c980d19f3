//! The process dies at every call to the cloud, before and after the call's effect, and with every
//! prefix of the journal that it can leave behind. Whatever the moment: no object is unknown, none
//! exists twice, and the next apply reaches the same end as a run that nothing disturbed.

use std::fs;

use rstack_apply::{ApplyOptions, Engine};

use crate::bench::{Bench, Wanted, count, run, small, streaming};
use crate::probe::{Crash, Probed, Side};

/// What the dying process leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    /// The call was not made; all records before it are durable.
    AllRecords,
    /// The call was not made, and the last record was not yet written or is cut off. What it tells
    /// of had happened, or was not yet begun.
    LastRecordLost,
    /// The call had its effect, which no record tells.
    Effect,
}

/// How the engine and its drivers work.
#[derive(Clone, Copy)]
struct Way {
    parallelism: usize,
    /// Whether drivers create in more than one call.
    in_parts: bool,
}

const PLAIN: Way = Way { parallelism: 1, in_parts: false };

/// Dies at the call with this number; `false` if there are not so many.
fn die(bench: &Bench, wanted: &Wanted, at: usize, leaves: Leaves, way: Way) -> bool {
    let side = if leaves == Leaves::Effect { Side::After } else { Side::Before };
    let (crash, parallelism) = (Crash::new(at, side, way.in_parts), count(way.parallelism));
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, wanted).await;
        let cloud = Probed::new(bench.sandbox.clone(), crash.clone());
        let engine = Engine { parallelism, ..bench.engine_on(cloud) };
        let options = ApplyOptions { rollback: true };
        let applying = engine.apply(&locked, &plan, &bench.parameters, options);
        crash.during(applying).await.is_none()
    })
}

/// Takes the last record away, or the second half of it.
fn lose_last_record(bench: &Bench, whole: bool) {
    let path = bench.directory.path().join("Live.journal");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n');
    let start = end.map_or(0, |end| end + 1);
    bytes.truncate(if whole { start } else { start + (bytes.len() - start) / 2 });
    fs::write(&path, bytes).unwrap();
}

/// Nothing that exists is unknown once the next process has looked.
fn recover(bench: &Bench, moment: &str, way: Way) {
    let locked = bench.lock();
    let engine = bench.engine();
    let state = run(engine.recover(&locked, &bench.parameters)).unwrap();
    let (known, existing) = (bench.known(state.as_ref()), bench.existing());
    let gone: Vec<_> = known.difference(&existing).collect();
    assert!(existing.is_subset(&known), "{moment}: {existing:?} beside {known:?}");
    assert!(gone.len() <= way.parallelism, "{moment}: {gone:?} were deleted");
}

/// Dies at every call on the way from one stack to the other, and at every call on the way back.
fn explore(there: &Wanted, back: &Wanted, way: Way, leaves: Leaves) {
    let bench = Bench::new();
    run(bench.apply(&bench.engine(), back, false));
    for at in 1.. {
        let mut died = 0;
        for to in [there, back] {
            if die(&bench, to, at, leaves, way) {
                died += 1;
                if leaves == Leaves::LastRecordLost {
                    lose_last_record(&bench, at % 2 == 0);
                }
                recover(&bench, &format!("call {at}, {leaves:?}"), way);
            }
            run(bench.reach(to));
        }
        if died == 0 {
            assert!(at > 4, "there were only {at} calls");
            break;
        }
    }
}

fn explore_all(there: &Wanted, back: &Wanted) {
    for leaves in [Leaves::AllRecords, Leaves::LastRecordLost, Leaves::Effect] {
        explore(there, back, PLAIN, leaves);
    }
}

#[test]
fn a_creation_and_a_destruction_that_die_anywhere() {
    explore_all(&streaming(&[]).into(), &Wanted::Nothing);
}

#[test]
fn steps_that_overlap_and_die_anywhere() {
    let way = Way { parallelism: 4, ..PLAIN };
    explore(&small("one", "one", "6"), &Wanted::Nothing, way, Leaves::Effect);
}

#[test]
fn creations_in_parts_that_die_anywhere() {
    let way = Way { in_parts: true, ..PLAIN };
    for leaves in [Leaves::AllRecords, Leaves::LastRecordLost, Leaves::Effect] {
        explore(&small("one", "one", "6"), &Wanted::Nothing, way, leaves);
    }
}

#[test]
fn an_update_that_dies_anywhere() {
    explore_all(&small("one", "one", "4"), &small("one", "one", "6"));
}

#[test]
fn a_replacement_that_dies_anywhere() {
    explore_all(&small("two", "two", "6"), &small("one", "one", "6"));
}

#[test]
fn a_replacement_that_deletes_first_and_dies_anywhere() {
    explore_all(&small("two", "one", "6"), &small("one", "one", "6"));
}
