//! Tables of DynamoDB in MiniStack: made, changed in place with two indexes that come and two that go,
//! changed by hand and healed, destroyed; read back with boto3 each time.

use serde_json::json;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "tables";
const TEMPLATE: &str = "tables.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 40;

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn tables_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/tables.yaml", TEMPLATE);
    let stream = account.cloud(&["kinesis_stream", "changes"]);
    let stream = format!("Stream={}", stream.as_str().unwrap());
    let first = ["--parameter", stream.as_str()];
    apply(&account, &first);
    let state = account.state(STACK);
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }
    let arn = state["outputs"]["Stream"].to_string();
    assert!(arn.contains(":table/tables-whole/stream/"), "{arn}");

    // What others change is seen and set right.
    account.cloud(&["disturb_table", "tables-whole", "first-a"]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    assert_eq!(changes(&plan).len(), 1, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Whole")["action"], "update");
    apply(&account, &first);

    let second = [first.as_slice(), &["--parameter", "Round=second"]].concat();
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    assert!(planned.len() == 2 && planned.iter().all(|(_, it)| it == "update"), "{planned:?}");
    apply(&account, &second);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["tables"]), json!([]));
}
