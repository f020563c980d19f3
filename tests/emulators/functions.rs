//! Functions of Lambda and versions of layers: made, changed in place, changed by hand and healed, invoked,
//! replaced, destroyed; read back with boto3 each time.

use serde_json::json;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "functions";
const TEMPLATE: &str = "functions.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 35;

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn functions_and_layers_are_made_changed_healed_replaced_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/functions.yaml", TEMPLATE);
    account.cloud(&["make_bucket", "code"]);
    for round in ["first", "second"] {
        let text = format!("def handler(event, context):\n    return 'archive {round}'\n");
        account.cloud(&["archive", "code", &format!("{round}.zip"), &text]);
    }
    apply(&account, &[]);
    let state = account.state(STACK);
    let resources = state["resources"].as_object().unwrap();
    assert_eq!(resources.len(), 5);
    for (address, object) in resources {
        assert_eq!(object["driver"], "native", "{address}");
    }
    let (archive, text) =
        (account.physical_id(STACK, "Archive"), account.physical_id(STACK, "Text"));
    let invoked = |name: &str| account.cloud(&["invoke", name])["payload"].clone();
    assert_eq!((invoked(&archive), invoked(&text)), (json!("archive first"), json!("text first")));
    // The module that CloudFormation puts beside such code.
    assert_eq!(invoked(&account.physical_id(STACK, "Responder")), json!("SUCCESS"));

    // What others change is seen and set right.
    account.cloud(&["set_timeout", &archive, "77"]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan).len(), 1, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Archive")["action"], "update");
    apply(&account, &[]);

    let second = ["--parameter", "Round=second"];
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    let expected =
        [("Archive", "update"), ("Image", "update"), ("Layer", "replace"), ("Text", "update")];
    let planned: Vec<_> = planned.iter().map(|(at, it)| (at.as_str(), it.as_str())).collect();
    assert_eq!(planned, expected);
    apply(&account, &second);
    assert_eq!(
        (invoked(&archive), invoked(&text)),
        (json!("archive second"), json!("text second"))
    );

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["functions_ls"]), json!({"functions": [], "layers": []}));
}
