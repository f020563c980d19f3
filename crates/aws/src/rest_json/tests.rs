//! The drivers against scripted answers.

mod conformance;
mod endpoints;
mod medialive;
mod mediapackage_v2;
mod named;
mod packaging_groups;
mod queues;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, EffectSink, ErrorKind, Found, NoEffects, Observed,
    Progress, Removal, SinkError, UpdateRequest,
};
use rstack_model::{
    Cursor, Identifier, KnownMap, KnownValue, PhysicalId, SecretString, StackName, Token,
};
use serde_json::{Value, json};

use super::*;
use crate::api::Api;
use crate::definition::TypeDefinition;
use crate::test::scripted_api::{ScriptedApi, known};

const TOKEN: &str = "7f1b1a52-0000-4000-8000-000000000001";

/// The code of everything that MediaPackage refuses.
const REFUSED: &str = "UnprocessableEntityException";

fn driver(type_name: &str, script: ScriptedApi) -> (Arc<ScriptedApi>, RestDriver) {
    let script = Arc::new(script);
    let api: Arc<dyn Api> = Arc::<ScriptedApi>::clone(&script);
    let kind = TypeDefinition::of(&type_name.into()).unwrap().unwrap();
    (script, RestDriver::new(api, kind))
}

fn channel_driver(script: ScriptedApi) -> (Arc<ScriptedApi>, RestDriver) {
    driver("AWS::MediaPackage::Channel", script)
}

fn endpoint_driver(script: ScriptedApi) -> (Arc<ScriptedApi>, RestDriver) {
    driver("AWS::MediaPackage::OriginEndpoint", script)
}

fn create(properties: Value) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Channel".into(),
        token: Token::new(TOKEN),
        properties: known(properties),
    }
}

fn update(prior: Value, properties: Value) -> UpdateRequest {
    UpdateRequest {
        identifier: "live".into(),
        token: Token::new(TOKEN),
        prior: known(prior),
        properties: known(properties),
    }
}

/// A channel as the service describes it, the password as the codec reads it.
fn described_channel() -> KnownMap {
    let mut channel = known(json!({
        "Id": "live",
        "Arn": "arn:aws:mediapackage:eu-west-1:111122223333:channels/abc",
        "Description": "main",
        "CreatedAt": "2026-01-02T03:04:05Z",
        "Tags": {"team": "video", "rstack:operation": TOKEN, "aws:x": "y"},
    }));
    let endpoint = KnownMap::from([
        ("Id".to_owned(), KnownValue::from("i-1")),
        ("Url".to_owned(), KnownValue::from("https://ingest.example/in")),
        ("Username".to_owned(), KnownValue::Secret(SecretString::new("user-1".into()))),
        ("Password".to_owned(), KnownValue::Secret(SecretString::new("hunter2".into()))),
    ]);
    let ingest = KnownMap::from([(
        "IngestEndpoints".to_owned(),
        KnownValue::List(vec![KnownValue::Map(endpoint)]),
    )]);
    channel.insert("HlsIngest".to_owned(), KnownValue::Map(ingest));
    channel
}

#[derive(Default)]
struct Effects(Mutex<Vec<String>>);

#[async_trait]
impl EffectSink for Effects {
    async fn created(&self, _: &Identifier, physical_id: &PhysicalId) -> Result<(), SinkError> {
        self.0.lock().unwrap().push(physical_id.to_string());
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn begins(&self, _: &Cursor) -> Result<(), SinkError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_channel_is_created_with_its_token_and_its_ingest_credentials_are_dropped() {
    let script = ScriptedApi::new().then("CreateChannel", Ok(described_channel()));
    let (script, driver) = channel_driver(script);
    let tags = json!([{"Key": "team", "Value": "video"}]);
    let request = create(json!({"Id": "live", "Description": "main", "Tags": tags}));
    let object = driver.create(&request, &NoEffects).await.unwrap();
    script.assert_finished();
    let sent = json!({
        "Id": "live", "Description": "main",
        "Tags": {"team": "video", "rstack:operation": TOKEN},
    });
    assert_eq!(script.input(0), known(sent));
    assert_eq!(object.physical_id.as_str(), "live");
    let declared = json!({"Id": "live", "Description": "main", "Tags": tags});
    assert_eq!(object.properties, known(declared));
    let ingest = json!({"ingestEndpoints": [{"Id": "i-1", "Url": "https://ingest.example/in"}]});
    assert_eq!(object.attributes.get("HlsIngest"), Some(&KnownValue::from_json(ingest)));
    assert!(object.attributes.contains_key("Arn"));
}

#[tokio::test]
async fn logs_are_configured_only_if_declared_and_after_the_effect_is_recorded() {
    let logs = json!({"LogGroupName": "/aws/MediaPackage/x"});
    let mut described = described_channel();
    described.insert("EgressAccessLogs".to_owned(), KnownValue::from_json(logs.clone()));
    let script = ScriptedApi::new()
        .then("CreateChannel", Ok(described_channel()))
        .answer("ConfigureLogs", json!({}))
        .then("DescribeChannel", Ok(described));
    let (script, driver) = channel_driver(script);
    let effects = Effects::default();
    let request = create(json!({"Id": "live", "EgressAccessLogs": logs}));
    let object = driver.create(&request, &effects).await.unwrap();
    script.assert_finished();
    assert_eq!(*effects.0.lock().unwrap(), ["live"]);
    assert_eq!(script.input(1), known(json!({"Id": "live", "EgressAccessLogs": logs})));
    assert_eq!(object.properties.get("EgressAccessLogs"), Some(&KnownValue::from_json(logs)));
}

#[tokio::test]
async fn an_update_calls_only_what_differs() {
    let tags = json!([{"Key": "team", "Value": "video"}]);
    let same = json!({"Id": "live", "Description": "main", "Tags": tags});
    let script = ScriptedApi::new().then("DescribeChannel", Ok(described_channel()));
    let (script, driver) = channel_driver(script);
    driver.update(&update(same.clone(), same.clone())).await.unwrap();
    script.assert_finished();

    let script = ScriptedApi::new()
        .then("DescribeChannel", Ok(described_channel()))
        .answer("TagResource", json!({}))
        .answer("UntagResource", json!({}))
        .then("DescribeChannel", Ok(described_channel()));
    let (script, driver) = channel_driver(script);
    let other = json!([{"Key": "owner", "Value": "x"}]);
    let wanted = json!({"Id": "live", "Description": "main", "Tags": other});
    driver.update(&update(same.clone(), wanted)).await.unwrap();
    script.assert_finished();
    assert_eq!(script.input(1).get("Tags"), Some(&KnownValue::from_json(json!({"owner": "x"}))));
    assert_eq!(script.input(2).get("TagKeys"), Some(&KnownValue::from_json(json!(["team"]))));

    let mut plain = described_channel();
    plain.insert("Description".to_owned(), KnownValue::from(""));
    let script = ScriptedApi::new()
        .then("DescribeChannel", Ok(described_channel()))
        .answer("UpdateChannel", json!({}))
        .then("DescribeChannel", Ok(plain));
    let (script, driver) = channel_driver(script);
    driver.update(&update(same, json!({"Id": "live", "Tags": tags}))).await.unwrap();
    script.assert_finished();
    assert_eq!(script.input(1), known(json!({"Id": "live", "Description": ""})));
}

#[tokio::test]
async fn logs_that_are_declared_no_longer_are_taken_back() {
    let script = ScriptedApi::new()
        .then("DescribeChannel", Ok(described_channel()))
        .answer("ConfigureLogs", json!({}))
        .then("DescribeChannel", Ok(described_channel()));
    let (script, driver) = channel_driver(script);
    let prior = json!({"Id": "live", "IngressAccessLogs": {}});
    driver.update(&update(prior, json!({"Id": "live"}))).await.unwrap();
    script.assert_finished();
    assert_eq!(script.input(1), known(json!({"Id": "live"})));
}

#[tokio::test]
async fn a_refused_create_is_a_taken_name_only_if_the_name_is_taken() {
    let invalid = || ErrorKind::Invalid { property: None };
    let script = ScriptedApi::new()
        .fail("CreateChannel", invalid(), REFUSED)
        .then("DescribeChannel", Ok(described_channel()));
    let (_, driver) = channel_driver(script);
    let request = create(json!({"Id": "live"}));
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);

    let script = ScriptedApi::new().fail("CreateChannel", invalid(), REFUSED).fail(
        "DescribeChannel",
        ErrorKind::NotFound,
        "NotFoundException",
    );
    let (_, driver) = channel_driver(script);
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, invalid());
}

#[tokio::test]
async fn a_caller_who_may_not_tag_makes_a_channel_without_the_token_if_no_tag_is_declared() {
    let denied = || {
        let action = Some("mediapackage:TagResource".to_owned());
        ErrorKind::AccessDenied { action }
    };
    let script = ScriptedApi::new()
        .fail("CreateChannel", denied(), "AccessDeniedException")
        .then("CreateChannel", Ok(described_channel()));
    let (script, driver) = channel_driver(script);
    driver.create(&create(json!({"Id": "live"})), &NoEffects).await.unwrap();
    script.assert_finished();
    assert_eq!(script.input(1), known(json!({"Id": "live"})));

    let script = ScriptedApi::new().fail("CreateChannel", denied(), "AccessDeniedException");
    let (_, driver) = channel_driver(script);
    let request = create(json!({"Id": "live", "Tags": [{"Key": "a", "Value": "b"}]}));
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, denied());
}

#[tokio::test]
async fn a_lost_create_is_found_by_its_token_alone() {
    let request = create(json!({"Id": "live"}));
    let (_, driver) =
        channel_driver(ScriptedApi::new().then("DescribeChannel", Ok(described_channel())));
    assert!(matches!(driver.find(&request).await.unwrap(), Found::Ours(_)));

    let mut foreign = described_channel();
    foreign.remove("Tags");
    let (_, driver) = channel_driver(ScriptedApi::new().then("DescribeChannel", Ok(foreign)));
    assert!(matches!(driver.find(&request).await.unwrap(), Found::Ambiguous { .. }));

    let script =
        ScriptedApi::new().fail("DescribeChannel", ErrorKind::NotFound, "NotFoundException");
    let (_, driver) = channel_driver(script);
    assert_eq!(driver.find(&request).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn absence_is_read_as_absence_and_no_other_failure_is() {
    let id = Identifier::from("live");
    let none = KnownMap::new();
    let script =
        ScriptedApi::new().fail("DescribeChannel", ErrorKind::NotFound, "NotFoundException");
    let (_, driver) = channel_driver(script);
    assert_eq!(driver.read(&id, &none).await.unwrap(), Observed::Absent);
    let denied = ErrorKind::AccessDenied { action: None };
    let script = ScriptedApi::new().fail("DescribeChannel", denied, "ForbiddenException");
    let (_, driver) = channel_driver(script);
    assert!(driver.read(&id, &none).await.is_err());
    let script = ScriptedApi::new().fail("DeleteChannel", ErrorKind::NotFound, "NotFoundException");
    let (_, driver) = channel_driver(script);
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: id,
        token: Token::new(TOKEN),
        prior: none,
    };
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    let refused = ErrorKind::Invalid { property: None };
    let (_, driver) = channel_driver(ScriptedApi::new().fail("DeleteChannel", refused, REFUSED));
    assert_eq!(driver.delete(&request).await.unwrap_err().kind, ErrorKind::DependencyNotReady);
}

#[tokio::test]
async fn a_deletion_is_done_when_the_object_is_gone() {
    let script = ScriptedApi::new()
        .answer("DeleteChannel", json!({}))
        .then("DescribeChannel", Ok(described_channel()))
        .answer("DeleteChannel", json!({}))
        .fail("DescribeChannel", ErrorKind::NotFound, "NotFoundException");
    let (script, driver) = channel_driver(script);
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: "live".into(),
        token: Token::new(TOKEN),
        prior: KnownMap::new(),
    };
    let Progress::Pending { waits_for, .. } = driver.delete(&request).await.unwrap() else {
        panic!("it is done")
    };
    assert_eq!(waits_for, "channel `live` to be gone");
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_finished();
}
