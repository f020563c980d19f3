//! Functions go through the conformance suite; what Lambda refuses, and what may not be.

use std::sync::Arc;

use rstack_catalog::Registry;
use rstack_driver::calls::Calls;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DirectDriver, DriverError, ErrorKind, Found, Progress, UpdateRequest,
};
use rstack_model::{KnownMap, PropertyPath, Region, StackName, UpdateKind};
use serde_json::{Value, json};

use super::Function;
use super::code::Code;
use crate::AwsCloud;
use crate::iam::Fields;
use crate::mapping::tests::generate::{Fullness, Generator};
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{JournaledApi, json as answer};
use crate::test::scripted_api::known;

const TYPE: &str = "AWS::Lambda::Function";

fn cloud(services: &FakeServices) -> AwsCloud {
    AwsCloud::over(services.config(), Region::new(REGION))
}

fn request(properties: KnownMap) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        properties,
        absence_proven: false,
        begun: None,
    }
}

fn plain() -> KnownMap {
    known(json!({
        "FunctionName": "f", "Role": "arn:aws:iam::111122223333:role/r", "Runtime": "python3.13",
        "Handler": "index.handler", "Code": {"ZipFile": "def handler(event, context): return 1\n"},
    }))
}

async fn passes(create: KnownMap, change: KnownMap) {
    let services = FakeServices::default();
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        create,
        change: Some(change),
        unread: vec!["Code".to_owned(), "SnapStart".to_owned()],
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "nothing".into(),
    };
    if let Err(broken) = check(&cloud(&services), &sample).await {
        panic!("{broken:?}: {:?} {:?}", sample.create, sample.change);
    }
    assert!(services.account().inventory().is_empty());
}

#[tokio::test]
async fn every_property_passes_the_conformance_suite() {
    let schema = Registry::embedded().get(TYPE).unwrap().unwrap();
    for seed in [1, 7, 0x9E37_79B9] {
        let tree = |seed| {
            let without = [
                "Arn",
                "SnapStartResponse",
                "FunctionScalingConfig",
                "PublishToLatestPublished",
                "Code",
            ];
            let fullness = Fullness::Everything;
            Generator { schema: &schema, fullness, seed, without: &without }.map(schema.root(), 0)
        };
        let (mut create, mut change) = (tree(seed), tree(seed + 2));
        create.insert("FunctionName".to_owned(), "f".into());
        create.insert("PackageType".to_owned(), "Zip".into());
        for (name, value) in &create {
            let path = PropertyPath::root().name(name);
            if schema.update_kind(&path) != UpdateKind::InPlace {
                change.insert(name.clone(), value.clone());
            }
        }
        for (tree, key) in [(&mut create, "one"), (&mut change, "two")] {
            let code = known(json!({"S3Bucket": "bucket", "S3Key": key}));
            tree.insert("Code".to_owned(), code.into());
        }
        passes(create, change).await;
    }
}

#[tokio::test]
async fn texts_and_images_pass_the_conformance_suite() {
    let mut changed = plain();
    changed.insert("Code".to_owned(), known(json!({"ZipFile": "handler = print\n"})).into());
    passes(plain(), changed).await;
    let image = |tag: &str| {
        known(json!({
            "FunctionName": "i", "Role": "arn:aws:iam::111122223333:role/r", "PackageType": "Image",
            "Code": {"ImageUri": format!("1.dkr.ecr.eu-west-1.amazonaws.com/r:{tag}")},
            "ImageConfig": {"Command": ["a", tag], "EntryPoint": ["x"], "WorkingDirectory": "/w"},
        }))
    };
    passes(image("1"), image("2")).await;
}

/// Code that is declared as before is not sent, also if an update before was cut off.
#[tokio::test]
async fn code_is_sent_if_the_function_does_not_have_it() {
    let services = FakeServices::default();
    let driver = cloud(&services).driver(&TYPE.into()).unwrap();
    let with_key = |key: &str| {
        let mut properties = plain();
        let code = known(json!({"S3Bucket": "bucket", "S3Key": key}));
        properties.insert("Code".to_owned(), code.into());
        properties
    };
    driver.create(&request(with_key("one"))).await.unwrap();
    let update = async |properties: KnownMap, prior: KnownMap| {
        services.begin(None);
        let update = UpdateRequest { identifier: "f".into(), token: "T".into(), prior, properties };
        let mut attempts = 0;
        while let Err(error) = driver.update(&update).await {
            assert!(error.is_retryable(), "{error}");
            attempts += 1;
            assert!(attempts < 5, "{error}");
        }
        let made = services.made();
        made.iter().filter(|made| made.action == "lambda:UpdateFunctionCode").count()
    };
    let timeout = |key: &str, seconds: i64| {
        let mut properties = with_key(key);
        properties.insert("Timeout".to_owned(), seconds.into());
        properties
    };
    assert_eq!(update(timeout("one", 9), with_key("one")).await, 0);
    assert_eq!(update(timeout("two", 8), timeout("one", 9)).await, 1);
    // The state does not know the update before: it is taken back.
    assert_eq!(update(timeout("one", 9), timeout("one", 9)).await, 1);
    assert_eq!(services.account().lambda_functions["f"]["code"]["S3Key"], "one");
    // A text, and the archive again.
    assert_eq!(update(plain(), timeout("one", 9)).await, 1);
    assert_eq!(update(with_key("one"), with_key("one")).await, 1);
}

#[tokio::test]
async fn a_function_of_another_owner_is_left_alone() {
    let services = FakeServices::default();
    let driver = cloud(&services).driver(&TYPE.into()).unwrap();
    driver.create(&request(plain())).await.unwrap();
    let other = CreateRequest { token: "other".into(), ..request(plain()) };
    let error = driver.create(&other).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("was not made by this run"), "{error}");
    assert!(matches!(driver.find(&other).await.unwrap(), Found::Ambiguous { .. }));
    assert!(matches!(driver.find(&request(plain())).await.unwrap(), Found::Ours(_)));
}

fn refusal(code: &str, message: &str) -> DriverError {
    let refusal = crate::service_error::Refusal {
        status: 400,
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
        request_id: None,
    };
    refusal.error("lambda:CreateFunction")
}

#[tokio::test]
async fn what_was_just_granted_is_waited_for() {
    let invalid = "InvalidParameterValueException";
    for (code, message, waits) in [
        (invalid, "The role defined for the function cannot be assumed by Lambda.", true),
        (
            invalid,
            "The provided execution role does not have permissions to call CreateNetworkInterface \
             on EC2",
            true,
        ),
        (
            invalid,
            "Lambda was unable to configure access to your environment variables because the KMS \
             key is invalid for CreateGrant. Please check your KMS key settings.",
            true,
        ),
        (invalid, "Error occurred while GetObject. S3 Error Code: NoSuchKey.", false),
    ] {
        let api = JournaledApi::new([("CreateFunction", Err(refusal(code, message)))]);
        let driver = Function::new(Arc::<JournaledApi>::clone(&api));
        let error = driver.create(&request(plain()), &*api).await.unwrap_err();
        assert_eq!(error.is_retryable(), waits, "{message}: {error:?}");
    }
}

#[tokio::test]
async fn a_function_is_ready_when_lambda_says_so() {
    let of = async |configuration: Value| {
        let text = configuration.to_string();
        let api = JournaledApi::new([("GetFunctionConfiguration", answer(&text))]);
        Function::new(Arc::<JournaledApi>::clone(&api)).stabilized(&"f".into()).await
    };
    let state = |state: &str, update: &str| {
        json!({"FunctionName": "f", "State": state, "LastUpdateStatus": update,
               "StateReason": "no subnet", "LastUpdateStatusReason": "no image"})
    };
    assert_eq!(of(state("Active", "Successful")).await.unwrap(), Progress::Done);
    assert_eq!(of(state("Inactive", "Successful")).await.unwrap(), Progress::Done);
    for waiting in [state("Pending", "Successful"), state("Active", "InProgress")] {
        assert!(matches!(of(waiting).await.unwrap(), Progress::Pending { .. }));
    }
    let error = of(state("Failed", "Successful")).await.unwrap_err();
    assert!(error.message.contains("no subnet"), "{error}");
    let error = of(state("Active", "Failed")).await.unwrap_err();
    assert!(error.message.contains("no image"), "{error}");
}

#[tokio::test]
async fn there_is_room_for_the_own_tags_or_an_error() {
    for (count, fits) in [(48, true), (49, false)] {
        let services = FakeServices::default();
        let driver = cloud(&services).driver(&TYPE.into()).unwrap();
        let tag = |number| json!({"Key": format!("k{number}"), "Value": "v"});
        let mut properties = plain();
        let tags: Vec<Value> = (0..count).map(tag).collect();
        properties.extend(known(json!({"Tags": tags})));
        let made = driver.create(&request(properties)).await;
        assert_eq!(made.is_ok(), fits, "{count}: {made:?}");
    }
}

/// Lambda keeps what was there before an update that it abandons, and the tag names what was sent. While
/// an update goes on Lambda takes neither tags nor code.
#[tokio::test]
async fn code_whose_update_was_abandoned_is_sent_again() {
    let properties = plain();
    let mark = Code::parse(Fields::new(&properties, "lambda:GetFunction")).unwrap().mark;
    let described = |timeout: i64, update: &str, mark: &str| {
        let described = json!({
            "Configuration": {
                "FunctionName": "f", "FunctionArn": "arn:aws:lambda:r:1:function:f",
                "Role": "arn:aws:iam::111122223333:role/r", "Runtime": "python3.13",
                "Handler": "index.handler", "State": "Active", "Timeout": timeout,
                "CodeSha256": "sha", "LastUpdateStatus": update,
                "LastUpdateStatusReason": "no layer",
            },
            "Tags": {"rstack:code": mark},
        });
        answer(&described.to_string())
    };
    let updating =
        json!({"FunctionName": "f", "State": "Active", "LastUpdateStatus": "InProgress"});
    let update = |timeout: i64| {
        let mut properties = plain();
        properties.insert("Timeout".to_owned(), timeout.into());
        let prior = properties.clone();
        UpdateRequest { identifier: "f".into(), token: "T".into(), prior, properties }
    };
    let api = JournaledApi::new([
        ("GetFunction", described(9, "Failed", &mark)),
        ("TagResource", answer("{}")),
        ("UpdateFunctionCode", answer(&updating.to_string())),
        ("GetFunction", described(9, "InProgress", &mark)),
    ]);
    Function::new(Arc::<JournaledApi>::clone(&api)).update(&update(9)).await.unwrap();
    api.assert_finished();
    let api = JournaledApi::new([
        ("GetFunction", described(3, "Failed", &mark)),
        ("TagResource", answer("{}")),
        ("UpdateFunctionConfiguration", answer(&updating.to_string())),
    ]);
    let driver = Function::new(Arc::<JournaledApi>::clone(&api));
    let error = driver.update(&update(9)).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(error.message.contains("abandoned: no layer"), "{error}");
    assert!(format!("{:?}", api.input(1)).contains("unknown"), "the code is sent at last");
    api.assert_finished();
}

/// The function could not be made: Lambda changes no such one.
#[tokio::test]
async fn a_function_that_failed_is_not_changed() {
    let described = json!({"Configuration": {
        "FunctionName": "f", "State": "Failed", "StateReason": "the subnet is full",
    }});
    let api = JournaledApi::new([("GetFunction", answer(&described.to_string()))]);
    let driver = Function::new(Arc::<JournaledApi>::clone(&api));
    let prior = KnownMap::new();
    let update =
        UpdateRequest { identifier: "f".into(), token: "T".into(), prior, properties: plain() };
    let error = driver.update(&update).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid { property: None });
    assert!(error.message.contains("the subnet is full"), "{error}");
}

/// A function whose tags cannot be read is neither taken nor taken for another's.
#[tokio::test]
async fn tags_that_cannot_be_read_are_an_error() {
    let denied = json!({"ErrorCode": "AccessDeniedException", "Message": "no"});
    let described = json!({"Configuration": {"FunctionName": "f"}, "TagsError": denied});
    let api = JournaledApi::new([("GetFunction", answer(&described.to_string()))]);
    let driver = Function::new(Arc::<JournaledApi>::clone(&api));
    let error = driver.find(&request(plain())).await.unwrap_err();
    let action = Some("lambda:ListTags".to_owned());
    assert_eq!(error.kind, ErrorKind::AccessDenied { action });
}

/// A name may be given as an ARN.
#[tokio::test]
async fn a_function_is_known_by_its_name() {
    let services = FakeServices::default();
    let driver = cloud(&services).driver(&TYPE.into()).unwrap();
    let mut properties = plain();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    properties.insert("FunctionName".to_owned(), arn.into());
    let made = driver.create(&request(properties.clone())).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "f");
    let Found::Ours(found) = driver.find(&request(properties)).await.unwrap() else { panic!() };
    assert_eq!(
        (found.identifier, found.properties["FunctionName"].clone()),
        ("f".into(), arn.into())
    );
}
