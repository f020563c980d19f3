use rstack_driver::{ErrorKind, NoEffects, Removal};
use rstack_model::StackName;

use super::*;
use crate::test::journaled_api::{JournaledApi, done, failure, gone, json, tree};

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Profile".into(),
        token: "TOKEN".into(),
        properties: tree(properties),
    }
}

fn profile(roles: &str, more: &str) -> crate::test::journaled_api::Answer {
    json(&format!(
        r#"{{"InstanceProfile":{{"InstanceProfileName":"P","Arn":"arn:P","Path":"/","Roles":[{roles}]{more}}}}}"#
    ))
}

const R: &str = r#"{"RoleName":"R"}"#;
const DECLARED: &str = r#"{"InstanceProfileName":"P","Path":"/live/","Roles":["R"]}"#;

#[tokio::test]
async fn a_profile_is_made_with_the_token_and_then_given_its_role() {
    let script = JournaledApi::new([
        ("CreateInstanceProfile", profile("", "")),
        ("AddRoleToInstanceProfile", done()),
    ]);
    let driver = InstanceProfile::new(script.clone());
    let made = driver.create(&creation(DECLARED), script.as_ref()).await.unwrap();
    assert_eq!(made.attributes, tree(r#"{"Arn":"arn:P"}"#));
    script.assert_calls(&[
        r#"CreateInstanceProfile {"InstanceProfileName":"P","Path":"/live/","Tags":[{"Key":"rstack:operation","Value":"TOKEN"}]}"#,
        "effect P",
        r#"AddRoleToInstanceProfile {"InstanceProfileName":"P","RoleName":"R"}"#,
    ]);
}

#[tokio::test]
async fn a_role_that_arrived_twice_is_there_and_another_one_is_in_the_way() {
    let full = || failure(ErrorKind::Invalid { property: None }, "LimitExceeded");
    for (there, done) in [(R, true), (r#"{"RoleName":"theirs"}"#, false)] {
        let script = JournaledApi::new([
            ("CreateInstanceProfile", profile("", "")),
            ("AddRoleToInstanceProfile", full()),
            ("GetInstanceProfile", profile(there, "")),
        ]);
        let driver = InstanceProfile::new(script.clone());
        let made = driver.create(&creation(DECLARED), &NoEffects).await;
        assert_eq!(made.is_ok(), done, "{there}");
        script.assert_finished();
    }
}

#[tokio::test]
async fn another_role_leaves_before_the_declared_one_comes() {
    let script = JournaledApi::new([
        ("GetInstanceProfile", profile(r#"{"RoleName":"old"}"#, "")),
        ("RemoveRoleFromInstanceProfile", done()),
        ("AddRoleToInstanceProfile", done()),
    ]);
    let request = UpdateRequest {
        identifier: "P".into(),
        token: "TOKEN2".into(),
        prior: tree(r#"{"InstanceProfileName":"P","Roles":["older"]}"#),
        properties: tree(r#"{"InstanceProfileName":"P","Roles":["R"]}"#),
    };
    InstanceProfile::new(script.clone()).update(&request).await.unwrap();
    script.assert_calls_start(&[
        "GetInstanceProfile",
        r#"RemoveRoleFromInstanceProfile {"InstanceProfileName":"P","RoleName":"old"}"#,
        r#"AddRoleToInstanceProfile {"InstanceProfileName":"P","RoleName":"R"}"#,
    ]);
}

#[tokio::test]
async fn a_role_that_is_not_yet_visible_is_waited_for() {
    let script = JournaledApi::new([
        ("GetInstanceProfile", profile("", "")),
        ("AddRoleToInstanceProfile", gone()),
    ]);
    let request = UpdateRequest {
        identifier: "P".into(),
        token: "TOKEN2".into(),
        prior: tree(r#"{"InstanceProfileName":"P","Roles":[]}"#),
        properties: tree(r#"{"InstanceProfileName":"P","Roles":["R"]}"#),
    };
    let error = InstanceProfile::new(script).update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

#[tokio::test]
async fn a_profile_is_ours_by_its_tag_alone() {
    let tag = |token: &str| format!(r#"[{{"Key":"rstack:operation","Value":"{token}"}}]"#);
    for token in ["TOKEN", "ANOTHER"] {
        let described = format!(r#","Tags":{}"#, tag(token));
        let listed = json(&format!(r#"{{"Tags":{}}}"#, tag(token)));
        let scripts = [
            JournaledApi::new([("GetInstanceProfile", profile(R, &described))]),
            JournaledApi::new([
                ("GetInstanceProfile", profile(R, "")),
                ("ListInstanceProfileTags", listed),
            ]),
        ];
        for script in scripts {
            let found = InstanceProfile::new(script).find(&creation(DECLARED)).await.unwrap();
            assert_eq!(matches!(found, Found::Ours(_)), token == "TOKEN");
            assert!(token == "TOKEN" || matches!(found, Found::Ambiguous { .. }));
        }
    }
}

#[tokio::test]
async fn a_profile_loses_its_role_before_it_is_deleted() {
    let script = JournaledApi::new([
        ("GetInstanceProfile", profile(R, "")),
        ("RemoveRoleFromInstanceProfile", gone()),
        ("DeleteInstanceProfile", done()),
        ("GetInstanceProfile", gone()),
    ]);
    let driver = InstanceProfile::new(script.clone());
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: "P".into(),
        token: "TOKEN2".into(),
        prior: KnownMap::new(),
    };
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_finished();
}
