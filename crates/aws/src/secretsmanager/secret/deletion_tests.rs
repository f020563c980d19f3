//! Secrets that are, were, or are to be deleted.

use rstack_model::{SecretString, StackName};

use super::*;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, json, tree};

const ARN: &str = "arn:s";
const DELETED: &str = r#","DeletedDate":"2026-09-01T00:00:00Z""#;

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Secret".into(),
        token: "TOKEN".into(),
        properties: tree(properties),
    }
}

fn deletion(removal: Removal) -> DeleteRequest {
    DeleteRequest { removal, identifier: ARN.into(), token: "T".into(), prior: KnownMap::new() }
}

/// A secret that was made by an operation before, for a resource.
fn described(resource: &str, more: &str) -> Answer {
    json(&format!(
        r#"{{"ARN":"{ARN}","Name":"s","VersionIdsToStages":{{"OLD":["AWSCURRENT"]}},
            "Tags":[{{"Key":"rstack:operation","Value":"OLD"}},
                {{"Key":"rstack:resource","Value":"{resource}"}}]{more}}}"#
    ))
}

fn refused(message: &str) -> Answer {
    failure(ErrorKind::Invalid { property: None }, "InvalidRequestException")
        .map_err(|error| DriverError { message: message.to_owned(), ..error })
}

fn name_taken() -> Answer {
    refused("a secret with this name is already scheduled for deletion.")
}

#[tokio::test]
async fn the_same_resources_deleted_secret_is_restored_and_gets_what_is_declared() {
    let script = JournaledApi::new([
        ("CreateSecret", name_taken()),
        ("DescribeSecret", described("Live/Secret", DELETED)),
        ("RestoreSecret", done()),
        ("TagResource", done()),
        ("DescribeSecret", described("Live/Secret", r#","Description":"old""#)),
        ("UpdateSecret", done()),
    ]);
    let request = creation(r#"{"Name":"s","SecretString":"hunter2","KmsKeyId":"alias/k"}"#);
    let made = Secret::new(script.clone()).create(&request, script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), ARN);
    script.assert_calls(&[
        r#"CreateSecret {"ClientRequestToken":"TOKEN","KmsKeyId":"alias/k","Name":"s","SecretString":‹secret›,"Tags":[{"Key":"rstack:operation","Value":"TOKEN"},{"Key":"rstack:resource","Value":"Live/Secret"}]}"#,
        r#"DescribeSecret {"SecretId":"s"}"#,
        "absent",
        r#"RestoreSecret {"SecretId":"arn:s"}"#,
        "effect arn:s",
        r#"TagResource {"SecretId":"arn:s","Tags":[{"Key":"rstack:restored","Value":"TOKEN"}]}"#,
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"UpdateSecret {"ClientRequestToken":"TOKEN","Description":"","KmsKeyId":"alias/k","SecretId":"arn:s","SecretString":‹secret›}"#,
    ]);
}

#[tokio::test]
async fn a_value_is_generated_for_a_restored_secret_and_only_once() {
    let rules = r#"{"Name":"s","GenerateSecretString":{"PasswordLength":20}}"#;
    let password = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    let script = JournaledApi::new([
        ("DescribeSecret", described("Live/Secret", "")),
        ("GetRandomPassword", Ok(arguments([("RandomPassword", password)]))),
        ("UpdateSecret", failure(ErrorKind::UnknownOutcome, "timeout")),
        (
            "DescribeSecret",
            json(r#"{"ARN":"arn:s","Name":"s","VersionIdsToStages":{"OLD":[],"TOKEN":[]}}"#),
        ),
    ]);
    let driver = Secret::new(script.clone());
    let update = completing(&creation(rules), ARN.into());
    driver.update(&update).await.unwrap_err();
    driver.update(&update).await.unwrap();
    script.assert_operations(&[
        "DescribeSecret",
        "GetRandomPassword",
        "UpdateSecret",
        "DescribeSecret",
    ]);
}

#[tokio::test]
async fn a_restored_secret_is_known_again_by_its_version_or_by_the_proof_before() {
    let find = async |answer, absence_proven| {
        let request = CreateRequest { absence_proven, ..creation(r#"{"Name":"s"}"#) };
        Secret::new(JournaledApi::new([("DescribeSecret", answer)])).find(&request).await.unwrap()
    };
    let versioned = json(r#"{"ARN":"arn:s","VersionIdsToStages":{"OLD":[],"TOKEN":[]}}"#);
    assert!(matches!(find(versioned, false).await, Found::Ours(_)));
    assert!(matches!(find(described("Live/Secret", ""), true).await, Found::Ours(_)));
    assert!(matches!(find(described("Live/Secret", ""), false).await, Found::Ambiguous { .. }));
    assert!(matches!(find(described("Other/Secret", ""), true).await, Found::Ambiguous { .. }));
    assert_eq!(find(described("Live/Secret", DELETED), true).await, Found::Absent);
}

#[tokio::test]
async fn a_deleted_secret_of_another_resource_is_in_the_way() {
    let script = JournaledApi::new([
        ("CreateSecret", name_taken()),
        ("DescribeSecret", described("Live/Other", DELETED)),
    ]);
    let request = creation(r#"{"Name":"s"}"#);
    let error = Secret::new(script.clone()).create(&request, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_operations(&["CreateSecret", "DescribeSecret"]);
}

#[tokio::test]
async fn a_name_whose_secret_is_just_deleted_for_good_is_waited_for() {
    let gone = || failure(ErrorKind::NotFound, "ResourceNotFoundException");
    let request = creation(r#"{"Name":"s"}"#);
    let script = JournaledApi::new([("CreateSecret", name_taken()), ("DescribeSecret", gone())]);
    let error = Secret::new(script.clone()).create(&request, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    let script = JournaledApi::new([
        ("CreateSecret", name_taken()),
        ("DescribeSecret", described("Live/Secret", DELETED)),
        ("RestoreSecret", gone()),
    ]);
    let error = Secret::new(script.clone()).create(&request, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    let script = JournaledApi::new([
        ("CreateSecret", refused("the KMS key is disabled")),
        ("DescribeSecret", gone()),
    ]);
    let error = Secret::new(script.clone()).create(&request, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid { property: None });
}

#[tokio::test]
async fn a_purge_leaves_no_recovery_window_whatever_was_done_before() {
    let forced = r#"DeleteSecret {"ForceDeleteWithoutRecovery":true,"SecretId":"arn:s"}"#;
    let script =
        JournaledApi::new([("DescribeSecret", described("r", "")), ("DeleteSecret", done())]);
    let done_now = Secret::new(script.clone()).delete(&deletion(Removal::Purge)).await.unwrap();
    assert_eq!(done_now, Progress::Done);
    script.assert_calls(&[r#"DescribeSecret {"SecretId":"arn:s"}"#, forced]);

    let script = JournaledApi::new([
        ("DescribeSecret", described("r", DELETED)),
        ("DeleteSecret", refused("marked deleted")),
        ("RestoreSecret", done()),
        ("DeleteSecret", done()),
    ]);
    Secret::new(script.clone()).delete(&deletion(Removal::Purge)).await.unwrap();
    script.assert_calls(&[
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        forced,
        r#"RestoreSecret {"SecretId":"arn:s"}"#,
        forced,
    ]);
}

#[tokio::test]
async fn what_was_restored_is_deleted_for_good_only_when_that_is_asked_for() {
    let restored =
        json(r#"{"ARN":"arn:s","Name":"s","Tags":[{"Key":"rstack:restored","Value":"TOKEN"}]}"#);
    let script = JournaledApi::new([("DescribeSecret", restored), ("DeleteSecret", done())]);
    Secret::new(script.clone()).delete(&deletion(Removal::Rollback)).await.unwrap();
    script.assert_calls(&[
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"DeleteSecret {"RecoveryWindowInDays":30,"SecretId":"arn:s"}"#,
    ]);
    let restored =
        json(r#"{"ARN":"arn:s","Name":"s","Tags":[{"Key":"rstack:restored","Value":"TOKEN"}]}"#);
    let script = JournaledApi::new([("DescribeSecret", restored), ("DeleteSecret", done())]);
    Secret::new(script.clone()).delete(&deletion(Removal::Purge)).await.unwrap();
    script.assert_calls(&[
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"DeleteSecret {"ForceDeleteWithoutRecovery":true,"SecretId":"arn:s"}"#,
    ]);
}

#[tokio::test]
async fn a_type_that_is_declared_no_longer_is_kept() {
    let script = JournaledApi::new([("DescribeSecret", described("r", r#","Type":"MyPartner""#))]);
    let request = UpdateRequest {
        identifier: ARN.into(),
        token: "TOKEN2".into(),
        prior: tree(r#"{"Name":"s","Type":"MyPartner"}"#),
        properties: tree(r#"{"Name":"s"}"#),
    };
    Secret::new(script.clone()).update(&request).await.unwrap();
    script.assert_operations(&["DescribeSecret"]);
}

#[tokio::test]
async fn a_deletion_that_arrives_twice_is_done_and_another_refusal_is_reported() {
    let request = deletion(Removal::Recoverable);
    let deleted = || {
        JournaledApi::new([
            ("DescribeSecret", described("Live/Secret", "")),
            ("DeleteSecret", refused("it was already scheduled for deletion")),
            ("DescribeSecret", described("Live/Secret", DELETED)),
        ])
    };
    assert_eq!(Secret::new(deleted()).delete(&request).await.unwrap(), Progress::Done);
    let in_use = JournaledApi::new([
        ("DescribeSecret", described("Live/Secret", "")),
        ("DeleteSecret", refused("it is managed by another service")),
        ("DescribeSecret", described("Live/Secret", "")),
    ]);
    let error = Secret::new(in_use).delete(&request).await.unwrap_err();
    assert!(error.message.contains("managed by another service"), "{error}");
}
