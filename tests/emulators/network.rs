//! The network of a CDK app with two zones: made, changed in place, changed by hand and healed,
//! replaced, destroyed; read back with boto3 each time, and compared with the network that moto's own
//! CloudFormation makes of the same template.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::account::{Account, bring, change, changes};

const STACK: &str = "network";
const TEMPLATE: &str = "network.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 90;

/// Differences of the CloudFormation in moto 5 from AWS's: the objects, the member, and the reason.
const FAULTS: [(&[&str], &str, &str); 5] = [
    (&["Vpc"], "dns", "it ignores `EnableDnsHostnames`"),
    (&["Public1", "Public2"], "MapPublicIpOnLaunch", "it ignores the property"),
    (&["Called"], "IpPermissionsEgress", "it ignores `SecurityGroupEgress`"),
    (
        &["PublicTable1", "PublicTable2", "PrivateTable1", "PrivateTable2"],
        "Associations",
        "its association of a subnet is in no route table",
    ),
    (
        &[
            "Address",
            "Gateway",
            "Nat",
            "PublicTable1",
            "PublicTable2",
            "PrivateTable1",
            "PrivateTable2",
            "Storage",
        ],
        "Tags",
        "it gives tags to VPCs, subnets and security groups alone",
    ),
];

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

fn planned(account: &Account, parameters: &[&str]) -> BTreeMap<String, String> {
    changes(&account.plan(&[&[TEMPLATE], parameters].concat()))
}

fn with(planned: &BTreeMap<String, String>, action: &str) -> BTreeSet<String> {
    let found = planned.iter().filter(|(_, does)| *does == action);
    found.map(|(id, _)| id.clone()).collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn a_network_is_made_changed_healed_replaced_and_destroyed() {
    let account = Account::new();
    let before = account.cloud(&["vpcs"]);
    bring(&account.place, "tests/emulators/network.yaml", TEMPLATE);
    apply(&account, &[]);
    let state = account.state(STACK);
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }

    // What others change is seen and set right.
    account.cloud(&["subnet_setting", &account.physical_id(STACK, "Public1"), "false"]);
    account.cloud(&["revoke", &account.physical_id(STACK, "Service"), "443"]);
    account.cloud(&["delete_route", &account.physical_id(STACK, "PrivateTable2"), "0.0.0.0/0"]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(change(&plan, "Public1")["action"], "update");
    assert_eq!(change(&plan, "Service")["action"], "update");
    assert_eq!(change(&plan, "PrivateRoute2")["action"], "create");
    assert_eq!(changes(&plan).len(), 3, "{:?}", changes(&plan));
    apply(&account, &[]);

    let second = ["--parameter", "Round=second"];
    let updated = names([
        "CalledFromOffice",
        "Gateway",
        "PrivateRoute2",
        "Public1",
        "PublicTable1",
        "Service",
        "Storage",
        "Vpc",
    ]);
    let plan = planned(&account, &second);
    assert_eq!((with(&plan, "update"), plan.len()), (updated, 8), "{plan:?}");
    apply(&account, &second);

    let two = [second.as_slice(), &["--parameter", "Generation=two"]].concat();
    let replaced = names(["CalledFromService", "PrivateAssociation1", "PrivateRoute1", "Service"]);
    assert_eq!(with(&planned(&account, &two), "replace"), replaced);
    apply(&account, &two);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["vpcs"]), before);
}

/// The network of a VPC. Names are physical IDs and the logical IDs behind them.
fn network(account: &Account, names: &BTreeMap<String, String>) -> Value {
    let (vpc, _) = names.iter().find(|(_, name)| *name == "Vpc").unwrap();
    account.cloud(&["network", vpc, &json!(names).to_string()])
}

/// Drops what moto's CloudFormation is known to do in another way. In the first round every row makes a
/// difference: one that makes none is to be removed.
fn without_faults(ours: &mut Value, theirs: &mut Value, is_first: bool) {
    for (objects, member, reason) in FAULTS {
        for object in objects {
            let held = |network: &mut Value| {
                network[object].as_object_mut().and_then(|object| object.remove(member))
            };
            let (ours, theirs) = (held(ours), held(theirs));
            assert!(ours.is_some(), "{object} has no {member}");
            assert!(
                !is_first || ours != theirs,
                "{object} {member} is the same, although {reason}"
            );
        }
    }
}

/// The resources of the state, by physical ID.
fn ours(account: &Account) -> BTreeMap<String, String> {
    let state = account.state(STACK);
    let resources = state["resources"].as_object().unwrap().iter();
    let id = |object: &Value| object["physical_id"].as_str().unwrap().to_owned();
    resources.map(|(name, object)| (id(object), name.clone())).collect()
}

#[test]
fn a_network_is_the_one_that_another_cloud_formation_makes() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/network.yaml", TEMPLATE);
    let template = account.place.read(TEMPLATE);
    // moto's CloudFormation changes no network: the changed one is compared with a new one.
    for (stack, round) in [("theirs", "Round=first"), ("theirs-too", "Round=second")] {
        account.run(&["apply", TEMPLATE, "--yes", "--parameter", round]).expect(0);
        let made = account.cloud(&["network_by_cloud_formation", stack, &template, round]);
        let mut theirs = network(&account, &serde_json::from_value(made).unwrap());
        let mut ours = network(&account, &ours(&account));
        without_faults(&mut ours, &mut theirs, stack == "theirs");
        let (ours, theirs) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
        let names = |network: &Map<String, Value>| network.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(ours), names(theirs), "{round}");
        let different: Vec<Value> = ours
            .iter()
            .filter(|(name, object)| **object != theirs[*name])
            .map(|(name, ours)| json!({"name": name, "ours": ours, "theirs": theirs[name]}))
            .collect();
        assert!(different.is_empty(), "{round}: {:#}", Value::from(different));
        assert!(ours.len() >= 16, "{ours:?}");
    }
}
