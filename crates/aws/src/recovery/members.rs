//! Users in groups and certificates of listeners: interrupted at every request, and those of other owners.

use rstack_model::event::RunEnd;
use serde_json::json;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::{Account, Fault};

const TEMPLATE: &str = include_str!("members.yaml");

fn round(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

/// The members of the groups, and the certificates of the listeners.
fn members(bench: &Bench) -> [Vec<String>; 2] {
    let mut inventory = bench.services.account().inventory();
    ["members of groups", "certificates of listeners"]
        .map(|kind| inventory.remove(kind).unwrap_or_default())
}

#[test]
fn members_are_added() {
    explore(&scenario("members, create", &[], &round("first", "one")), 60);
}

#[test]
fn members_come_and_go() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    let scenario = scenario("members, update", &[&first], &second);
    explore(&scenario, 40);
    scenario.from.reach(&scenario.to, "second");
    let [users, certificates] = members(&scenario.from);
    assert_eq!(users, ["guests ann", "editors bob", "editors cid", "editors dan"]);
    assert_eq!(certificates.len(), 2, "{certificates:?}");
}

#[test]
fn members_are_added_to_another_set() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("members, replace", &[&one], &two), 14);
}

#[test]
fn members_are_taken_out() {
    let scenario = scenario("members, destroy", &[&round("first", "one")], &None);
    explore(&scenario, 60);
    scenario.from.reach(&None, "destroyed");
    assert_eq!(members(&scenario.from), [Vec::<String>::new(), Vec::new()]);
}

/// A user is in the group already: that is reported, and stays, wherever the run dies.
#[test]
fn a_member_of_another_owner_is_never_taken() {
    let mut account = Account::default();
    let holder = |member: &str, name: &str, groups: &[&str]| json!({member: name, "inline": {}, "attached": [], "groups": groups, "keys": []});
    account.groups.insert("g".to_owned(), holder("GroupName", "g", &[]));
    account.users.insert("theirs".to_owned(), holder("UserName", "theirs", &["g"]));
    account.users.insert("ours".to_owned(), holder("UserName", "ours", &[]));
    let text = "Resources: {It: {Type: AWS::IAM::UserToGroupAddition, Properties: \
                {GroupName: g, Users: [ours, theirs]}}}";
    let (before, goal) = (Bench::with(account, 1), wanted(text, &[]));
    let undisturbed = before.copy();
    let Ended::Done(outcome) = undisturbed.run(&goal, None) else { panic!("it was refused") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let [(_, error)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
    assert!(error.to_string().contains("has the user `theirs` already"), "{error}");
    for number in 0..undisturbed.services.made().len() {
        for fault in Fault::ALL {
            let bench = before.copy();
            bench.run(&goal, Some((number, fault)));
            bench.run(&goal, None);
            assert!(bench.known().is_empty(), "{number} {fault:?}");
            assert_eq!(members(&bench)[0], ["g theirs"], "{number} {fault:?}");
        }
    }
}
