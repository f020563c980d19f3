//! The creation of a bucket, call by call: the proof, the tags, and buckets of others.

use rstack_driver::{CreateRequest, DirectDriver, DriverError, ErrorKind, Found, Object};
use rstack_model::{Region, StackName};

use super::BucketDriver;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, json, tree};

const REGION: &str = "eu-west-1";

fn request(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: tree(properties),
    }
}

fn missing() -> Answer {
    failure(ErrorKind::NotFound, "NoSuchBucket")
}

fn denied(action: Option<&str>) -> Answer {
    let action = action.map(str::to_owned);
    failure(ErrorKind::AccessDenied { action }, "AccessDenied")
}

fn untagged() -> Answer {
    failure(ErrorKind::NotFound, "NoSuchTagSet")
}

fn tags(token: &str) -> Answer {
    json(&format!(r#"{{"TagSet":[{{"Key":"rstack:operation","Value":"{token}"}}]}}"#))
}

async fn created(
    region: &str,
    properties: &str,
    answers: Vec<(&'static str, Answer)>,
) -> (Result<Object, DriverError>, std::sync::Arc<JournaledApi>) {
    let script = JournaledApi::of(answers);
    let driver = BucketDriver::new(script.clone(), Region::new(region));
    (driver.create(&request(properties), script.as_ref()).await, script)
}

#[tokio::test]
async fn a_bucket_is_made_after_the_proof_and_with_its_tags() {
    let answers = vec![
        ("ListObjectsV2", missing()),
        ("CreateBucket", done()),
        ("GetBucketTagging", tags("T")),
    ];
    let (made, script) = created(REGION, r#"{"BucketName":"mine"}"#, answers).await;
    assert_eq!(made.unwrap().physical_id.as_str(), "mine");
    script.assert_calls(&[
        r#"ListObjectsV2 {"Bucket":"mine","MaxKeys":1}"#,
        "absent",
        concat!(
            r#"CreateBucket {"Bucket":"mine","CreateBucketConfiguration":{"LocationConstraint":"#,
            r#""eu-west-1","Tags":[{"Key":"rstack:operation","Value":"T"}]}}"#
        ),
        r#"GetBucketTagging {"Bucket":"mine"}"#,
        "effect mine",
    ]);
}

/// In us-east-1 the call succeeds for a bucket that the account has already, and takes no constraint.
#[tokio::test]
async fn success_for_a_bucket_of_another_run_is_not_taken_for_ours() {
    let answers = vec![
        ("ListObjectsV2", missing()),
        ("CreateBucket", done()),
        ("GetBucketTagging", tags("U")),
    ];
    let (made, script) = created("us-east-1", r#"{"BucketName":"mine"}"#, answers).await;
    let error = made.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("`mine` exists already"), "{error}");
    script.assert_calls_start(&[
        "ListObjectsV2",
        "absent",
        r#"CreateBucket {"Bucket":"mine","CreateBucketConfiguration":{"Tags":"#,
        "GetBucketTagging",
    ]);
}

#[tokio::test]
async fn a_name_that_is_taken_is_reported() {
    let there = ("ListObjectsV2", done());
    let elsewhere = failure(ErrorKind::Invalid { property: None }, "PermanentRedirect");
    let raced = failure(ErrorKind::AlreadyExists, "BucketAlreadyExists");
    for (answers, text) in [
        (vec![there], "exists already"),
        (vec![("ListObjectsV2", denied(None))], "belongs to another account or Region"),
        (vec![("ListObjectsV2", elsewhere)], "belongs to another account or Region"),
        (vec![("ListObjectsV2", missing()), ("CreateBucket", raced)], "exists already"),
    ] {
        let (made, script) = created(REGION, r#"{"BucketName":"mine"}"#, answers).await;
        let error = made.unwrap_err();
        assert!(error.message.contains(text), "{error}");
        script.assert_finished();
    }
}

/// A caller may tag what is created, what exists, or nothing.
#[tokio::test]
async fn tags_come_with_the_bucket_or_right_after_it() {
    let answers = |tagging: Answer| {
        vec![
            ("ListObjectsV2", missing()),
            ("CreateBucket", denied(Some("s3:TagResource"))),
            ("CreateBucket", done()),
            ("GetBucketTagging", untagged()),
            ("PutBucketTagging", tagging),
        ]
    };
    let tagged = r#"{"BucketName":"mine","Tags":[{"Key":"a","Value":"b"}]}"#;
    let (made, script) = created(REGION, tagged, answers(done())).await;
    assert!(made.is_ok());
    script.assert_finished();
    let untaggable = || denied(Some("s3:PutBucketTagging"));
    let (made, script) = created(REGION, r#"{"BucketName":"mine"}"#, answers(untaggable())).await;
    assert!(made.is_ok());
    script.assert_finished();
    // The bucket is there, and lacks what is declared: it is looked for, and an update completes it.
    let (made, _) = created(REGION, tagged, answers(untaggable())).await;
    assert_eq!(made.unwrap_err().kind, ErrorKind::UnknownOutcome);
}

#[tokio::test]
async fn properties_of_another_form_are_refused_before_any_call() {
    for (properties, text) in [
        (r#"{"BucketName":"mine","AccessControl":"Everybody"}"#, "`AccessControl`"),
        (r#"{"BucketName":"mine","CorsConfiguration":{"Rules":[]}}"#, "`CorsConfiguration.Rules`"),
        (r#"{"BucketName":"mine","AbacStatus":"Enabled"}"#, "`AbacStatus` is not supported"),
        (
            r#"{"BucketName":"mine","MetricsConfigurations":[{"Id":"a"},{"Id":"a"}]}"#,
            "`MetricsConfigurations`",
        ),
    ] {
        let (made, script) = created(REGION, properties, Vec::new()).await;
        let error = made.unwrap_err();
        assert!(error.message.contains(text), "{error}");
        script.assert_finished();
    }
}

#[tokio::test]
async fn an_interrupted_creation_is_found_by_its_token_or_by_the_proof() {
    let find = |answers: Vec<(&'static str, Answer)>, proven: bool| async move {
        let script = JournaledApi::of(answers);
        let driver = BucketDriver::new(script.clone(), Region::new(REGION));
        let request =
            CreateRequest { absence_proven: proven, ..request(r#"{"BucketName":"mine"}"#) };
        let found = driver.find(&request).await.unwrap();
        script.assert_finished();
        found
    };
    let there = || ("ListObjectsV2", done());
    assert_eq!(find(Vec::new(), false).await, Found::Absent);
    assert_eq!(find(vec![("ListObjectsV2", missing())], true).await, Found::Absent);
    for ours in [tags("T"), untagged()] {
        let found = find(vec![there(), ("GetBucketTagging", ours)], true).await;
        assert!(matches!(found, Found::Ours(_)), "{found:?}");
    }
    for theirs in
        [vec![there(), ("GetBucketTagging", tags("U"))], vec![("ListObjectsV2", denied(None))]]
    {
        let found = find(theirs, true).await;
        assert!(matches!(found, Found::Ambiguous { .. }), "{found:?}");
    }
}
