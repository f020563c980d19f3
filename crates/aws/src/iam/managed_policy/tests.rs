use rstack_model::StackName;

use super::*;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};

const DOCUMENT: &str =
    r#"{"PolicyVersion":{"Document":"%7B%22Statement%22%3A%5B%5D%7D","VersionId":"v7"}}"#;

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Policy".into(),
        token: "TOKEN".into(),
        properties: tree(properties),
    }
}

fn policy() -> Answer {
    json(
        r#"{"Policy":{"PolicyName":"p","Arn":"arn:p","Path":"/","DefaultVersionId":"v7",
            "AttachmentCount":0,"PolicyId":"ANPA"}}"#,
    )
}

#[tokio::test]
async fn the_journal_knows_of_the_policy_before_it_is_attached() {
    let script = JournaledApi::new([("CreatePolicy", policy()), ("AttachRolePolicy", done())]);
    let request = creation(
        r#"{"ManagedPolicyName":"p","PolicyDocument":{"Statement":[]},"Path":"/x/","Roles":["r"]}"#,
    );
    let made = ManagedPolicy::new(script.clone()).create(&request, script.as_ref()).await.unwrap();
    assert_eq!(made.attributes.get("AttachmentCount"), Some(&1.into()));
    script.assert_calls(&[
        r#"CreatePolicy {"Path":"/x/","PolicyDocument":"{\"Statement\":[]}","PolicyName":"p","Tags":[{"Key":"rstack:operation","Value":"TOKEN"}]}"#,
        "effect arn:p",
        r#"AttachRolePolicy {"PolicyArn":"arn:p","RoleName":"r"}"#,
    ]);
}

#[tokio::test]
async fn a_sixth_version_takes_the_place_of_the_oldest_that_is_not_in_use() {
    let script = JournaledApi::new([
        ("GetPolicy", policy()),
        ("GetPolicyVersion", json(DOCUMENT)),
        (
            "ListPolicyVersions",
            json(
                r#"{"Versions":[{"VersionId":"v10"},{"VersionId":"v9"},{"VersionId":"v8"},
                    {"VersionId":"v3"},{"VersionId":"v2","IsDefaultVersion":true}]}"#,
            ),
        ),
        ("DeletePolicyVersion", done()),
        ("CreatePolicyVersion", done()),
        ("GetPolicy", policy()),
    ]);
    let properties = r#"{"PolicyDocument":{"Statement":[1]}}"#;
    let request = UpdateRequest {
        identifier: "arn:p".into(),
        token: "T".into(),
        prior: tree(r#"{"PolicyDocument":{"Statement":[]}}"#),
        properties: tree(properties),
    };
    ManagedPolicy::new(script.clone()).update(&request).await.unwrap();
    script.assert_calls(&[
        r#"GetPolicy {"PolicyArn":"arn:p"}"#,
        r#"GetPolicyVersion {"PolicyArn":"arn:p","VersionId":"v7"}"#,
        r#"ListPolicyVersions {"PolicyArn":"arn:p"}"#,
        r#"DeletePolicyVersion {"PolicyArn":"arn:p","VersionId":"v3"}"#,
        r#"CreatePolicyVersion {"PolicyArn":"arn:p","PolicyDocument":"{\"Statement\":[1]}","SetAsDefault":true}"#,
        r#"GetPolicy {"PolicyArn":"arn:p"}"#,
    ]);
}

#[tokio::test]
async fn a_repeated_update_makes_no_version_and_moves_only_its_own_principals() {
    let script = JournaledApi::new([
        ("GetPolicy", policy()),
        ("GetPolicyVersion", json(DOCUMENT)),
        (
            "ListEntitiesForPolicy",
            json(
                r#"{"PolicyRoles":[{"RoleName":"old"},{"RoleName":"foreign"}],
                    "PolicyGroups":[{"GroupName":"g"}]}"#,
            ),
        ),
        ("AttachUserPolicy", done()),
        ("DetachRolePolicy", done()),
        ("GetPolicy", policy()),
    ]);
    let request = UpdateRequest {
        identifier: "arn:p".into(),
        token: "T".into(),
        prior: tree(r#"{"PolicyDocument":{"Statement":[]},"Roles":["old"],"Groups":["g"]}"#),
        properties: tree(r#"{"PolicyDocument":{"Statement":[]},"Users":["u"],"Groups":["g"]}"#),
    };
    ManagedPolicy::new(script.clone()).update(&request).await.unwrap();
    script.assert_operations(&[
        "GetPolicy",
        "GetPolicyVersion",
        "ListEntitiesForPolicy",
        "AttachUserPolicy",
        "DetachRolePolicy",
        "GetPolicy",
    ]);
}

#[tokio::test]
async fn a_policy_is_detached_everywhere_before_it_is_deleted() {
    let request = DeleteRequest {
        removal: rstack_driver::Removal::Recoverable,
        identifier: "arn:p".into(),
        token: "T".into(),
        prior: KnownMap::new(),
    };
    let script = JournaledApi::new([
        ("ListEntitiesForPolicy", json(r#"{"PolicyRoles":[{"RoleName":"foreign"}]}"#)),
        ("DetachRolePolicy", done()),
        (
            "ListPolicyVersions",
            json(r#"{"Versions":[{"VersionId":"v2","IsDefaultVersion":true},{"VersionId":"v1"}]}"#),
        ),
        ("DeletePolicyVersion", done()),
        ("DeletePolicy", done()),
    ]);
    let driver = ManagedPolicy::new(script.clone());
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_calls(&[
        r#"ListEntitiesForPolicy {"PolicyArn":"arn:p","PolicyUsageFilter":"PermissionsPolicy"}"#,
        r#"DetachRolePolicy {"PolicyArn":"arn:p","RoleName":"foreign"}"#,
        r#"ListPolicyVersions {"PolicyArn":"arn:p"}"#,
        r#"DeletePolicyVersion {"PolicyArn":"arn:p","VersionId":"v1"}"#,
        r#"DeletePolicy {"PolicyArn":"arn:p"}"#,
    ]);
    let script = JournaledApi::new([
        ("ListEntitiesForPolicy", gone()),
        ("ListPolicyVersions", gone()),
        ("DeletePolicy", gone()),
    ]);
    assert_eq!(ManagedPolicy::new(script).delete(&request).await.unwrap(), Progress::Done);
    let script = JournaledApi::new([
        ("ListEntitiesForPolicy", gone()),
        ("ListPolicyVersions", gone()),
        ("DeletePolicy", failure(ErrorKind::Conflict, "DeleteConflict")),
    ]);
    assert!(ManagedPolicy::new(script).delete(&request).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn the_policy_of_an_open_create_is_found_by_name_and_known_by_its_tag() {
    let request = creation(r#"{"ManagedPolicyName":"p","PolicyDocument":{"Statement":[]}}"#);
    let script = JournaledApi::new([
        (
            "ListPolicies",
            json(
                r#"{"Policies":[{"PolicyName":"o","Arn":"arn:o"}],"IsTruncated":true,"Marker":"m"}"#,
            ),
        ),
        ("ListPolicies", json(r#"{"Policies":[{"PolicyName":"P","Arn":"arn:p"}]}"#)),
        ("ListPolicyTags", json(r#"{"Tags":[{"Key":"rstack:operation","Value":"TOKEN"}]}"#)),
        ("GetPolicy", policy()),
        ("GetPolicyVersion", json(DOCUMENT)),
    ]);
    let Found::Ours(found) = ManagedPolicy::new(script).find(&request).await.unwrap() else {
        panic!("not ours")
    };
    assert_eq!(found.physical_id.as_str(), "arn:p");
    let script = JournaledApi::new([
        ("ListPolicies", json(r#"{"Policies":[{"PolicyName":"p","Arn":"arn:p"}]}"#)),
        ("ListPolicyTags", json(r#"{"Tags":[]}"#)),
    ]);
    let found = ManagedPolicy::new(script).find(&request).await.unwrap();
    assert!(matches!(found, Found::Ambiguous { .. }));
    let script = JournaledApi::new([("ListPolicies", json(r#"{"Policies":[]}"#))]);
    assert_eq!(ManagedPolicy::new(script).find(&request).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn a_new_policy_that_is_lost_from_sight_again_is_waited_for() {
    let script = JournaledApi::new([
        ("GetPolicy", policy()),
        ("GetPolicyVersion", json(DOCUMENT)),
        ("GetPolicy", gone()),
    ]);
    let request = UpdateRequest {
        identifier: "arn:p".into(),
        token: "T".into(),
        prior: KnownMap::new(),
        properties: tree(r#"{"PolicyDocument":{"Statement":[]}}"#),
    };
    let error = ManagedPolicy::new(script).update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}
