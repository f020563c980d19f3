//! Parameters of the Parameter Store that one stack of an app makes and another reads, also in other Regions.

use serde_json::{Value, json};

use crate::harness::Place;

const HANDLER: &str = "arn:aws:lambda:us-east-1:000000000000:function:handler";
const EXPORT: &str = "/cdk/exports/App/NetQArn";

/// An app as the CDK writes it with `crossRegionReferences`, and with a parameter that is read by its name.
fn app() -> Place {
    let place = Place::empty();
    let stack = |region: &str, template: &str, needs: &[&str]| {
        json!({"type": "aws:cloudformation:stack", "environment": format!("aws://000000000000/{region}"),
               "dependencies": needs, "properties": {"templateFile": template}})
    };
    let artifacts = json!({"App": stack("eu-west-1", "app.json", &["Net", "Own"]),
                           "Net": stack("us-east-1", "net.json", &[]),
                           "Own": stack("eu-west-1", "own.json", &[])});
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    net(&place, "one", &["NetQArn"]);
    own(&place, "plain");
    let imports = json!({EXPORT: format!("{{{{resolve:ssm:{EXPORT}}}}}")});
    let reader = json!({"Type": "Custom::CrossRegionExportReader", "Properties": {
        "ServiceToken": HANDLER,
        "ReaderProps": {"region": "eu-west-1", "prefix": "App", "imports": imports}}});
    let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {
        "DisplayName": {"Fn::GetAtt": ["Reader", EXPORT]},
        "Tags": [{"Key": "made", "Value": {"Ref": "Made"}}, {"Key": "fixed", "Value": {"Ref": "Fixed"}}]}});
    let stored =
        |name: &str| json!({"Type": "AWS::SSM::Parameter::Value<String>", "Default": name});
    let app = json!({"Parameters": {"Made": stored("/own/made"), "Fixed": stored("/own/fixed")},
                     "Resources": {"Reader": reader, "T": topic}});
    place.write("cdk.out/app.json", &app.to_string());
    place
}

/// The template of `Net`: a queue of this name, and a writer of these exports.
fn net(place: &Place, name: &str, exports: &[&str]) {
    let queue = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}});
    let exports: serde_json::Map<String, Value> = exports
        .iter()
        .map(|export| (format!("/cdk/exports/App/{export}"), json!({"Fn::GetAtt": ["Q", "Arn"]})))
        .collect();
    let writer = json!({"Type": "Custom::CrossRegionExportWriter", "Properties": {
        "ServiceToken": HANDLER, "WriterProps": {"region": "eu-west-1", "exports": exports}}});
    let net = json!({"Resources": {"Q": queue, "Writer": writer}});
    place.write("cdk.out/net.json", &net.to_string());
}

fn own(place: &Place, fixed: &str) {
    let parameter = |name: &str, value: Value| json!({"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": value}});
    let own = json!({"Resources": {"Q": {"Type": "AWS::SQS::Queue"},
        "Made": parameter("/own/made", json!({"Fn::GetAtt": ["Q", "QueueName"]})),
        "Fixed": parameter("/own/fixed", json!(fixed))}});
    place.write("cdk.out/own.json", &own.to_string());
}

#[test]
fn what_one_stack_puts_into_the_parameter_store_is_known_to_another_after_its_apply() {
    let place = app();
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0).out;
    assert!(plan.contains(&format!("‹stack Net.ssm:{EXPORT}›")), "{plan}");
    assert!(plan.contains("‹stack Own.ssm:/own/made›"), "{plan}");
    assert!(plan.contains("Value: \"plain\""), "{plan}");
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let topic = place.sandbox(&["state", "show", "App", "T"]).expect(0).out;
    assert!(topic.contains("arn:aws:sqs:us-east-1:000000000000:one"), "{topic}");
    assert!(topic.contains("Own-Q-") && topic.contains("plain"), "{topic}");
    let again = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.ends_with("Total of 3 stacks: no changes.\n"), "{}", again.out);
    // Another export leaves the one that is there as it is.
    net(&place, "one", &["NetQArn", "More"]);
    let more = place.sandbox(&["plan", "cdk.out"]).expect(0).out;
    assert!(!more.contains("‹stack Net.ssm:"), "{more}");
    net(&place, "one", &["NetQArn"]);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls", "--region", "eu-west-1"]).expect(0).out, "");
}

#[test]
fn saved_plans_await_parameters_too() {
    let place = app();
    let save = |place: &Place| place.sandbox(&["plan", "cdk.out", "--out", "x.plan"]).expect(0);
    save(&place);
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    own(&place, "other");
    net(&place, "two", &["NetQArn"]);
    let saved = save(&place).out;
    assert!(saved.contains("\"other\"") && saved.contains("‹stack Net.ssm:"), "{saved}");
    let before = place.sandbox(&["state", "show", "App", "T"]).expect(0).out;
    assert!(before.contains(":one") && before.contains("plain"), "{before}");
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    let topic = place.sandbox(&["state", "show", "App", "T"]).expect(0).out;
    assert!(topic.contains(":two") && topic.contains("other"), "{topic}");
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_parameter_that_decides_a_condition_must_be_known() {
    let place = app();
    let mut app: Value = serde_json::from_str(&place.read("cdk.out/app.json")).unwrap();
    app["Conditions"] = json!({"IsMade": {"Fn::Equals": [{"Ref": "Made"}, "x"]}});
    app["Resources"]["T"]["Condition"] = json!("IsMade");
    place.write("cdk.out/app.json", &app.to_string());
    let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
    refused
        .reports("condition-reference", &["known only after apply", "that makes the value first"]);
}
