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

/// AppSync's finding about a schema is reported; a property that no driver carries out is refused before
/// anything is planned, at its place.
#[test]
fn a_wrong_schema_and_one_in_a_bucket_are_refused() {
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
    account.place.write("far.yaml", &template("DefinitionS3Location: s3://bucket/schema.graphql"));
    let ran = account.run(&["plan", "far.yaml"]).expect(1);
    assert!(ran.err.contains("`DefinitionS3Location`, which is not supported yet"), "{}", ran.err);
    assert!(ran.err.contains("far.yaml:6:7"), "{}", ran.err);
}
