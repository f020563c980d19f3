//! The driver against a scripted service, and the conformance suite over HTTP.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, NoEffects, Progress, Removal,
    UpdateRequest,
};
use rstack_model::{KnownMap, Region, StackName};
use serde_json::{Value, json};

use crate::AwsCloud;
use crate::api::Api;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone};
use crate::test::scripted_api::known;

const TYPE: &str = "AWS::MediaConnect::Flow";
const ARN: &str = "arn:aws:mediaconnect:eu-west-1:111122223333:flow:1-a:live";
const SOURCE: &str = "arn:aws:mediaconnect:eu-west-1:111122223333:source:1-a:in";

fn driver(answers: Vec<(&'static str, Answer)>) -> (Arc<JournaledApi>, Arc<dyn DirectDriver>) {
    let script = JournaledApi::of(answers);
    let api: Arc<dyn Api> = script.clone();
    (script, super::driver(&TYPE.into(), &api).unwrap())
}

fn declared(source: Value, more: Value) -> KnownMap {
    let mut all = json!({"Name": "in", "Protocol": "srt-listener", "IngestPort": 5000});
    all.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
    let mut properties = known(json!({"Name": "live", "Source": all}));
    properties.extend(known(more));
    properties
}

fn creation(properties: KnownMap) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Flow".into(),
        token: "TOKEN".into(),
        properties,
    }
}

fn change(prior: KnownMap, properties: KnownMap) -> UpdateRequest {
    UpdateRequest { identifier: ARN.into(), token: "TOKEN2".into(), prior, properties }
}

/// The flow as the service describes it, with more members.
fn described(status: &str, more: Value) -> Answer {
    let mut flow = json!({
        "FlowArn": ARN, "Name": "live", "Status": status, "AvailabilityZone": "eu-west-1a",
        "EgressIp": "198.51.100.1",
        "Source": {
            "Name": "in", "SourceArn": SOURCE, "IngestIp": "203.0.113.1", "IngestPort": 5000,
            "Transport": {"Protocol": "srt-listener", "MinLatency": 2000},
        },
    });
    flow.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Ok(known(json!({"Flow": flow})))
}

fn flows(arns: &[&str]) -> Answer {
    let flow = |arn: &&str| json!({"FlowArn": arn, "Name": "live", "Status": "STANDBY"});
    let mut flows: Vec<Value> = arns.iter().map(flow).collect();
    flows.push(json!({"FlowArn": "other", "Name": "other", "Status": "STANDBY"}));
    Ok(known(json!({"Flows": flows})))
}

fn tags(tags: Value) -> Answer {
    Ok(known(json!({"Tags": tags})))
}

#[tokio::test]
async fn a_flow_is_made_with_the_token_once_it_is_certain_that_it_was_not() {
    let (script, driver) = driver(vec![
        ("ListFlows", flows(&["theirs"])),
        ("ListTagsForResource", tags(json!({"rstack:operation": "ANOTHER"}))),
        ("CreateFlow", described("STANDBY", json!({}))),
    ]);
    let properties = declared(
        json!({"Tags": [{"Key": "a", "Value": "b"}]}),
        json!({"Tags": [{"Key": "c", "Value": "d"}]}),
    );
    let made = driver.create(&creation(properties), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), ARN);
    assert_eq!(
        made.attributes,
        known(json!({
            "FlowArn": ARN, "FlowAvailabilityZone": "eu-west-1a", "EgressIp": "198.51.100.1",
            "Source.IngestIp": "203.0.113.1", "Source.SourceArn": SOURCE,
            "Source.SourceIngestPort": "5000",
        }))
    );
    assert_eq!(
        script.input(2),
        known(json!({
            "Name": "live", "FlowTags": {"c": "d", "rstack:operation": "TOKEN"},
            "Source": {
                "Name": "in", "Protocol": "srt-listener", "IngestPort": 5000,
                "SourceTags": {"a": "b"},
            },
        }))
    );
    script.assert_finished();
}

#[tokio::test]
async fn a_flow_of_the_name_is_ours_by_its_tag_alone() {
    let denied = || failure(ErrorKind::AccessDenied { action: None }, "AccessDeniedException");
    let request = creation(declared(json!({}), json!({})));
    let (_, ours) = driver(vec![
        ("ListFlows", flows(&["hidden", ARN])),
        ("ListTagsForResource", denied()),
        ("ListTagsForResource", tags(json!({"rstack:operation": "TOKEN"}))),
        ("DescribeFlow", described("STANDBY", json!({}))),
    ]);
    assert!(matches!(ours.find(&request).await.unwrap(), Found::Ours(_)));
    let (_, unclear) =
        driver(vec![("ListFlows", flows(&["hidden"])), ("ListTagsForResource", denied())]);
    assert!(matches!(unclear.find(&request).await.unwrap(), Found::Ambiguous { .. }));
    let (_, absent) = driver(vec![("ListFlows", flows(&[]))]);
    assert_eq!(absent.find(&request).await.unwrap(), Found::Absent);
    let (script, again) = driver(vec![
        ("ListFlows", flows(&[ARN])),
        ("ListTagsForResource", tags(json!({"rstack:operation": "TOKEN"}))),
    ]);
    let error = again.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    script.assert_finished();
}

#[tokio::test]
async fn each_part_is_changed_by_its_own_operation_one_after_the_other() {
    let interface = |name: &str| json!({"Name": name, "RoleArn": "r", "SubnetId": "s", "SecurityGroupIds": ["g"]});
    let mut old = interface("old");
    old["NetworkInterfaceType"] = "ena".into();
    let before = json!({"VpcInterfaces": [old], "FlowSize": "LARGE"});
    let (script, driver) = driver(vec![
        ("DescribeFlow", described("STANDBY", before.clone())),
        ("AddFlowVpcInterfaces", done()),
        ("UpdateFlowSource", done()),
        ("RemoveFlowVpcInterface", done()),
        ("UpdateFlow", done()),
        ("DescribeFlow", described("UPDATING", before)),
    ]);
    let prior = declared(
        json!({"VpcInterfaceName": "old"}),
        json!({"VpcInterfaces": [interface("old")], "FlowSize": "LARGE"}),
    );
    let desired = declared(
        json!({"VpcInterfaceName": "new"}),
        json!({"VpcInterfaces": [interface("new")], "FlowSize": "MEDIUM"}),
    );
    driver.update(&change(prior, desired)).await.unwrap();
    assert_eq!(
        script.input(2),
        known(json!({
            "FlowArn": ARN, "SourceArn": SOURCE, "VpcInterfaceName": "new",
            "Protocol": "srt-listener", "IngestPort": 5000,
        }))
    );
    assert_eq!(script.input(4), known(json!({"FlowArn": ARN, "FlowSize": "MEDIUM"})));
    script.assert_finished();
}

#[tokio::test]
async fn a_change_waits_until_the_one_before_is_taken_up() {
    let settings = |day: &str| {
        let maintenance = json!({"MaintenanceDay": day, "MaintenanceStartHour": "02:00"});
        json!({"Maintenance": maintenance})
    };
    let (script, busy) = driver(vec![("DescribeFlow", described("UPDATING", json!({})))]);
    let request = || {
        change(
            declared(json!({}), settings("Monday")),
            declared(json!({"IngestPort": 1}), settings("Sunday")),
        )
    };
    assert_eq!(busy.update(&request()).await.unwrap_err().kind, ErrorKind::DependencyNotReady);
    script.assert_finished();
    let refused = || failure(ErrorKind::Invalid { property: None }, "BadRequestException");
    for (status, kind) in [
        ("UPDATING", ErrorKind::DependencyNotReady),
        ("STANDBY", ErrorKind::Invalid { property: None }),
    ] {
        let (script, half) = driver(vec![
            ("DescribeFlow", described("STANDBY", settings("Monday"))),
            ("UpdateFlow", done()),
            ("UpdateFlowSource", refused()),
            ("DescribeFlow", described(status, settings("Sunday"))),
        ]);
        assert_eq!(half.update(&request()).await.unwrap_err().kind, kind, "{status}");
        script.assert_finished();
    }
}

#[tokio::test]
async fn a_part_that_is_refused_because_it_was_added_is_there() {
    let stream = |id: u8| {
        json!({"MediaStreams": [
            {"MediaStreamId": id, "MediaStreamName": "video", "MediaStreamType": "video"},
        ]})
    };
    for (there, is_done) in [(stream(1), true), (stream(2), false)] {
        let (script, twice) = driver(
            vec![
                ("DescribeFlow", described("STANDBY", json!({}))),
                (
                    "AddFlowMediaStreams",
                    failure(ErrorKind::Invalid { property: None }, "BadRequestException"),
                ),
                ("DescribeFlow", described("STANDBY", there)),
            ]
            .into_iter()
            .chain(is_done.then(|| ("DescribeFlow", described("STANDBY", stream(1)))))
            .collect(),
        );
        let request = change(declared(json!({}), json!({})), declared(json!({}), stream(1)));
        assert_eq!(twice.update(&request).await.is_ok(), is_done);
        script.assert_finished();
    }
}

#[tokio::test]
async fn a_setting_that_the_service_keeps_has_to_be_declared() {
    let prior = || declared(json!({"MinLatency": 2000}), json!({}));
    let (_, kept) = driver(vec![("DescribeFlow", described("STANDBY", json!({})))]);
    let error = kept.update(&change(prior(), declared(json!({}), json!({})))).await.unwrap_err();
    assert!(error.message.contains("`Source.MinLatency` is declared no longer"), "{error}");
    // What has a value for "off" is turned off.
    let failover = json!({"SourceFailoverConfig": {"State": "ENABLED"}});
    let (script, off) = driver(vec![
        ("DescribeFlow", described("STANDBY", failover.clone())),
        ("UpdateFlow", done()),
        ("DescribeFlow", described("STANDBY", json!({}))),
    ]);
    let request = change(declared(json!({}), failover), declared(json!({}), json!({})));
    off.update(&request).await.unwrap();
    let sent = json!({"FlowArn": ARN, "SourceFailoverConfig": {"State": "DISABLED"}});
    assert_eq!(script.input(1), known(sent));
}

#[tokio::test]
async fn only_a_flow_in_standby_is_deleted() {
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: ARN.into(),
        token: "TOKEN2".into(),
        prior: KnownMap::new(),
    };
    let (script, stopped) = driver(vec![
        ("DescribeFlow", described("STOPPING", json!({}))),
        ("DescribeFlow", described("STANDBY", json!({}))),
        ("DeleteFlow", done()),
        ("DescribeFlow", described("DELETING", json!({}))),
        ("DescribeFlow", gone()),
    ]);
    for _ in 0..3 {
        let progress = stopped.delete(&request).await.unwrap();
        assert!(matches!(progress, Progress::Pending { .. }));
    }
    assert_eq!(stopped.delete(&request).await.unwrap(), Progress::Done);
    script.assert_finished();
    let refused = || failure(ErrorKind::Invalid { property: None }, "BadRequestException");
    for (status, goes) in [("DELETING", true), ("STANDBY", false)] {
        let (script, twice) = driver(vec![
            ("DescribeFlow", described("STANDBY", json!({}))),
            ("DeleteFlow", refused()),
            ("DescribeFlow", described(status, json!({}))),
        ]);
        assert_eq!(twice.delete(&request).await.is_ok(), goes, "{status}");
        script.assert_finished();
    }
    let (script, running) = driver(vec![("DescribeFlow", described("ACTIVE", json!({})))]);
    let error = running.delete(&request).await.unwrap_err();
    assert!(error.kind == ErrorKind::Conflict && error.message.contains("stop-flow"), "{error}");
    script.assert_finished();
}

#[tokio::test]
async fn it_passes_the_conformance_suite() {
    let object = |port: u16, tag: &str, stream: &str| {
        declared(
            json!({"IngestPort": port, "MaxLatency": port, "WhitelistCidr": "203.0.113.0/24"}),
            json!({
                "MediaStreams": [
                    {"MediaStreamId": 1, "MediaStreamName": stream, "MediaStreamType": "video"},
                ],
                "Tags": [{"Key": tag, "Value": "v"}],
            }),
        )
    };
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        create: object(5000, "x", "a"),
        change: Some(object(5001, "y", "b")),
        unread: Vec::new(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "arn:aws:mediaconnect:eu-west-1:111122223333:flow:1-0:nothing".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    assert!(services.account().inventory().is_empty());
}
