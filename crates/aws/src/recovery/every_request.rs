//! Every request of a run in turn is lost, refused, doubled, or the last one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rstack_model::event::RunEnd;

use super::bench::{ALL_TYPES, Bench, Ended, STREAMING, Wanted, wanted};
use crate::services::Fault;

/// What a run did to a stack, and was struck while it did.
struct Scenario {
    name: &'static str,
    /// Where it begins.
    from: Bench,
    to: Wanted,
}

fn scenario(name: &'static str, before: &[&Wanted], to: &Wanted) -> Scenario {
    let from = Bench::new();
    for wanted in before {
        from.reach(wanted, name);
    }
    Scenario { name, from, to: to.clone() }
}

/// Some faults, for every run of the tests: one that kills, one that is lived through, and one that
/// the services have to bear.
const SOME: [Fault; 3] = [Fault::DiesAfter, Fault::LostAnswer, Fault::Twice];

/// Strikes every request with these faults. How many times that was.
fn explored(scenario: &Scenario, faults: &[Fault]) -> usize {
    let undisturbed = scenario.from.copy();
    undisturbed.reach(&scenario.to, scenario.name);
    let again = scenario.from.copy();
    let Ended::Done(_) = again.run(&scenario.to, None) else { panic!("{}", scenario.name) };
    let requests = again.services.made();
    assert_eq!(undisturbed.made(), again.made());
    let mut points = 0;
    let (mut changed, mut wrong) = (true, Vec::new());
    for (number, request) in requests.iter().enumerate() {
        // A process that dies before it reads again dies as if it had died before it read at all.
        let dies = [Fault::DiesBefore];
        let faults: &[Fault] = match (request.reads, changed) {
            (false, _) => faults,
            (true, true) => &dies,
            (true, false) => &[],
        };
        changed = !request.reads;
        for fault in faults {
            let what = format!("{} {number} {} {fault:?}", scenario.name, request.action);
            points += 1;
            let struck = || strike(scenario, &undisturbed, number, *fault, &what);
            if catch_unwind(AssertUnwindSafe(struck)).is_err() {
                wrong.push(what);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {points} points: {wrong:#?}", wrong.len());
    println!("{}: {points} points", scenario.name);
    points
}

fn strike(scenario: &Scenario, undisturbed: &Bench, number: usize, fault: Fault, what: &str) {
    let bench = scenario.from.copy();
    match bench.run(&scenario.to, Some((number, fault))) {
        Ended::Died => assert!(fault.kills(), "{what}: it died"),
        Ended::Refused(error) => panic!("{what}: {error:?}"),
        Ended::Done(outcome) => {
            assert!(!fault.kills(), "{what}: it lived");
            assert_eq!(outcome.end, RunEnd::Succeeded, "{what}: {:?}", outcome.failures);
            bench.check_reached(&scenario.to, what);
        }
    }
    bench.reach(&scenario.to, what);
    assert_eq!(bench.counts(), undisturbed.counts(), "{what}");
    assert_eq!(bench.made(), undisturbed.made(), "{what}: something was made twice");
}

#[test]
fn the_streaming_stack_is_made() {
    let scenario = scenario("create", &[], &wanted(STREAMING, &[]));
    let points = explored(&scenario, &Fault::ALL);
    assert!(points > 80, "only {points} points");
}

#[test]
fn every_type_is_made() {
    let points = explored(&scenario("create", &[], &wanted(ALL_TYPES, &[])), &SOME);
    assert!(points > 60, "only {points} points");
}

#[test]
#[ignore = "takes a minute: `make recovery`"]
fn the_streaming_stack_is_changed_destroyed_and_made_again() {
    let (one, two) = (wanted(STREAMING, &[]), wanted(STREAMING, &[("SegmentSeconds", "4")]));
    explored(&scenario("streaming, update", &[&one], &two), &Fault::ALL);
    explored(&scenario("streaming, destroy", &[&one], &None), &Fault::ALL);
    // The secret is in its recovery window.
    explored(&scenario("streaming, create again", &[&one, &None], &one), &Fault::ALL);
}

#[test]
#[ignore = "takes a minute: `make recovery`"]
fn every_type_is_made_changed_replaced_and_destroyed() {
    let one = wanted(ALL_TYPES, &[]);
    let changed = wanted(ALL_TYPES, &[("Round", "second")]);
    let replaced = wanted(ALL_TYPES, &[("Generation", "two")]);
    let mut points = explored(&scenario("every type, create", &[], &one), &Fault::ALL);
    points += explored(&scenario("every type, update", &[&one], &changed), &Fault::ALL);
    points += explored(&scenario("every type, replace", &[&one], &replaced), &Fault::ALL);
    points += explored(&scenario("every type, destroy", &[&one], &None), &Fault::ALL);
    assert!(points > 500, "only {points} points");
}
