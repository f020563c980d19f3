use rstack_driver::{NoEffects, Removal};
use rstack_model::StackName;

use super::*;
use crate::test::journaled_api::{JournaledApi, done, failure, gone, json, tree};

const MADE: &str = r#"{"AccessKey":{"UserName":"u","AccessKeyId":"AKIA2","Status":"Active","SecretAccessKey":"hunter2"}}"#;

fn creation(more: &str, begun: Option<&str>) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: begun.map(Cursor::from),
        stack: StackName::parse("Live").unwrap(),
        address: "Key".into(),
        token: "TOKEN".into(),
        properties: tree(&format!(r#"{{"UserName":"u"{more}}}"#)),
    }
}

fn listed(ids: &[&str]) -> crate::test::journaled_api::Answer {
    let keys: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"UserName":"u","AccessKeyId":"{id}","Status":"Active"}}"#))
        .collect();
    json(&format!(r#"{{"AccessKeyMetadata":[{}],"IsTruncated":false}}"#, keys.join(",")))
}

fn secret(object: &Object) -> Option<&str> {
    match object.attributes.get("SecretAccessKey") {
        Some(KnownValue::Secret(text)) => Some(text.expose()),
        _ => None,
    }
}

#[tokio::test]
async fn the_answer_to_the_creation_alone_has_the_secret() {
    let script = JournaledApi::new([
        ("ListAccessKeys", listed(&["AKIA1"])),
        ("CreateAccessKey", json(MADE)),
        ("UpdateAccessKey", done()),
    ]);
    let driver = AccessKey::new(script.clone());
    let request = creation(r#","Status":"Inactive""#, None);
    let made = driver.create(&request, script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "AKIA2");
    assert_eq!(secret(&made), Some("hunter2"));
    script.assert_calls(&[
        r#"ListAccessKeys {"UserName":"u"}"#,
        r#"CreateAccessKey {"UserName":"u"}"#,
        "effect AKIA2",
        r#"UpdateAccessKey {"AccessKeyId":"AKIA2","Status":"Inactive","UserName":"u"}"#,
    ]);
    let script = JournaledApi::new([("ListAccessKeys", listed(&["AKIA1", "AKIA2"]))]);
    let read = AccessKey::new(script).read(&"AKIA2".into(), &request.properties).await.unwrap();
    let Observed::Present(seen) = read else { panic!("it is there") };
    assert_eq!(seen.properties, tree(r#"{"UserName":"u","Status":"Active"}"#));
    assert_eq!(secret(&seen), Some(""));
}

#[tokio::test]
async fn a_key_that_may_be_of_another_maker_is_never_taken() {
    let begun = || creation("", Some("keys:AKIA1"));
    let find = async |keys: &[&str], request: CreateRequest| {
        let script = JournaledApi::of([("ListAccessKeys", listed(keys))]);
        AccessKey::new(script).find(&request).await.unwrap()
    };
    assert_eq!(find(&["AKIA1"], begun()).await, Found::Absent);
    let Found::Ambiguous { why } = find(&["AKIA1", "AKIA2"], begun()).await else {
        panic!("a key does not say who made it")
    };
    assert!(why.contains("`u`") && why.contains("`AKIA2`") && !why.contains("AKIA1"), "{why}");
    // The user had none.
    let none = creation("", Some("keys:"));
    assert!(matches!(find(&["AKIA1"], none).await, Found::Ambiguous { .. }));
    // The call was never made: that is known without asking.
    let found = AccessKey::new(JournaledApi::new([])).find(&creation("", None)).await.unwrap();
    assert_eq!(found, Found::Absent);
}

#[tokio::test]
async fn a_status_is_changed_and_reset_and_what_is_gone_is_absent() {
    let script = JournaledApi::new([
        ("ListAccessKeys", listed(&["AKIA2"])),
        ("UpdateAccessKey", done()),
        ("ListAccessKeys", listed(&["AKIA2"])),
        ("ListAccessKeys", gone()),
        ("DeleteAccessKey", gone()),
    ]);
    let driver = AccessKey::new(script.clone());
    let change = |status: &str| UpdateRequest {
        identifier: "AKIA2".into(),
        token: "TOKEN2".into(),
        prior: tree(r#"{"UserName":"u"}"#),
        properties: tree(&format!(r#"{{"UserName":"u"{status}}}"#)),
    };
    driver.update(&change(r#","Status":"Inactive""#)).await.unwrap();
    // It is active already.
    driver.update(&change("")).await.unwrap();
    let declared = tree(r#"{"UserName":"u"}"#);
    assert_eq!(driver.read(&"AKIA2".into(), &declared).await.unwrap(), Observed::Absent);
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: "AKIA2".into(),
        token: "TOKEN3".into(),
        prior: declared,
    };
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_finished();
}

#[tokio::test]
async fn a_user_that_is_not_visible_yet_is_waited_for() {
    let script = JournaledApi::new([
        ("ListAccessKeys", gone()),
        ("CreateAccessKey", failure(ErrorKind::NotFound, "NoSuchEntity")),
    ]);
    let error = AccessKey::new(script).create(&creation("", None), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}
