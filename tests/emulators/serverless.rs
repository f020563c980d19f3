//! Topics, keys, event rules, state machines, and what belongs to a function: made, changed in place, changed by hand and
//! healed, destroyed; read back with boto3 each time.

use std::collections::BTreeSet;

use serde_json::json;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "serverless-types";
const TEMPLATE: &str = "serverless-types.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 50;

/// Resources of which nothing is changed in place.
const FIXED: [&str; 2] = ["Permission", "Version"];

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn types_of_serverless_applications_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/serverless-types.yaml", TEMPLATE);
    let text = |call: &[&str]| account.cloud(call).as_str().unwrap().to_owned();
    let function = format!("Function={}", text(&["function", "f"]));
    let queue = format!("Queue={}", text(&["queue_beside", "q"]));
    let first = ["--parameter", function.as_str(), "--parameter", queue.as_str()];
    apply(&account, &first);
    let state = account.state(STACK);
    let all: BTreeSet<&str> =
        state["resources"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(all.len(), 11, "{all:?}");
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }

    // What others change is seen and set right.
    account.cloud(&["enable_rule", &format!("{STACK}-rule")]);
    account.cloud(&["name_topic", &account.physical_id(STACK, "Topic"), "by hand"]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    for address in ["Rule", "Topic"] {
        assert_eq!(change(&plan, address)["action"], "update", "{address}");
    }
    apply(&account, &first);

    let second = [first.as_slice(), &["--parameter", "Round=second"]].concat();
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    assert_eq!(planned.len(), all.len() - FIXED.len(), "{planned:?}");
    assert!(planned.iter().all(|(_, action)| action == "update"), "{planned:?}");
    apply(&account, &second);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    let nothing = json!({
        "topics": [], "subscriptions": [], "keys": [], "rules": [], "versions": [], "aliases": [],
        "mappings": [], "statements": [], "machines": [],
    });
    assert_eq!(account.cloud(&["serverless_ls", "f"]), nothing);
}
