use rstack_model::{SecretString, StackName};

use super::*;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, json, tree};

const ARN: &str = "arn:s";
const GENERATED: &str = r#"{"Name":"s","GenerateSecretString":{"GenerateStringKey":"password",
    "SecretStringTemplate":"{\"user\":\"u\"}","PasswordLength":20}}"#;

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

fn change(prior: &str, properties: &str) -> UpdateRequest {
    UpdateRequest {
        identifier: ARN.into(),
        token: "TOKEN2".into(),
        prior: tree(prior),
        properties: tree(properties),
    }
}

fn described(more: &str) -> Answer {
    json(&format!(
        r#"{{"ARN":"{ARN}","Name":"s","VersionIdsToStages":{{"TOKEN":["AWSCURRENT"]}}{more}}}"#
    ))
}

fn password() -> Answer {
    let password = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    Ok(arguments([("RandomPassword", password)]))
}

fn no_secret() -> Answer {
    failure(ErrorKind::NotFound, "ResourceNotFoundException")
}

#[tokio::test]
async fn a_generated_value_is_sent_and_never_shown() {
    let script =
        JournaledApi::new([("GetRandomPassword", password()), ("CreateSecret", described(""))]);
    let made = Secret::new(script.clone()).create(&creation(GENERATED), script.as_ref()).await;
    let made = made.unwrap();
    assert_eq!(made.properties, tree(r#"{"Name":"s"}"#));
    assert_eq!(made.attributes, tree(r#"{"Id":"arn:s"}"#));
    assert!(!format!("{made:?}{script:?}").contains("hunter2"));
    script.assert_calls(&[
        r#"GetRandomPassword {"PasswordLength":20}"#,
        r#"CreateSecret {"ClientRequestToken":"TOKEN","Name":"s","SecretString":‹secret›,"Tags":[{"Key":"rstack:operation","Value":"TOKEN"},{"Key":"rstack:resource","Value":"Live/Secret"}]}"#,
        "effect arn:s",
    ]);
}

#[tokio::test]
async fn a_declared_text_and_everything_else_is_sent_at_once() {
    let script = JournaledApi::new([("CreateSecret", described(""))]);
    let request = creation(
        r#"{"Name":"s","SecretString":"hunter2","Description":"d","KmsKeyId":"alias/k",
            "Tags":[{"Key":"a","Value":"1"}],
            "ReplicaRegions":[{"Region":"eu-west-2","KmsKeyId":"alias/r"}]}"#,
    );
    let made = Secret::new(script.clone()).create(&request, script.as_ref()).await.unwrap();
    assert!(!made.properties.contains_key("SecretString"));
    script.assert_calls(&[
        r#"CreateSecret {"AddReplicaRegions":[{"KmsKeyId":"alias/r","Region":"eu-west-2"}],"ClientRequestToken":"TOKEN","Description":"d","KmsKeyId":"alias/k","Name":"s","SecretString":‹secret›,"Tags":[{"Key":"a","Value":"1"},{"Key":"rstack:operation","Value":"TOKEN"},{"Key":"rstack:resource","Value":"Live/Secret"}]}"#,
        "effect arn:s",
    ]);
}

#[tokio::test]
async fn a_value_is_never_generated_twice_for_one_create() {
    let script = JournaledApi::new([
        ("GetRandomPassword", password()),
        ("CreateSecret", failure(ErrorKind::UnknownOutcome, "timeout")),
        ("DescribeSecret", described("")),
        ("DescribeSecret", described("")),
    ]);
    let (driver, request) = (Secret::new(script.clone()), creation(GENERATED));
    driver.create(&request, script.as_ref()).await.unwrap_err();
    let Found::Ours(found) = driver.find(&request).await.unwrap() else { panic!("not ours") };
    assert_eq!(found.physical_id.as_str(), ARN);
    let completing = UpdateRequest {
        identifier: found.identifier,
        token: request.token.clone(),
        prior: KnownMap::new(),
        properties: request.properties.clone(),
    };
    driver.update(&completing).await.unwrap();
    script.assert_operations(&[
        "GetRandomPassword",
        "CreateSecret",
        "DescribeSecret",
        "DescribeSecret",
    ]);
}

#[tokio::test]
async fn a_name_that_is_scheduled_for_deletion_is_said_to_be_so() {
    let deleted = || described(r#","DeletedDate":"2026-09-01T00:00:00Z""#);
    let taken = failure(ErrorKind::Invalid { property: None }, "InvalidRequestException");
    let script = JournaledApi::new([("CreateSecret", taken), ("DescribeSecret", deleted())]);
    let driver = Secret::new(script.clone());
    let error = driver.create(&creation(r#"{"Name":"s"}"#), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("scheduled for deletion on 2026-09-01"), "{error}");
    let script = JournaledApi::new([("DescribeSecret", deleted())]);
    let found = Secret::new(script).find(&creation(r#"{"Name":"s"}"#)).await.unwrap();
    assert_eq!(found, Found::Absent);
    let script = JournaledApi::new([("DescribeSecret", deleted())]);
    let read = Secret::new(script).read(&ARN.into(), &KnownMap::new()).await.unwrap();
    assert_eq!(read, Observed::Absent);
}

#[tokio::test]
async fn another_secret_of_the_name_is_not_ours() {
    let other = json(r#"{"ARN":"arn:s","VersionIdsToStages":{"OTHER":["AWSCURRENT"]}}"#);
    let script = JournaledApi::new([("DescribeSecret", other)]);
    let found = Secret::new(script).find(&creation(GENERATED)).await.unwrap();
    assert!(matches!(found, Found::Ambiguous { .. }));
    let empty = json(r#"{"ARN":"arn:s","Tags":[{"Key":"rstack:operation","Value":"TOKEN"}]}"#);
    let script = JournaledApi::new([("DescribeSecret", empty)]);
    let found = Secret::new(script).find(&creation(r#"{"Name":"s"}"#)).await.unwrap();
    assert!(matches!(found, Found::Ours(_)));
    let script = JournaledApi::new([("DescribeSecret", no_secret())]);
    let found = Secret::new(script).find(&creation(GENERATED)).await.unwrap();
    assert_eq!(found, Found::Absent);
}

#[tokio::test]
async fn reading_shows_keys_as_they_were_declared_and_never_the_value() {
    let script = JournaledApi::new([(
        "DescribeSecret",
        described(
            r#","Description":"d","KmsKeyId":"arn:aws:kms:eu-west-1:111122223333:key/k",
                "Tags":[{"Key":"a","Value":"1"},{"Key":"aws:x","Value":"y"}],
                "ReplicationStatus":[{"Region":"eu-west-2","Status":"InSync",
                    "KmsKeyId":"alias/aws/secretsmanager"}]"#,
        ),
    )]);
    let declared = tree(r#"{"KmsKeyId":"k","ReplicaRegions":[{"Region":"eu-west-2"}]}"#);
    let read = Secret::new(script).read(&ARN.into(), &declared).await.unwrap();
    let Observed::Present(object) = read else { panic!("absent") };
    let expected = r#"{"Name":"s","Description":"d","KmsKeyId":"k",
        "Tags":[{"Key":"a","Value":"1"}],"ReplicaRegions":[{"Region":"eu-west-2",
        "KmsKeyId":"alias/aws/secretsmanager"}]}"#;
    assert_eq!(object.properties, tree(expected));
}

#[tokio::test]
async fn an_update_sends_what_differs() {
    let script = JournaledApi::new([
        (
            "DescribeSecret",
            described(
                r#","Description":"old","KmsKeyId":"alias/k",
                    "Tags":[{"Key":"rstack:operation","Value":"TOKEN"},{"Key":"a","Value":"1"}],
                    "ReplicationStatus":[{"Region":"eu-west-2"},{"Region":"eu-west-3"}]"#,
            ),
        ),
        ("UpdateSecret", done()),
        ("UntagResource", done()),
        ("TagResource", done()),
        ("RemoveRegionsFromReplication", done()),
        ("ReplicateSecretToRegions", done()),
    ]);
    let request = change(
        r#"{"Name":"s","Description":"old","KmsKeyId":"alias/k","SecretString":"a"}"#,
        r#"{"Name":"s","Description":"new","SecretString":"b","Tags":[{"Key":"b","Value":"2"}],
            "ReplicaRegions":[{"Region":"eu-west-3"},{"Region":"us-east-1"}]}"#,
    );
    Secret::new(script.clone()).update(&request).await.unwrap();
    script.assert_calls(&[
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"UpdateSecret {"ClientRequestToken":"TOKEN2","Description":"new","KmsKeyId":"","SecretId":"arn:s","SecretString":‹secret›}"#,
        r#"UntagResource {"SecretId":"arn:s","TagKeys":["a"]}"#,
        r#"TagResource {"SecretId":"arn:s","Tags":[{"Key":"b","Value":"2"}]}"#,
        r#"RemoveRegionsFromReplication {"RemoveReplicaRegions":["eu-west-2"],"SecretId":"arn:s"}"#,
        r#"ReplicateSecretToRegions {"AddReplicaRegions":[{"Region":"us-east-1"}],"SecretId":"arn:s"}"#,
    ]);
}

#[tokio::test]
async fn settings_change_without_the_value() {
    let script = JournaledApi::new([("DescribeSecret", described("")), ("UpdateSecret", done())]);
    let request = change(r#"{"Name":"s"}"#, r#"{"Name":"s","Description":"new"}"#);
    Secret::new(script.clone()).update(&request).await.unwrap();
    script.assert_calls(&[
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"UpdateSecret {"ClientRequestToken":"TOKEN2","Description":"new","SecretId":"arn:s"}"#,
    ]);
}

#[tokio::test]
async fn the_value_is_put_only_when_it_changes() {
    let same = change(
        r#"{"SecretString":"a","Description":"x"}"#,
        r#"{"SecretString":"a","Description":"x"}"#,
    );
    let script = JournaledApi::new([("DescribeSecret", described(r#","Description":"x""#))]);
    Secret::new(script.clone()).update(&same).await.unwrap();
    script.assert_operations(&["DescribeSecret"]);

    let mut resolved = change(r#"{"SecretString":""}"#, "{}");
    let wanted = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    resolved.properties.insert("SecretString".to_owned(), wanted.clone());
    let current = Ok(arguments([("SecretString", wanted)]));
    let script =
        JournaledApi::new([("DescribeSecret", described("")), ("GetSecretValue", current)]);
    Secret::new(script.clone()).update(&resolved).await.unwrap();
    script.assert_operations(&["DescribeSecret", "GetSecretValue"]);

    let denied = failure(ErrorKind::AccessDenied { action: None }, "AccessDeniedException");
    let script = JournaledApi::new([
        ("DescribeSecret", described("")),
        ("GetSecretValue", denied),
        ("UpdateSecret", done()),
    ]);
    Secret::new(script.clone()).update(&resolved).await.unwrap();
    script.assert_operations(&["DescribeSecret", "GetSecretValue", "UpdateSecret"]);
}

#[tokio::test]
async fn new_rules_generate_a_new_value_once() {
    let request = change(
        r#"{"GenerateSecretString":{"PasswordLength":10}}"#,
        r#"{"GenerateSecretString":{"PasswordLength":20}}"#,
    );
    let script = JournaledApi::new([
        ("DescribeSecret", described("")),
        ("GetRandomPassword", password()),
        ("UpdateSecret", failure(ErrorKind::UnknownOutcome, "timeout")),
        ("DescribeSecret", json(r#"{"ARN":"arn:s","VersionIdsToStages":{"TOKEN2":[]}}"#)),
    ]);
    let driver = Secret::new(script.clone());
    driver.update(&request).await.unwrap_err();
    driver.update(&request).await.unwrap();
    script.assert_operations(&[
        "DescribeSecret",
        "GetRandomPassword",
        "UpdateSecret",
        "DescribeSecret",
    ]);
}

#[tokio::test]
async fn replicas_go_before_the_secret() {
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: ARN.into(),
        token: "T".into(),
        prior: KnownMap::new(),
    };
    let replicated = || described(r#","ReplicationStatus":[{"Region":"eu-west-2"}]"#);
    let making =
        described(r#","ReplicationStatus":[{"Region":"eu-west-2","Status":"InProgress"}]"#);
    let script = JournaledApi::new([
        ("DescribeSecret", making),
        ("DescribeSecret", replicated()),
        (
            "RemoveRegionsFromReplication",
            json(r#"{"ReplicationStatus":[{"Region":"eu-west-2","Status":"InProgress"}]}"#),
        ),
        ("DescribeSecret", described("")),
        ("DeleteSecret", done()),
        ("DescribeSecret", described(r#","DeletedDate":"2026-09-01T00:00:00Z""#)),
    ]);
    let driver = Secret::new(script.clone());
    for what in ["to be made", "to be removed"] {
        let Progress::Pending { waits_for, .. } = driver.delete(&request).await.unwrap() else {
            panic!("it is done")
        };
        assert!(waits_for.ends_with(what), "{waits_for}");
    }
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_calls(&[
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"RemoveRegionsFromReplication {"RemoveReplicaRegions":["eu-west-2"],"SecretId":"arn:s"}"#,
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
        r#"DeleteSecret {"RecoveryWindowInDays":30,"SecretId":"arn:s"}"#,
        r#"DescribeSecret {"SecretId":"arn:s"}"#,
    ]);
}

#[tokio::test]
async fn a_secret_has_stabilized_when_its_replicas_exist() {
    let stabilized = async |status: &str| {
        let entry = format!(
            r#","ReplicationStatus":[{{"Region":"eu-west-2","Status":"{status}",
                "StatusMessage":"no key"}}]"#
        );
        Secret::new(JournaledApi::new([("DescribeSecret", described(&entry))]))
            .stabilized(&ARN.into())
            .await
    };
    assert!(matches!(stabilized("InProgress").await.unwrap(), Progress::Pending { .. }));
    assert_eq!(stabilized("InSync").await.unwrap(), Progress::Done);
    assert!(stabilized("Failed").await.unwrap_err().message.contains("eu-west-2 failed: no key"));
}
