//! Every type that has a native driver: made, changed in place, replaced, destroyed; and every
//! declared property read back each time.

use std::collections::BTreeSet;

use crate::account::{Account, bring, changes};

const STACK: &str = "all-types";
const TEMPLATE: &str = "all-types.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 219;

/// The resources that are replaced when names change that cannot be changed in place.
const NAMED: [&str; 6] = ["Channel", "Endpoint", "Function", "ManagedPolicy", "Role", "Secret"];

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &["Password=not-known-to-anybody"]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    let plan = [&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat();
    account.run(&plan).expect(0);
}

fn with<'a>(planned: &'a [(String, String)], action: &str) -> BTreeSet<&'a str> {
    planned.iter().filter(|(_, does)| does == action).map(|(id, _)| id.as_str()).collect()
}

#[test]
fn every_native_type_is_made_changed_replaced_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/all-types.yaml", TEMPLATE);
    apply(&account, &[]);
    let all: BTreeSet<String> =
        account.state(STACK)["resources"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(all.len(), 13, "{all:?}");

    let second = ["--parameter", "Round=second"];
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned: Vec<_> = changes(&plan).into_iter().collect();
    // All that can be said of a channel is said when it is made.
    let changed: BTreeSet<&str> =
        all.iter().map(String::as_str).filter(|id| *id != "Channel").collect();
    assert_eq!(with(&planned, "update"), changed);
    assert_eq!(planned.len(), changed.len());
    apply(&account, &second);

    let two = [second.as_slice(), &["--parameter", "Generation=two"]].concat();
    let plan = account.plan(&[&[TEMPLATE], two.as_slice()].concat());
    let planned: Vec<_> = changes(&plan).into_iter().collect();
    assert_eq!(with(&planned, "replace"), BTreeSet::from(NAMED));
    apply(&account, &two);
    let inventory = account.inventory();
    assert_eq!(inventory["channels"], ["all-types-two"]);
    assert_eq!(inventory["roles"], ["all-types-two"]);
    assert_eq!(inventory["policies"], ["all-types-two"]);
    assert_eq!(inventory["secrets"], ["all-types/text", "all-types/two"]);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    account.expect_empty();
}
