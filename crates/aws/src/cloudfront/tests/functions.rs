//! Functions: two stages, an effect before the second call, an ARN as their name.

use std::sync::Mutex;

use async_trait::async_trait;
use rstack_driver::{EffectSink, ErrorKind, Found, Observed, SinkError};
use rstack_model::{Cursor, Identifier, KnownMap, PhysicalId};
use serde_json::{Value, json};

use super::support::{create, delete, driver, no_tags, proven, update};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::Function";
const ARN: &str = "arn:aws:cloudfront::111122223333:function/rewrite";
const CODE: &str = "function handler(event) { return event.request; }";

#[derive(Default)]
struct Effects(Mutex<Vec<PhysicalId>>);

#[async_trait]
impl EffectSink for Effects {
    async fn created(&self, _: &Identifier, physical_id: &PhysicalId) -> Result<(), SinkError> {
        self.0.lock().unwrap().push(physical_id.clone());
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn begins(&self, _: &Cursor) -> Result<(), SinkError> {
        Ok(())
    }
}

fn declared() -> KnownMap {
    known(json!({
        "Name": "rewrite",
        "AutoPublish": true,
        "FunctionCode": CODE,
        "FunctionConfig": {
            "Comment": "c",
            "Runtime": "cloudfront-js-2.0",
            "KeyValueStoreAssociations": [{"KeyValueStoreARN": "arn:kvs"}],
        },
        "Tags": [{"Key": "team", "Value": "video"}],
    }))
}

fn config() -> Value {
    json!({
        "Comment": "c",
        "Runtime": "cloudfront-js-2.0",
        "KeyValueStoreAssociations": {"Quantity": 1, "Items": [{"KeyValueStoreARN": "arn:kvs"}]},
    })
}

fn described(etag: &str) -> Value {
    json!({
        "FunctionSummary": {
            "Name": "rewrite",
            "FunctionConfig": config(),
            "FunctionMetadata": {"FunctionARN": ARN, "LastModifiedTime": "2026-01-01T00:00:00Z"},
        },
        "ETag": etag,
    })
}

fn read_back(service: ScriptedApi) -> ScriptedApi {
    service
        .answer("DescribeFunction", described("E2"))
        .answer("DescribeFunction", described("E2"))
        .answer("GetFunction", json!({"FunctionCode": CODE}))
}

#[tokio::test]
async fn a_function_is_made_known_then_published_and_read_from_its_live_stage() {
    let service = ScriptedApi::new()
        .fail("DescribeFunction", ErrorKind::NotFound, "NoSuchFunctionExists")
        .answer("CreateFunction", described("E1"))
        .answer("DescribeFunction", described("E1"))
        .answer("PublishFunction", described("E1"));
    let (service, driver) = driver(TYPE, read_back(service));
    let effects = Effects::default();
    let made = driver.create(&create(declared()), &effects).await.unwrap();
    service.assert_finished();
    assert_eq!(*effects.0.lock().unwrap(), [PhysicalId::new(ARN)]);
    assert_eq!(
        service.input(1),
        known(json!({
            "Name": "rewrite", "FunctionCode": CODE, "FunctionConfig": config(),
            "Tags": {"Items": [{"Key": "team", "Value": "video"}]},
        }))
    );
    assert_eq!(service.input(3), known(json!({"Name": "rewrite", "IfMatch": "E1"})));
    assert_eq!(service.input(5)["Stage"], "LIVE".into());
    let mut expected = declared();
    expected.remove("AutoPublish");
    assert_eq!(made.properties, expected);
    assert_eq!(
        made.attributes,
        known(json!({"FunctionARN": ARN, "FunctionMetadata.FunctionARN": ARN, "Stage": "LIVE"}))
    );
}

#[tokio::test]
async fn a_publication_that_did_not_come_about_shows_as_drift() {
    let service = ScriptedApi::new()
        .answer("DescribeFunction", described("E1"))
        .fail("DescribeFunction", ErrorKind::NotFound, "NoSuchFunctionExists")
        .answer("ListTagsForResource", no_tags());
    let (_, driver) = driver(TYPE, service);
    let Observed::Present(seen) = driver.read(&ARN.into(), &declared()).await.unwrap() else {
        panic!("it is there")
    };
    assert_eq!(seen.properties, known(json!({"Name": "rewrite", "Tags": []})));
}

#[tokio::test]
async fn a_change_is_published_under_the_version_it_made() {
    let service = ScriptedApi::new()
        .answer("DescribeFunction", described("E1"))
        .answer("UpdateFunction", json!({}))
        .answer("DescribeFunction", described("E7"))
        .answer("PublishFunction", described("E7"))
        .answer(
            "ListTagsForResource",
            json!({"Tags": {"Items": [{"Key": "team", "Value": "video"}]}}),
        );
    let (service, driver) = driver(TYPE, read_back(service));
    driver.update(&update(ARN, declared(), declared())).await.unwrap();
    service.assert_finished();
    assert_eq!(service.input(1)["IfMatch"], "E1".into());
    assert_eq!(service.input(3)["IfMatch"], "E7".into());
}

#[tokio::test]
async fn a_function_is_ours_if_its_code_and_configuration_are() {
    let script = |code: &str| {
        ScriptedApi::new()
            .answer("DescribeFunction", described("E1"))
            .answer("GetFunction", json!({"FunctionCode": code}))
    };
    let (_, ours) = driver(TYPE, read_back(script(CODE)));
    assert!(matches!(ours.find(&proven(declared())).await.unwrap(), Found::Ours(_)));
    let (_, theirs) = driver(TYPE, script("other"));
    assert!(matches!(theirs.find(&proven(declared())).await.unwrap(), Found::Ambiguous { .. }));
    let (_, unproven) = driver(TYPE, ScriptedApi::new());
    assert_eq!(unproven.find(&create(declared())).await.unwrap(), Found::Absent);
    let (service, taken) =
        driver(TYPE, ScriptedApi::new().answer("DescribeFunction", described("E1")));
    let error = taken.create(&create(declared()), &rstack_driver::NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(service.operations(), ["DescribeFunction"]);
}

#[tokio::test]
async fn it_is_deleted_by_the_name_in_its_arn() {
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .answer("DescribeFunction", described("E1"))
            .answer("DeleteFunction", json!({})),
    );
    driver.delete(&delete(ARN)).await.unwrap();
    assert_eq!(service.input(1), known(json!({"Name": "rewrite", "IfMatch": "E1"})));
}
