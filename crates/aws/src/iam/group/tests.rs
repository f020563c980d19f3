use rstack_driver::NoEffects;
use rstack_model::StackName;

use super::*;
use crate::test::journaled_api::{JournaledApi, done, gone, json, tree};

fn creation(properties: &str, absence_proven: bool) -> CreateRequest {
    CreateRequest {
        absence_proven,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Group".into(),
        token: "TOKEN".into(),
        properties: tree(properties),
    }
}

fn group(path: &str) -> crate::test::journaled_api::Answer {
    json(&format!(
        r#"{{"Group":{{"GroupName":"G","Arn":"arn:{path}G","Path":"{path}"}},"Users":[]}}"#
    ))
}

const DECLARED: &str = r#"{"GroupName":"G","Path":"/live/","ManagedPolicyArns":["arn:M"],
    "Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[]}}]}"#;

#[tokio::test]
async fn the_name_is_proven_free_before_the_group_is_made() {
    let script = JournaledApi::new([
        ("GetGroup", gone()),
        ("CreateGroup", group("/live/")),
        ("PutGroupPolicy", done()),
        ("AttachGroupPolicy", done()),
    ]);
    let driver = Group::new(script.clone());
    let made = driver.create(&creation(DECLARED, false), script.as_ref()).await.unwrap();
    assert_eq!(made.attributes, tree(r#"{"Arn":"arn:/live/G"}"#));
    script.assert_calls(&[
        r#"GetGroup {"GroupName":"G","MaxItems":1}"#,
        "absent",
        r#"CreateGroup {"GroupName":"G","Path":"/live/"}"#,
        "effect G",
        r#"PutGroupPolicy {"GroupName":"G","PolicyDocument":"{\"Statement\":[]}","PolicyName":"p"}"#,
        r#"AttachGroupPolicy {"GroupName":"G","PolicyArn":"arn:M"}"#,
    ]);
    let script = JournaledApi::new([("GetGroup", group("/"))]);
    let error =
        Group::new(script).create(&creation(DECLARED, false), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_group_is_ours_if_the_name_was_free_and_the_path_is_the_declared_one() {
    let unproven = Group::new(JournaledApi::new([]));
    assert_eq!(unproven.find(&creation(DECLARED, false)).await.unwrap(), Found::Absent);
    let answers = [
        ("GetGroup", group("/live/")),
        ("GetGroupPolicy", gone()),
        ("ListAttachedGroupPolicies", json(r#"{"AttachedPolicies":[]}"#)),
    ];
    let ours = Group::new(JournaledApi::new(answers));
    let Found::Ours(found) = ours.find(&creation(DECLARED, true)).await.unwrap() else {
        panic!("it is ours")
    };
    // What it does not hold yet is given to it by the update that completes the create.
    let shown = r#"{"GroupName":"G","Path":"/live/","ManagedPolicyArns":[],"Policies":[]}"#;
    assert_eq!(found.properties, tree(shown));
    for (other, name) in [("/", "G"), ("/live/", "g")] {
        let theirs = Group::new(JournaledApi::new([("GetGroup", group(other))]));
        let declared = format!(r#"{{"GroupName":"{name}","Path":"/live/"}}"#);
        let found = theirs.find(&creation(&declared, true)).await.unwrap();
        assert!(matches!(found, Found::Ambiguous { .. }), "{other} {name}");
    }
}

#[tokio::test]
async fn a_path_that_is_declared_no_longer_is_the_default_again() {
    let script = JournaledApi::new([
        ("GetGroup", group("/live/")),
        ("UpdateGroup", done()),
        ("GetGroup", group("/")),
    ]);
    let request = UpdateRequest {
        identifier: "G".into(),
        token: "TOKEN2".into(),
        prior: tree(r#"{"GroupName":"G","Path":"/live/"}"#),
        properties: tree(r#"{"GroupName":"G"}"#),
    };
    let changed = Group::new(script.clone()).update(&request).await.unwrap();
    assert_eq!(changed.attributes, tree(r#"{"Arn":"arn:/G"}"#));
    script.assert_calls_start(&[
        "GetGroup",
        r#"UpdateGroup {"GroupName":"G","NewPath":"/"}"#,
        "GetGroup",
    ]);
}

#[tokio::test]
async fn a_group_that_is_gone_is_not_taken_for_one_that_is_changed() {
    let request = |prior: &str| UpdateRequest {
        identifier: "G".into(),
        token: "TOKEN2".into(),
        prior: tree(prior),
        properties: tree(r#"{"GroupName":"G"}"#),
    };
    for (prior, kind) in
        [("{}", ErrorKind::DependencyNotReady), (r#"{"GroupName":"G"}"#, ErrorKind::NotFound)]
    {
        let driver = Group::new(JournaledApi::new([("GetGroup", gone())]));
        assert_eq!(driver.update(&request(prior)).await.unwrap_err().kind, kind);
    }
}
