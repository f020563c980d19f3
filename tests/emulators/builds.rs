//! Projects of CodeBuild (in MiniStack) and schemas of GraphQL APIs (in moto): made, changed, changed
//! behind rstack's back and healed, replaced, destroyed; and read back with boto3 each time.

use crate::account::{Account, bring, change, changes};

const STACK: &str = "builds";
const TEMPLATE: &str = "builds.yaml";

#[test]
fn projects_and_schemas_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/builds.yaml", TEMPLATE);
    let api = account.cloud(&["graphql_api", "live"]).as_str().unwrap().to_owned();
    let api_parameter = format!("Api={api}");
    let given = ["--parameter", api_parameter.as_str()];
    let with = |command: &[&str], more: &[&str]| -> Vec<String> {
        [command, &given, more].concat().iter().map(|part| (*part).to_owned()).collect()
    };
    let run = |command: &[&str], more: &[&str]| {
        let command = with(command, more);
        account.run(&command.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let planned = |more: &[&str]| {
        let command = with(&[TEMPLATE], more);
        account.plan(&command.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let reach = |more: &[&str]| {
        run(&["apply", TEMPLATE, "--yes"], more).expect(0);
        let compared = account.read_back(STACK, &[]);
        assert!(compared >= 24, "only {compared} properties were compared");
        run(&["plan", TEMPLATE, "--detailed-exitcode"], more).expect(0);
    };
    reach(&[]);
    let state = account.state(STACK);
    assert_eq!(state["outputs"]["Schema"]["value"], format!("{api}GraphQLSchema"));
    let arn = state["outputs"]["Arn"]["value"].as_str().unwrap();
    assert!(arn.ends_with(":project/build-one"), "{arn}");

    account.cloud(&["describe_project", "build-one", "by hand"]);
    assert_eq!(change(&planned(&[]), "Project")["action"], "update");
    reach(&[]);

    let second = ["--parameter", "Round=second"];
    assert_eq!(changes(&planned(&second)).len(), 2);
    reach(&second);
    assert_eq!(account.cloud(&["project_description", "build-one"]), "");

    let two = [second.as_slice(), &["--parameter", "Generation=two"]].concat();
    assert_eq!(change(&planned(&two), "Project")["action"], "replace");
    reach(&two);
    assert_eq!(account.cloud(&["projects"]), serde_json::json!(["build-two"]));
    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["projects"]), serde_json::json!([]));
}

/// AppSync's finding about a schema is reported; a schema may be an object of a bucket.
#[test]
fn a_wrong_schema_is_refused_and_one_in_a_bucket_is_taken() {
    let account = Account::new();
    let api = account.cloud(&["graphql_api", "live"]).as_str().unwrap().to_owned();
    let template = |property: &str| {
        format!(
            "Resources:\n  Schema:\n    Type: AWS::AppSync::GraphQLSchema\n    Properties:\n      \
             ApiId: {api}\n      {property}\n"
        )
    };
    account.place.write("wrong.yaml", &template("Definition: 'type Query {'"));
    let ran = account.run(&["apply", "wrong.yaml", "--yes"]);
    assert!(ran.err.contains("AppSync cannot use the schema"), "{}", ran.err);
    account.cloud(&["make_bucket", "schemas"]);
    let far = |key: &str| template(&format!("DefinitionS3Location: s3://schemas/{key}"));
    account.place.write("far.yaml", &far("none"));
    let ran = account.run(&["apply", "far.yaml", "--yes"]);
    assert!(ran.err.contains("`s3://schemas/none`, which does not exist"), "{}", ran.err);
    account.cloud(&["put_text", "schemas", "a/one.graphql", "type Query { one: Int }"]);
    account.place.write("far.yaml", &far("a/one.graphql"));
    account.run(&["apply", "far.yaml", "--yes"]).expect(0);
    account.expect_no_changes("far.yaml");
    let schema = || account.cloud(&["graphql_schema", &api]).as_str().unwrap().to_owned();
    assert!(schema().contains("one: Int"), "{}", schema());
    account.cloud(&["put_text", "schemas", "two", "type Query { two: Int }"]);
    account.place.write("far.yaml", &far("two"));
    account.run(&["apply", "far.yaml", "--yes"]).expect(0);
    assert!(schema().contains("two: Int"), "{}", schema());
    account.run(&["destroy", "far.yaml", "--yes"]).expect(0);
}

/// The definition of a state machine in a bucket, with substitutions.
#[test]
fn a_state_machine_takes_its_definition_from_a_bucket() {
    let account = Account::new();
    account.cloud(&["make_bucket", "definitions"]);
    let yaml = "StartAt: First\nStates:\n  First: {Type: Pass, Result: '${Word}', End: true}\n";
    account.cloud(&["put_text", "definitions", "one.yaml", yaml]);
    let template = |key: &str, word: &str| {
        format!(
            "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      \
             AssumeRolePolicyDocument:\n        Statement: [{{Effect: Allow, Action: 'sts:AssumeRole', \
             Principal: {{Service: states.amazonaws.com}}}}]\n  Machine:\n    Type: \
             AWS::StepFunctions::StateMachine\n    Properties:\n      RoleArn: !GetAtt Role.Arn\n      \
             DefinitionS3Location: {{Bucket: definitions, Key: {key}}}\n      \
             DefinitionSubstitutions: {{Word: {word}}}\n"
        )
    };
    account.place.write("far.yaml", &template("one.yaml", "hello"));
    account.run(&["apply", "far.yaml", "--yes"]).expect(0);
    account.expect_no_changes("far.yaml");
    let machine = account.physical_id("far", "Machine");
    let definition = || account.cloud(&["machine_definition", &machine]);
    assert_eq!(definition()["States"]["First"]["Result"], "hello");
    account.place.write("far.yaml", &template("one.yaml", "bye"));
    account.run(&["apply", "far.yaml", "--yes"]).expect(0);
    assert_eq!(definition()["States"]["First"]["Result"], "bye");
    let json = r#"{"StartAt": "Next", "States": {"Next": {"Type": "Pass", "End": true}}}"#;
    account.cloud(&["put_text", "definitions", "two.json", json]);
    account.place.write("far.yaml", &template("two.json", "bye"));
    account.run(&["apply", "far.yaml", "--yes"]).expect(0);
    assert_eq!(definition()["StartAt"], "Next");
    account.run(&["destroy", "far.yaml", "--yes"]).expect(0);
}
