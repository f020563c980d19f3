//! Tables go through the conformance suite; a change waits until the one before is done; and a setting
//! that fails in the service is reported.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, ErrorKind, Finish, Found, NoEffects, OperationKind,
    Poll, Removal, Request, ResourceDriver, Step, UpdateRequest,
};
use rstack_model::{Cursor, KnownMap, Region, StackName};
use serde_json::{Value, json};

use super::table::Table;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json as answer};
use crate::test::scripted_api::known;

const ARN: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/t";

/// The properties of a table with a key.
fn table(more: Value) -> Value {
    let mut table = json!({
        "TableName": "t", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    });
    table.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    table
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let index = |name: &str, read: u8| {
        json!({
            "IndexName": name, "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": 1},
            "ContributorInsightsSpecification": {"Enabled": read > 1, "Mode": "THROTTLED_KEYS"},
        })
    };
    let whole = |round: &str, read: u8, kind: &str, on: bool| {
        let definition = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
        let policy = json!({"PolicyDocument": {"Statement": [{"Sid": round, "Principal": "*"}]}});
        let tags = json!([{"Key": round, "Value": "v"}]);
        table(json!({
            "AttributeDefinitions": [definition("id"), definition("kept"), definition(round)],
            "GlobalSecondaryIndexes": [index(round, 1), index("kept", read)],
            "LocalSecondaryIndexes": [],
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": "1"},
            "WarmThroughput": {"ReadUnitsPerSecond": 13_000 + i32::from(read)},
            "StreamSpecification": {
                "StreamViewType": kind, "ResourcePolicy": policy, "Tags": tags,
            },
            "SSESpecification": {"SSEEnabled": on, "SSEType": "KMS", "KMSMasterKeyId": round},
            "PointInTimeRecoverySpecification": {
                "PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": read,
            },
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": on},
            "TableClass": if on { "STANDARD" } else { "STANDARD_INFREQUENT_ACCESS" },
            "DeletionProtectionEnabled": false,
            "ContributorInsightsSpecification": {"Enabled": on},
            "KinesisStreamSpecification": {
                "StreamArn": format!("arn:{round}"),
                "ApproximateCreationDateTimePrecision": "MICROSECOND",
            },
            "ResourcePolicy": policy, "Tags": tags,
        }))
    };
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: "AWS::DynamoDB::Table".into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(whole("one", 5, "KEYS_ONLY", true)),
        change: Some(known(whole("two", 6, "NEW_IMAGE", false))),
        unread: Vec::new(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "nothing".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    assert!(services.account().inventory().is_empty());
}

fn create(properties: Value) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: known(properties),
        absence_proven: false,
        begun: None,
    }
}

fn update(prior: Value, properties: Value) -> Request {
    let (prior, properties) = (known(prior), known(properties));
    Request::Update(UpdateRequest { identifier: "t".into(), token: "T".into(), prior, properties })
}

fn described(status: &str, more: Value) -> Answer {
    let mut table = table(json!({"TableStatus": status, "TableArn": ARN}));
    table.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Ok(known(json!({"Table": table})))
}

fn refused(code: &str, message: &str) -> Answer {
    let error = DriverError::new(ErrorKind::DependencyNotReady, "dynamodb:X", message);
    Err(DriverError { code: Some(code.to_owned()), ..error })
}

async fn polled(driver: &Table) -> Result<Step, DriverError> {
    let poll = Poll {
        kind: OperationKind::Update,
        cursor: Cursor::from("change"),
        identifier: Some("t".into()),
        token: "T".into(),
        declared: KnownMap::new(),
    };
    driver.poll(&poll).await
}

#[tokio::test]
async fn an_operation_goes_on_when_the_table_is_at_rest() {
    let class = json!({"TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"}});
    let api = JournaledApi::new([
        ("DescribeTable", described("UPDATING", json!({}))),
        ("DescribeTable", described("ACTIVE", json!({}))),
        ("UpdateTable", done()),
        ("DescribeTable", described("UPDATING", class.clone())),
        ("DescribeTable", described("ACTIVE", class.clone())),
        // Another program changes it at that moment.
        ("UpdateTable", refused("ResourceInUseException", "busy")),
        (
            "DescribeTable",
            described("ACTIVE", {
                let mut protected = class.clone();
                protected["DeletionProtectionEnabled"] = true.into();
                protected
            }),
        ),
    ]);
    let driver = Table::new(Arc::<JournaledApi>::clone(&api));
    let wanted = table(json!({
        "TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": "true",
    }));
    let begun = driver.begin(&update(table(json!({})), wanted), &NoEffects).await.unwrap();
    let Step::Pending(pending) = begun else { panic!("{begun:?}") };
    assert!(pending.repeatable && pending.object.is_none(), "{pending:?}");
    assert_eq!(pending.waits_for, "table `t`, which is UPDATING");
    for _ in 0..3 {
        assert!(matches!(polled(&driver).await.unwrap(), Step::Pending(_)));
    }
    let Step::Done(Finish::Object(object)) = polled(&driver).await.unwrap() else { panic!() };
    assert_eq!(object.attributes, known(json!({"Arn": ARN})));
    assert_eq!(
        api.input(2),
        known(json!({"TableName": "t", "TableClass": "STANDARD_INFREQUENT_ACCESS"}))
    );
    assert_eq!(api.input(5), known(json!({"TableName": "t", "DeletionProtectionEnabled": true})));
    api.assert_finished();
    // Another process does not know what this one has begun.
    driver.recorded(&"T".into()).await.unwrap();
    assert_eq!(polled(&driver).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn another_attribute_of_expiry_is_refused() {
    let life = |name: &str| json!({"AttributeName": name, "Enabled": true});
    let held = json!({"TimeToLiveStatus": "ENABLED", "AttributeName": "old"});
    let script =
        || ("DescribeTimeToLive", answer(&json!({"TimeToLiveDescription": held}).to_string()));
    let api =
        JournaledApi::new([("DescribeTable", described("ACTIVE", json!({}))), script(), script()]);
    let driver = Table::new(Arc::<JournaledApi>::clone(&api));
    let wanted = table(json!({"TimeToLiveSpecification": life("new")}));
    let error = driver.begin(&update(table(json!({})), wanted), &NoEffects).await.unwrap_err();
    assert!(error.message.contains("another attribute"), "{error}");
    api.assert_finished();
}

#[tokio::test]
async fn insights_that_fail_after_they_were_asked_for_are_reported() {
    let failed = json!({
        "ContributorInsightsStatus": "FAILED",
        "FailureException": {"ExceptionDescription": "no rules are left"},
    });
    let asked = || ("DescribeContributorInsights", answer(&failed.to_string()));
    let api = JournaledApi::new([
        ("DescribeTable", described("ACTIVE", json!({}))),
        asked(),
        ("UpdateContributorInsights", done()),
        ("DescribeTable", described("ACTIVE", json!({}))),
        asked(),
        asked(),
    ]);
    let driver = Table::new(Arc::<JournaledApi>::clone(&api));
    let wanted = table(json!({"ContributorInsightsSpecification": {"Enabled": true}}));
    let begun = driver.begin(&update(table(json!({})), wanted), &NoEffects).await.unwrap();
    assert!(matches!(begun, Step::Pending(_)));
    let error = polled(&driver).await.unwrap_err();
    assert!(error.message.ends_with("of table `t` failed: no rules are left"), "{error}");
    api.assert_finished();
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_from_one_that_is_about_to_be_free() {
    for (status, kind) in
        [("ACTIVE", ErrorKind::AlreadyExists), ("DELETING", ErrorKind::DependencyNotReady)]
    {
        let api = JournaledApi::new([
            ("CreateTable", refused("ResourceInUseException", "Table already exists: t")),
            ("DescribeTable", described(status, json!({}))),
        ]);
        let driver = Table::new(Arc::<JournaledApi>::clone(&api));
        let request = Request::Create(create(table(json!({}))));
        let error = driver.begin(&request, &NoEffects).await.unwrap_err();
        assert_eq!(error.kind, kind, "{status}");
        api.assert_finished();
    }
}

#[tokio::test]
async fn a_table_is_ours_by_its_tag_alone() {
    let tags = |tags: Value| ("ListTagsOfResource", answer(&json!({"Tags": tags}).to_string()));
    let ours = json!([{"Key": "rstack:operation", "Value": "T"}]);
    let found = async |script: Vec<(&'static str, Answer)>| {
        let api = JournaledApi::of(script);
        let driver = Table::new(Arc::<JournaledApi>::clone(&api));
        let found = driver.find(&create(table(json!({})))).await;
        api.assert_finished();
        found
    };
    let there = |status| ("DescribeTable", described(status, json!({})));
    assert!(matches!(found(vec![there("ACTIVE"), tags(ours)]).await.unwrap(), Found::Ours(_)));
    let theirs = found(vec![there("ACTIVE"), tags(json!([]))]).await.unwrap();
    assert!(matches!(theirs, Found::Ambiguous { .. }));
    // Tags of a new table may not be visible yet.
    let new = found(vec![there("CREATING"), tags(json!([]))]).await.unwrap_err();
    assert!(new.is_retryable());
    assert_eq!(found(vec![("DescribeTable", gone())]).await.unwrap(), Found::Absent);
    assert_eq!(found(vec![there("DELETING")]).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn a_table_that_is_busy_is_deleted_later() {
    let api = JournaledApi::new([
        ("DescribeTable", described("UPDATING", json!({}))),
        ("DescribeTable", described("ACTIVE", json!({}))),
        ("DeleteTable", refused("ResourceInUseException", "an index is made")),
        ("DescribeTable", described("ACTIVE", json!({}))),
        ("DeleteTable", done()),
        ("DescribeTable", described("DELETING", json!({}))),
        ("DescribeTable", gone()),
        ("DescribeTable", described("ACTIVE", json!({}))),
        ("DeleteTable", failure(ErrorKind::Invalid { property: None }, "ValidationException")),
    ]);
    let driver = Table::new(Arc::<JournaledApi>::clone(&api));
    let delete = || {
        Request::Delete(DeleteRequest {
            removal: Removal::Recoverable,
            identifier: "t".into(),
            token: "U".into(),
            prior: KnownMap::new(),
        })
    };
    for _ in 0..4 {
        let step = driver.begin(&delete(), &NoEffects).await.unwrap();
        assert!(matches!(step, Step::Pending(_)), "{step:?}");
    }
    assert_eq!(driver.begin(&delete(), &NoEffects).await.unwrap(), Step::Done(Finish::Gone));
    // It is protected.
    assert!(driver.begin(&delete(), &NoEffects).await.is_err());
    api.assert_finished();
}

#[tokio::test]
async fn a_principal_that_was_made_a_moment_ago_is_waited_for() {
    let document = json!({"Statement": [{"Principal": {"AWS": "arn:aws:iam::1:role/r"}}]});
    let kind = ErrorKind::Invalid { property: None };
    let message = "Invalid policy document: Invalid principal in policy";
    let refused = DriverError::new(kind, "dynamodb:CreateTable", message);
    let api = JournaledApi::new([("CreateTable", Err(refused))]);
    let driver = Table::new(Arc::<JournaledApi>::clone(&api));
    let wanted = table(json!({"ResourcePolicy": {"PolicyDocument": document}}));
    let error = driver.begin(&Request::Create(create(wanted)), &NoEffects).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}
