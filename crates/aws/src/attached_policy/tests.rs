//! The rules of the driver against scripted answers.

use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, Observed, Progress, Removal,
    UpdateRequest,
};
use rstack_model::StackName;

use super::driver::AttachedPolicy;
use super::holder::Holder;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};

const PROPERTIES: &str = r#"{"Queues":["b","a","b"],"PolicyDocument":{"Statement":[
    {"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["y","x"],"Resource":"*"}]}}"#;
const ONE: &str = r#"{"Queues":["a"],"PolicyDocument":{"Statement":[]}}"#;
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:news";

/// The answer of SQS with a policy.
fn policy(text: &str) -> Answer {
    json(&serde_json::json!({"Attributes": {"Policy": text}}).to_string())
}

/// As SQS shows the document of [`PROPERTIES`].
fn same() -> Answer {
    policy(
        r#"{"Statement":{"Resource":["*"],"Action":["x","y"],"Effect":"Allow",
            "Principal":{"AWS":"arn:aws:iam::111122223333:root"}}}"#,
    )
}

fn other() -> Answer {
    policy(r#"{"Statement":[1]}"#)
}

fn none() -> Answer {
    json("{}")
}

fn driver(script: &std::sync::Arc<JournaledApi>) -> AttachedPolicy {
    AttachedPolicy::new(script.clone(), Holder::Queue)
}

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Policy".into(),
        token: "0f9c2d4e-1a2b-4c3d-8e4f-5a6b7c8d9e0f".into(),
        properties: tree(properties),
    }
}

fn change(prior: &str, properties: &str) -> UpdateRequest {
    let (prior, properties) = (tree(prior), tree(properties));
    UpdateRequest { identifier: "Live-Policy-X".into(), token: "T".into(), prior, properties }
}

fn deletion(prior: &str) -> DeleteRequest {
    let (identifier, removal) = ("Live-Policy-X".into(), Removal::Recoverable);
    DeleteRequest { identifier, removal, token: "T".into(), prior: tree(prior) }
}

#[tokio::test]
async fn the_journal_knows_of_the_policy_before_its_second_queue_gets_it() {
    let script =
        JournaledApi::new([("SetQueueAttributes", done()), ("SetQueueAttributes", done())]);
    let properties = r#"{"Queues":["b","a"],"PolicyDocument":{"Statement":[]}}"#;
    let made = driver(&script).create(&creation(properties), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "Live-Policy-0F9C2D4E1A2B");
    assert_eq!(made.attributes, tree(r#"{"Id":"Live-Policy-0F9C2D4E1A2B"}"#));
    script.assert_calls(&[
        r#"SetQueueAttributes {"Attributes":{"Policy":"{\"Statement\":[]}"},"QueueUrl":"b"}"#,
        "effect Live-Policy-0F9C2D4E1A2B",
        r#"SetQueueAttributes {"Attributes":{"Policy":"{\"Statement\":[]}"},"QueueUrl":"a"}"#,
    ]);
}

#[tokio::test]
async fn a_queue_or_a_principal_that_was_just_made_may_not_be_visible_yet() {
    let refused = async |kind: ErrorKind, message: &str, principal: &str| {
        let mut error = failure(kind, "InvalidAttributeValue").unwrap_err();
        error.message = message.to_owned();
        let script = JournaledApi::new([("SetQueueAttributes", Err(error))]);
        let statement = format!(r#"{{"Principal":{{"AWS":"{principal}"}}}}"#);
        let properties =
            format!(r#"{{"Queues":["a"],"PolicyDocument":{{"Statement":[{statement}]}}}}"#);
        let request = creation(&properties);
        driver(&script).create(&request, script.as_ref()).await.unwrap_err().is_retryable()
    };
    let (invalid, role) = (ErrorKind::Invalid { property: None }, "arn:aws:iam::1:role/r");
    let wrong = "Invalid value for the parameter Policy.";
    assert!(refused(invalid.clone(), wrong, role).await);
    assert!(refused(ErrorKind::NotFound, "gone", "1").await);
    assert!(!refused(invalid.clone(), wrong, "111122223333").await);
    assert!(!refused(invalid, "Invalid value for another parameter", role).await);
}

#[tokio::test]
async fn what_is_missing_is_said_with_its_property() {
    for (properties, problem) in [
        (r#"{"Queues":[],"PolicyDocument":{}}"#, "`Queues` is empty"),
        (r#"{"Queues":["a"]}"#, "`PolicyDocument` is missing"),
        (r#"{"Queues":[[]],"PolicyDocument":{}}"#, "`Queues` holds more than texts"),
        (r#"{"Queues":["a"],"PolicyDocument":7}"#, "`PolicyDocument` is not a policy document"),
    ] {
        let script = JournaledApi::new([]);
        let error = driver(&script).create(&creation(properties), script.as_ref()).await;
        assert_eq!(error.unwrap_err().to_string(), format!("sqs:SetQueueAttributes: {problem}"));
    }
}

#[tokio::test]
async fn a_queue_without_the_policy_or_with_another_document_is_drift() {
    let read = async |b, a| {
        let script = JournaledApi::new([("GetQueueAttributes", b), ("GetQueueAttributes", a)]);
        driver(&script).read(&"Live-Policy-X".into(), &tree(PROPERTIES)).await.unwrap()
    };
    let Observed::Present(whole) = read(same(), same()).await else { panic!("absent") };
    let mut declared = tree(PROPERTIES);
    declared.insert("Queues".to_owned(), tree(r#"{"q":["b","a"]}"#)["q"].clone());
    assert_eq!(whole.properties, declared);
    let Observed::Present(one) = read(gone(), other()).await else { panic!("absent") };
    let expected = r#"{"Queues":["a"],"PolicyDocument":{"Statement":[1]}}"#;
    assert_eq!(one.properties, tree(expected));
    assert_eq!(read(none(), gone()).await, Observed::Absent);
}

#[tokio::test]
async fn a_failed_read_is_not_absence() {
    let denied = failure(ErrorKind::AccessDenied { action: None }, "AccessDenied");
    let script = JournaledApi::new([("GetQueueAttributes", denied)]);
    let read = driver(&script).read(&"Live-Policy-X".into(), &tree(ONE)).await;
    assert!(matches!(read.unwrap_err().kind, ErrorKind::AccessDenied { .. }));
}

#[tokio::test]
async fn queues_that_are_declared_no_longer_lose_the_policy_and_foreign_ones_stay() {
    let to = r#"{"Queues":["c"],"PolicyDocument":{"Statement":[]}}"#;
    let script = JournaledApi::new([
        ("GetQueueAttributes", none()),
        ("SetQueueAttributes", done()),
        ("GetQueueAttributes", same()),
        ("SetQueueAttributes", done()),
        ("GetQueueAttributes", other()),
    ]);
    driver(&script).update(&change(PROPERTIES, to)).await.unwrap();
    script.assert_calls(&[
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"c"}"#,
        r#"SetQueueAttributes {"Attributes":{"Policy":"{\"Statement\":[]}"},"QueueUrl":"c"}"#,
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"b"}"#,
        r#"SetQueueAttributes {"Attributes":{"Policy":""},"QueueUrl":"b"}"#,
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"a"}"#,
    ]);
}

#[tokio::test]
async fn an_update_puts_only_what_is_not_there() {
    let script = JournaledApi::new([
        ("GetQueueAttributes", same()),
        ("GetQueueAttributes", other()),
        ("SetQueueAttributes", done()),
    ]);
    driver(&script).update(&change("{}", PROPERTIES)).await.unwrap();
    script.assert_operations(&["GetQueueAttributes", "GetQueueAttributes", "SetQueueAttributes"]);
}

#[tokio::test]
async fn what_an_interrupted_update_put_is_reverted() {
    let in_doubt = r#"{"Queues":["a","b","c"],"PolicyDocument":{"Statement":[1]}}"#;
    let prior = r#"{"Queues":["a","b"],"PolicyDocument":{"Statement":[]}}"#;
    let before = || policy(r#"{"Statement":[]}"#);
    let script = JournaledApi::new([
        ("GetQueueAttributes", other()),
        ("SetQueueAttributes", done()),
        ("GetQueueAttributes", before()),
        ("GetQueueAttributes", other()),
        ("GetQueueAttributes", other()),
        ("SetQueueAttributes", done()),
    ]);
    driver(&script).revert_partial_update(&tree(in_doubt), &tree(prior)).await.unwrap();
    script.assert_calls(&[
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"a"}"#,
        r#"SetQueueAttributes {"Attributes":{"Policy":"{\"Statement\":[]}"},"QueueUrl":"a"}"#,
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"b"}"#,
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"c"}"#,
        r#"GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"c"}"#,
        r#"SetQueueAttributes {"Attributes":{"Policy":""},"QueueUrl":"c"}"#,
    ]);
}

#[tokio::test]
async fn a_deletion_takes_back_what_was_declared_and_nothing_else() {
    let script = JournaledApi::new([
        ("GetQueueAttributes", same()),
        ("SetQueueAttributes", gone()),
        ("GetQueueAttributes", other()),
    ]);
    assert_eq!(driver(&script).delete(&deletion(PROPERTIES)).await.unwrap(), Progress::Done);
    script.assert_operations(&["GetQueueAttributes", "SetQueueAttributes", "GetQueueAttributes"]);

    let script = JournaledApi::new([("GetQueueAttributes", none())]);
    driver(&script).delete(&deletion(ONE)).await.unwrap();
    let script = JournaledApi::new([("GetQueueAttributes", gone())]);
    driver(&script).delete(&deletion(ONE)).await.unwrap();
}

/// The text of a secret is not known to a deletion: no comparison may keep the policy alive.
#[tokio::test]
async fn a_policy_with_a_secret_is_taken_back_unseen() {
    let script =
        JournaledApi::new([("GetQueueAttributes", other()), ("SetQueueAttributes", done())]);
    let mut request = deletion(ONE);
    let secret = rstack_model::SecretString::new(String::new());
    request.prior.insert("PolicyDocument".to_owned(), rstack_model::KnownValue::Secret(secret));
    driver(&script).delete(&request).await.unwrap();
    script.assert_operations(&["GetQueueAttributes", "SetQueueAttributes"]);
}

#[tokio::test]
async fn a_topic_gets_the_policy_of_new_topics_back() {
    let declared = format!(r#"{{"Topics":["{TOPIC}"],"PolicyDocument":{{"Statement":[]}}}}"#);
    let topics =
        |script: &std::sync::Arc<JournaledApi>| AttachedPolicy::new(script.clone(), Holder::Topic);
    let script = JournaledApi::new([
        ("GetTopicAttributes", policy(r#"{"Statement":[]}"#)),
        ("SetTopicAttributes", done()),
    ]);
    topics(&script).delete(&deletion(&declared)).await.unwrap();
    let restored = r#"{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\""#;
    script.assert_calls_start(&[
        &format!(r#"GetTopicAttributes {{"TopicArn":"{TOPIC}"}}"#),
        &format!(r#"SetTopicAttributes {{"AttributeName":"Policy","AttributeValue":"{restored}"#),
    ]);

    // That policy is none.
    let default = Holder::Topic.unset(TOPIC);
    let script = JournaledApi::new([("GetTopicAttributes", policy(default.as_str().unwrap()))]);
    let read = topics(&script).read(&"Live-Policy-X".into(), &tree(&declared)).await.unwrap();
    assert_eq!(read, Observed::Absent);
}

#[tokio::test]
async fn one_queue_with_the_declared_document_makes_it_ours() {
    let find = async |b, a| {
        let script = JournaledApi::new([("GetQueueAttributes", b), ("GetQueueAttributes", a)]);
        driver(&script).find(&creation(PROPERTIES)).await.unwrap()
    };
    let Found::Ours(object) = find(none(), same()).await else { panic!("it is ours") };
    assert_eq!(object.physical_id.as_str(), "Live-Policy-0F9C2D4E1A2B");
    assert_eq!(find(other(), gone()).await, Found::Absent);
}
