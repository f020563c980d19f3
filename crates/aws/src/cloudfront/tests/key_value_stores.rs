//! Key value stores: ready after a while, filled only when they are made, tagged apart.

use rstack_driver::{ErrorKind, Found, NoEffects, Progress};
use rstack_model::{KnownMap, KnownValue, PropertyPath, SecretString};
use serde_json::{Value, json};

use super::support::{create, driver, no_tags, proven, update};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::KeyValueStore";
const ARN: &str = "arn:aws:cloudfront::111122223333:key-value-store/0b1c";
const GET: &str = "DescribeKeyValueStore";

fn store(comment: &str, status: &str) -> Value {
    let store = json!({
        "Name": "data", "Id": "0b1c", "Comment": comment, "ARN": ARN, "Status": status,
        "LastModifiedTime": "2026-01-01T00:00:00Z",
    });
    json!({"KeyValueStore": store, "ETag": "V1"})
}

fn declared(more: Value) -> KnownMap {
    let mut properties = known(json!({"Name": "data"}));
    properties.extend(known(more));
    properties
}

#[tokio::test]
async fn a_store_is_made_with_its_data_and_waited_for() {
    let import = json!({"SourceType": "S3", "SourceArn": "arn:aws:s3:::b/k"});
    let properties = declared(json!({
        "Comment": "c", "ImportSource": import, "Tags": [{"Key": "a", "Value": "b"}],
    }));
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .fail(GET, ErrorKind::NotFound, "EntityNotFound")
            .answer("CreateKeyValueStore", store("c", "PROVISIONING"))
            .answer(GET, store("c", "PROVISIONING"))
            .answer(GET, store("c", "READY"))
            .answer(GET, store("c", "BROKEN")),
    );
    let made = driver.create(&create(properties.clone()), &NoEffects).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "data");
    let mut shown = properties;
    shown.remove("ImportSource");
    assert_eq!(made.properties, shown);
    assert_eq!(made.attributes, known(json!({"Arn": ARN, "Id": "0b1c", "Status": "PROVISIONING"})));
    assert_eq!(
        service.input(1),
        known(json!({
            "Name": "data", "Comment": "c",
            "ImportSource": {"SourceType": "S3", "SourceARN": "arn:aws:s3:::b/k"},
            "Tags": {"Items": [{"Key": "a", "Value": "b"}]},
        }))
    );
    let pending = driver.stabilized(&"data".into()).await.unwrap();
    assert!(matches!(pending, Progress::Pending { .. }));
    assert_eq!(driver.stabilized(&"data".into()).await.unwrap(), Progress::Done);
    let error = driver.stabilized(&"data".into()).await.unwrap_err();
    assert_eq!(error.message, "key value store `data` is BROKEN");
    service.assert_finished();
}

/// A key may come from a parameter that is not shown.
#[tokio::test]
async fn a_tag_with_a_secret_key_is_sent() {
    let key = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    let tag = KnownMap::from([("Key".to_owned(), key), ("Value".to_owned(), "b".into())]);
    let mut properties = declared(json!({}));
    properties.insert("Tags".to_owned(), KnownValue::List(vec![tag.into()]));
    let script = ScriptedApi::new().answer("CreateKeyValueStore", store("", "READY"));
    let (service, driver) = driver(TYPE, script);
    driver.create(&proven(properties), &NoEffects).await.unwrap();
    let tags = known(json!({"Items": [{"Key": "hunter2", "Value": "b"}]}));
    assert_eq!(service.input(0)["Tags"], tags.into());
}

#[tokio::test]
async fn a_comment_that_is_declared_no_longer_is_taken_away() {
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .answer(GET, store("c", "READY"))
            .answer("UpdateKeyValueStore", store("", "READY"))
            .answer(GET, store("", "READY"))
            .answer("ListTagsForResource", no_tags())
            .answer("TagResource", json!({}))
            .answer(GET, store("kept", "READY")),
    );
    let tags = json!({"Tags": [{"Key": "a", "Value": "b"}]});
    let request = update("data", declared(json!({"Comment": "c"})), declared(tags));
    driver.update(&request).await.unwrap();
    assert_eq!(service.input(1), known(json!({"Comment": "", "Name": "data", "IfMatch": "V1"})));
    // One that never was declared stays.
    let nothing = || declared(json!({}));
    driver.update(&update("data", nothing(), nothing())).await.unwrap();
    service.assert_finished();
}

#[tokio::test]
async fn a_store_that_exists_is_not_filled_anew() {
    let import = |key: &str| {
        let arn = format!("arn:aws:s3:::b/{key}");
        declared(json!({"ImportSource": {"SourceType": "S3", "SourceArn": arn}}))
    };
    let (_, refused) = driver(TYPE, ScriptedApi::new());
    for prior in [import("old"), declared(json!({}))] {
        let error = refused.update(&update("data", prior, import("new"))).await.unwrap_err();
        let property = Some(PropertyPath::root().name("ImportSource"));
        assert_eq!(error.kind, ErrorKind::Invalid { property });
    }
    // An import that is declared no longer has done its work; an open create is completed.
    for (prior, desired) in [(import("old"), declared(json!({}))), (KnownMap::new(), import("new"))]
    {
        let script = ScriptedApi::new().answer(GET, store("", "READY"));
        let (service, driver) = driver(TYPE, script);
        driver.update(&update("data", prior, desired)).await.unwrap();
        service.assert_finished();
    }
}

#[tokio::test]
async fn a_store_is_ours_if_the_name_was_free_and_the_comment_is_the_declared_one() {
    let found = || driver(TYPE, ScriptedApi::new().answer(GET, store("c", "READY"))).1;
    let with = |comment: &str| declared(json!({"Comment": comment}));
    assert!(matches!(found().find(&proven(with("c"))).await.unwrap(), Found::Ours(_)));
    assert!(matches!(found().find(&proven(with("d"))).await.unwrap(), Found::Ambiguous { .. }));
    let (_, unproven) = driver(TYPE, ScriptedApi::new());
    assert_eq!(unproven.find(&create(with("c"))).await.unwrap(), Found::Absent);
    let error = found().create(&create(with("c")), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}
