//! Outputs and sources that are resources of their own go through the conformance suite; one of another
//! owner is left alone, and a flow that is busy is waited for.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, NoEffects, Progress, Removal,
    UpdateRequest,
};
use rstack_model::{KnownMap, Region, StackName};
use serde_json::{Value, json};

use super::attached::Attached;
use super::attached_contents::{OUTPUT, SOURCE};
use crate::AwsCloud;
use crate::test::fake::{Account, FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure};
use crate::test::scripted_api::known;

const FLOW: &str = "arn:aws:mediaconnect:eu-west-1:111122223333:flow:1-0:live";
const ARN: &str = "arn:aws:mediaconnect:eu-west-1:111122223333:output:1-1:out";

fn output(more: Value) -> KnownMap {
    let mut output = json!({"FlowArn": FLOW, "Name": "out", "Protocol": "rtp", "Port": 7000});
    output.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    known(output)
}

async fn lives(resource_type: &str, create: KnownMap, change: KnownMap) {
    let mut account = Account::default();
    let flow = json!({
        "FlowArn": FLOW, "Name": "live", "Status": "STANDBY", "Outputs": [], "Sources": [],
        "SourceFailoverConfig": {"State": "ENABLED"}, "Tags": {}, "tags of parts": {},
        "Source": {"Name": "first", "Transport": {"Protocol": "srt-listener"}},
    });
    account.flows.insert(FLOW.to_owned(), flow);
    let services = FakeServices::with(account);
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: resource_type.into(),
        stack: StackName::parse("Live").unwrap(),
        create,
        change: Some(change),
        unread: Vec::new(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "arn:aws:mediaconnect:eu-west-1:111122223333:output:1-0:nothing".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{resource_type}: {broken:?}");
    }
    let inventory = services.account().inventory();
    assert_eq!(inventory.keys().copied().collect::<Vec<_>>(), ["AWS::MediaConnect::Flow"]);
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let whole = |round: &str, port: u16| {
        output(json!({
            "CidrAllowList": [format!("10.0.0.{port}/32")], "Description": round,
            "Destination": "203.0.113.1", "Port": port.to_string(), "MaxLatency": port,
            "MinLatency": port, "SmoothingLatency": port, "RemoteId": round, "StreamId": round,
            "Encryption": {"RoleArn": "r", "SecretArn": round, "KeyType": "static-key"},
            "MediaStreamOutputConfigurations": [{
                "EncodingName": "raw", "MediaStreamName": round,
                "DestinationConfigurations": [
                    {"DestinationIp": "1", "DestinationPort": port, "Interface": {"Name": "i"}},
                ],
                "EncodingParameters": {"CompressionFactor": 1.5, "EncoderProfile": "high"},
            }],
            "NdiAudioReferenceLevel": port, "NdiOutputTimecodeSource": "UTC_SYSTEM_TIME",
            "NdiProgramName": round, "NdiSpeedHqQuality": port, "OutputStatus": "DISABLED",
            "RouterIntegrationState": "ENABLED",
            "RouterIntegrationTransitEncryption": {
                "EncryptionKeyType": "SECRETS_MANAGER", "EncryptionKeyConfiguration": {
                    "SecretsManager": {"SecretArn": round, "RoleArn": "r"},
                },
            },
            "Tags": [{"Key": round, "Value": "v"}],
            "VpcInterfaceAttachment": {"VpcInterfaceName": round},
        }))
    };
    lives(OUTPUT.type_name, whole("one", 1), whole("two", 2)).await;
    let whole = |round: &str, port: u16| {
        known(json!({
            "FlowArn": FLOW, "Name": "second", "Description": round, "Protocol": "srt-listener",
            "IngestPort": port, "MaxBitrate": port, "MaxLatency": port, "MinLatency": port,
            "Decryption": {"RoleArn": "r", "SecretArn": round, "KeyType": "srt-password"},
            "SourceListenerAddress": round, "SourceListenerPort": port, "StreamId": round,
            "SenderControlPort": port, "SenderIpAddress": round,
            "GatewayBridgeSource": {
                "BridgeArn": "b", "VpcInterfaceAttachment": {"VpcInterfaceName": round},
            },
            "VpcInterfaceName": round, "WhitelistCidr": "10.0.0.0/8", "EntitlementArn": round,
            "Tags": [{"Key": round, "Value": "v"}],
        }))
    };
    lives(SOURCE.type_name, whole("one", 1), whole("two", 2)).await;
}

fn flow(status: &str, outputs: Value) -> Answer {
    Ok(known(json!({"Flow": {"FlowArn": FLOW, "Status": status, "Outputs": outputs}})))
}

fn described(more: Value) -> Value {
    let mut output = json!({
        "Name": "out", "OutputArn": ARN, "Port": 7000, "Transport": {"Protocol": "rtp"},
        "OutputStatus": "ENABLED",
    });
    output.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([output])
}

fn tags(tags: Value) -> (&'static str, Answer) {
    ("ListTagsForResource", Ok(known(json!({"Tags": tags}))))
}

fn create() -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: output(json!({})),
        absence_proven: false,
        begun: None,
    }
}

fn driver(script: Vec<(&'static str, Answer)>) -> (Arc<JournaledApi>, Attached) {
    let api = JournaledApi::of(script);
    let driver = Attached::new(Arc::<JournaledApi>::clone(&api), &OUTPUT);
    (api, driver)
}

fn refused() -> Answer {
    failure(ErrorKind::Invalid { property: None }, "BadRequestException")
}

#[tokio::test]
async fn one_of_the_name_is_ours_by_its_tag_alone() {
    let there = || ("DescribeFlow", flow("STANDBY", described(json!({}))));
    for (owner, kind) in [("T", ErrorKind::AlreadyExists), ("U", ErrorKind::Conflict)] {
        let tags = || tags(json!({"rstack:operation": owner}));
        let (api, early) = driver(vec![there(), tags()]);
        assert_eq!(early.create(&create(), &NoEffects).await.unwrap_err().kind, kind);
        api.assert_finished();
        // It comes to be there while the call is made.
        let nothing = ("DescribeFlow", flow("STANDBY", json!([])));
        let (api, late) = driver(vec![nothing, ("AddFlowOutputs", refused()), there(), tags()]);
        assert_eq!(late.create(&create(), &NoEffects).await.unwrap_err().kind, kind);
        api.assert_finished();
        let (api, found) = driver(vec![there(), tags()]);
        let found = found.find(&create()).await.unwrap();
        assert_eq!(matches!(found, Found::Ours(_)), owner == "T");
        assert_eq!(matches!(found, Found::Ambiguous { .. }), owner == "U");
        api.assert_finished();
    }
}

#[tokio::test]
async fn a_flow_that_is_busy_is_waited_for() {
    let nothing = |status: &str| ("DescribeFlow", flow(status, json!([])));
    let (api, busy) = driver(vec![nothing("UPDATING")]);
    let error = busy.create(&create(), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    api.assert_finished();
    let script = vec![nothing("ACTIVE"), ("AddFlowOutputs", refused()), nothing("UPDATING")];
    let (api, raced) = driver(script);
    let error = raced.create(&create(), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    api.assert_finished();
}

fn update(prior: Value, properties: Value) -> UpdateRequest {
    UpdateRequest {
        identifier: ARN.into(),
        token: "U".into(),
        prior: output(prior),
        properties: output(properties),
    }
}

#[tokio::test]
async fn a_setting_goes_back_to_its_default_or_has_to_be_declared() {
    let off = described(json!({"OutputStatus": "DISABLED", "Description": "text"}));
    let (api, back) = driver(vec![
        ("DescribeFlow", flow("STANDBY", off)),
        ("UpdateFlowOutput", done()),
        ("DescribeFlow", flow("STANDBY", described(json!({})))),
    ]);
    let prior = json!({"OutputStatus": "DISABLED", "Description": "text"});
    back.update(&update(prior, json!({}))).await.unwrap();
    let sent = json!({
        "FlowArn": FLOW, "OutputArn": ARN, "Port": 7000, "Protocol": "rtp",
        "OutputStatus": "ENABLED", "Description": "",
    });
    assert_eq!(api.input(1), known(sent));
    api.assert_finished();
    let kept = described(json!({"Transport": {"Protocol": "rtp", "StreamId": "s"}}));
    let (api, kept) = driver(vec![("DescribeFlow", flow("STANDBY", kept))]);
    let error = kept.update(&update(json!({"StreamId": "s"}), json!({}))).await.unwrap_err();
    assert!(error.message.contains("`StreamId` is declared no longer"), "{error}");
    api.assert_finished();
}

#[tokio::test]
async fn a_removal_is_done_when_nothing_is_there() {
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: ARN.into(),
        token: "V".into(),
        prior: output(json!({})),
    };
    let there = |status| ("DescribeFlow", flow(status, described(json!({}))));
    let gone = || ("DescribeFlow", flow("STANDBY", json!([])));
    let (api, removed) = driver(vec![
        there("UPDATING"),
        there("STANDBY"),
        ("RemoveFlowOutput", done()),
        gone(),
        there("STANDBY"),
        ("RemoveFlowOutput", refused()),
        gone(),
    ]);
    for _ in 0..2 {
        let progress = removed.delete(&request).await.unwrap();
        assert!(matches!(progress, Progress::Pending { .. }));
    }
    for _ in 0..2 {
        assert_eq!(removed.delete(&request).await.unwrap(), Progress::Done);
    }
    api.assert_finished();
}
