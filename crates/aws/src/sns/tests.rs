//! Rules of topics and subscriptions that no life of a stack shows: what is refused, what is not
//! confirmed, callers who may not tag; and the conformance suite.

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{Cloud, CreateRequest, DirectDriver, ErrorKind, Found, Progress, Removal};
use rstack_model::{Region, StackName};
use serde_json::{Value, json};

use super::topic::Topic;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{JournaledApi, done, failure, json as answer};
use crate::test::scripted_api::known;

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:news";

fn request(properties: Value, absence_proven: bool) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: known(properties),
        absence_proven,
        begun: None,
    }
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let role = |name: &str| format!("arn:aws:iam::1:role/{name}");
    let topic = |text: &str, size: Value| {
        json!({
            "TopicName": "news", "DisplayName": text, "MaximumMessageSize": size,
            "KmsMasterKeyId": text, "SignatureVersion": "2", "TracingConfig": "Active",
            "DataProtectionPolicy": {"Name": text}, "Tags": [{"Key": "a", "Value": text}],
            "DeliveryStatusLogging": [{"Protocol": "http/s", "FailureFeedbackRoleArn": role(text)}],
        })
    };
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let held = cloud.driver(&"AWS::SNS::Topic".into()).unwrap();
    let made = rstack_driver::Request::Create(request(json!({"TopicName": "held"}), false));
    held.begin(&made, &rstack_driver::NoEffects).await.unwrap();
    let held = TOPIC.replace(":news", ":held");
    let subscription = |scope: &str, policy: Value| {
        json!({
            "TopicArn": held, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:q", "FilterPolicy": policy,
            "FilterPolicyScope": scope, "RawMessageDelivery": true, "Region": REGION,
            "DeliveryPolicy": {"healthyRetryPolicy": {"numRetries": 3}},
        })
    };
    let samples = [
        ("Topic", topic("one", json!(2048)), topic("two", json!("4096"))),
        (
            "Subscription",
            subscription("MessageBody", json!({"a": {"b": [1]}})),
            subscription("MessageAttributes", json!({"a": [2]})),
        ),
    ];
    for (name, create, change) in samples {
        let sample = Sample {
            resource_type: format!("AWS::SNS::{name}").as_str().into(),
            stack: StackName::parse("Live").unwrap(),
            change: Some(known(change)),
            create: known(create),
            unread: vec!["Region".to_owned()],
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: format!("{TOPIC}:missing").as_str().into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
    }
    assert_eq!(services.account().inventory().len(), 1, "{:?}", services.account().inventory());
}

/// A caller who may not tag makes the topic after the proof that its name is free, and finds it again
/// by that proof.
#[tokio::test]
async fn a_topic_without_tags_is_made_after_the_proof_that_its_name_is_free() {
    let denied = failure(ErrorKind::AccessDenied { action: Some("sns:TagResource".into()) }, "x");
    let api = JournaledApi::new([
        ("CreateTopic", denied.clone()),
        (
            "ListTopics",
            answer(&json!({"Topics": [{"TopicArn": format!("{TOPIC}-x")}]}).to_string()),
        ),
        ("CreateTopic", answer(&json!({"TopicArn": TOPIC}).to_string())),
    ]);
    let topic = Topic::new(api.clone());
    let object = topic.create(&request(json!({"TopicName": "news"}), false), &*api).await.unwrap();
    assert_eq!(object.physical_id.as_str(), TOPIC);
    api.assert_calls_start(&[
        r#"CreateTopic {"Name":"news","Tags""#,
        "ListTopics",
        "absent",
        r#"CreateTopic {"Name":"news"}"#,
        &format!("effect {TOPIC}"),
    ]);
    let listed = answer(&json!({"Topics": [{"TopicArn": TOPIC}]}).to_string());
    let texts = answer(&json!({"Attributes": {"TopicArn": TOPIC}}).to_string());
    let tags = || answer(r#"{"Tags":[]}"#);
    let script = |proven: bool| {
        let all = [("ListTopics", listed.clone()), ("ListTagsForResource", tags())];
        let seen = [("GetTopicAttributes", texts.clone()), ("ListTagsForResource", tags())];
        let seen = seen.into_iter().filter(move |_| proven);
        JournaledApi::of(all.into_iter().chain(seen))
    };
    for proven in [true, false] {
        let (topic, request) =
            (Topic::new(script(proven)), request(json!({"TopicName": "news"}), proven));
        let found = topic.find(&request).await.unwrap();
        assert_eq!(matches!(found, Found::Ours(_)), proven, "{found:?}");
        assert_eq!(matches!(found, Found::Ambiguous { .. }), !proven, "{found:?}");
    }
    // A name that is taken is not taken over.
    let api = JournaledApi::new([("CreateTopic", denied), ("ListTopics", listed)]);
    let (topic, request) = (Topic::new(api.clone()), request(json!({"TopicName": "news"}), false));
    let error = topic.create(&request, &*api).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}

/// SNS deletes no topic with an archive.
#[tokio::test]
async fn the_archive_of_a_topic_is_ended_before_it_is_deleted() {
    let texts = json!({"Attributes": {"ArchivePolicy": "{\"MessageRetentionPeriod\":1}"}});
    let api = JournaledApi::new([
        ("GetTopicAttributes", answer(&texts.to_string())),
        ("SetTopicAttributes", done()),
        ("DeleteTopic", done()),
    ]);
    let request = rstack_driver::DeleteRequest {
        identifier: TOPIC.into(),
        token: "T".into(),
        prior: known(json!({"ArchivePolicy": {"MessageRetentionPeriod": 1}})),
        removal: Removal::Recoverable,
    };
    assert_eq!(Topic::new(api.clone()).delete(&request).await.unwrap(), Progress::Done);
    api.assert_finished();
    let set = api.input(1);
    assert_eq!(set.get("AttributeValue").and_then(|value| value.as_str()), Some("{}"));
}

/// The Region of a subscription is that of its topic, or it is refused before any call.
#[tokio::test]
async fn a_region_that_is_not_the_topics_is_refused() {
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let driver = cloud.driver(&"AWS::SNS::Subscription".into()).unwrap();
    let properties = json!({"TopicArn": TOPIC, "Protocol": "sqs", "Region": "us-east-1"});
    let create = rstack_driver::Request::Create(request(properties, false));
    let error = driver.begin(&create, &rstack_driver::NoEffects).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { property: Some(_) }), "{error:?}");
    assert!(error.message.contains("`us-east-1`"), "{error}");
    assert_eq!(services.made(), []);
}
