//! Groups of record sets, interrupted at every request, and those of another owner under their names.

use std::collections::BTreeMap;

use rstack_model::event::RunEnd;
use serde_json::Value;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Fault;

const TEMPLATE: &str = include_str!("records.yaml");

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

fn records(bench: &Bench) -> BTreeMap<String, Value> {
    bench.services.account().records
}

#[test]
fn record_sets_are_created() {
    explore(&scenario("records, create", &[], &stack("first", "one")), 25);
}

#[test]
fn record_sets_are_changed_in_one_batch() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    let scenario = scenario("records, update", &[&first], &second);
    let before = records(&scenario.from);
    assert_eq!(before.len(), 8, "{before:#?}");
    assert!(before.contains_key("Z1|com.example.\\052|CNAME|"), "{before:#?}");
    explore(&scenario, 18);
    scenario.from.reach(&second, "second");
    let after = records(&scenario.from);
    assert_eq!(after.len(), 8, "{after:#?}");
    assert!(after.contains_key("Z1|com.example.\\052|A|"), "{after:#?}");
    let again = scenario.from.copy();
    assert!(matches!(again.run(&second, None), Ended::Unchanged));
    let batches = {
        let once = Bench::new();
        once.reach(&first, "first");
        once.run(&second, None);
        let made = once.services.made();
        made.iter().filter(|made| made.action == "route53:ChangeResourceRecordSets").count()
    };
    assert_eq!(batches, 2, "one for each zone that changes");
}

#[test]
fn record_sets_are_replaced_in_another_zone() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("records, replace", &[&one], &two), 18);
}

#[test]
fn record_sets_are_deleted() {
    let scenario = scenario("records, destroy", &[&stack("first", "one")], &None);
    explore(&scenario, 20);
    scenario.from.reach(&None, "destroyed");
    assert!(records(&scenario.from).is_empty());
}

/// A record set of another owner is reported, and left as it is, wherever the run dies.
#[test]
fn a_foreign_record_set_is_never_adopted() {
    let group = |ip: &str| {
        wanted(
            &format!(
                "Resources: {{It: {{Type: AWS::Route53::RecordSetGroup, Properties: {{HostedZoneId: Z5, \
                 RecordSets: [{{Name: a.example.org, Type: A, TTL: '60', ResourceRecords: [{ip}]}}, \
                 {{Name: b.example.org, Type: A, TTL: '60', ResourceRecords: [192.0.2.1]}}]}}}}}}"
            ),
            &[],
        )
    };
    let other = Bench::new();
    other.reach(&stack("first", "one"), "theirs");
    let mut account = other.services.account();
    account.records.retain(|key, _| key.starts_with("Z5|"));
    let theirs = account.records.values_mut().next().unwrap();
    theirs["Type"] = "A".into();
    let theirs = account.records.pop_first().unwrap().1;
    account.records.insert("Z5|org.example.a|A|".to_owned(), theirs);
    let before = Bench::with(account, 2000);
    let ours = group("192.0.2.9");
    let undisturbed = before.copy();
    let Ended::Done(outcome) = undisturbed.run(&ours, None) else { panic!("it was refused") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let [(_, error)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
    assert!(error.to_string().contains("A record set `a.example.org`"), "{error}");
    for number in 0..undisturbed.services.made().len() {
        for fault in Fault::ALL {
            let bench = before.copy();
            bench.run(&ours, Some((number, fault)));
            bench.run(&ours, None);
            assert!(bench.known().is_empty(), "{number} {fault:?}");
            assert_eq!(records(&bench), records(&before), "{number} {fault:?}");
        }
    }
}

/// An update that was cut off is followed by another goal: no record set stays that no resource declares.
#[test]
fn an_interrupted_update_leaves_no_record_set_behind() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    let before = Bench::new();
    before.reach(&first, "first");
    let there = records(&before);
    let requests = {
        let again = before.copy();
        again.run(&second, None);
        again.services.made().len()
    };
    for number in 0..requests {
        for fault in [Fault::DiesAfter, Fault::LostAnswer, Fault::FailsBefore] {
            let bench = before.copy();
            let what = format!("{number} {fault:?}");
            bench.run(&second, Some((number, fault)));
            bench.reach(&first, &what);
            assert_eq!(records(&bench), there, "{what}");
            bench.reach(&None, &what);
            assert!(records(&bench).is_empty(), "{what}");
        }
    }
}
