//! Queues: properties that are a map of texts, and names of which the service makes URLs.

use rstack_driver::{Found, Observed};

use super::*;
use crate::test::journaled_api::{JournaledApi, done, failure, json};

const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/live";

fn queues(api: &Arc<JournaledApi>) -> RestDriver {
    let kind = TypeDefinition::of(&"AWS::SQS::Queue".into()).unwrap().unwrap();
    let api: Arc<dyn Api> = Arc::<JournaledApi>::clone(api);
    RestDriver::new(api, kind)
}

fn url() -> Result<KnownMap, rstack_driver::DriverError> {
    json(&format!(r#"{{"QueueUrl":"{URL}"}}"#))
}

fn shown(attributes: &str) -> Result<KnownMap, rstack_driver::DriverError> {
    json(&format!(r#"{{"Attributes":{{"QueueArn":"arn:q",{attributes}}}}}"#))
}

fn ours() -> Result<KnownMap, rstack_driver::DriverError> {
    json(&format!(r#"{{"Tags":{{"rstack:operation":"{TOKEN}"}}}}"#))
}

#[tokio::test]
async fn a_queue_is_made_after_the_proof_that_its_name_is_free() {
    let script = JournaledApi::new([
        ("GetQueueUrl", failure(ErrorKind::NotFound, "QueueDoesNotExist")),
        ("CreateQueue", url()),
        ("GetQueueAttributes", shown(r#""DelaySeconds":"5","VisibilityTimeout":"30""#)),
        ("ListQueueTags", ours()),
    ]);
    let declared = json!({"QueueName": "live", "DelaySeconds": "5", "FifoQueue": false});
    let object = queues(&script).create(&create(declared), script.as_ref()).await.unwrap();
    script.assert_calls(&[
        r#"GetQueueUrl {"QueueName":"live"}"#,
        "absent",
        &format!(
            r#"CreateQueue {{"Attributes":{{"DelaySeconds":"5"}},"QueueName":"live","tags":{{"rstack:operation":"{TOKEN}"}}}}"#
        ),
        &format!(r#"GetQueueAttributes {{"AttributeNames":["All"],"QueueUrl":"{URL}"}}"#),
        &format!(r#"ListQueueTags {{"QueueUrl":"{URL}"}}"#),
    ]);
    assert_eq!(object.physical_id.as_str(), URL);
    assert_eq!(object.properties["DelaySeconds"], KnownValue::from(5));
    assert_eq!(object.properties["FifoQueue"], KnownValue::from(false));
    assert_eq!(object.properties["QueueName"], KnownValue::from("live"));
    let attributes = json!({"Arn": "arn:q", "QueueName": "live", "QueueUrl": URL});
    assert_eq!(object.attributes, known(attributes));
}

/// The service answers with the queue that has the name, whatever owner made it.
#[tokio::test]
async fn a_queue_of_another_owner_is_not_taken() {
    let script = JournaledApi::new([("GetQueueUrl", url())]);
    let wanted = create(json!({"QueueName": "live"}));
    let error = queues(&script).create(&wanted, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("was not made by this run"), "{error}");
    assert_eq!(queues(&script).find(&wanted).await.unwrap(), Found::Absent);
    script.assert_finished();

    let proven = CreateRequest { absence_proven: true, ..wanted };
    let none = r#""VisibilityTimeout":"30""#;
    let script = JournaledApi::new([
        ("GetQueueUrl", failure(ErrorKind::NotFound, "QueueDoesNotExist")),
        ("GetQueueUrl", url()),
        ("GetQueueAttributes", shown(none)),
        ("ListQueueTags", ours()),
        ("GetQueueUrl", url()),
        ("GetQueueAttributes", shown(none)),
        ("ListQueueTags", json("{}")),
    ]);
    let driver = queues(&script);
    assert_eq!(driver.find(&proven).await.unwrap(), Found::Absent);
    assert!(matches!(driver.find(&proven).await.unwrap(), Found::Ours(_)));
    assert!(matches!(driver.find(&proven).await.unwrap(), Found::Ambiguous { .. }));
    script.assert_finished();
}

#[tokio::test]
async fn an_update_gives_the_defaults_of_what_is_declared_no_longer() {
    let now = r#""DelaySeconds":"5","SqsManagedSseEnabled":"false","RedrivePolicy":"{}""#;
    for (key, encryption) in [
        (json!("alias/mine"), r#""KmsMasterKeyId":"alias/mine""#),
        (json!(null), r#""SqsManagedSseEnabled":"true""#),
    ] {
        let script = JournaledApi::new([
            ("GetQueueAttributes", shown(now)),
            ("ListQueueTags", ours()),
            ("SetQueueAttributes", done()),
            ("GetQueueAttributes", shown(now)),
            ("ListQueueTags", ours()),
        ]);
        let prior = json!({
            "DelaySeconds": 5, "SqsManagedSseEnabled": false, "RedrivePolicy": {"maxReceiveCount": 3},
        });
        let request = update(prior, json!({"KmsMasterKeyId": key}));
        let request = UpdateRequest { identifier: URL.into(), ..request };
        queues(&script).update(&request).await.unwrap();
        let sent = format!(
            r#"SetQueueAttributes {{"Attributes":{{"DelaySeconds":"0",{encryption}}},"QueueUrl":"{URL}"}}"#
        );
        let sent = match encryption.starts_with("\"Kms") {
            true => sent.replace("\"},\"Queue", "\",\"RedrivePolicy\":\"\"},\"Queue"),
            false => sent.replace("\"SqsM", "\"RedrivePolicy\":\"\",\"SqsM"),
        };
        let read = format!(r#"GetQueueAttributes {{"AttributeNames":["All"],"QueueUrl":"{URL}"}}"#);
        let tags = format!(r#"ListQueueTags {{"QueueUrl":"{URL}"}}"#);
        script.assert_calls(&[&read, &tags, &sent, &read, &tags]);
    }
}

#[tokio::test]
async fn a_policy_that_is_declared_as_a_text_is_no_drift() {
    let text = r#"{"maxReceiveCount": 3, "deadLetterTargetArn": "arn"}"#;
    let shown =
        shown(r#""RedrivePolicy":"{\"deadLetterTargetArn\":\"arn\",\"maxReceiveCount\":3}""#);
    for declared in [json!(text), serde_json::from_str::<Value>(text).unwrap()] {
        let script =
            JournaledApi::new([("GetQueueAttributes", shown.clone()), ("ListQueueTags", ours())]);
        let declared = known(json!({"RedrivePolicy": declared}));
        let seen = queues(&script).read(&URL.into(), &declared).await.unwrap();
        let Observed::Present(object) = seen else { panic!("it is there") };
        assert_eq!(object.properties["RedrivePolicy"], declared["RedrivePolicy"]);
    }
}

/// A name that rstack chooses ends as the service wants it; one of the template is its own business.
#[tokio::test]
async fn the_chosen_name_of_a_fifo_queue_has_its_end() {
    let rule = queues(&JournaledApi::new([])).naming().unwrap();
    assert_eq!((rule.property, rule.max_length), ("QueueName", 75));
    let request = create(json!({}));
    let chosen = rule.name(&request.stack, &request.address, "ABCDEF123456");
    for (name, expected) in
        [(chosen.as_str(), format!("{chosen}.fifo")), ("mine", "mine".to_owned())]
    {
        let script = JournaledApi::new([
            ("GetQueueUrl", failure(ErrorKind::NotFound, "QueueDoesNotExist")),
            (
                "CreateQueue",
                failure(ErrorKind::Invalid { property: None }, "InvalidParameterValue"),
            ),
        ]);
        let request = create(json!({"QueueName": name, "FifoQueue": true}));
        queues(&script).create(&request, script.as_ref()).await.unwrap_err();
        assert_eq!(script.input(0)["QueueName"], KnownValue::from(expected.as_str()));
        assert_eq!(script.input(1)["QueueName"], KnownValue::from(expected.as_str()));
    }
}
