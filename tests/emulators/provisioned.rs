//! Clusters and instances of DocumentDB and a cluster of EMR (in MiniStack) and one of DAX (in moto): made, changed by
//! hand and healed, changed, destroyed; and read back with boto3 each time. The password is written nowhere.

use serde_json::json;

use crate::account::{Account, bring, change, changes};
use crate::emulators::Emulators;

const STACK: &str = "provisioned";
const TEMPLATE: &str = "provisioned.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 36;
const PASSWORD: &str = "the-keeper-knows";

#[test]
fn clusters_and_instances_are_made_changed_healed_and_destroyed() {
    let account = Account::of(Emulators::with(&["AWS_ENDPOINT_URL_DAX"]));
    bring(&account.place, "tests/emulators/provisioned.yaml", TEMPLATE);
    assert_eq!(account.cloud(&["provisioned_at_once"]), 200);
    let password = format!("Password={PASSWORD}");
    let given: &[&str] = &["--parameter", password.as_str()];
    let reach = |more: &[&str]| {
        account.run(&[&["apply", TEMPLATE, "--yes"], given, more].concat()).expect(0);
        let compared = account.read_back(STACK, &[&password]);
        assert!(compared >= COMPARED, "only {compared} properties were compared");
        let same = [&["plan", TEMPLATE, "--detailed-exitcode"], given, more].concat();
        account.run(&same).expect(0);
    };
    reach(&[]);
    let state = account.state(STACK);
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }
    assert!(!account.place.read(&format!("state/{STACK}.json")).contains(PASSWORD));
    let output = |name: &str| account.state(STACK)["outputs"][name]["value"].to_string();
    assert!(output("Endpoint").contains("documents.cluster-"), "{}", output("Endpoint"));
    assert!(output("Url").contains("dax://"), "{}", output("Url"));
    let node = output("Node");
    assert!(node.contains("provisioned-node-") && node == node.to_lowercase(), "{node}");
    let cache = account.physical_id(STACK, "Cache");
    assert!(cache.len() <= 20, "{cache}");

    // What others change is seen and set right.
    let work = account.physical_id(STACK, "Work");
    account.cloud(&["disturb_provisioned", "documents", &cache, &work]);
    let plan = account.plan(&[&[TEMPLATE], given].concat());
    assert_eq!(changes(&plan).len(), 3, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Documents")["action"], "update");
    reach(&[]);

    let second = ["--parameter", "Round=second"];
    let plan = account.plan(&[&[TEMPLATE], given, &second].concat());
    let planned = changes(&plan);
    assert!(planned.len() == 4 && planned.iter().all(|(_, it)| it == "update"), "{planned:?}");
    reach(&second);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["provisioned_ls"]), json!([]));
}
