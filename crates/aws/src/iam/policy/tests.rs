use rstack_model::StackName;

use super::*;
use crate::test::journaled_api::{JournaledApi, done, gone, json, tree};

const PROPERTIES: &str =
    r#"{"PolicyName":"p","PolicyDocument":{"Statement":[]},"Roles":["r"],"Users":["u"]}"#;
const DOCUMENT: &str = r#"{"PolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D"}"#;
const OTHER: &str = r#"{"PolicyDocument":"%7B%22Statement%22%3A%5B1%5D%7D"}"#;

fn creation() -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Policy".into(),
        token: "0f9c2d4e-1a2b-4c3d-8e4f-5a6b7c8d9e0f".into(),
        properties: tree(PROPERTIES),
    }
}

#[tokio::test]
async fn the_journal_knows_of_the_policy_before_its_second_principal_gets_it() {
    let script = JournaledApi::new([
        ("GetUserPolicy", gone()),
        ("GetRolePolicy", gone()),
        ("PutUserPolicy", done()),
        ("PutRolePolicy", done()),
    ]);
    let made = Policy::new(script.clone()).create(&creation(), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "Live-Policy-0F9C2D4E1A2B");
    script.assert_calls(&[
        r#"GetUserPolicy {"PolicyName":"p","UserName":"u"}"#,
        r#"GetRolePolicy {"PolicyName":"p","RoleName":"r"}"#,
        "absent",
        r#"PutUserPolicy {"PolicyDocument":"{\"Statement\":[]}","PolicyName":"p","UserName":"u"}"#,
        "effect Live-Policy-0F9C2D4E1A2B",
        r#"PutRolePolicy {"PolicyDocument":"{\"Statement\":[]}","PolicyName":"p","RoleName":"r"}"#,
    ]);
}

#[tokio::test]
async fn a_policy_of_that_name_is_never_replaced_unless_this_operation_put_it() {
    let script = JournaledApi::new([("GetUserPolicy", gone()), ("GetRolePolicy", json(OTHER))]);
    let refused = Policy::new(script.clone()).create(&creation(), script.as_ref()).await;
    let error = refused.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("the role `r` has an inline policy named `p` already"));
    script.assert_operations(&["GetUserPolicy", "GetRolePolicy"]);

    // Proven before: what is there is what an attempt before this one has put.
    let script = JournaledApi::new([("PutUserPolicy", done()), ("PutRolePolicy", done())]);
    let again = CreateRequest { absence_proven: true, ..creation() };
    Policy::new(script.clone()).create(&again, script.as_ref()).await.unwrap();
    script.assert_operations(&["PutUserPolicy", "effect", "PutRolePolicy"]);
}

#[tokio::test]
async fn a_principal_without_the_policy_or_with_another_document_is_drift() {
    let read = async |user, role| {
        let script = JournaledApi::new([("GetUserPolicy", user), ("GetRolePolicy", role)]);
        Policy::new(script).read(&"Live-Policy-X".into(), &tree(PROPERTIES)).await.unwrap()
    };
    let Observed::Present(whole) = read(json(DOCUMENT), json(DOCUMENT)).await else {
        panic!("absent")
    };
    assert_eq!(whole.properties, tree(PROPERTIES));
    let Observed::Present(one) = read(gone(), json(OTHER)).await else { panic!("absent") };
    let expected =
        r#"{"PolicyName":"p","PolicyDocument":{"Statement":[1]},"Roles":["r"],"Users":[]}"#;
    assert_eq!(one.properties, tree(expected));
    assert_eq!(read(gone(), gone()).await, Observed::Absent);
}

#[tokio::test]
async fn principals_that_are_no_longer_declared_lose_the_policy() {
    let script = JournaledApi::new([
        ("GetRolePolicy", json(DOCUMENT)),
        ("GetRolePolicy", gone()),
        ("PutRolePolicy", done()),
        ("DeleteUserPolicy", gone()),
    ]);
    let request = UpdateRequest {
        identifier: "Live-Policy-X".into(),
        token: "T".into(),
        prior: tree(PROPERTIES),
        properties: tree(
            r#"{"PolicyName":"p","PolicyDocument":{"Statement":[]},"Roles":["r","s"]}"#,
        ),
    };
    let made = Policy::new(script.clone()).update(&request).await.unwrap();
    assert_eq!(made.identifier, request.identifier);
    script.assert_calls(&[
        r#"GetRolePolicy {"PolicyName":"p","RoleName":"r"}"#,
        r#"GetRolePolicy {"PolicyName":"p","RoleName":"s"}"#,
        r#"PutRolePolicy {"PolicyDocument":"{\"Statement\":[]}","PolicyName":"p","RoleName":"s"}"#,
        r#"DeleteUserPolicy {"PolicyName":"p","UserName":"u"}"#,
    ]);
}

#[tokio::test]
async fn a_new_name_takes_the_old_one_away_everywhere() {
    let script = JournaledApi::new([
        ("GetRolePolicy", gone()),
        ("PutRolePolicy", done()),
        ("DeleteUserPolicy", done()),
        ("DeleteRolePolicy", done()),
    ]);
    let request = UpdateRequest {
        identifier: "Live-Policy-X".into(),
        token: "T".into(),
        prior: tree(PROPERTIES),
        properties: tree(r#"{"PolicyName":"n","PolicyDocument":{"Statement":[]},"Roles":["r"]}"#),
    };
    Policy::new(script.clone()).update(&request).await.unwrap();
    script.assert_operations(&[
        "GetRolePolicy",
        "PutRolePolicy",
        "DeleteUserPolicy",
        "DeleteRolePolicy",
    ]);
}

#[tokio::test]
async fn deleting_what_is_gone_is_done() {
    let script = JournaledApi::new([("DeleteUserPolicy", gone()), ("DeleteRolePolicy", done())]);
    let request = DeleteRequest {
        removal: rstack_driver::Removal::Recoverable,
        identifier: "Live-Policy-X".into(),
        token: "T".into(),
        prior: tree(PROPERTIES),
    };
    assert_eq!(Policy::new(script).delete(&request).await.unwrap(), Progress::Done);
}

#[tokio::test]
async fn one_principal_with_the_declared_document_makes_it_ours_once_absence_was_proven() {
    let unproven = Policy::new(JournaledApi::new([])).find(&creation()).await.unwrap();
    assert_eq!(unproven, Found::Absent);
    let find = async |user, role| {
        let script = JournaledApi::new([("GetUserPolicy", user), ("GetRolePolicy", role)]);
        let request = CreateRequest { absence_proven: true, ..creation() };
        Policy::new(script).find(&request).await.unwrap()
    };
    assert!(matches!(find(gone(), json(DOCUMENT)).await, Found::Ours(_)));
    assert_eq!(find(json(OTHER), gone()).await, Found::Absent);
}
