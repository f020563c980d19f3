//! Permissions go through the conformance suite; the one code of Lambda for several failures.

use std::sync::Arc;

use rstack_catalog::Registry;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DeleteRequest, DirectDriver, DriverError, ErrorKind, Found, Removal,
};
use rstack_model::{Cursor, Identifier, KnownMap, PropertyPath, Region, StackName, UpdateKind};
use serde_json::json;

use super::layer_version::LayerVersion;
use super::permission::Permission;
use super::version::Version;
use crate::AwsCloud;
use crate::mapping::tests::generate::{Fullness, Generator};
use crate::test::fake::{Account, FakeServices, REGION};
use crate::test::journaled_api::{JournaledApi, json as answer};
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

#[tokio::test]
async fn versions_and_aliases_pass_the_conformance_suite() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let concurrency = |count: i64| json!({"ProvisionedConcurrentExecutions": count});
    let version = |least: i64| {
        json!({
            "FunctionName": function, "Description": "text", "CodeSha256": "hash",
            "RuntimePolicy": {"UpdateRuntimeOn": "Auto"}, "ProvisionedConcurrencyConfig": concurrency(1),
            "FunctionScalingConfig": {"MinExecutionEnvironments": least},
        })
    };
    let alias = |version: &str, weight: f64| {
        json!({
            "FunctionName": "f", "Name": "live", "FunctionVersion": version, "Description": version,
            "RoutingConfig": {"AdditionalVersionWeights": [
                {"FunctionVersion": "7", "FunctionWeight": weight},
            ]},
            "ProvisionedConcurrencyConfig": concurrency(5),
        })
    };
    for (name, create, change, missing) in [
        ("Version", version(1), version(2), "9"),
        ("Alias", alias("1", 0.25), alias("2", 0.5), "nothing"),
    ] {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: format!("AWS::Lambda::{name}").as_str().into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(create),
            change: Some(known(change)),
            unread: Vec::new(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: format!("{function}:{missing}").as_str().into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
        assert!(services.account().inventory().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn every_property_of_an_event_source_passes_the_conformance_suite() {
    let schema = Registry::embedded().get("AWS::Lambda::EventSourceMapping").unwrap().unwrap();
    for seed in [1, 7, 0x9E37_79B9] {
        let tree = |seed| {
            let without = ["EventSourceMappingArn", "Id", "StartingPositionTimestamp"];
            let fullness = Fullness::Everything;
            Generator { schema: &schema, fullness, seed, without: &without }.map(schema.root(), 0)
        };
        let (mut create, mut change) = (tree(seed), tree(seed + 2));
        create.insert("EventSourceArn".to_owned(), "arn:aws:sqs:r:1:q".into());
        for (name, value) in &create {
            let path = PropertyPath::root().name(name);
            let fixed = schema.update_kind(&path) != UpdateKind::InPlace;
            if fixed || ["Queues", "Topics"].contains(&name.as_str()) {
                change.insert(name.clone(), value.clone());
            }
        }
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: "AWS::Lambda::EventSourceMapping".into(),
            stack: StackName::parse("Live").unwrap(),
            create,
            change: Some(change),
            unread: vec!["Enabled".to_owned()],
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: "00000000-0000-4000-8000-000000000000".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{broken:?}: {:?} {:?}", sample.create, sample.change);
        }
        assert!(services.account().inventory().is_empty());
    }
}

/// The call that deletes a version deletes the whole function if it names no version.
#[tokio::test]
async fn nothing_but_a_version_is_deleted() {
    for identifier in ["arn:aws:lambda:eu-west-1:1:function:f", "f", "f:alias", "f:"] {
        let api = JournaledApi::new([]);
        let request = DeleteRequest {
            identifier: identifier.into(),
            token: "T".into(),
            prior: KnownMap::new(),
            removal: Removal::Recoverable,
        };
        let error =
            Version::new(Arc::<JournaledApi>::clone(&api)).delete(&request).await.unwrap_err();
        assert!(error.message.contains("names no version"), "{error}");
        api.assert_finished();
    }
}

/// A version that exists with the same code is answered with, and is not taken over.
#[tokio::test]
async fn a_version_of_another_owner_is_left_alone() {
    let mut account = Account::default();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f:1";
    let version = json!({"FunctionArn": arn, "Version": "1", "Description": "theirs"});
    account.versions.insert(arn.to_owned(), version);
    let services = FakeServices::with(account);
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let driver = cloud.driver(&"AWS::Lambda::Version".into()).unwrap();
    let request = CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: known(json!({"FunctionName": "f"})),
        absence_proven: false,
        begun: None,
    };
    let create = rstack_driver::Request::Create(request);
    let error = driver.begin(&create, &rstack_driver::NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("version 1 of the function `f`"), "{error}");
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

const LAYER: &str = "arn:aws:lambda:eu-west-1:111122223333:layer:l";

fn layer() -> KnownMap {
    known(json!({
        "LayerName": "l", "Description": "text", "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.13", "python3.12"], "CompatibleArchitectures": ["arm64"],
        "Content": {"S3Bucket": "bucket", "S3Key": "key", "S3ObjectStorageMode": "COPY"},
    }))
}

#[tokio::test]
async fn versions_of_layers_pass_the_conformance_suite() {
    let mut by_arn = layer();
    by_arn.insert("LayerName".to_owned(), LAYER.into());
    let small = known(json!({"LayerName": "l", "Content": {"S3Bucket": "b", "S3Key": "k"}}));
    for create in [layer(), by_arn, small] {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: "AWS::Lambda::LayerVersion".into(),
            stack: StackName::parse("Live").unwrap(),
            create,
            change: None,
            unread: vec!["Content".to_owned()],
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: format!("{LAYER}:9").as_str().into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{broken:?}: {:?}", sample.create);
        }
        assert!(services.account().inventory().is_empty());
    }
}

/// Others publish versions of the same layer meanwhile.
#[tokio::test]
async fn a_version_of_a_layer_is_known_by_its_number_and_by_what_it_says() {
    let version = |number: u64, description: &str| {
        json!({
            "LayerVersionArn": format!("{LAYER}:{number}"), "Version": number, "LicenseInfo": "MIT",
            "Description": description, "CompatibleRuntimes": ["python3.12", "python3.13"],
            "CompatibleArchitectures": ["arm64"],
        })
    };
    let found = async |versions: &[serde_json::Value], begun: Option<&str>| {
        let page = json!({"LayerVersions": versions}).to_string();
        let api = JournaledApi::new([("ListLayerVersions", answer(&page))]);
        let request = CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: "It".into(),
            token: "T".into(),
            properties: layer(),
            absence_proven: false,
            begun: begun.map(Cursor::from),
        };
        LayerVersion::new(Arc::<JournaledApi>::clone(&api)).find(&request).await.unwrap()
    };
    let versions = [version(4, "text"), version(3, "theirs"), version(2, "text")];
    let Found::Ours(object) = found(&versions, Some("publish after 2")).await else { panic!() };
    assert_eq!(object.physical_id.as_str(), format!("{LAYER}:4"));
    assert_eq!(found(&versions, Some("publish after 4")).await, Found::Absent);
    assert_eq!(found(&versions, None).await, Found::Absent, "the call was never made");
    let several = found(&versions, Some("publish after 1")).await;
    assert!(matches!(several, Found::Ambiguous { .. }), "{several:?}");
}

/// A name without a number names every version.
#[tokio::test]
async fn no_layer_is_deleted_as_a_whole() {
    for identifier in [LAYER, "l", "l:", "l:latest"] {
        let api = JournaledApi::new([]);
        let request = DeleteRequest {
            identifier: identifier.into(),
            token: "T".into(),
            prior: KnownMap::new(),
            removal: Removal::Recoverable,
        };
        let driver = LayerVersion::new(Arc::<JournaledApi>::clone(&api));
        let error = driver.delete(&request).await.unwrap_err();
        assert!(error.message.contains("names no version"), "{error}");
        api.assert_finished();
    }
}
