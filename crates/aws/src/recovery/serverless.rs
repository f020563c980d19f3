//! Keys, rules, state machines, and permissions, versions, aliases and event sources of functions,
//! interrupted at every request; and rules of others, which are left alone.

use std::collections::BTreeSet;

use rstack_model::event::RunEnd;
use serde_json::json;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Account;

const TEMPLATE: &str = include_str!("serverless.yaml");

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

#[test]
fn keys_rules_and_functions_are_made() {
    explore(&scenario("serverless, create", &[], &stack("first", "one")), 120);
}

#[test]
fn keys_rules_and_functions_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    explore(&scenario("serverless, update", &[&first], &second), 150);
}

#[test]
fn keys_rules_and_functions_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("serverless, replace", &[&one], &two), 90);
}

#[test]
fn keys_rules_and_functions_are_deleted() {
    let scenario = scenario("serverless, destroy", &[&stack("first", "one")], &None);
    explore(&scenario, 90);
    scenario.from.reach(&None, "destroyed");
    let keys = scenario.from.services.account().keys;
    let days: BTreeSet<_> = keys.values().map(|key| key["days"].as_i64().unwrap()).collect();
    assert_eq!(days, BTreeSet::from([7, 30]), "the declared time of waiting, and the default");
}

/// The call that creates would replace the rule.
#[test]
fn a_rule_of_another_owner_is_left_alone() {
    let mut account = Account::default();
    let arn = "arn:aws:events:eu-west-1:111122223333:rule/theirs";
    let rule = json!({
        "Arn": arn, "Name": "theirs", "EventBusName": "default", "targets": {}, "tags": [],
        "ScheduleExpression": "rate(1 hour)", "State": "DISABLED",
    });
    account.rules.insert("theirs".to_owned(), rule.clone());
    let text = "Resources: {It: {Type: AWS::Events::Rule, Properties: {Name: theirs, \
                ScheduleExpression: rate(1 hour)}}}";
    let bench = Bench::with(account, 1);
    let Ended::Done(outcome) = bench.run(&wanted(text, &[]), None) else { panic!("not run") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let (_, error) = outcome.failures.first().unwrap();
    assert!(error.to_string().contains("`theirs` exists already"), "{error}");
    assert_eq!(bench.services.account().rules["theirs"], rule);
    assert!(bench.known().is_empty());
}

/// Others disable a rule whose state the template does not declare: that is no drift, and an update
/// leaves it so.
#[test]
fn a_rule_that_others_disabled_stays_disabled() {
    let first = stack("first", "one");
    let bench = Bench::new();
    bench.reach(&first, "made");
    let mut account = bench.services.account();
    let name = account.rules.keys().find(|name| name.contains("Schedule")).unwrap().clone();
    account.rules.get_mut(&name).unwrap()["State"] = "DISABLED".into();
    let bench = bench.in_account(account);
    bench.check_reached(&first, "disabled");
    bench.reach(&stack("second", "one"), "second");
    let rules = bench.services.account().rules;
    assert_eq!(rules[&name]["State"], "DISABLED");
    assert_eq!(rules[&name]["ScheduleExpression"], "rate(2 hours)");
}
