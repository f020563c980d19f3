//! APIs of API Gateway in MiniStack, with integrations, routes, a deployment and a stage: made, changed by
//! hand and healed, changed in place, destroyed; read back with boto3 each time.

use serde_json::json;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "apis";
const TEMPLATE: &str = "apis.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 30;

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn http_apis_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/apis.yaml", TEMPLATE);
    apply(&account, &[]);
    let state = account.state(STACK);
    let resources = state["resources"].as_object().unwrap();
    assert_eq!(resources.len(), 7);
    for (address, object) in resources {
        assert_eq!(object["driver"], "native", "{address}");
    }
    let api = account.physical_id(STACK, "Api");
    let arn = state["outputs"]["Execute"].to_string();
    assert!(arn.contains(&format!(":000000000000:{api}/*")), "{arn}");

    // What others change is seen and set right.
    account.cloud(&["disturb_api", &api]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan).len(), 2, "{:?}", changes(&plan));
    for address in ["Api", "Stage"] {
        assert_eq!(change(&plan, address)["action"], "update", "{address}");
    }
    apply(&account, &[]);

    let second = ["--parameter", "Round=second"];
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    let planned: Vec<_> = planned.iter().map(|(at, it)| (at.as_str(), it.as_str())).collect();
    let expected = ["Api", "Proxy", "Route", "Stage"].map(|address| (address, "update"));
    assert_eq!(planned, expected);
    apply(&account, &second);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["apis"]), json!([]));
}
