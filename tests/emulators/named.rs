//! Types whose objects have names and are found in lists, with tags and settings that other
//! operations show: made, changed in place, changed by hand and healed, replaced, destroyed; read back
//! with boto3 each time.

use std::collections::BTreeSet;

use serde_json::json;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "named-types";
const TEMPLATE: &str = "named-types.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 50;

/// The resources whose names have the generation in them.
const NAMED: [&str; 5] = ["Alarm", "Alias", "Logs", "Parameter", "Queue"];

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn types_with_names_are_made_changed_healed_replaced_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/named-types.yaml", TEMPLATE);
    let key = |answer: serde_json::Value| format!("Key={}", answer.as_str().unwrap());
    let (one, other) = (key(account.cloud(&["key"])), key(account.cloud(&["key"])));
    let first = ["--parameter", one.as_str()];
    apply(&account, &first);
    let state = account.state(STACK);
    let all: BTreeSet<&str> =
        state["resources"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(all.len(), 11, "{all:?}");
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }

    // What others change is seen and set right.
    account.cloud(&["retention", &format!("/{STACK}/one"), "3"]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    assert_eq!(change(&plan, "Logs")["action"], "update");
    apply(&account, &first);

    let second = ["--parameter", other.as_str(), "--parameter", "Round=second"];
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    assert_eq!(planned.len(), all.len(), "{planned:?}");
    assert!(planned.iter().all(|(_, action)| action == "update"), "{planned:?}");
    apply(&account, &second);

    let two = [second.as_slice(), &["--parameter", "Generation=two"]].concat();
    let plan = account.plan(&[&[TEMPLATE], two.as_slice()].concat());
    let planned: Vec<_> = changes(&plan).into_iter().collect();
    let replaced = planned.iter().filter(|(_, action)| action == "replace");
    assert_eq!(replaced.map(|(id, _)| id.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(NAMED));
    apply(&account, &two);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    let nothing =
        json!({"parameters": [], "log groups": [], "aliases": [], "alarms": [], "queues": []});
    assert_eq!(account.cloud(&["named_ls"]), nothing);
}

/// A name that another owner has is reported, and its object stays as it is.
#[test]
fn a_parameter_of_another_owner_is_left_alone() {
    let account = Account::new();
    account.cloud(&["parameter", "/theirs", "String", "of them"]);
    let template = "Resources:\n  It: {Type: AWS::SSM::Parameter, Properties: {Name: /theirs, \
                    Type: String, Value: mine}}\n";
    account.place.write("it.yaml", template);
    let ran = account.run(&["apply", "it.yaml", "--yes"]);
    assert!(
        ran.err.contains("error[object-exists]") && ran.err.contains("`/theirs`"),
        "{}",
        ran.err
    );
    assert_eq!(account.cloud(&["parameter_value", "/theirs"]), "of them");
}
