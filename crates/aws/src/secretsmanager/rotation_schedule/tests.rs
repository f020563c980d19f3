//! Rotations go through the conformance suite; that of another owner is left alone.

use rstack_driver::calls::Calls;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{Cloud, NoEffects, Request};
use rstack_model::{Region, StackName};
use serde_json::{Value, json};

use super::*;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::JournaledApi;
use crate::test::scripted_api::known;

const TYPE: &str = "AWS::SecretsManager::RotationSchedule";

fn request(properties: Value) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        properties: known(properties),
        absence_proven: false,
        begun: None,
    }
}

/// An account with the secret `db`.
async fn account() -> (FakeServices, AwsCloud) {
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let secrets = cloud.driver(&"AWS::SecretsManager::Secret".into()).unwrap();
    let secret = request(json!({"Name": "db", "SecretString": "x"}));
    secrets.begin(&Request::Create(secret), &NoEffects).await.unwrap();
    (services, cloud)
}

fn schedule(function: &str, days: i64) -> Value {
    json!({
        "SecretId": "db", "RotationLambdaARN": format!("arn:aws:lambda:r:1:function:{function}"),
        "RotationRules": {"AutomaticallyAfterDays": days.to_string(), "Duration": "3h"},
        "RotateImmediatelyOnUpdate": false, "ExternalSecretRotationRoleArn": "arn:aws:iam::1:role/r",
        "ExternalSecretRotationMetadata": [{"Key": "a", "Value": function}],
    })
}

#[tokio::test]
async fn it_passes_the_conformance_suite_and_leaves_that_of_others_alone() {
    let (services, cloud) = account().await;
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(schedule("one", 30)),
        change: Some(known(schedule("two", 60))),
        unread: vec!["RotateImmediatelyOnUpdate".to_owned()],
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3b".into(),
        missing: "arn:aws:secretsmanager:eu-west-1:1:secret:nothing-AbCdEf".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    let driver = cloud.driver(&TYPE.into()).unwrap();
    driver.create(&request(schedule("theirs", 1))).await.unwrap();
    let error = driver.create(&request(schedule("ours", 2))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("`db` is rotated already"), "{error}");
    assert_eq!(services.account().inventory()[TYPE].len(), 1);
}

/// Each rotation calls a function and makes a version.
#[tokio::test]
async fn a_secret_is_rotated_only_if_a_setting_changes() {
    let (services, cloud) = account().await;
    let driver = cloud.driver(&TYPE.into()).unwrap();
    let made = driver.create(&request(schedule("one", 30))).await.unwrap();
    let update = async |properties: Value, prior: Value| {
        services.begin(None);
        let (prior, properties) = (known(prior), known(properties));
        let identifier = made.identifier.clone();
        let update = UpdateRequest { identifier, token: "T2".into(), prior, properties };
        driver
            .update(&update)
            .await
            .map(|_| services.made().iter().filter(|made| made.action == SET).count())
    };
    let mut at_once = schedule("one", 30);
    at_once["RotateImmediatelyOnUpdate"] = true.into();
    assert_eq!(update(at_once, schedule("one", 30)).await.unwrap(), 0);
    let mut without_duration = schedule("one", 30);
    without_duration["RotationRules"].as_object_mut().unwrap().remove("Duration");
    let again = without_duration.clone();
    assert_eq!(update(without_duration, schedule("one", 30)).await.unwrap(), 1);
    assert_eq!(update(again.clone(), again).await.unwrap(), 0);
    let mut without_role = schedule("one", 30);
    without_role.as_object_mut().unwrap().remove("ExternalSecretRotationRoleArn");
    let error = update(without_role, schedule("one", 30)).await.unwrap_err();
    assert!(error.message.contains("is declared no longer"), "{error}");
}

#[tokio::test]
async fn a_rotation_that_goes_on_is_waited_for() {
    for (kind, message, waits) in [
        (
            ErrorKind::Invalid { property: None },
            "A previous rotation isn't complete. That rotation will be reattempted.",
            true,
        ),
        (
            ErrorKind::AccessDenied { action: None },
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function \
             policy grants access to the principal secretsmanager.amazonaws.com.",
            true,
        ),
        (ErrorKind::NotFound, "Secrets Manager can't find the specified secret.", true),
        (ErrorKind::Invalid { property: None }, "The rotation rules are wrong.", false),
    ] {
        let api = JournaledApi::new([("RotateSecret", Err(DriverError::new(kind, SET, message)))]);
        let driver = RotationSchedule::new(Arc::<JournaledApi>::clone(&api));
        let request = CreateRequest { absence_proven: true, ..request(schedule("one", 1)) };
        let error = driver.create(&request, &*api).await.unwrap_err();
        assert_eq!(error.is_retryable(), waits, "{error:?}");
    }
}
