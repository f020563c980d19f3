//! Permissions go through the conformance suite; the one code of Lambda for several failures.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{CreateRequest, DirectDriver, DriverError, ErrorKind};
use rstack_model::{Identifier, Region, StackName};
use serde_json::json;

use super::permission::Permission;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::JournaledApi;
use crate::test::scripted_api::known;

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    for principal in ["sns.amazonaws.com", "111122223333", "*", "arn:aws:iam::1:role/r"] {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: "AWS::Lambda::Permission".into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(json!({
                "FunctionName": "arn:aws:lambda:eu-west-1:1:function:f:alias",
                "Action": "lambda:InvokeFunction", "Principal": principal,
                "SourceArn": "arn:aws:s3:::b", "SourceAccount": "111122223333",
                "PrincipalOrgID": "o-1234567890", "EventSourceToken": "token",
                "FunctionUrlAuthType": "AWS_IAM", "InvokedViaFunctionUrl": "true",
            })),
            change: None,
            unread: Vec::new(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: Identifier::new(["f".to_owned(), "nothing".to_owned()]),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{principal}: {broken:?}");
        }
        assert!(services.account().inventory().is_empty(), "{principal}");
    }
}

/// Lambda has one code for a statement that exists and a function that is being changed.
#[tokio::test]
async fn a_conflict_means_what_its_message_says() {
    let conflict = "ResourceConflictException";
    let invalid = "InvalidParameterValueException";
    let bad = "The provided principal was invalid. Please check the principal and try again.";
    for (code, message, principal, expected) in [
        (conflict, "The statement id (a) provided already exists.", "*", ErrorKind::AlreadyExists),
        (conflict, "an update is in progress", "*", ErrorKind::DependencyNotReady),
        (invalid, bad, "arn:aws:iam::1:role/new", ErrorKind::DependencyNotReady),
        (invalid, bad, "sns.amazonaws.co", ErrorKind::Invalid { property: None }),
    ] {
        let kind = if code == conflict {
            ErrorKind::Conflict
        } else {
            ErrorKind::Invalid { property: None }
        };
        let mut refused = DriverError::new(kind, "lambda:AddPermission", message);
        refused.code = Some(code.to_owned());
        let api = JournaledApi::new([("AddPermission", Err(refused))]);
        let request = CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: "It".into(),
            token: "5b0ee1c4-6d7a-4f5b".into(),
            properties: known(json!({
                "FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": principal,
            })),
            absence_proven: false,
            begun: None,
        };
        let driver = Permission::new(Arc::<JournaledApi>::clone(&api));
        let error = driver.create(&request, &*api).await.unwrap_err();
        assert_eq!(error.kind, expected, "{message}");
        api.assert_calls_start(&[
            r#"AddPermission {"Action":"lambda:InvokeFunction","FunctionName":"f""#,
        ]);
        assert!(format!("{:?}", api.input(0)).contains("Live-It-5B0EE1C46D7A"));
    }
}
