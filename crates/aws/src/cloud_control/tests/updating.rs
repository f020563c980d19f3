//! Updates: the smallest patch, and what every patch has to repeat.

use rstack_driver::{ErrorKind, NoEffects, Object, Request, ResourceDriver};
use serde_json::{Value, json};

use super::creating::{CODES, PASSING};
use super::support::{End, SECRETIVE, Service, UNNAMED, change, create, creation, update};

/// The patch of an update from one set of declared properties to another, as it was sent.
async fn patch(type_name: &'static str, before: Value, after: Value) -> (Value, Value) {
    let service = Service::new();
    let driver = service.driver(type_name);
    let made = create(&driver, &creation(before.clone())).await.object();
    let object = change(&driver, &update(&made.identifier, before, after)).await.object();
    assert_eq!(object.identifier, made.identifier);
    let sent = match service.count("UpdateResource") {
        0 => Value::Null,
        _ => {
            let text = service.last("UpdateResource")["PatchDocument"].as_str().unwrap().to_owned();
            serde_json::from_str(&text).unwrap()
        }
    };
    (sent, service.model(type_name, &made.identifier.to_string()))
}

#[tokio::test]
async fn a_patch_has_what_changes_and_nothing_else() {
    let same = json!({"DelaySeconds": "5", "VisibilityTimeout": 30});
    let (sent, _) = patch("AWS::SQS::Queue", same.clone(), same).await;
    assert_eq!(sent, Value::Null);
    let (sent, model) = patch(
        "AWS::SQS::Queue",
        json!({"DelaySeconds": 5, "MaximumMessageSize": 2048, "Tags": [{"Key": "a", "Value": "1"}]}),
        json!({"DelaySeconds": "6", "VisibilityTimeout": 30, "Tags": [{"Key": "a", "Value": "1"}]}),
    )
    .await;
    let expected = json!([
        {"op": "replace", "path": "/DelaySeconds", "value": 6},
        {"op": "add", "path": "/VisibilityTimeout", "value": 30},
        {"op": "remove", "path": "/MaximumMessageSize"},
    ]);
    assert_eq!(sent, expected);
    assert_eq!(model["DelaySeconds"], 6);
    assert!(model.get("MaximumMessageSize").is_none());
}

#[tokio::test]
async fn a_patch_descends_into_maps_and_replaces_lists() {
    let bucket = |days: u64, extra: Value| {
        json!({
            "BucketName": "bucket",
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {"Rules": [
                {"Id": "a/b", "Status": "Enabled", "ExpirationInDays": days},
            ]},
            "PublicAccessBlockConfiguration": extra,
        })
    };
    let (sent, _) = patch(
        "AWS::S3::Bucket",
        bucket(1, json!({"BlockPublicAcls": true, "IgnorePublicAcls": true})),
        bucket(2, json!({"BlockPublicAcls": false})),
    )
    .await;
    let expected = json!([
        {"op": "replace", "path": "/LifecycleConfiguration/Rules", "value": [
            {"ExpirationInDays": 2, "Id": "a/b", "Status": "Enabled"},
        ]},
        {"op": "replace", "path": "/PublicAccessBlockConfiguration/BlockPublicAcls", "value": false},
        {"op": "remove", "path": "/PublicAccessBlockConfiguration/IgnorePublicAcls"},
    ]);
    assert_eq!(sent, expected);
}

fn database(storage: u64, password: &str) -> Value {
    json!({
        "DBInstanceIdentifier": "db", "DBInstanceClass": "db.t3.micro", "Engine": "mysql",
        "AllocatedStorage": storage.to_string(), "MasterUsername": "admin",
        "MasterUserPassword": password,
    })
}

#[tokio::test]
async fn write_only_properties_are_sent_again_with_every_patch() {
    let (sent, model) = patch(SECRETIVE, database(20, "one"), database(30, "one")).await;
    let expected = json!([
        {"op": "replace", "path": "/AllocatedStorage", "value": "30"},
        {"op": "add", "path": "/MasterUserPassword", "value": "one"},
    ]);
    assert_eq!(sent, expected);
    // The fake works on what is read: without the second operation it would have none.
    assert_eq!(model["MasterUserPassword"], "one");
    let (sent, model) = patch(SECRETIVE, database(20, "one"), database(20, "two")).await;
    assert_eq!(sent, json!([{"op": "add", "path": "/MasterUserPassword", "value": "two"}]));
    assert_eq!(model["MasterUserPassword"], "two");
}

#[tokio::test]
async fn what_a_template_never_declared_stays() {
    let service = Service::new();
    let driver = service.driver(UNNAMED);
    let made = create(&driver, &creation(json!({"DisplayName": "a"}))).await.object();
    let key = (UNNAMED, made.identifier.to_string());
    let by_hand = json!("1");
    service.change(&key, |model| {
        model.insert("SignatureVersion".to_owned(), by_hand);
    });
    let request =
        update(&made.identifier, json!({"DisplayName": "a"}), json!({"DisplayName": "b"}));
    change(&driver, &request).await.object();
    assert_eq!(service.model(UNNAMED, &key.1)["SignatureVersion"], "1");
}

async fn topic(service: &std::sync::Arc<Service>) -> (crate::cloud_control::CloudControl, Object) {
    let driver = service.driver(UNNAMED);
    let made = create(&driver, &creation(json!({"DisplayName": "a"}))).await.object();
    (driver, made)
}

#[tokio::test]
async fn every_failure_code_ends_an_update() {
    for code in CODES {
        let service = Service::new();
        let (driver, made) = topic(&service).await;
        service.fail("UPDATE", code, false);
        let request = update(&made.identifier, json!({}), json!({"DisplayName": "b"}));
        let (error, anew) = match change(&driver, &request).await {
            End::Failed(error, None) => (error, false),
            End::FailedForNow(error) => (error, true),
            end => panic!("{code}: {end:?}"),
        };
        assert!(error.has_code(code), "{code}");
        assert_eq!(anew, PASSING.contains(&code), "{code}");
    }
}

/// An update that goes on refuses another one; when it is complete, nothing is left to change.
#[tokio::test]
async fn an_update_whose_answer_was_lost_may_be_begun_again() {
    let service = Service::new();
    let (driver, made) = topic(&service).await;
    let request = update(&made.identifier, json!({}), json!({"DisplayName": "b"}));
    service.lose("UpdateResource");
    let begin = |request: &rstack_driver::UpdateRequest| Request::Update(request.clone());
    let error = driver.begin(&begin(&request), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnknownOutcome);
    let other = update(&made.identifier, json!({}), json!({"DisplayName": "c"}));
    let error = driver.begin(&begin(&other), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady, "{error}");
    service.pass(0);
    let object = change(&driver, &request).await.object();
    assert_eq!(object.properties["DisplayName"].as_str(), Some("b"));
    assert_eq!(service.count("UpdateResource"), 2);
    // The same operation with another patch is not refused for its token.
    let object = change(&driver, &other).await.object();
    assert_eq!(object.properties["DisplayName"].as_str(), Some("c"));
}

#[tokio::test]
async fn an_object_that_is_gone_is_not_found() {
    let service = Service::new();
    let driver = service.driver(UNNAMED);
    let request = update(&"arn:none".into(), json!({}), json!({"DisplayName": "b"}));
    let error = driver.begin(&Request::Update(request), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}
