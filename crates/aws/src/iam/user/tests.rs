use rstack_driver::{ErrorKind, NoEffects, Removal};
use rstack_model::{SecretString, StackName};

use super::*;
use crate::test::journaled_api::{JournaledApi, done, failure, gone, json, tree};

fn creation(properties: KnownMap) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "User".into(),
        token: "TOKEN".into(),
        properties,
    }
}

fn change(prior: KnownMap, properties: KnownMap) -> UpdateRequest {
    UpdateRequest { identifier: "U".into(), token: "TOKEN2".into(), prior, properties }
}

/// The properties of a user with a secret password.
fn with_password(more: &str, password: &str) -> KnownMap {
    let mut properties = tree(&format!(r#"{{"UserName":"U"{more}}}"#));
    let text = KnownValue::Secret(SecretString::new(password.to_owned()));
    let login = arguments([("Password", text), ("PasswordResetRequired", true.into())]);
    properties.insert("LoginProfile".to_owned(), login.into());
    properties
}

fn user(more: &str) -> crate::test::journaled_api::Answer {
    json(&format!(
        r#"{{"User":{{"UserName":"U","Arn":"arn:U","UserId":"AIDA","Path":"/",
            "Tags":[{{"Key":"rstack:operation","Value":"TOKEN"}}]{more}}}}}"#
    ))
}

fn login(must_change: bool) -> crate::test::journaled_api::Answer {
    json(&format!(r#"{{"LoginProfile":{{"UserName":"U","PasswordResetRequired":{must_change}}}}}"#))
}

const FULL: &str = r#","Path":"/live/","PermissionsBoundary":"arn:B","Groups":["G"],
    "ManagedPolicyArns":["arn:M"],"Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[]}}],
    "Tags":[{"Key":"a","Value":1}]"#;

#[tokio::test]
async fn the_journal_knows_of_the_user_before_it_is_filled() {
    let script = JournaledApi::new([
        ("CreateUser", user("")),
        ("PutUserPolicy", done()),
        ("AttachUserPolicy", done()),
        ("AddUserToGroup", done()),
        ("CreateLoginProfile", done()),
    ]);
    let driver = User::new(script.clone());
    let request = creation(with_password(FULL, "hunter2"));
    let made = driver.create(&request, script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "U");
    assert_eq!(made.attributes, tree(r#"{"Arn":"arn:U"}"#));
    script.assert_calls(&[
        r#"CreateUser {"Path":"/live/","PermissionsBoundary":"arn:B","Tags":[{"Key":"a","Value":"1"},{"Key":"rstack:operation","Value":"TOKEN"}],"UserName":"U"}"#,
        "effect U",
        r#"PutUserPolicy {"PolicyDocument":"{\"Statement\":[]}","PolicyName":"p","UserName":"U"}"#,
        r#"AttachUserPolicy {"PolicyArn":"arn:M","UserName":"U"}"#,
        r#"AddUserToGroup {"GroupName":"G","UserName":"U"}"#,
        r#"CreateLoginProfile {"Password":‹secret›,"PasswordResetRequired":true,"UserName":"U"}"#,
    ]);
}

#[tokio::test]
async fn a_password_that_is_there_already_is_set() {
    let script = JournaledApi::new([
        ("CreateUser", user("")),
        ("CreateLoginProfile", failure(ErrorKind::AlreadyExists, "EntityAlreadyExists")),
        ("UpdateLoginProfile", done()),
    ]);
    let driver = User::new(script.clone());
    driver.create(&creation(with_password("", "hunter2")), &NoEffects).await.unwrap();
    script.assert_finished();
}

#[tokio::test]
async fn reading_shows_what_is_declared_and_an_initial_password_once_it_was_used() {
    let script = JournaledApi::new([
        ("GetUser", user(r#","PermissionsBoundary":{"PermissionsBoundaryArn":"arn:B"}"#)),
        ("GetUserPolicy", json(r#"{"PolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D"}"#)),
        ("ListAttachedUserPolicies", json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:M"}]}"#)),
        ("ListGroupsForUser", json(r#"{"Groups":[{"GroupName":"theirs"},{"GroupName":"G"}]}"#)),
        ("GetLoginProfile", login(false)),
        ("GetUser", user("")),
        ("GetLoginProfile", gone()),
    ]);
    let driver = User::new(script.clone());
    let declared = with_password(FULL, "hunter2");
    let Observed::Present(seen) = driver.read(&"U".into(), &declared).await.unwrap() else {
        panic!("it is there")
    };
    let shown = tree(
        r#"{"UserName":"U","Path":"/","PermissionsBoundary":"arn:B","Groups":["G"],
            "ManagedPolicyArns":["arn:M"],
            "Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[]}}],
            "LoginProfile":{"PasswordResetRequired":true}}"#,
    );
    assert_eq!(seen.properties, shown);
    // A password that was removed is missing.
    let declared = with_password("", "hunter2");
    let Observed::Present(seen) = driver.read(&"U".into(), &declared).await.unwrap() else {
        panic!("it is there")
    };
    assert!(!seen.properties.contains_key("LoginProfile"));
    script.assert_finished();
}

#[tokio::test]
async fn a_user_moves_and_its_arn_is_read_again() {
    let moved = json(r#"{"User":{"UserName":"U","Arn":"arn:moved","Path":"/live/","Tags":[]}}"#);
    let script =
        JournaledApi::new([("GetUser", user("")), ("UpdateUser", done()), ("GetUser", moved)]);
    let driver = User::new(script.clone());
    let properties = tree(r#"{"UserName":"U","Path":"/live/"}"#);
    let changed = driver.update(&change(tree(r#"{"UserName":"U"}"#), properties)).await.unwrap();
    assert_eq!(changed.attributes, tree(r#"{"Arn":"arn:moved"}"#));
    script.assert_calls_start(&[
        "GetUser",
        r#"UpdateUser {"NewPath":"/live/","UserName":"U"}"#,
        "GetUser",
    ]);
}

/// Updates the password of a user: whether it is sent, with the flag of the user and of the template.
async fn sent(prior: KnownMap, desired: KnownMap, must_change: bool, calls: &[&str]) {
    let mut answers = vec![("GetUser", user("")), ("GetLoginProfile", login(must_change))];
    answers.extend(calls.iter().map(|_| ("UpdateLoginProfile", done())));
    let tags = desired.get("Tags") != prior.get("Tags");
    answers.extend(tags.then(|| ("TagUser", done())));
    let script = JournaledApi::of(answers);
    User::new(script.clone()).update(&change(prior, desired)).await.unwrap();
    let mut expected = vec!["GetUser", "GetLoginProfile"];
    expected.extend(calls);
    expected.extend(tags.then_some("TagUser"));
    script.assert_calls_start(&expected);
}

#[tokio::test]
async fn a_secret_password_is_sent_unless_the_user_has_its_own_and_something_else_changed() {
    const TAG: &str = r#","Tags":[{"Key":"a","Value":"b"}]"#;
    let whole = r#"UpdateLoginProfile {"Password":‹secret›,"PasswordResetRequired":true"#;
    let unknown = || with_password("", "");
    // Nothing else has changed: it is the password.
    sent(unknown(), with_password("", "new"), true, &[whole]).await;
    sent(unknown(), with_password("", "new"), false, &[whole]).await;
    // A tag has changed: the initial password may be set again while it was not used.
    sent(unknown(), with_password(TAG, "initial"), true, &[whole]).await;
    sent(unknown(), with_password(TAG, "initial"), false, &[]).await;
}

#[tokio::test]
async fn a_plain_password_is_sent_when_it_changes_and_a_flag_without_it() {
    let plain = |password: &str, flag: bool| {
        tree(&format!(
            r#"{{"UserName":"U","LoginProfile":{{"Password":"{password}","PasswordResetRequired":{flag}}}}}"#
        ))
    };
    sent(plain("a", true), plain("a", true), false, &[]).await;
    let both = r#"UpdateLoginProfile {"Password":‹secret›,"PasswordResetRequired":true,"#;
    sent(plain("a", true), plain("b", true), false, &[both]).await;
    let flag = r#"UpdateLoginProfile {"PasswordResetRequired":false,"UserName":"U"}"#;
    sent(plain("a", true), plain("a", false), true, &[flag]).await;
    sent(plain("a", false), plain("a", false), true, &[flag]).await;
}

#[tokio::test]
async fn a_password_that_is_declared_no_longer_is_removed() {
    let script = JournaledApi::new([("GetUser", user("")), ("DeleteLoginProfile", gone())]);
    let driver = User::new(script.clone());
    let request = change(with_password("", ""), tree(r#"{"UserName":"U"}"#));
    driver.update(&request).await.unwrap();
    script.assert_finished();
}

#[tokio::test]
async fn all_that_keeps_a_user_is_removed_before_it() {
    let script = JournaledApi::new([
        ("ListAttachedUserPolicies", json(r#"{"AttachedPolicies":[{"PolicyArn":"arn:X"}]}"#)),
        ("DetachUserPolicy", done()),
        ("ListUserPolicies", json(r#"{"PolicyNames":["p"]}"#)),
        ("DeleteUserPolicy", done()),
        ("ListGroupsForUser", json(r#"{"Groups":[{"GroupName":"G"}]}"#)),
        ("RemoveUserFromGroup", done()),
        ("DeleteLoginProfile", gone()),
        ("ListAccessKeys", json(r#"{"AccessKeyMetadata":[{"AccessKeyId":"AKIA"}]}"#)),
        ("DeleteAccessKey", done()),
        ("DeleteUser", failure(ErrorKind::Conflict, "DeleteConflict")),
        ("ListAttachedUserPolicies", gone()),
    ]);
    let driver = User::new(script.clone());
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: "U".into(),
        token: "TOKEN2".into(),
        prior: KnownMap::new(),
    };
    let error = driver.delete(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_finished();
}

#[tokio::test]
async fn a_user_is_ours_by_its_tag_alone() {
    for (token, ours) in [("TOKEN", true), ("ANOTHER", false)] {
        let script = JournaledApi::new([("GetUser", user(""))]);
        let mut request = creation(tree(r#"{"UserName":"U"}"#));
        request.token = token.into();
        let found = User::new(script).find(&request).await.unwrap();
        assert_eq!(matches!(found, Found::Ours(_)), ours, "{token}");
        assert!(ours || matches!(found, Found::Ambiguous { .. }));
    }
}

/// An object that was made in the same apply may not be visible yet, also to a user that was there before.
#[tokio::test]
async fn what_a_user_is_given_may_only_need_time_to_become_visible() {
    let driver = |answers: Vec<(&'static str, crate::test::journaled_api::Answer)>| {
        User::new(JournaledApi::of(answers))
    };
    let bounded = tree(r#"{"UserName":"U","PermissionsBoundary":"arn:B"}"#);
    let making = driver(vec![("CreateUser", gone())]);
    let error = making.create(&creation(bounded), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    for (property, list, answer, call) in [
        ("Groups", "ListGroupsForUser", r#"{"Groups":[]}"#, "AddUserToGroup"),
        (
            "ManagedPolicyArns",
            "ListAttachedUserPolicies",
            r#"{"AttachedPolicies":[]}"#,
            "AttachUserPolicy",
        ),
    ] {
        let answers = vec![("GetUser", user("")), (list, json(answer)), (call, gone())];
        let properties = tree(&format!(r#"{{"UserName":"U","{property}":["new"]}}"#));
        let request = change(tree(r#"{"UserName":"U"}"#), properties);
        let error = driver(answers).update(&request).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::DependencyNotReady, "{property}");
    }
}
