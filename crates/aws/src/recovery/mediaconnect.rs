//! Flows of MediaConnect, interrupted at every request; and one that runs, which is not deleted.

use rstack_model::event::RunEnd;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};

fn round(round: &str, generation: &str) -> Wanted {
    let text = include_str!("mediaconnect.yaml");
    wanted(text, &[("Round", round), ("Generation", generation)])
}

#[test]
fn flows_are_created() {
    explore(&scenario("flows, create", &[], &round("first", "one")), 20);
}

#[test]
fn flows_are_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("flows, update", &[&first], &second), 60);
}

#[test]
fn flows_are_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("flows, replace", &[&one], &two), 30);
}

#[test]
fn flows_are_deleted() {
    explore(&scenario("flows, destroy", &[&round("first", "one")], &None), 25);
}

#[test]
fn a_flow_that_runs_is_left_alone_and_the_error_says_how_to_stop_it() {
    let bench = Bench::new();
    bench.reach(&round("first", "one"), "made");
    let mut account = bench.services.account();
    let (arn, flow) = account.flows.iter_mut().find(|(arn, _)| arn.ends_with(":studio")).unwrap();
    let arn = arn.clone();
    flow["Status"] = "ACTIVE".into();
    let bench = bench.in_account(account);
    let Ended::Done(outcome) = bench.run(&None, None) else { panic!("it was not run") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let [(_, error)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
    let text = error.to_string();
    assert!(text.contains(&format!("stop-flow --flow-arn {arn}")), "{text}");
    assert_eq!(bench.services.account().flows[&arn]["Status"], "ACTIVE");
}
