//! The rules of the driver against scripted answers, and whole lives over HTTP.

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, Observed, Progress, Removal,
    UpdateRequest,
};
use rstack_model::{KnownMap, KnownValue, Region, StackName};
use serde_json::json as tree_of;

use super::{Addition, ListenerCertificates};
use crate::AwsCloud;
use crate::iam::UsersOfGroup;
use crate::test::fake::{Account, FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};
use crate::test::scripted_api::known;

const USERS: &str = r#"{"GroupName":"g","Users":["b","a","b"]}"#;

fn users(script: &std::sync::Arc<JournaledApi>) -> Addition<UsersOfGroup> {
    Addition(UsersOfGroup::new(script.clone()))
}

fn certificates(script: &std::sync::Arc<JournaledApi>) -> Addition<ListenerCertificates> {
    Addition(ListenerCertificates(script.clone()))
}

/// The answer of IAM about a group with these users.
fn group(names: &[&str]) -> Answer {
    let users: Vec<_> = names.iter().map(|name| tree_of!({"UserName": name})).collect();
    let group = tree_of!({"GroupName": "g"});
    json(&tree_of!({"Group": group, "Users": users, "IsTruncated": false}).to_string())
}

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Added".into(),
        token: "0f9c2d4e-1a2b-4c3d-8e4f-5a6b7c8d9e0f".into(),
        properties: tree(properties),
    }
}

fn change(prior: &str, properties: &str) -> UpdateRequest {
    let (prior, properties) = (tree(prior), tree(properties));
    UpdateRequest { identifier: "Live-Added-X".into(), token: "T".into(), prior, properties }
}

fn deletion(prior: &str) -> DeleteRequest {
    let (identifier, removal) = ("Live-Added-X".into(), Removal::Recoverable);
    DeleteRequest { identifier, removal, token: "T".into(), prior: tree(prior) }
}

#[tokio::test]
async fn nothing_is_added_before_all_are_known_to_be_missing_and_the_journal_says_so() {
    let script = JournaledApi::new([
        ("GetGroup", group(&["c"])),
        ("AddUserToGroup", done()),
        ("AddUserToGroup", done()),
    ]);
    let made = users(&script).create(&creation(USERS), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "Live-Added-0F9C2D4E1A2B");
    assert_eq!(made.attributes, tree(r#"{"Id":"Live-Added-0F9C2D4E1A2B"}"#));
    script.assert_calls(&[
        r#"GetGroup {"GroupName":"g"}"#,
        "absent",
        r#"AddUserToGroup {"GroupName":"g","UserName":"b"}"#,
        "effect Live-Added-0F9C2D4E1A2B",
        r#"AddUserToGroup {"GroupName":"g","UserName":"a"}"#,
    ]);
}

#[tokio::test]
async fn a_member_of_another_owner_is_not_taken() {
    let script = JournaledApi::new([("GetGroup", group(&["a"]))]);
    let error = users(&script).create(&creation(USERS), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("the group `g` has the user `a` already"), "{error}");
    script.assert_operations(&["GetGroup"]);

    // Before it was proven, nothing was added; after that, it is ours.
    let find = async |absence_proven| {
        let script = JournaledApi::new([("GetGroup", group(&["a"]))]);
        let request = CreateRequest { absence_proven, ..creation(USERS) };
        users(&script).find(&request).await.unwrap()
    };
    assert_eq!(find(false).await, Found::Absent);
    let Found::Ours(found) = find(true).await else { panic!("it is ours") };
    assert_eq!(found.physical_id.as_str(), "Live-Added-0F9C2D4E1A2B");
}

#[tokio::test]
async fn a_group_or_a_user_that_was_just_made_may_not_be_visible_yet() {
    let script = JournaledApi::new([("GetGroup", gone())]);
    let error = users(&script).create(&creation(USERS), script.as_ref()).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    let script = JournaledApi::new([("GetGroup", group(&[])), ("AddUserToGroup", gone())]);
    let error = users(&script).create(&creation(USERS), script.as_ref()).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn what_is_missing_is_said_with_its_property() {
    for (properties, problem) in [
        (r#"{"GroupName":"g","Users":[]}"#, "`Users` is empty"),
        (r#"{"Users":["a"]}"#, "`GroupName` is missing"),
        (r#"{"GroupName":"g","Users":[{}]}"#, "`Users` holds more than texts"),
    ] {
        let script = JournaledApi::new([]);
        let error = users(&script).create(&creation(properties), script.as_ref()).await;
        assert_eq!(error.unwrap_err().to_string(), format!("iam:AddUserToGroup: {problem}"));
    }
    for (properties, problem) in [
        (r#"{"ListenerArn":"l","Certificates":[]}"#, "`Certificates` is empty"),
        (r#"{"ListenerArn":"l","Certificates":[{}]}"#, "`CertificateArn` is missing"),
    ] {
        let script = JournaledApi::new([]);
        let error = certificates(&script).create(&creation(properties), script.as_ref()).await;
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with(problem), "{error}");
    }
}

#[tokio::test]
async fn only_declared_members_are_shown_and_none_is_absence() {
    let read = async |answer| {
        let script = JournaledApi::new([("GetGroup", answer)]);
        users(&script).read(&"Live-Added-X".into(), &tree(USERS)).await
    };
    let Observed::Present(seen) = read(group(&["a", "b", "c"])).await.unwrap() else { panic!() };
    assert_eq!(seen.properties, tree(r#"{"GroupName":"g","Users":["b","a"]}"#));
    let Observed::Present(seen) = read(group(&["a"])).await.unwrap() else { panic!() };
    assert_eq!(seen.properties, tree(r#"{"GroupName":"g","Users":["a"]}"#));
    assert_eq!(read(group(&["c"])).await.unwrap(), Observed::Absent);
    assert_eq!(read(gone()).await.unwrap(), Observed::Absent);
    let denied = read(failure(ErrorKind::AccessDenied { action: None }, "AccessDenied")).await;
    assert!(matches!(denied.unwrap_err().kind, ErrorKind::AccessDenied { .. }));
}

#[tokio::test]
async fn an_update_adds_what_is_missing_and_takes_out_what_is_declared_no_longer() {
    let script = JournaledApi::new([
        ("GetGroup", group(&["a", "b", "x"])),
        ("AddUserToGroup", done()),
        ("GetGroup", group(&["a", "b", "c", "x"])),
        ("RemoveUserFromGroup", gone()),
    ]);
    let to = r#"{"GroupName":"g","Users":["a","c"]}"#;
    users(&script).update(&change(USERS, to)).await.unwrap();
    script.assert_calls(&[
        r#"GetGroup {"GroupName":"g"}"#,
        r#"AddUserToGroup {"GroupName":"g","UserName":"c"}"#,
        r#"GetGroup {"GroupName":"g"}"#,
        r#"RemoveUserFromGroup {"GroupName":"g","UserName":"b"}"#,
    ]);

    // Another group: all of them move.
    let script = JournaledApi::new([
        ("GetGroup", group(&[])),
        ("AddUserToGroup", done()),
        ("GetGroup", group(&["a", "x"])),
        ("RemoveUserFromGroup", done()),
    ]);
    let (from, to) = (r#"{"GroupName":"g","Users":["a"]}"#, r#"{"GroupName":"h","Users":["a"]}"#);
    users(&script).update(&change(from, to)).await.unwrap();
    script.assert_calls(&[
        r#"GetGroup {"GroupName":"h"}"#,
        r#"AddUserToGroup {"GroupName":"h","UserName":"a"}"#,
        r#"GetGroup {"GroupName":"g"}"#,
        r#"RemoveUserFromGroup {"GroupName":"g","UserName":"a"}"#,
    ]);
}

#[tokio::test]
async fn what_an_interrupted_update_added_is_taken_out() {
    let script =
        JournaledApi::new([("GetGroup", group(&["a", "b", "c"])), ("RemoveUserFromGroup", done())]);
    let in_doubt = tree(r#"{"GroupName":"g","Users":["a","c"]}"#);
    users(&script).revert_partial_update(&in_doubt, &tree(USERS)).await.unwrap();
    script.assert_calls(&[
        r#"GetGroup {"GroupName":"g"}"#,
        r#"RemoveUserFromGroup {"GroupName":"g","UserName":"c"}"#,
    ]);
}

#[tokio::test]
async fn a_deletion_takes_out_what_is_there() {
    let script =
        JournaledApi::new([("GetGroup", group(&["b", "x"])), ("RemoveUserFromGroup", done())]);
    assert_eq!(users(&script).delete(&deletion(USERS)).await.unwrap(), Progress::Done);
    script.assert_calls(&[
        r#"GetGroup {"GroupName":"g"}"#,
        r#"RemoveUserFromGroup {"GroupName":"g","UserName":"b"}"#,
    ]);
    let script = JournaledApi::new([("GetGroup", gone())]);
    assert_eq!(users(&script).delete(&deletion(USERS)).await.unwrap(), Progress::Done);
}

/// The default certificate is no member of the list, and a list has pages.
#[tokio::test]
async fn certificates_are_added_in_one_call_and_the_default_one_is_none() {
    let page = |arn: &str, is_default: bool, next: Option<&str>| {
        let certificate = tree_of!({"CertificateArn": arn, "IsDefault": is_default});
        json(&tree_of!({"Certificates": [certificate], "NextMarker": next}).to_string())
    };
    let script = JournaledApi::new([
        ("DescribeListenerCertificates", page("a", true, Some("m"))),
        ("DescribeListenerCertificates", page("x", false, None)),
        ("AddListenerCertificates", done()),
    ]);
    let declared =
        r#"{"ListenerArn":"l","Certificates":[{"CertificateArn":"b"},{"CertificateArn":"a"}]}"#;
    certificates(&script).create(&creation(declared), script.as_ref()).await.unwrap();
    script.assert_calls(&[
        r#"DescribeListenerCertificates {"ListenerArn":"l"}"#,
        r#"DescribeListenerCertificates {"ListenerArn":"l","Marker":"m"}"#,
        "absent",
        r#"AddListenerCertificates {"Certificates":[{"CertificateArn":"b"},{"CertificateArn":"a"}],"ListenerArn":"l"}"#,
        "effect Live-Added-0F9C2D4E1A2B",
    ]);
    let script = JournaledApi::new([
        ("DescribeListenerCertificates", page("b", false, None)),
        ("RemoveListenerCertificates", done()),
    ]);
    certificates(&script).delete(&deletion(declared)).await.unwrap();
    script.assert_calls(&[
        r#"DescribeListenerCertificates {"ListenerArn":"l"}"#,
        r#"RemoveListenerCertificates {"Certificates":[{"CertificateArn":"b"}],"ListenerArn":"l"}"#,
    ]);
}

/// An account with a group and three users.
fn account() -> (FakeServices, AwsCloud) {
    let mut account = Account::default();
    let holder = |member: &str, name: &str| tree_of!({member: name, "inline": {}, "attached": [], "groups": [], "keys": []});
    account.groups.insert("g".to_owned(), holder("GroupName", "g"));
    for user in ["a", "b", "c"] {
        account.users.insert(user.to_owned(), holder("UserName", user));
    }
    let services = FakeServices::with(account);
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    (services, cloud)
}

fn listed(member: &str, arns: &[&str]) -> KnownValue {
    let certificate = |arn: &&str| KnownValue::from_json(tree_of!({member: arn}));
    KnownValue::List(arns.iter().map(certificate).collect())
}

/// The suite deletes what it created: a change adds nothing to that.
#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let (services, cloud) = account();
    let with = |arns: &[&str]| {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/a/b/c";
        KnownMap::from([
            ("ListenerArn".to_owned(), arn.into()),
            ("Certificates".to_owned(), listed("CertificateArn", arns)),
        ])
    };
    for (name, create, change) in [
        (
            "AWS::IAM::UserToGroupAddition",
            known(tree_of!({"GroupName": "g", "Users": ["a", "b", "c"]})),
            known(tree_of!({"GroupName": "g", "Users": ["c", "b"]})),
        ),
        (
            "AWS::ElasticLoadBalancingV2::ListenerCertificate",
            with(&["arn:aws:acm:a", "arn:aws:acm:b", "arn:aws:acm:c"]),
            with(&["arn:aws:acm:c", "arn:aws:acm:b"]),
        ),
    ] {
        let sample = Sample {
            resource_type: name.into(),
            stack: StackName::parse("Live").unwrap(),
            create,
            change: Some(change),
            unread: Vec::new(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: "nothing".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
    }
    let inventory = services.account().inventory();
    assert!(!inventory.keys().any(|kind| kind.contains(" of ")), "{inventory:?}");
}
