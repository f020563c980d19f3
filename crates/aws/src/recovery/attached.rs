//! Policies of queues and topics: interrupted at every request, exchanged between two resources, and
//! put by another owner.

use std::collections::BTreeMap;

use rstack_model::event::RunEnd;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};

const ATTACHED: &str = include_str!("attached.yaml");

fn round(round: &str) -> Wanted {
    wanted(ATTACHED, &[("Round", round)])
}

/// The action that each object's policy allows.
fn allowed(bench: &Bench) -> BTreeMap<String, String> {
    let policies = bench.services.account().attached;
    let action = |policy: &str| {
        let tree: serde_json::Value = serde_json::from_str(policy).unwrap();
        tree["Statement"][0]["Action"][0].as_str().unwrap().to_owned()
    };
    policies.iter().map(|(name, policy)| (name.clone(), action(policy))).collect()
}

#[test]
fn attached_policies_are_put() {
    explore(&scenario("attached, create", &[], &round("first")), 60);
}

#[test]
fn attached_policies_are_changed_and_exchanged() {
    let first = round("first");
    let scenario = scenario("attached, update", &[&first], &round("second"));
    assert_eq!(allowed(&scenario.from).len(), 5);
    explore(&scenario, 40);
    scenario.from.reach(&scenario.to, "second");
    let allowed = allowed(&scenario.from);
    assert_eq!(allowed.len(), 4, "{allowed:?}");
    let receiving = allowed.values().filter(|action| *action == "sqs:ReceiveMessage");
    assert_eq!(receiving.count(), 2, "{allowed:?}");
}

#[test]
fn attached_policies_are_taken_back() {
    let scenario = scenario("attached, destroy", &[&round("first")], &None);
    explore(&scenario, 50);
    scenario.from.reach(&None, "destroyed");
    assert!(allowed(&scenario.from).is_empty());
}

/// An update that was cut off is followed by another goal: no object keeps a policy that no
/// resource declares for it.
#[test]
fn an_interrupted_exchange_leaves_no_policy_behind() {
    use crate::test::fake::Fault;
    let (first, second) = (round("first"), round("second"));
    let before = Bench::new();
    before.reach(&first, "first");
    let again = before.copy();
    let Ended::Done(outcome) = again.run(&second, None) else { panic!("it did not run") };
    assert_eq!(outcome.end, RunEnd::Succeeded);
    let expected = allowed(&before);
    for (number, request) in again.services.made().iter().enumerate() {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.kills()) {
            let what = format!("{number} {} {fault:?}", request.action);
            let bench = before.copy();
            bench.run(&second, Some((number, fault)));
            let destroyed = bench.copy();
            bench.reach(&first, &what);
            assert_eq!(allowed(&bench), expected, "{what}");
            destroyed.reach(&None, &what);
            assert!(allowed(&destroyed).is_empty(), "{what}");
        }
    }
}
