//! The settings of a CDK app for its stacks, beside their templates: place, tags, protection, look-ups.

use serde_json::{Value, json};

use crate::harness::{Place, Ran, ran, snapshot};

const QUEUE: &str = r#"{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}"#;

/// A stack of a manifest, with more properties.
fn stack(environment: &str, template: &str, properties: Value) -> Value {
    let mut all = json!({"templateFile": template});
    all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    json!({"type": "aws:cloudformation:stack", "environment": environment, "properties": all})
}

/// Writes an assembly with these artifacts.
fn manifest(place: &Place, folder: &str, artifacts: Value, more: Value) {
    let mut manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    place.write(&format!("{folder}/manifest.json"), &manifest.to_string());
}

/// An app with the one stack `App`.
fn app(template: &str, environment: &str, properties: Value) -> Place {
    let place = Place::empty();
    place.write("cdk.out/app.json", template);
    let artifacts = json!({"App": stack(environment, "app.json", properties)});
    manifest(&place, "cdk.out", artifacts, json!({}));
    place
}

const ANYWHERE: &str = "aws://unknown-account/unknown-region";

/// Runs the program in the sandbox with these settings of it.
fn with(place: &Place, settings: &str, arguments: &[&str]) -> Ran {
    let mut command = place.command(&[arguments, &["--sandbox"]].concat());
    command.env("RSTACK_SANDBOX", format!("deploy-polls=0,{settings}"));
    ran(command)
}

#[test]
fn the_app_decides_where_a_stack_lives() {
    let place = app(QUEUE, "aws://123456789012/us-east-1", json!({}));
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("(sandbox 123456789012, us-east-1)"), "{}", plan.out);
    let other = place.sandbox(&["plan", "cdk.out", "--region", "us-west-2"]).expect(0);
    assert!(other.out.contains("(sandbox 123456789012, us-east-1)"), "{}", other.out);
    assert!(other.err.contains("note: `App` lives in us-east-1"), "{}", other.err);
    let template = r#"{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName":
                      {"Fn::Sub": "q-${AWS::AccountId}-${AWS::Region}"}}}}}"#;
    place.write("cdk.out/app.json", template);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let objects = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    let name = "https://sqs.us-east-1.amazonaws.com/123456789012/q-123456789012-us-east-1";
    assert!(objects.contains(name), "{objects}");
    assert!(objects.contains("in account 123456789012, us-east-1"), "{objects}");
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    let list = place.sandbox(&["ls"]).expect(0).out;
    assert!(list.contains("the sandbox (account 123456789012, us-east-1)"), "{list}");

    // Commands that need no template reach the stack where it lives.
    place.sandbox(&["destroy", "App", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

#[test]
fn a_stack_of_another_account_is_refused_before_anything_is_planned() {
    let place = app(QUEUE, "aws://123456789012/us-east-1", json!({}));
    for command in [&["plan", "cdk.out"][..], &["apply", "cdk.out", "--yes"]] {
        let refused = with(&place, "account=000000000000", command).expect(1);
        refused.reports("environment-mismatch", &["123456789012", "000000000000"]);
    }
    let refused = with(&place, "account=000000000000", &["plan", "cdk.out"]).expect(1);
    snapshot("assembly_other_account", &refused.err);
    assert!(!place.path("state/sandbox/App.json").exists());
    with(&place, "account=123456789012", &["apply", "cdk.out", "--yes"]).expect(0);
    let refused = with(&place, "account=000000000000", &["destroy", "App", "--yes"]).expect(1);
    refused.reports("environment-mismatch", &["123456789012"]);
    // An app without an account lives in that of the caller.
    let place = app(QUEUE, ANYWHERE, json!({}));
    let plan = with(&place, "account=123456789012", &["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("(sandbox 123456789012, eu-west-1)"), "{}", plan.out);
}

#[test]
fn a_protected_stack_is_not_destroyed() {
    let place = app(QUEUE, ANYWHERE, json!({"terminationProtection": true}));
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("Termination protection is turned on."), "{}", plan.out);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let before = place.content();
    for stack in ["cdk.out", "App"] {
        let refused = place.sandbox(&["destroy", stack, "--yes"]).expect(1);
        refused.reports("termination-protection", &["`App`", "--no-termination-protection"]);
    }
    assert!(place.content() == before);
    let refused = place.sandbox(&["destroy", "App", "--yes"]).expect(1);
    snapshot("assembly_protected", &refused.err);
    let shown = place.sandbox(&["show", "App"]).expect(0).out;
    assert!(shown.contains("termination protection"), "{shown}");
    // A change of the stack is none of the protection.
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    let off = place.sandbox(&["apply", "cdk.out", "--no-termination-protection", "--yes"]);
    snapshot("assembly_unprotected", &off.expect(0).out);
    place.sandbox(&["destroy", "App", "--yes"]).expect(0);
}

#[test]
fn an_app_that_no_longer_protects_a_stack_turns_the_protection_off() {
    let place = app(QUEUE, ANYWHERE, json!({"terminationProtection": true}));
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.edit("cdk.out/manifest.json", "terminationProtection", "formerProtection");
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("Termination protection is turned off."), "{}", plan.out);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["destroy", "App", "--yes"]).expect(0);
}

#[test]
fn protection_of_the_command_line_is_kept_until_it_is_turned_off() {
    let place = Place::empty();
    place.write("app.json", QUEUE);
    place.sandbox(&["apply", "app.json", "--termination-protection", "--yes"]).expect(0);
    place.write(
        "app.json",
        &QUEUE.replace("Queue\"", "Queue\", \"Properties\": {\"DelaySeconds\": 1}"),
    );
    place.sandbox(&["apply", "app.json", "--yes"]).expect(0);
    place.sandbox(&["destroy", "app", "--yes"]).expect(1);
    let plan = ["plan", "app.json", "--no-termination-protection", "--out", "x.plan"];
    place.sandbox(&plan).expect(0);
    let given = ["apply", "x.plan", "--termination-protection", "--yes"];
    place.sandbox(&given).expect(1).reports("option-conflict", &["--termination-protection"]);
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
}

/// A stack that was never whole is not protected: else it could not be tidied up.
#[test]
fn a_first_apply_that_fails_protects_nothing() {
    let place = Place::empty();
    place.write(
        "other.yaml",
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}}\n",
    );
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    place.write(
        "app.yaml",
        "Resources:\n  Q: {Type: AWS::SQS::Queue}\n  T: {Type: AWS::SNS::Topic, DependsOn: Q, Properties: \
         {TopicName: x}}\n",
    );
    let apply = ["apply", "app.yaml", "--termination-protection", "--no-rollback", "--yes"];
    place.sandbox(&apply).expect(5);
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
}

const TAGGED: &str = r#"{"Resources": {
    "Q": {"Type": "AWS::SQS::Queue"},
    "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v", "Tags": {"own": "1"}}},
    "B": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "team", "Value": "own"}]}},
    "S": {"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "sqs", "TopicArn": "arn:t", "Endpoint":
          "arn:q"}}}}"#;

#[test]
fn the_tags_of_a_stack_reach_every_resource_that_takes_tags() {
    let tags = |cost: &str| json!({"tags": {"CostCenter": cost, "team": "media"}});
    let place = app(TAGGED, ANYWHERE, tags("42"));
    snapshot("assembly_tags", &place.sandbox(&["plan", "cdk.out", "--full"]).expect(0).out);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    let artifacts = json!({"App": stack(ANYWHERE, "app.json", tags("43"))});
    manifest(&place, "cdk.out", artifacts, json!({}));
    let plan = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(2);
    assert!(plan.out.contains("3 to update"), "{}", plan.out);
    assert!(plan.out.contains("42") && plan.out.contains("43"), "{}", plan.out);
    let given = ["plan", "cdk.out", "--tag", "CostCenter=42", "--detailed-exitcode"];
    place.sandbox(&given).expect(0);
}

#[test]
fn tags_of_the_command_line_are_stack_tags() {
    let place = Place::empty();
    place.write("app.json", TAGGED);
    let plan = place.sandbox(&["plan", "app.json", "--tag", "a=b=c"]).expect(0).out;
    assert!(plan.contains("b=c"), "{plan}");
    place.write(
        "other.yaml",
        "Resources:\n  R: {Type: AWS::EC2::CapacityReservation, Properties: {InstanceCount: 1, InstancePlatform: \
         Linux/UNIX, InstanceType: t3.micro, AvailabilityZone: eu-west-1a}}\n",
    );
    let other = place.sandbox(&["plan", "other.yaml", "--tag", "a=b"]).expect(0);
    other.reports(
        "unsupported",
        &["`R` gets no tags of the stack", "AWS::EC2::CapacityReservation"],
    );
    let reserved = place.sandbox(&["plan", "app.json", "--tag", "aws:x=y"]).expect(1);
    reserved.reports("invalid-arguments", &["aws:"]);
}

#[test]
fn what_was_not_looked_up_is_refused() {
    let place = app(QUEUE, ANYWHERE, json!({}));
    let artifacts = json!({"App": stack(ANYWHERE, "app.json", json!({}))});
    let key = "vpc-provider:account=123456789012:region=eu-west-1";
    let missing = json!({"missing": [{"key": key, "provider": "vpc-provider", "props": {}}]});
    manifest(&place, "cdk.out", artifacts, missing);
    let commands: [&[&str]; 4] = [
        &["plan", "cdk.out"],
        &["apply", "cdk.out/App", "--yes"],
        &["graph", "cdk.out"],
        &["validate", "cdk.out"],
    ];
    for command in commands {
        place.sandbox(command).expect(1).reports("missing-context", &[key, "cdk.out/app.json"]);
    }
    snapshot("assembly_missing", &place.sandbox(&["plan", "cdk.out"]).expect(1).err);
}

#[test]
fn a_newer_assembly_is_refused() {
    let place = app(QUEUE, ANYWHERE, json!({}));
    place.write("cdk.out/manifest.json", r#"{"version": "99.0.0", "artifacts": {}}"#);
    let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
    refused.reports("invalid-assembly", &["version 99"]);
    snapshot("assembly_newer", &place.sandbox(&["plan", "cdk.out"]).expect(1).err);
}

#[test]
fn topics_that_are_not_notified_are_named() {
    let place = app(QUEUE, ANYWHERE, json!({"notificationArns": ["arn:aws:sns:eu-west-1:1:t"]}));
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    plan.reports("notification-arns", &["arn:aws:sns:eu-west-1:1:t", "`App`"]);
}

#[test]
fn a_stack_of_a_stage_is_found_by_its_path() {
    let place = Place::empty();
    place.write("cdk.out/assembly-Prod/one.json", QUEUE);
    let mut one = stack(ANYWHERE, "one.json", json!({"stackName": "Prod-one"}));
    one["displayName"] = json!("Prod/one");
    manifest(&place, "cdk.out/assembly-Prod", json!({"OneAAAA": one}), json!({}));
    let nested =
        json!({"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}});
    manifest(&place, "cdk.out", json!({"assembly-Prod": nested}), json!({}));
    for named in
        ["", "/Prod-one", "/Prod/one", "/OneAAAA", "/assembly-Prod", "/assembly-Prod/Prod-one"]
    {
        let plan = place.sandbox(&["plan", &format!("cdk.out{named}")]).expect(0);
        assert!(plan.out.starts_with("Stack Prod-one "), "{named}: {}", plan.out);
    }
    let valid = place.run(&["validate", "cdk.out"]).expect(0);
    assert_eq!(valid.out, "cdk.out/assembly-Prod/one.json is valid\n");
    let stage = place.sandbox(&["plan", "cdk.out/Prod"]).expect(1).err;
    assert!(stage.contains("hint: it is a stage: name its stacks as `cdk.out/Prod/*`"), "{stage}");
    let none = place.sandbox(&["plan", "cdk.out/Prod/two"]).expect(1);
    none.reports("stack-not-found", &["Prod/two", "Prod-one"]);
}

/// A manifest leads to no file outside of the project.
#[test]
fn an_assembly_leads_nowhere_else() {
    let place = Place::empty();
    place.write("elsewhere/manifest.json", r#"{"version": "36.0.0", "artifacts": {}}"#);
    place.write("app/rstack.toml", "[lint]\nvalidator = false\n");
    let nested =
        json!({"type": "cdk:cloud-assembly", "properties": {"directoryName": "../../elsewhere"}});
    manifest(&place, "app/cdk.out", json!({"N": nested}), json!({}));
    let refused = place.sandbox(&["plan", "app/cdk.out"]).expect(1);
    refused.reports("file-outside-project", &["elsewhere"]);
    let own = json!({"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}});
    manifest(&place, "app/cdk.out", json!({"N": own}), json!({}));
    place.sandbox(&["plan", "app/cdk.out"]).expect(1).reports("invalid-assembly", &["nested"]);
}

/// As `cdk deploy` does, a stack without resources is left out of an app; alone it is an error.
#[test]
fn a_stack_without_resources_is_left_out_of_an_app() {
    let place = Place::empty();
    place.write("cdk.out/full.json", r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#);
    place.write("cdk.out/empty.json", r#"{"Parameters": {}}"#);
    let environment = "aws://unknown-account/unknown-region";
    let mut full = stack(environment, "full.json", json!({}));
    full["dependencies"] = json!(["Empty"]);
    let artifacts = json!({"Full": full, "Empty": stack(environment, "empty.json", json!({}))});
    manifest(&place, "cdk.out", artifacts, json!({}));
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    assert!(
        plan.err.contains("the stack `Empty` has no resources and is left out"),
        "{}",
        plan.err
    );
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let alone = place.sandbox(&["plan", "cdk.out/Empty"]).expect(1);
    alone.reports("template-invalid", &["cdk.out/empty.json"]);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
}

/// A stack that imports by name comes behind the one that exports, although the manifest does not say so.
#[test]
fn exports_that_are_imported_by_name_give_an_order() {
    let place = Place::empty();
    let importer = r#"{"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {
        "Type": "String", "Value": {"Fn::ImportValue": "shared"}}}},
        "Outputs": {"O": {"Value": "x", "Export": {"Name": "back"}}}}"#;
    let exporter = r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"O": {
        "Value": {"Ref": "T"}, "Export": {"Name": "shared"}}}}"#;
    place.write("cdk.out/a.json", importer);
    place.write("cdk.out/b.json", exporter);
    let environment = "aws://unknown-account/unknown-region";
    let of = |template: &str| stack(environment, template, json!({}));
    let artifacts = json!({"A": of("a.json"), "B": of("b.json")});
    manifest(&place, "cdk.out", artifacts, json!({}));
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0).out;
    assert!(plan.find("Stack B") < plan.find("Stack A"), "{plan}");
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    // A circle of names is no order: the imported name is not known yet.
    place.write("cdk.out/b.json", &exporter.replace("\"AWS::SNS::Topic\"", "\"AWS::SNS::Topic\", \"Properties\": {\"DisplayName\": {\"Fn::ImportValue\": \"back\"}}"));
    place.sandbox(&["plan", "cdk.out"]).expect(1);
}

/// An app with one stack, whose artifact has these members beside its template.
fn app_with(artifact: &Value, properties: &Value) -> Place {
    let place = Place::empty();
    let template = json!({"Parameters": {"Env": {"Type": "String", "Default": "dev"}},
                          "Resources": {"T": {"Type": "AWS::SNS::Topic",
                                              "Properties": {"DisplayName": {"Ref": "Env"}}}}});
    place.write("cdk.out/app.json", &template.to_string());
    let mut stack = json!({"type": "aws:cloudformation:stack",
                           "environment": "aws://unknown-account/unknown-region",
                           "properties": {"templateFile": "app.json"}});
    for (members, of) in [(artifact, None), (properties, Some("properties"))] {
        let stack = match of {
            Some(name) => &mut stack[name],
            None => &mut stack,
        };
        for (name, value) in members.as_object().unwrap() {
            stack[name] = value.clone();
        }
    }
    let manifest = json!({"version": "36.0.0", "artifacts": {"App": stack}});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place
}

/// As `cdk deploy`: an error of the app stops, a warning is shown.
#[test]
fn what_an_app_finds_about_itself_counts() {
    let entry = |kind: &str, text: &str| json!({"/App/T": [{"type": kind, "data": text}]});
    let found = entry("aws:cdk:error", "[AwsSolutions-SNS2] not encrypted\u{1b}[8m");
    let place = app_with(&json!({"metadata": found}), &json!({}));
    for line in [&["plan", "cdk.out"][..], &["apply", "cdk.out", "--yes"], &["validate", "cdk.out"]]
    {
        let refused = place.sandbox(line);
        assert_ne!(refused.code, 0, "{line:?}");
        let said =
            "the app has found an error of `cdk.out/app.json`: `/App/T`: [AwsSolutions-SNS2]";
        refused.reports("app-error", &[said, "hint: repair the app", "not encrypted\\u{1b}"]);
    }
    // What was applied before can be destroyed.
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);

    let place = app_with(&json!({}), &json!({"additionalMetadataFile": "more.json"}));
    place.write("cdk.out/more.json", &entry("aws:cdk:error", "too large").to_string());
    place.sandbox(&["plan", "cdk.out"]).expect(1).reports("app-error", &["`/App/T`: too large"]);

    let found = entry("aws:cdk:warning", "deprecated");
    let place = app_with(&json!({"metadata": found}), &json!({}));
    let planned = place.sandbox(&["plan", "cdk.out"]).expect(0);
    planned.reports("app-warning", &["`/App/T`: deprecated"]);
    let quiet = entry("aws:cdk:logicalId", "T");
    let planned = app_with(&json!({"metadata": quiet}), &json!({})).sandbox(&["plan", "cdk.out"]);
    assert_eq!(planned.expect(0).err, "");
}

/// Version 1 of the CDK hands assets on by parameters, which its own program fills in.
#[test]
fn assets_that_are_parameters_are_refused_by_name() {
    let data = json!({"packaging": "zip", "path": "asset.a", "s3BucketParameter": "AssetParametersA1",
                      "s3KeyParameter": "AssetParametersA2"});
    let asset = json!({"/App/F/Code": [{"type": "aws:cdk:asset", "data": data}]});
    let place = app_with(&json!({"metadata": asset}), &json!({}));
    let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
    let facts = ["`AssetParametersA1`", "version 1 of the CDK", "newStyleStackSynthesis"];
    refused.reports("invalid-assembly", &facts);
}

#[test]
fn an_app_gives_values_to_parameters_that_the_user_gives_none() {
    let place = app_with(&json!({}), &json!({"parameters": {"Env": "prod"}}));
    let named = |line: &[&str], value: &str| {
        let planned = place.sandbox(&[&["plan", "cdk.out"], line].concat()).expect(0);
        assert!(planned.out.contains(&format!("DisplayName: {value:?}")), "{}", planned.out);
    };
    named(&[], "prod");
    named(&["-p", "Env=test"], "test");
    place.sandbox(&["validate", "cdk.out"]).expect(0);
    let wrong = app_with(&json!({}), &json!({"parameters": {"Env": 1}}));
    wrong.sandbox(&["plan", "cdk.out"]).expect(1).reports("invalid-assembly", &["must be texts"]);
}
