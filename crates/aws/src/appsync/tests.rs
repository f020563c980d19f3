//! The rules of the driver of schemas against scripted answers.

use rstack_driver::{CreateRequest, DirectDriver, ErrorKind, Found, Observed, Progress};
use rstack_model::{PropertyPath, StackName};

use super::graphql_schema::GraphqlSchema;
use crate::test::journaled_api::{Answer, JournaledApi, gone, json, tree};

const PROPERTIES: &str = r#"{"ApiId":"abc","Definition":"type Query { a: Int }"}"#;

fn status(status: &str) -> Answer {
    json(&format!(r#"{{"status":"{status}","details":"line 1: no such type"}}"#))
}

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Schema".into(),
        token: "0f9c2d4e".into(),
        properties: tree(properties),
    }
}

#[tokio::test]
async fn a_schema_is_named_after_its_api_and_set_by_its_text() {
    let script = JournaledApi::new([("StartSchemaCreation", status("PROCESSING"))]);
    let driver = GraphqlSchema::new(script.clone());
    let made = driver.create(&creation(PROPERTIES), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "abcGraphQLSchema");
    script.assert_calls(&[
        r#"StartSchemaCreation {"apiId":"abc","definition":"type Query { a: Int }"}"#,
    ]);
    let found = GraphqlSchema::new(JournaledApi::new([])).find(&creation(PROPERTIES)).await;
    assert_eq!(found.unwrap(), Found::Absent);
}

#[tokio::test]
async fn a_schema_without_text_and_an_api_that_was_just_made() {
    let script = JournaledApi::new([]);
    let request = creation(r#"{"ApiId":"abc"}"#);
    let error = GraphqlSchema::new(script.clone()).create(&request, script.as_ref()).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "appsync:StartSchemaCreation: `Definition` is missing"
    );
    let script = JournaledApi::new([("StartSchemaCreation", gone())]);
    let driver = GraphqlSchema::new(script.clone());
    let error = driver.create(&creation(PROPERTIES), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

#[tokio::test]
async fn a_schema_is_waited_for_and_a_wrong_one_says_why() {
    let ask = async |answer| {
        let script = JournaledApi::new([("GetSchemaCreationStatus", answer)]);
        GraphqlSchema::new(script).stabilized(&"abcGraphQLSchema".into()).await
    };
    for done in ["SUCCESS", "ACTIVE"] {
        assert_eq!(ask(status(done)).await.unwrap(), Progress::Done);
    }
    for pending in ["PROCESSING", "NOT_APPLICABLE"] {
        assert!(matches!(ask(status(pending)).await.unwrap(), Progress::Pending { .. }));
    }
    let error = ask(status("FAILED")).await.unwrap_err();
    let property = Some(PropertyPath::root().name("Definition"));
    assert_eq!(error.kind, ErrorKind::Invalid { property });
    assert!(error.message.contains("line 1: no such type"), "{}", error.message);
    assert_eq!(ask(gone()).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_schema_is_there_as_long_as_its_api_has_one() {
    let read = async |answer| {
        let script = JournaledApi::new([("GetSchemaCreationStatus", answer)]);
        let driver = GraphqlSchema::new(script);
        driver.read(&"abcGraphQLSchema".into(), &tree(PROPERTIES)).await.unwrap()
    };
    let Observed::Present(object) = read(status("SUCCESS")).await else { panic!("absent") };
    assert_eq!(object.properties, tree(PROPERTIES));
    assert_eq!(read(status("NOT_APPLICABLE")).await, Observed::Absent);
    assert_eq!(read(gone()).await, Observed::Absent);
}
