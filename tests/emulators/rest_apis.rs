//! A LambdaRestApi of the CDK in MiniStack: made, changed by hand and healed, changed in place, deployed anew,
//! destroyed; read back with boto3 each time, and compared with the API that MiniStack's own CloudFormation
//! makes of the same template. In moto, which imports definitions, two more APIs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::account::{Account, bring, change, changes};
use crate::emulators::Emulators;
use crate::place::repository_file;

const STACK: &str = "rest-apis";
const TEMPLATE: &str = "rest-apis.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 60;

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn a_lambda_rest_api_is_made_changed_healed_deployed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/rest_apis.yaml", TEMPLATE);
    apply(&account, &[]);
    let state = account.state(STACK);
    for (address, object) in state["resources"].as_object().unwrap() {
        let by = if address == "EndpointAccount" { "cloud-control" } else { "native" };
        assert_eq!(object["driver"], by, "{address}");
    }
    let api = account.physical_id(STACK, "Endpoint");
    let first = account.physical_id(STACK, "EndpointDeploymentfirst");
    let served = |deployment: &str| {
        let expected = json!({"deployments": [deployment], "stages": {"prod": deployment}});
        assert_eq!(account.cloud(&["deployments", &api]), expected);
    };
    served(&first);

    // What others change is seen and set right.
    let method = account.physical_id(STACK, "EndpointproxyANY");
    account.cloud(&["disturb_rest_api", &api, &method]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan).len(), 3, "{:?}", changes(&plan));
    for address in ["Endpoint", "EndpointDeploymentStageprod", "EndpointproxyANY"] {
        assert_eq!(change(&plan, address)["action"], "update", "{address}");
    }
    apply(&account, &[]);

    let second = ["--parameter", "Round=second"];
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    let planned: Vec<_> = planned.iter().map(|(at, it)| (at.as_str(), it.as_str())).collect();
    let expected = ["Endpoint", "EndpointDeploymentStageprod", "EndpointmockGET"];
    assert_eq!(planned, expected.map(|address| (address, "update")));
    apply(&account, &second);
    served(&first);

    // Another deployment takes the place of the first, and the stage is moved to it.
    let text = repository_file("tests/emulators/rest_apis.yaml");
    account
        .place
        .write(TEMPLATE, &text.replace("EndpointDeploymentfirst", "EndpointDeploymentnext"));
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let action = |address: &str| change(&plan, address)["action"].clone();
    assert_eq!(action("EndpointDeploymentnext"), "create");
    assert_eq!(action("EndpointDeploymentStageprod"), "update");
    assert_eq!(action("EndpointDeploymentfirst"), "delete");
    apply(&account, &second);
    served(&account.physical_id(STACK, "EndpointDeploymentnext"));

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["rest_apis"]), json!([]));
    account.expect_empty();
}

#[test]
fn apis_are_made_by_a_definition_and_by_parts_changed_healed_replaced_and_destroyed() {
    let account = Account::of(Emulators::with(&["AWS_ENDPOINT_URL_API_GATEWAY"]));
    bring(&account.place, "tests/emulators/defined-apis.yaml", "defined.yaml");
    let reach = |parameters: &[&str]| {
        account.run(&[&["apply", "defined.yaml", "--yes"], parameters].concat()).expect(0);
        let compared = account.read_back("defined", &[]);
        assert!(compared >= COMPARED, "only {compared} properties were compared");
        account
            .run(&[&["plan", "defined.yaml", "--detailed-exitcode"], parameters].concat())
            .expect(0);
    };
    let actions =
        |parameters: &[&str]| changes(&account.plan(&[&["defined.yaml"], parameters].concat()));
    let expected = |expected: &[(&str, &str)]| -> BTreeMap<String, String> {
        expected.iter().map(|(at, it)| ((*at).to_owned(), (*it).to_owned())).collect()
    };
    reach(&[]);
    let state = account.state("defined");
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }
    let defined = account.physical_id("defined", "Defined");
    assert_eq!(account.cloud(&["paths", &defined]), json!(["/", "/pets"]));

    let parts = account.physical_id("defined", "Parts");
    account.cloud(&["disturb_parts", &parts]);
    let healed = [("Live", "update"), ("Parts", "update")];
    assert_eq!(actions(&[]), expected(&healed));
    reach(&[]);

    let second = ["--parameter", "Round=second"];
    let updated = [("Defined", "update"), ("Live", "update"), ("Parts", "update")];
    assert_eq!(actions(&second), expected(&updated));
    reach(&second);
    assert_eq!(account.cloud(&["paths", &defined]), json!(["/", "/pets", "/toys"]));

    // Another path needs other resources, another method and another deployment, to which the stage moves.
    let two = [second.as_slice(), &["--parameter", "Generation=two"]].concat();
    let replaced = [
        ("First", "delete"),
        ("Get", "replace"),
        ("Live", "update"),
        ("Next", "create"),
        ("Pet", "replace"),
        ("Pets", "replace"),
    ];
    assert_eq!(actions(&two), expected(&replaced));
    reach(&two);
    let next = account.physical_id("defined", "Next");
    let served = json!({"deployments": [next], "stages": {"live": next}});
    assert_eq!(account.cloud(&["deployments", &parts]), served);

    account.run(&["destroy", "defined", "--yes"]).expect(0);
    assert_eq!(account.cloud(&["rest_apis"]), json!([]));
}

/// Differences of the CloudFormation in MiniStack from AWS's: the member, and the reason.
const FAULTS: [(&[&str], &str); 7] = [
    (&["api", "apiKeySource"], "it ignores `ApiKeySourceType`"),
    (&["api", "endpointConfiguration"], "it ignores the property"),
    (&["stages", "EndpointDeploymentStageprod", "accessLogSettings"], "it ignores the property"),
    (&["stages", "EndpointDeploymentStageprod", "canarySettings"], "it ignores the property"),
    (&["stages", "EndpointDeploymentStageprod", "documentationVersion"], "it ignores the property"),
    (
        &["stages", "EndpointDeploymentStageprod", "methodSettings", "/mock/below/GET"],
        "it keeps the path as the template has it",
    ),
    (
        &["stages", "EndpointDeploymentStageprod", "methodSettings", "/~1mock~1below/GET"],
        "it keeps the path as the template has it",
    ),
];

/// The API of a stack. Names are physical IDs and the logical IDs behind them.
fn tree(account: &Account, names: &BTreeMap<String, String>) -> Value {
    let (api, _) = names.iter().find(|(_, name)| *name == "Endpoint").unwrap();
    account.cloud(&["rest_api_tree", api, &json!(names).to_string()])
}

#[test]
fn the_api_is_the_one_that_cloud_formation_makes() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/rest_apis.yaml", TEMPLATE);
    account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    let state = account.state(STACK);
    let resources = state["resources"].as_object().unwrap();
    let names = resources
        .iter()
        .map(|(id, object)| (object["physical_id"].as_str().unwrap().to_owned(), id.clone()));
    let mut ours = tree(&account, &names.collect());
    let template = repository_file("tests/emulators/rest_apis.yaml");
    let made = account.cloud(&["rest_api_by_cloud_formation", "theirs", &template]);
    let names: BTreeMap<String, String> = serde_json::from_value(made).unwrap();
    let mut theirs = tree(&account, &names);
    for (path, reason) in FAULTS {
        let [ours, theirs] = [&mut ours, &mut theirs].map(|tree| {
            let (last, above) = path.split_last().unwrap();
            let object = above.iter().fold(tree, |tree, name| &mut tree[name]);
            object.as_object_mut().and_then(|object| object.remove(*last))
        });
        assert_ne!(ours, theirs, "{path:?} is the same, although {reason}");
    }
    assert_eq!(ours, theirs);
}
