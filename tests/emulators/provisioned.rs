//! A cluster of EMR (in MiniStack) and one of DAX (in moto): made, changed by hand and healed, changed, destroyed; and
//! read back with boto3 each time. No emulator has the others: moto refuses the engine of DocumentDB and cannot change
//! a replication instance, and MiniStack writes booleans of DocumentDB that the SDK does not take.

use serde_json::json;

use crate::account::{Account, bring, change, changes};
use crate::emulators::Emulators;

const STACK: &str = "provisioned";
const TEMPLATE: &str = "provisioned.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 20;

fn reach(account: &Account, more: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], more].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], more].concat()).expect(0);
}

#[test]
fn clusters_and_instances_are_made_changed_healed_and_destroyed() {
    let account = Account::of(Emulators::with(&["AWS_ENDPOINT_URL_DAX"]));
    bring(&account.place, "tests/emulators/provisioned.yaml", TEMPLATE);
    assert_eq!(account.cloud(&["provisioned_at_once"]), 201);
    reach(&account, &[]);
    let state = account.state(STACK);
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }
    let url = state["outputs"]["Url"]["value"].to_string();
    assert!(url.contains("dax://"), "{url}");
    let cache = account.physical_id(STACK, "Cache");
    assert!(cache.len() <= 20 && cache == cache.to_lowercase(), "{cache}");
    let work = account.physical_id(STACK, "Work");
    assert!(work.starts_with("j-"), "{work}");

    // What others change is seen and set right.
    account.cloud(&["disturb_provisioned", &cache, &work]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan).len(), 2, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Work")["action"], "update");
    reach(&account, &[]);

    let second = ["--parameter", "Round=second"];
    let plan = account.plan(&[TEMPLATE, second[0], second[1]]);
    let planned = changes(&plan);
    assert!(planned.len() == 2 && planned.iter().all(|(_, it)| it == "update"), "{planned:?}");
    reach(&account, &second);
    assert_eq!(account.physical_id(STACK, "Work"), work);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["provisioned_ls"]), json!([]));
}
