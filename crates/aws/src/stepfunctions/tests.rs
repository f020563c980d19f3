//! State machines go through the conformance suite; one of another owner is left alone.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{CreateRequest, DirectDriver, DriverError, ErrorKind};
use rstack_model::{Region, StackName};
use serde_json::json;

use super::state_machine::StateMachine;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{JournaledApi, json as answer};
use crate::test::scripted_api::known;

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let group = "arn:aws:logs:eu-west-1:1:log-group:g:*";
    let machine = |text: &str, level: &str| {
        json!({
            "StateMachineName": "m", "StateMachineType": "EXPRESS", "RoleArn": format!("arn:{text}"),
            "DefinitionString": format!("{{\"StartAt\": \"{text}${{X}}\"}}"),
            "DefinitionSubstitutions": {"X": "Y"}, "TracingConfiguration": {"Enabled": "true"},
            "LoggingConfiguration": {
                "Level": level, "IncludeExecutionData": true,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}],
            },
            "EncryptionConfiguration": {
                "Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": text,
                "KmsDataKeyReusePeriodSeconds": 60,
            },
            "Tags": [{"Key": "a", "Value": text}],
        })
    };
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: "AWS::StepFunctions::StateMachine".into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(machine("one", "ALL")),
        change: Some(known(machine("two", "ERROR"))),
        unread: vec!["DefinitionSubstitutions".to_owned()],
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "arn:aws:states:eu-west-1:1:stateMachine:nothing".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    assert!(services.account().inventory().is_empty());
}

fn request() -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: known(json!({"StateMachineName": "m", "RoleArn": "arn:r", "Definition": {}})),
        absence_proven: false,
        begun: None,
    }
}

/// The creating call answers with a state machine of the same definition, also with that of another
/// owner.
#[tokio::test]
async fn a_state_machine_of_another_owner_is_not_taken_over() {
    let made = || answer(r#"{"stateMachineArn":"arn:m","creationDate":"2026-01-02T03:04:05Z"}"#);
    for (tags, expected) in [
        (json!([{"key": "owner", "value": "them"}]), ErrorKind::Conflict),
        // They may not be visible yet: it is looked for again.
        (json!([]), ErrorKind::UnknownOutcome),
    ] {
        let api = JournaledApi::new([
            ("CreateStateMachine", made()),
            ("ListTagsForResource", answer(&json!({"tags": tags}).to_string())),
        ]);
        let driver = StateMachine::new(Arc::<JournaledApi>::clone(&api));
        let error = driver.create(&request(), &*api).await.unwrap_err();
        assert_eq!(error.kind, expected);
        assert!(error.message.contains("`m` exists already"), "{error}");
        api.assert_operations(&["CreateStateMachine", "ListTagsForResource"]);
    }
}

#[tokio::test]
async fn a_role_that_was_made_a_moment_ago_is_waited_for() {
    for message in [
        "Neither the global service principal states.amazonaws.com, nor the regional one is \
         authorized to assume the provided role.",
        "The state machine IAM Role is not authorized to access the Log Destination",
    ] {
        let kind = ErrorKind::AccessDenied { action: None };
        let refused = DriverError::new(kind, "states:CreateStateMachine", message);
        let api = JournaledApi::new([("CreateStateMachine", Err(refused))]);
        let driver = StateMachine::new(Arc::<JournaledApi>::clone(&api));
        let error = driver.create(&request(), &*api).await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
    }
}
