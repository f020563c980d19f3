//! Every request of a run in turn is lost, refused, doubled, or the last one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rstack_model::event::RunEnd;

use super::bench::{
    ALL_TYPES, Bench, Ended, GENERIC, MEDIA, MEDIALIVE, NAMED, PACKAGING, STREAMING, Wanted, wanted,
};
use crate::test::fake::{Fault, Made};

/// A run that is struck: the stack before it, and the goal.
pub(super) struct Scenario {
    name: &'static str,
    /// Where it begins.
    pub(super) from: Bench,
    pub(super) to: Wanted,
}

pub(super) fn scenario(name: &'static str, before: &[&Wanted], to: &Wanted) -> Scenario {
    let from = Bench::new();
    for wanted in before {
        from.reach(wanted, name);
    }
    Scenario { name, from, to: to.clone() }
}

/// Set by `make recovery`: every point is struck, and not only some of them.
const EVERY_POINT: &str = "RSTACK_EVERY_POINT";

/// The number of points of a scenario that are struck with every run of the tests.
const SOME: usize = 16;

/// Strikes requests of a scenario, which has at least so many points.
pub(super) fn explore(scenario: &Scenario, at_least: usize) {
    let undisturbed = scenario.from.copy();
    undisturbed.reach(&scenario.to, scenario.name);
    let again = scenario.from.copy();
    let Ended::Done(_) = again.run(&scenario.to, None) else { panic!("{}", scenario.name) };
    let requests = again.services.made();
    let points = points(&requests);
    assert_eq!(undisturbed.made(), again.made());
    // An odd step, so that every fault has its turn.
    let every = std::env::var_os(EVERY_POINT).is_some();
    let step = if every { 1 } else { (points.len() / SOME) | 1 };
    let (mut struck, mut violations) = (0, Vec::new());
    for (number, action, fault) in points.iter().step_by(step) {
        let what = format!("{} {number} {action} {fault:?}", scenario.name);
        struck += 1;
        let strike = || strike(scenario, &undisturbed, *number, *fault, &what);
        if catch_unwind(AssertUnwindSafe(strike)).is_err() {
            violations.push(what);
        }
    }
    let (name, all, wrong) = (scenario.name, points.len(), violations.len());
    println!("{name}: {struck} of {all} points, {wrong} violations");
    assert!(violations.is_empty(), "{violations:#?}");
    assert!(all >= at_least, "{name}: only {all} points");
}

/// Operations that make an object each time: they take neither a token nor a name.
const TOKENLESS: [&str; 15] = [
    "apigateway:CreateDeployment",
    "apigateway:CreateRestApi",
    "apigatewayv2:CreateApi",
    "apigatewayv2:CreateDeployment",
    "apigatewayv2:CreateIntegration",
    "ec2:AllocateAddress",
    "ec2:CreateInternetGateway",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "elasticmapreduce:RunJobFlow",
    "kms:CreateKey",
    "lambda:PublishLayerVersion",
    "mediaconnect:CreateFlow",
    "medialive:CreateInputSecurityGroup",
];

/// The faults of these requests: number, action and fault.
fn points(requests: &[Made]) -> Vec<(usize, &str, Fault)> {
    let (mut points, mut changed) = (Vec::new(), true);
    for (number, request) in requests.iter().enumerate() {
        // A process that dies before it reads again dies as if it had died before it read at all.
        let faults: &[Fault] = match (request.reads, changed) {
            (false, _) => &Fault::ALL,
            (true, true) => &[Fault::DiesBefore],
            (true, false) => &[],
        };
        changed = !request.reads;
        // No client can do something about a request that takes no token and arrives twice.
        let tokenless = TOKENLESS.contains(&request.action.as_str());
        let faults = faults.iter().filter(|fault| !tokenless || **fault != Fault::Twice);
        points.extend(faults.map(|fault| (number, request.action.as_str(), *fault)));
    }
    points
}

fn strike(scenario: &Scenario, undisturbed: &Bench, number: usize, fault: Fault, what: &str) {
    let bench = scenario.from.copy();
    match bench.run(&scenario.to, Some((number, fault))) {
        Ended::Died => assert!(fault.kills(), "{what}: it died"),
        Ended::Refused(error) => panic!("{what}: {error:?}"),
        Ended::Unchanged => panic!("{what}: there was nothing to do"),
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
    explore(&scenario("streaming, create", &[], &wanted(STREAMING, &[])), 85);
}

#[test]
fn the_streaming_stack_is_changed() {
    let (one, two) = (wanted(STREAMING, &[]), wanted(STREAMING, &[("SegmentSeconds", "4")]));
    explore(&scenario("streaming, update", &[&one], &two), 37);
}

#[test]
fn the_streaming_stack_is_destroyed() {
    explore(&scenario("streaming, destroy", &[&wanted(STREAMING, &[])], &None), 97);
}

/// The secret is in its recovery window.
#[test]
fn the_streaming_stack_is_made_again() {
    let one = wanted(STREAMING, &[]);
    explore(&scenario("streaming, create again", &[&one, &None], &one), 100);
}

#[test]
fn every_type_is_made() {
    explore(&scenario("every type, create", &[], &wanted(ALL_TYPES, &[])), 140);
}

#[test]
fn every_type_is_changed() {
    let changed = wanted(ALL_TYPES, &[("Round", "second")]);
    explore(&scenario("every type, update", &[&wanted(ALL_TYPES, &[])], &changed), 140);
}

#[test]
fn every_type_is_replaced() {
    let replaced = wanted(ALL_TYPES, &[("Generation", "two")]);
    explore(&scenario("every type, replace", &[&wanted(ALL_TYPES, &[])], &replaced), 190);
}

#[test]
fn every_type_is_destroyed() {
    explore(&scenario("every type, destroy", &[&wanted(ALL_TYPES, &[])], &None), 100);
}

#[test]
fn types_that_are_data_are_made() {
    explore(&scenario("packaging, create", &[], &wanted(PACKAGING, &[])), 20);
}

#[test]
fn types_that_are_data_are_changed() {
    let changed = wanted(PACKAGING, &[("Logs", "two")]);
    explore(&scenario("packaging, update", &[&wanted(PACKAGING, &[])], &changed), 5);
}

#[test]
fn types_that_are_data_are_replaced() {
    let replaced = wanted(PACKAGING, &[("Generation", "two")]);
    explore(&scenario("packaging, replace", &[&wanted(PACKAGING, &[])], &replaced), 40);
}

#[test]
fn types_that_are_data_are_destroyed() {
    explore(&scenario("packaging, destroy", &[&wanted(PACKAGING, &[])], &None), 20);
}

#[test]
fn types_with_compound_names_are_made() {
    explore(&scenario("media, create", &[], &wanted(MEDIA, &[])), 40);
}

#[test]
fn types_with_compound_names_are_changed() {
    let changed = wanted(MEDIA, &[("Round", "second")]);
    explore(&scenario("media, update", &[&wanted(MEDIA, &[])], &changed), 50);
}

#[test]
fn types_with_compound_names_are_replaced() {
    let replaced = wanted(MEDIA, &[("Generation", "two")]);
    explore(&scenario("media, replace", &[&wanted(MEDIA, &[])], &replaced), 80);
}

#[test]
fn types_with_compound_names_are_destroyed() {
    explore(&scenario("media, destroy", &[&wanted(MEDIA, &[])], &None), 40);
}

#[test]
fn types_whose_names_the_service_chooses_are_made() {
    explore(&scenario("medialive, create", &[], &wanted(MEDIALIVE, &[])), 23);
}

#[test]
fn types_whose_names_the_service_chooses_are_changed() {
    let changed = wanted(MEDIALIVE, &[("Round", "second")]);
    explore(&scenario("medialive, update", &[&wanted(MEDIALIVE, &[])], &changed), 24);
}

#[test]
fn types_whose_names_the_service_chooses_are_replaced() {
    let replaced = wanted(MEDIALIVE, &[("Region", "eu-west-1b")]);
    explore(&scenario("medialive, replace", &[&wanted(MEDIALIVE, &[])], &replaced), 18);
}

#[test]
fn types_whose_names_the_service_chooses_are_destroyed() {
    explore(&scenario("medialive, destroy", &[&wanted(MEDIALIVE, &[])], &None), 25);
}

#[test]
fn types_with_names_are_made() {
    explore(&scenario("named, create", &[], &wanted(NAMED, &[])), 100);
}

#[test]
fn types_with_names_are_changed() {
    let changed = wanted(NAMED, &[("Round", "second")]);
    explore(&scenario("named, update", &[&wanted(NAMED, &[])], &changed), 60);
}

#[test]
fn types_with_names_are_replaced() {
    let replaced = wanted(NAMED, &[("Generation", "two")]);
    explore(&scenario("named, replace", &[&wanted(NAMED, &[])], &replaced), 60);
}

#[test]
fn types_with_names_are_destroyed() {
    explore(&scenario("named, destroy", &[&wanted(NAMED, &[])], &None), 50);
}

const PASSWORD: (&str, &str) = ("Password", super::generic::PASSWORD);

#[test]
fn types_of_the_generic_driver_are_made() {
    explore(&scenario("generic, create", &[], &wanted(GENERIC, &[PASSWORD])), 50);
}

#[test]
fn types_of_the_generic_driver_are_changed() {
    let changed = wanted(GENERIC, &[PASSWORD, ("Round", "second")]);
    explore(&scenario("generic, update", &[&wanted(GENERIC, &[PASSWORD])], &changed), 40);
}

#[test]
fn types_of_the_generic_driver_are_replaced() {
    let replaced = wanted(GENERIC, &[PASSWORD, ("Generation", "two")]);
    explore(&scenario("generic, replace", &[&wanted(GENERIC, &[PASSWORD])], &replaced), 30);
}

#[test]
fn types_of_the_generic_driver_are_destroyed() {
    explore(&scenario("generic, destroy", &[&wanted(GENERIC, &[PASSWORD])], &None), 50);
}
