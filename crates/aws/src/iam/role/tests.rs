use rstack_driver::{ErrorKind, NoEffects};
use rstack_model::StackName;

use super::*;
use crate::test::journaled_api::{JournaledApi, done, failure, gone, json, tree};

const TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow"}]}"#;

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Role".into(),
        token: "TOKEN".into(),
        properties: tree(properties),
    }
}

fn change(prior: &str, properties: &str) -> UpdateRequest {
    UpdateRequest {
        identifier: "R".into(),
        token: "TOKEN2".into(),
        prior: tree(prior),
        properties: tree(properties),
    }
}

/// A role as `GetRole` answers it, with more members.
fn role(more: &str) -> crate::test::journaled_api::Answer {
    json(&format!(
        r#"{{"Role":{{"RoleName":"R","Arn":"arn:R","RoleId":"AROA","Path":"/",
            "MaxSessionDuration":3600,"Tags":[{{"Key":"rstack:operation","Value":"TOKEN"}}],
            "AssumeRolePolicyDocument":"%7B%22Statement%22%3A%5B%7B%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Effect%22%3A%22Allow%22%7D%5D%7D"
            {more}}}}}"#
    ))
}

fn declared(more: &str) -> String {
    format!(r#"{{"AssumeRolePolicyDocument":{TRUST},"RoleName":"R"{more}}}"#)
}

#[tokio::test]
async fn the_journal_knows_of_the_role_before_it_is_filled() {
    let script = JournaledApi::new([
        ("CreateRole", role("")),
        ("PutRolePolicy", done()),
        ("AttachRolePolicy", done()),
    ]);
    let properties = declared(
        r#","MaxSessionDuration":"7200","Path":"/live/","Tags":[{"Key":"a","Value":1}],
            "Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[]}}],
            "ManagedPolicyArns":["arn:M"]"#,
    );
    let driver = Role::new(script.clone());
    let made = driver.create(&creation(&properties), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "R");
    assert_eq!(made.attributes, tree(r#"{"Arn":"arn:R","RoleId":"AROA"}"#));
    let trust = serde_json::Value::from(TRUST);
    script.assert_calls(&[
        &format!(
            r#"CreateRole {{"AssumeRolePolicyDocument":{trust},"MaxSessionDuration":7200,"Path":"/live/","RoleName":"R","Tags":[{{"Key":"a","Value":"1"}},{{"Key":"rstack:operation","Value":"TOKEN"}}]}}"#
        ),
        "effect R",
        r#"PutRolePolicy {"PolicyDocument":"{\"Statement\":[]}","PolicyName":"p","RoleName":"R"}"#,
        r#"AttachRolePolicy {"PolicyArn":"arn:M","RoleName":"R"}"#,
    ]);
}

#[tokio::test]
async fn a_role_that_is_not_yet_visible_is_asked_for_again() {
    let script = JournaledApi::new([("CreateRole", role("")), ("PutRolePolicy", gone())]);
    let properties =
        declared(r#","Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[]}}]"#);
    let error = Role::new(script).create(&creation(&properties), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    let script = JournaledApi::new([("GetRole", gone())]);
    let error = Role::new(script).update(&change("{}", &properties)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    let script = JournaledApi::new([("GetRole", gone())]);
    let stabilized = Role::new(script).stabilized(&"R".into()).await.unwrap();
    assert!(matches!(stabilized, Progress::Pending { .. }));
}

#[tokio::test]
async fn reading_shows_declared_policies_only_and_misses_those_that_are_gone() {
    let script = JournaledApi::new([
        (
            "GetRole",
            role(r#","Description":"d","PermissionsBoundary":{"PermissionsBoundaryArn":"arn:B"}"#),
        ),
        ("GetRolePolicy", json(r#"{"PolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D"}"#)),
        ("GetRolePolicy", gone()),
        (
            "ListAttachedRolePolicies",
            json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:M"}],"IsTruncated":true,"Marker":"m"}"#),
        ),
        (
            "ListAttachedRolePolicies",
            json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:foreign"},{"PolicyArn":"arn:N"}]}"#),
        ),
    ]);
    let policies = declared(
        r#","Policies":[{"PolicyName":"p","PolicyDocument":"{\"Statement\": []}"},
            {"PolicyName":"q","PolicyDocument":{}}],
            "ManagedPolicyArns":["arn:N","arn:M","arn:missing"]"#,
    );
    let read = Role::new(script.clone()).read(&"R".into(), &tree(&policies)).await.unwrap();
    let Observed::Present(object) = read else { panic!("absent") };
    let expected = declared(
        r#","Description":"d","MaxSessionDuration":3600,"Path":"/","PermissionsBoundary":"arn:B",
            "Policies":[{"PolicyName":"p","PolicyDocument":"{\"Statement\": []}"}],
            "ManagedPolicyArns":["arn:M","arn:N"]"#,
    );
    assert_eq!(object.properties, tree(&expected));
    script.assert_operations(&[
        "GetRole",
        "GetRolePolicy",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListAttachedRolePolicies",
    ]);
}

#[tokio::test]
async fn only_the_error_that_means_it_is_absence() {
    let script = JournaledApi::new([("GetRole", gone())]);
    let read = Role::new(script).read(&"R".into(), &KnownMap::new()).await;
    assert_eq!(read.unwrap(), Observed::Absent);
    let denied = ErrorKind::AccessDenied { action: None };
    let script = JournaledApi::new([("GetRole", failure(denied.clone(), "AccessDenied"))]);
    let read = Role::new(script).read(&"R".into(), &KnownMap::new()).await;
    assert_eq!(read.unwrap_err().kind, denied);
}

#[tokio::test]
async fn an_update_sends_what_differs_and_takes_back_what_is_no_longer_declared() {
    let script = JournaledApi::new([
        (
            "GetRole",
            json(
                r#"{"Role":{"Arn":"arn:R","RoleId":"AROA","MaxSessionDuration":7200,
                    "AssumeRolePolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D",
                    "PermissionsBoundary":{"PermissionsBoundaryArn":"arn:B"},
                    "Tags":[{"Key":"rstack:operation","Value":"TOKEN"},{"Key":"old","Value":"1"}]}}"#,
            ),
        ),
        ("UpdateAssumeRolePolicy", done()),
        ("UpdateRole", done()),
        ("DeleteRolePermissionsBoundary", done()),
        ("GetRolePolicy", json(r#"{"PolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D"}"#)),
        ("GetRolePolicy", gone()),
        ("PutRolePolicy", done()),
        ("DeleteRolePolicy", gone()),
        (
            "ListAttachedRolePolicies",
            json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:O"},{"PolicyArn":"arn:foreign"}]}"#),
        ),
        ("AttachRolePolicy", done()),
        ("DetachRolePolicy", done()),
        ("UntagRole", done()),
        ("TagRole", done()),
    ]);
    let prior = declared(
        r#","MaxSessionDuration":7200,"PermissionsBoundary":"arn:B",
            "Tags":[{"Key":"old","Value":"1"}],"ManagedPolicyArns":["arn:O"],
            "Policies":[{"PolicyName":"gone","PolicyDocument":{}}]"#,
    );
    let desired = declared(
        r#","Description":"new","Tags":[{"Key":"new","Value":"2"}],
            "ManagedPolicyArns":["arn:N"],"Policies":[
            {"PolicyName":"p","PolicyDocument":{"Statement":[]}},
            {"PolicyName":"q","PolicyDocument":{"Statement":[]}}]"#,
    );
    let made = Role::new(script.clone()).update(&change(&prior, &desired)).await.unwrap();
    assert_eq!(made.attributes, tree(r#"{"Arn":"arn:R","RoleId":"AROA"}"#));
    let trust = serde_json::Value::from(TRUST);
    script.assert_calls(&[
        r#"GetRole {"RoleName":"R"}"#,
        &format!(r#"UpdateAssumeRolePolicy {{"PolicyDocument":{trust},"RoleName":"R"}}"#),
        r#"UpdateRole {"Description":"new","MaxSessionDuration":3600,"RoleName":"R"}"#,
        r#"DeleteRolePermissionsBoundary {"RoleName":"R"}"#,
        r#"GetRolePolicy {"PolicyName":"p","RoleName":"R"}"#,
        r#"GetRolePolicy {"PolicyName":"q","RoleName":"R"}"#,
        r#"PutRolePolicy {"PolicyDocument":"{\"Statement\":[]}","PolicyName":"q","RoleName":"R"}"#,
        r#"DeleteRolePolicy {"PolicyName":"gone","RoleName":"R"}"#,
        r#"ListAttachedRolePolicies {"RoleName":"R"}"#,
        r#"AttachRolePolicy {"PolicyArn":"arn:N","RoleName":"R"}"#,
        r#"DetachRolePolicy {"PolicyArn":"arn:O","RoleName":"R"}"#,
        r#"UntagRole {"RoleName":"R","TagKeys":["old"]}"#,
        r#"TagRole {"RoleName":"R","Tags":[{"Key":"new","Value":"2"}]}"#,
    ]);
}

#[tokio::test]
async fn an_update_that_finds_everything_done_sends_nothing() {
    let script = JournaledApi::new([("GetRole", role(""))]);
    let desired = declared(r#","MaxSessionDuration":3600"#);
    Role::new(script.clone()).update(&change("{}", &desired)).await.unwrap();
    script.assert_operations(&["GetRole"]);
}

#[tokio::test]
async fn old_policies_go_first_where_there_is_no_room_for_both() {
    let script = JournaledApi::new([
        ("GetRole", role("")),
        ("ListAttachedRolePolicies", json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:O"}]}"#)),
        ("AttachRolePolicy", failure(ErrorKind::Invalid { property: None }, "LimitExceeded")),
        ("DetachRolePolicy", done()),
        ("AttachRolePolicy", done()),
    ]);
    let prior = declared(r#","ManagedPolicyArns":["arn:O"]"#);
    let desired = declared(r#","ManagedPolicyArns":["arn:N"]"#);
    Role::new(script.clone()).update(&change(&prior, &desired)).await.unwrap();
}

#[tokio::test]
async fn a_role_is_emptied_before_it_is_deleted() {
    let request = DeleteRequest {
        removal: rstack_driver::Removal::Recoverable,
        identifier: "R".into(),
        token: "T".into(),
        prior: KnownMap::new(),
    };
    let script = JournaledApi::new([
        ("ListAttachedRolePolicies", json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:M"}]}"#)),
        ("DetachRolePolicy", gone()),
        ("ListRolePolicies", json(r#"{"PolicyNames":["p"]}"#)),
        ("DeleteRolePolicy", done()),
        (
            "ListInstanceProfilesForRole",
            json(r#"{"InstanceProfiles":[{"InstanceProfileName":"i"}]}"#),
        ),
        ("RemoveRoleFromInstanceProfile", done()),
        ("DeleteRole", failure(ErrorKind::Conflict, "DeleteConflict")),
    ]);
    let error = Role::new(script.clone()).delete(&request).await.unwrap_err();
    assert!(error.is_retryable());
    script.assert_calls(&[
        r#"ListAttachedRolePolicies {"RoleName":"R"}"#,
        r#"DetachRolePolicy {"PolicyArn":"arn:M","RoleName":"R"}"#,
        r#"ListRolePolicies {"RoleName":"R"}"#,
        r#"DeleteRolePolicy {"PolicyName":"p","RoleName":"R"}"#,
        r#"ListInstanceProfilesForRole {"RoleName":"R"}"#,
        r#"RemoveRoleFromInstanceProfile {"InstanceProfileName":"i","RoleName":"R"}"#,
        r#"DeleteRole {"RoleName":"R"}"#,
    ]);
    let script = JournaledApi::new([("ListAttachedRolePolicies", gone())]);
    assert_eq!(Role::new(script).delete(&request).await.unwrap(), Progress::Done);
}

#[tokio::test]
async fn a_role_is_ours_if_its_tag_says_so() {
    let request = creation(&declared(""));
    let find =
        async |answer| Role::new(JournaledApi::new([("GetRole", answer)])).find(&request).await;
    assert!(matches!(find(role("")).await.unwrap(), Found::Ours(_)));
    assert_eq!(find(gone()).await.unwrap(), Found::Absent);
    let other = role(r#","Tags":[{"Key":"rstack:operation","Value":"OTHER"}]"#);
    assert!(matches!(find(other).await.unwrap(), Found::Ambiguous { .. }));
    let script = JournaledApi::new([
        ("GetRole", json(r#"{"Role":{"Arn":"arn:R"}}"#)),
        ("ListRoleTags", json(r#"{"Tags":[],"IsTruncated":true,"Marker":"m"}"#)),
        ("ListRoleTags", json(r#"{"Tags":[{"Key":"rstack:operation","Value":"TOKEN"}]}"#)),
    ]);
    let found = Role::new(script.clone()).find(&request).await.unwrap();
    assert!(matches!(found, Found::Ours(_)));
    let denied = ErrorKind::AccessDenied { action: Some("iam:ListRoleTags".to_owned()) };
    let script = JournaledApi::new([
        ("GetRole", json(r#"{"Role":{"Arn":"arn:R"}}"#)),
        ("ListRoleTags", failure(denied, "AccessDenied")),
    ]);
    let found = Role::new(script).find(&request).await.unwrap();
    assert!(matches!(found, Found::Ambiguous { .. }));
}

#[tokio::test]
async fn every_call_that_completes_a_new_role_waits_until_it_is_visible() {
    let properties = declared(
        r#","Description":"d","PermissionsBoundary":"arn:B","Tags":[{"Key":"a","Value":"1"}]"#,
    );
    let other = r#","AssumeRolePolicyDocument":"%7B%7D""#;
    let described = r#","Description":"d""#;
    let bounded = r#","Description":"d","PermissionsBoundary":{"PermissionsBoundaryArn":"arn:B"}"#;
    for (seen, operation) in [
        (other, "UpdateAssumeRolePolicy"),
        ("", "UpdateRole"),
        (described, "PutRolePermissionsBoundary"),
        (bounded, "TagRole"),
    ] {
        let script = JournaledApi::new([("GetRole", role(seen)), (operation, gone())]);
        let update = change("{}", &properties);
        let error = Role::new(script.clone()).update(&update).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::DependencyNotReady, "{operation}");
        script.assert_operations(&["GetRole", operation]);
    }
}

#[tokio::test]
async fn a_caller_who_may_not_tag_makes_a_role_without_the_tag_if_none_is_declared() {
    let denied = || {
        let action = Some("iam:TagRole".to_owned());
        failure(ErrorKind::AccessDenied { action }, "AccessDenied")
    };
    let script = JournaledApi::new([("CreateRole", denied()), ("CreateRole", role(""))]);
    let request = creation(&declared(""));
    Role::new(script.clone()).create(&request, script.as_ref()).await.unwrap();
    let trust = serde_json::Value::from(TRUST);
    script.assert_calls(&[
        &format!(
            r#"CreateRole {{"AssumeRolePolicyDocument":{trust},"RoleName":"R","Tags":[{{"Key":"rstack:operation","Value":"TOKEN"}}]}}"#
        ),
        &format!(r#"CreateRole {{"AssumeRolePolicyDocument":{trust},"RoleName":"R"}}"#),
        "effect R",
    ]);

    let script = JournaledApi::new([("CreateRole", denied())]);
    let request = creation(&declared(r#","Tags":[{"Key":"a","Value":"1"}]"#));
    let error = Role::new(script.clone()).create(&request, script.as_ref()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::AccessDenied { .. }));
    script.assert_operations(&["CreateRole"]);
}

/// The policy that is the boundary was made in the same apply.
#[tokio::test]
async fn a_boundary_that_is_not_yet_visible_is_waited_for() {
    let bounded = declared(r#","PermissionsBoundary":"arn:B""#);
    let making = Role::new(JournaledApi::new([("CreateRole", gone())]));
    let error = making.create(&creation(&bounded), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    let answers = [("GetRole", role("")), ("PutRolePermissionsBoundary", gone())];
    let changing = Role::new(JournaledApi::new(answers));
    let error = changing.update(&change(&declared(""), &bounded)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}
