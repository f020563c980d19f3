//! The time limits of nested stacks that are created, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{Engine, Events, StepError, TokioClock};
use rstack_driver::DriverError;
use rstack_model::Address;
use rstack_model::desired::Desired;
use rstack_model::event::{Event, RunEnd};
use tokio::time::Instant;

use crate::bench::{Bench, Wanted, desired_of};
use crate::probe::{Call, Probe, Probed};

const MINUTE: Duration = Duration::from_secs(60);

/// A cloud in which each creation takes some minutes: the number at the end of its logical ID.
struct Slow;

#[async_trait]
impl Probe for Slow {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        let minutes = call.of.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        if call.verb == "create"
            && let Ok(minutes) = minutes.parse::<u32>()
        {
            tokio::time::sleep(MINUTE * minutes).await;
        }
        Ok(())
    }
}

/// Topics of these addresses, each behind those that it names, and the time limits of nested stacks.
fn wanted(topics: &[(&str, &[&str])], limits: &[(&str, u32)]) -> Wanted {
    let topic = |name: &str| format!("  {}: {{Type: AWS::SNS::Topic}}\n", name.replace('/', "X"));
    let all: String = topics.iter().map(|(name, _)| topic(name)).collect();
    let flat = desired_of(&format!("Resources:\n{all}"), &[]);
    let resources = topics.iter().map(|(name, needs)| {
        let mut resource = flat.resources[&Address::new(name.replace('/', "X"))].clone();
        resource.dependencies = needs.iter().map(|it| Address::new(*it)).collect();
        (Address::new(*name), resource)
    });
    let creation_limits = limits.iter().map(|(stack, it)| (Address::new(*stack), *it)).collect();
    Desired { resources: resources.collect(), creation_limits, ..flat }.into()
}

/// Runs a test in virtual time.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(future)
}

fn engine(bench: &Bench) -> Engine {
    let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Slow));
    Engine { clock: Arc::new(TokioClock), ..bench.engine_on(cloud) }
}

/// The failures of an apply, as texts, and its time in whole minutes.
async fn applied(bench: &Bench, wanted: &Wanted, rollback: bool) -> (Vec<(String, String)>, u64) {
    let begun = Instant::now();
    let outcome = bench.apply(&engine(bench), wanted, rollback).await;
    bench.check_known();
    let failures = outcome.failures.iter();
    let failures = failures.map(|(address, error)| (address.to_string(), error.to_string()));
    assert_eq!(outcome.end == RunEnd::Failed, !outcome.failures.is_empty());
    assert_eq!(outcome.rollback.is_some(), rollback && !outcome.failures.is_empty());
    (failures.collect(), begun.elapsed().as_secs() / 60)
}

#[test]
fn a_stack_that_is_not_created_in_time_fails_and_is_rolled_back() {
    run(async {
        let bench = Bench::new();
        // What runs is completed, and what is behind it never begins.
        let wanted = wanted(
            &[
                ("First7", &[]),
                ("Net/A3", &["First7"]),
                ("Net/B9", &["Net/A3"]),
                ("Net/C1", &["Net/B9"]),
            ],
            &[("Net", 10)],
        );
        let (failures, minutes) = applied(&bench, &wanted, true).await;
        let [(stack, error)] = &failures[..] else { panic!("{failures:?}") };
        assert_eq!(stack, "Net");
        assert_eq!(
            error,
            "the nested stack was not created within 10 minutes (`TimeoutInMinutes`); still at work on `Net/B9`"
        );
        assert_eq!(minutes, 19, "the time runs from the first operation in the stack: 7 + 3 + 9");
        assert_eq!(bench.store.read(&crate::bench::stack()).unwrap().state, None);
        assert!(bench.sandbox.list().unwrap().is_empty());
    });
}

#[test]
fn a_stack_that_is_created_in_time_is_no_longer_measured() {
    run(async {
        let bench = Bench::new();
        // Whatever else goes on.
        let topics: &[(&str, &[&str])] =
            &[("Net/A4", &[]), ("Net/B6", &["Net/A4"]), ("Last30", &[]), ("Next1", &["Net/B6"])];
        let (failures, minutes) = applied(&bench, &wanted(topics, &[("Net", 11)]), true).await;
        assert_eq!((failures, minutes), (Vec::new(), 30));
        // A change of a stack that is there has no limit.
        let more: &[(&str, &[&str])] =
            &[("Net/A4", &[]), ("Net/B6", &["Net/A4"]), ("Net/D40", &[])];
        let (failures, _) = applied(&bench, &wanted(more, &[("Net", 10)]), true).await;
        assert_eq!(failures, []);
    });
}

#[test]
fn the_time_of_a_stack_counts_until_an_apply_of_it_was_complete() {
    run(async {
        let bench = Bench::new();
        let wanted = wanted(&[("Net/A3", &[]), ("Net/B9", &["Net/A3"])], &[("Net", 10)]);
        let (failures, _) = applied(&bench, &wanted, false).await;
        assert_eq!(failures.len(), 1, "{failures:?}");
        // B was completed. Without a rollback the next apply goes on from there, and is within the time.
        let (failures, minutes) = applied(&bench, &wanted, false).await;
        assert_eq!((failures, minutes), (Vec::new(), 0));
    });
}

#[test]
fn a_stack_counts_all_that_is_nested_in_it_and_each_its_own() {
    run(async {
        let bench = Bench::new();
        let topics: &[(&str, &[&str])] = &[
            ("Out/A2", &[]),
            ("Out/In/B5", &["Out/A2"]),
            ("Outer/C20", &[]),
            ("Other/D1", &["Out/In/B5"]),
        ];
        let limits = |out, inner| wanted(topics, &[("Out", out), ("Out/In", inner), ("Other", 2)]);
        for (out, inner, expected) in [(6, 30, "Out"), (30, 4, "Out/In")] {
            let (failures, _) = applied(&bench, &limits(out, inner), true).await;
            let stacks: Vec<&str> = failures.iter().map(|(stack, _)| stack.as_str()).collect();
            assert_eq!(stacks, [expected]);
        }
        let (failures, minutes) = applied(&bench, &limits(8, 6), true).await;
        assert_eq!((failures, minutes), (Vec::new(), 20));
    });
}

/// Keeps why runs stop.
#[derive(Default)]
struct Reasons(Mutex<Vec<String>>);

impl Events for Reasons {
    fn emit(&self, event: Event) {
        if let Event::Stopping { reason } = event {
            self.0.lock().unwrap().push(reason);
        }
    }
}

#[test]
fn a_run_that_stops_says_why() {
    run(async {
        let bench = Bench::new();
        let reasons = Arc::new(Reasons::default());
        let wanted = wanted(&[("Net/A3", &[]), ("Net/B9", &[])], &[("Net", 5)]);
        let engine = Engine { events: reasons.clone(), ..engine(&bench) };
        let outcome = bench.apply(&engine, &wanted, true).await;
        let [(stack, StepError::CreationTimeout { minutes: 5, running })] = &outcome.failures[..]
        else {
            panic!("{:?}", outcome.failures)
        };
        assert_eq!(stack.as_str(), "Net");
        assert_eq!(running.iter().map(Address::as_str).collect::<Vec<_>>(), ["Net/B9"]);
        assert_eq!(*reasons.0.lock().unwrap(), ["`Net` was not created in time"]);
    });
}
