//! The driver against a scripted service, and the conformance suite over HTTP.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{CreateRequest, DirectDriver, ErrorKind, Found, NoEffects, UpdateRequest};
use rstack_model::{KnownMap, Region, StackName};
use serde_json::{Value, json};

use crate::AwsCloud;
use crate::api::Api;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone};
use crate::test::scripted_api::known;

const TYPE: &str = "AWS::MediaTailor::PlaybackConfiguration";
const ARN: &str = "arn:aws:mediatailor:eu-west-1:111122223333:playbackConfiguration/live";

fn driver<const N: usize>(
    answers: [(&'static str, Answer); N],
) -> (Arc<JournaledApi>, Arc<dyn DirectDriver>) {
    let script = JournaledApi::new(answers);
    let api: Arc<dyn Api> = script.clone();
    (script, super::driver(&TYPE.into(), &api).unwrap())
}

fn declared(more: Value) -> KnownMap {
    let mut properties = known(json!({
        "Name": "live", "AdDecisionServerUrl": "https://ads.example",
        "VideoContentSourceUrl": "https://origin.example",
    }));
    properties.extend(known(more));
    properties
}

fn creation(properties: KnownMap, absence_proven: bool) -> CreateRequest {
    CreateRequest {
        absence_proven,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Ads".into(),
        token: "TOKEN".into(),
        properties,
    }
}

fn change(prior: KnownMap, properties: KnownMap) -> UpdateRequest {
    UpdateRequest { identifier: "live".into(), token: "TOKEN2".into(), prior, properties }
}

/// The configuration as the service describes it, with more members.
fn described(more: Value) -> Answer {
    let mut described = declared(json!({
        "PlaybackConfigurationArn": ARN,
        "PlaybackEndpointPrefix": "https://p.example",
        "HlsConfiguration": {"ManifestEndpointPrefix": "https://h.example"},
        "DashConfiguration": {
            "ManifestEndpointPrefix": "https://d.example", "OriginManifestType": "SINGLE_PERIOD",
        },
        "Tags": {"rstack:operation": "TOKEN"},
    }));
    described.extend(known(more));
    Ok(described)
}

#[tokio::test]
async fn the_name_is_proven_free_before_the_operation_that_replaces() {
    let (script, driver) = driver([
        ("GetPlaybackConfiguration", gone()),
        ("PutPlaybackConfiguration", described(json!({}))),
        ("ConfigureLogsForPlaybackConfiguration", done()),
    ]);
    let properties = declared(json!({
        "LogConfiguration": {"PercentEnabled": "60"},
        "AdDecisionServerConfiguration": {"HttpRequest": {"HttpMethod": "POST"}},
        "HlsConfiguration": {}, "DashConfiguration": {"MpdLocation": "DISABLED"},
        "Tags": [{"Key": "a", "Value": "b"}],
    }));
    let made = driver.create(&creation(properties, false), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "live");
    assert_eq!(
        made.attributes,
        known(json!({
            "PlaybackConfigurationArn": ARN, "PlaybackEndpointPrefix": "https://p.example",
            "HlsConfiguration.ManifestEndpointPrefix": "https://h.example",
            "DashConfiguration.ManifestEndpointPrefix": "https://d.example",
        }))
    );
    assert_eq!(
        script.input(1),
        known(json!({
            "Name": "live", "AdDecisionServerUrl": "https://ads.example",
            "VideoContentSourceUrl": "https://origin.example",
            "AdDecisionServerConfiguration": {"HttpRequest": {"Method": "POST"}},
            "DashConfiguration": {"MpdLocation": "DISABLED"},
            "Tags": {"a": "b", "rstack:operation": "TOKEN"},
        }))
    );
    assert_eq!(
        script.input(2),
        known(json!({"PlaybackConfigurationName": "live", "PercentEnabled": 60}))
    );
    script.assert_calls_start(&[
        "GetPlaybackConfiguration",
        "absent",
        "PutPlaybackConfiguration",
        "effect live",
        "ConfigureLogsForPlaybackConfiguration",
    ]);
}

#[tokio::test]
async fn a_configuration_of_another_owner_is_not_replaced() {
    let (script, taken) = driver([("GetPlaybackConfiguration", described(json!({})))]);
    let request = creation(declared(json!({})), false);
    let error = taken.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_finished();
    let find = |token: &'static str, proven: bool| async move {
        let (_, driver) = driver([("GetPlaybackConfiguration", described(json!({})))]);
        let mut request = creation(declared(json!({})), proven);
        request.token = token.into();
        driver.find(&request).await.unwrap()
    };
    assert!(matches!(find("TOKEN", true).await, Found::Ours(_)));
    assert!(matches!(find("ANOTHER", true).await, Found::Ambiguous { .. }));
    // Before the proof nothing was sent.
    assert_eq!(find("TOKEN", false).await, Found::Absent);
}

#[tokio::test]
async fn a_caller_who_may_not_tag_makes_it_without_the_tag_if_none_is_declared() {
    let denied = || {
        let action = Some("mediatailor:TagResource".to_owned());
        failure(ErrorKind::AccessDenied { action }, "AccessDeniedException")
    };
    let (script, untagged) = driver([
        ("PutPlaybackConfiguration", denied()),
        ("PutPlaybackConfiguration", described(json!({}))),
    ]);
    let request = creation(declared(json!({})), true);
    untagged.create(&request, &NoEffects).await.unwrap();
    assert!(!script.input(1).contains_key("Tags"));
    let (_, tagged) = driver([("PutPlaybackConfiguration", denied())]);
    let request = creation(declared(json!({"Tags": [{"Key": "a", "Value": "b"}]})), true);
    assert!(tagged.create(&request, &NoEffects).await.is_err());
}

#[tokio::test]
async fn an_update_keeps_what_was_never_declared_and_takes_back_what_is_no_longer() {
    let optimization = json!({
        "MinimumUnfilledDuration": 1, "PublisherId": "p", "Region": "EU", "OpenRtbTemplate": "t",
    });
    let before = json!({
        "YieldOptimizationConfiguration": optimization, "SlateAdUrl": "https://slate.example",
        "Bumper": {"StartUrl": "https://start.example"},
        "LogConfiguration": {"PercentEnabled": 60, "EnabledLoggingStrategies": []},
        "Tags": {"rstack:operation": "TOKEN", "aws:x": "y", "old": "1", "theirs": "2"},
    });
    let after = json!({"Tags": {"rstack:operation": "TOKEN", "old": "1", "theirs": "2"}});
    let (script, driver) = driver([
        ("GetPlaybackConfiguration", described(before)),
        ("PutPlaybackConfiguration", described(after)),
        ("ConfigureLogsForPlaybackConfiguration", done()),
        ("UntagResource", done()),
    ]);
    let prior = declared(json!({
        "SlateAdUrl": "https://slate.example", "LogConfiguration": {"PercentEnabled": 60},
        "Tags": [{"Key": "old", "Value": "1"}],
    }));
    driver.update(&change(prior, declared(json!({})))).await.unwrap();
    assert_eq!(
        script.input(1),
        known(json!({
            "Name": "live", "AdDecisionServerUrl": "https://ads.example",
            "VideoContentSourceUrl": "https://origin.example",
            "Bumper": {"StartUrl": "https://start.example"},
            "DashConfiguration": {"OriginManifestType": "SINGLE_PERIOD"},
            "YieldOptimizationConfiguration": optimization,
            "Tags": {"rstack:operation": "TOKEN", "theirs": "2"},
        }))
    );
    assert_eq!(
        script.input(2),
        known(json!({"PlaybackConfigurationName": "live", "PercentEnabled": 0}))
    );
    assert_eq!(script.input(3), known(json!({"ResourceArn": ARN, "TagKeys": ["old"]})));
    script.assert_finished();
}

#[tokio::test]
async fn logs_that_are_as_declared_are_left_alone() {
    let logs = json!({"LogConfiguration": {"PercentEnabled": 60, "EnabledLoggingStrategies": []}});
    let (script, driver) = driver([
        ("GetPlaybackConfiguration", described(logs)),
        ("PutPlaybackConfiguration", described(json!({}))),
    ]);
    let properties = || declared(json!({"LogConfiguration": {"PercentEnabled": 60}}));
    driver.update(&change(properties(), properties())).await.unwrap();
    script.assert_finished();
}

#[tokio::test]
async fn it_passes_the_conformance_suite() {
    let object = |percent: u8, tag: &str, delay: &str| {
        declared(json!({
            "LogConfiguration": {
                "PercentEnabled": percent, "EnabledLoggingStrategies": ["LEGACY_CLOUDWATCH"],
                "AdsInteractionLog": {"ExcludeEventTypes": ["AD_MARKER_FOUND"]},
            },
            "AvailSuppression": {"Mode": "BEHIND_LIVE_EDGE", "Value": delay},
            "AdDecisionServerConfiguration": {
                "HttpRequest": {"HttpMethod": "POST", "Headers": {"a": delay}},
            },
            "ConfigurationAliases": {"player_params.x": {"a": delay}},
            "DashConfiguration": {"MpdLocation": "DISABLED", "OriginManifestType": "MULTI_PERIOD"},
            "PersonalizationThresholdSeconds": percent,
            "Tags": [{"Key": tag, "Value": "v"}],
        }))
    };
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        create: object(60, "x", "00:00:10"),
        change: Some(object(50, "y", "00:00:20")),
        unread: Vec::new(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "nothing".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    assert!(services.account().inventory().is_empty());
}
