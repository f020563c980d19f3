//! Requests as a handler gets them, and responses that break the contract.

use rstack_model::{ErrorCode, KnownValue, SecretString, stack_id};
use serde_json::{Value as Json, json};

use super::handler::{
    Answer, Durable, FUNCTION, Handler, create, delete, known, now, poll, response, update,
};
use crate::custom::response::Answered;
use crate::custom::{CustomTransport, HandlerArn, Response, ResponseError, service_timeout};
use crate::{DriverError, Finish, Object, OperationKind, Pending, Request, ResourceDriver, Step};

/// An object that a create has made.
fn made(handler: &std::sync::Arc<Handler>, properties: Json) -> Object {
    let (driver, sink) = (handler.driver(), Durable::new(handler));
    now(driver.begin(&Request::Create(create(properties)), &sink)).unwrap();
    let cursor = super::handler::lock(&sink.cursor).clone().unwrap();
    let step = now(driver.poll(&poll(OperationKind::Create, "request-1", &cursor, None))).unwrap();
    let Step::Done(Finish::Object(object)) = step else { panic!("{step:?}") };
    *object
}

#[test]
fn a_handler_gets_every_scalar_as_text_and_all_that_names_the_request() {
    let handler = Handler::answering([]);
    let mut request = create(json!({
        "Number": 1, "Half": 0.5, "Yes": true, "Text": "t", "Nothing": null,
        "List": [1, false, "x", null], "Map": {"Deep": {"N": 2}}
    }));
    let secret = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    request.properties.insert("Secret".to_owned(), secret);
    now(handler.driver().begin(&Request::Create(request), &Durable::new(&handler))).unwrap();
    let stack = rstack_model::StackName::parse("Live").unwrap();
    let environment = now(handler.environment()).unwrap();
    assert_eq!(
        handler.last(),
        json!({
            "RequestType": "Create",
            "ServiceToken": FUNCTION,
            "ResponseURL": "https://box.example/request-1?seconds=3900",
            "StackId": stack_id(&environment, &stack),
            "RequestId": "request-1",
            "LogicalResourceId": "Thing",
            "ResourceType": "Custom::Thing",
            "ResourceProperties": {
                "ServiceToken": FUNCTION, "Number": "1", "Half": "0.5", "Yes": "true", "Text": "t",
                "List": ["1", "false", "x"], "Map": {"Deep": {"N": "2"}}, "Secret": "hunter2"
            }
        })
    );
}

#[test]
fn an_update_has_the_old_properties_and_a_delete_the_last_ones() {
    let handler = Handler::answering([]);
    let object = made(&handler, json!({"A": 1}));
    let change = Request::Update(update(&object, json!({"A": 1}), json!({"A": 2})));
    now(handler.driver().begin(&change, &Durable::new(&handler))).unwrap();
    let sent = handler.last();
    assert_eq!(sent["RequestType"], "Update");
    assert_eq!(sent["PhysicalResourceId"], "thing-1");
    assert_eq!(sent["OldResourceProperties"], json!({"A": "1", "ServiceToken": FUNCTION}));
    assert_eq!(sent["ResourceProperties"], json!({"A": "2", "ServiceToken": FUNCTION}));
    now(handler.driver().begin(&Request::Delete(delete(&object)), &Durable::new(&handler)))
        .unwrap();
    let sent = handler.last();
    assert_eq!(
        (&sent["RequestType"], &sent["PhysicalResourceId"]),
        (&json!("Delete"), &json!("thing-1"))
    );
    assert_eq!(sent["ResourceProperties"], json!({"A": "1", "ServiceToken": FUNCTION}));
    assert_eq!(sent.get("OldResourceProperties"), None);
}

#[test]
fn a_resource_of_a_nested_stack_has_the_id_of_that_stack_and_its_own_logical_id() {
    let handler = Handler::answering([]);
    let mut request = create(json!({}));
    request.address = "Site/Thing".into();
    now(handler.driver().begin(&Request::Create(request), &Durable::new(&handler))).unwrap();
    let sent = handler.last();
    assert_eq!(sent["LogicalResourceId"], "Thing");
    assert!(sent["StackId"].as_str().unwrap().contains(":stack/Live-Site-"), "{sent}");
}

#[test]
fn only_functions_and_topics_are_handlers() {
    let function = |text: &str| matches!(HandlerArn::parse(text), Some(HandlerArn::Function(_)));
    assert!(function(FUNCTION) && function(&format!("{FUNCTION}:alias")));
    assert!(function("arn:aws:lambda:eu-west-1:111122223333:handler"));
    let topic = HandlerArn::parse("arn:aws-cn:sns:cn-north-1:111122223333:topic");
    assert!(matches!(topic, Some(HandlerArn::Topic(_))));
    for other in [
        "",
        "x",
        "arn:aws:lambda:eu-west-1:1:layer:x",
        "arn:aws:sqs:eu-west-1:1:q",
        "arn:aws:sns:::t",
    ] {
        assert_eq!(HandlerArn::parse(other), None, "{other}");
    }
}

#[test]
fn a_time_limit_is_from_one_second_to_an_hour() {
    let limit = |json: Json| service_timeout(&known(json));
    assert_eq!(limit(json!({})), Ok(3600));
    assert_eq!(limit(json!({"ServiceTimeout": 1})), Ok(1));
    assert_eq!(limit(json!({"ServiceTimeout": "3600"})), Ok(3600));
    for bad in [json!(0), json!(3601), json!("1.5"), json!("x"), json!([1]), json!(true)] {
        assert!(limit(json!({"ServiceTimeout": bad})).is_err(), "{bad}");
    }
}

/// The outcome of a response with these members.
fn parsed(says: &Json) -> Result<Response, ResponseError> {
    let request = json!({"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Thing"});
    let to = Answered { stack_id: "stack", request_id: "request", logical_id: "Thing" };
    Response::parse(response(&request, says).to_string().as_bytes(), to)
}

/// The object that it made is deleted: it is known by its ID.
#[test]
fn a_malformed_response_that_names_an_object_is_a_failure_that_names_it() {
    for (says, error) in [
        (json!({"Status": "DONE"}), ResponseError::Status),
        (json!({"Status": null}), ResponseError::Status),
        (json!({"Data": [1]}), ResponseError::Data),
    ] {
        let physical_id = Some("thing-1".to_owned());
        assert_eq!(parsed(&says), Ok(Response::Malformed { physical_id, error }), "{says}");
    }
}

#[test]
fn a_response_that_breaks_the_contract_is_refused_by_name() {
    use ResponseError as Error;
    let long = "x".repeat(5000);
    for (says, error) in [
        (json!({"RequestId": "another"}), Error::OtherRequest("RequestId")),
        (json!({"RequestId": null}), Error::OtherRequest("RequestId")),
        (json!({"StackId": 5}), Error::OtherRequest("StackId")),
        (json!({"LogicalResourceId": "Other"}), Error::OtherRequest("LogicalResourceId")),
        (json!({"PhysicalResourceId": ""}), Error::PhysicalId),
        (json!({"PhysicalResourceId": 7}), Error::PhysicalId),
        (json!({"PhysicalResourceId": "x".repeat(1025)}), Error::PhysicalId),
        (json!({"Data": {"Long": long}}), Error::TooLong),
    ] {
        assert_eq!(parsed(&says), Err(error), "{says}");
    }
    let to = Answered { stack_id: "s", request_id: "r", logical_id: "l" };
    for text in ["", "no", "[]", "7", "{\"Status\":", "\u{0}"] {
        assert_eq!(Response::parse(text.as_bytes(), to), Err(Error::NotJson), "{text:?}");
    }
    assert_eq!(Response::parse(&[0xff; 10], to), Err(Error::NotJson));
}

#[test]
fn a_failure_without_a_reason_and_an_id_is_still_a_failure() {
    let failed = |says: Json| match parsed(&says) {
        Ok(Response::Failed { physical_id, reason }) => (physical_id, reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        failed(json!({"Status": "FAILED", "PhysicalResourceId": null})),
        (None, "the handler reported FAILED and gave no reason".to_owned())
    );
    let (id, reason) = failed(json!({"Status": "FAILED", "Reason": " no room "}));
    assert_eq!((id.as_deref(), reason.as_str()), (Some("thing-1"), "no room"));
}

#[test]
fn attributes_are_whatever_the_data_are_and_those_that_may_not_be_shown_are_secrets() {
    let data = |says: Json| match parsed(&says) {
        Ok(Response::Success { data, .. }) => data,
        other => panic!("{other:?}"),
    };
    let says = json!({"Data": {"Url": "https://x", "A.b": 1, "List": ["a"]}});
    assert_eq!(data(says), known(json!({"Url": "https://x", "A.b": 1, "List": ["a"]})));
    assert!(data(json!({})).is_empty());
    for hidden in [json!(true), json!("true"), json!("True"), json!(1), json!("yes")] {
        let given = json!({"Key": "hunter2", "Pin": 1234, "List": ["hunter2"]});
        let found = data(json!({"NoEcho": hidden, "Data": given}));
        for (name, text) in [("Key", "hunter2"), ("Pin", "1234"), ("List", "")] {
            let Some(KnownValue::Secret(secret)) = found.get(name) else { panic!("{found:?}") };
            assert_eq!(secret.expose(), text);
        }
    }
    for shown in [json!(false), json!("false"), json!(null)] {
        let found = data(json!({"NoEcho": shown, "Data": {"Key": "shown"}}));
        assert_eq!(found, known(json!({"Key": "shown"})));
    }
}

/// The end of a create that was answered like this, as the engine sees it.
fn end_of_create(answer: Answer) -> (String, DriverError) {
    let handler = Handler::answering([answer]);
    let (driver, sink) = (handler.driver(), Durable::new(&handler));
    now(driver.begin(&Request::Create(create(json!({}))), &sink)).unwrap();
    let cursor = super::handler::lock(&sink.cursor).clone().unwrap();
    let asked = poll(OperationKind::Create, "request-1", &cursor, None);
    let step = now(driver.poll(&asked)).unwrap();
    let Step::Pending(Pending { object: Some(object), repeatable: false, .. }) = step else {
        panic!("{step:?}")
    };
    let asked = poll(OperationKind::Create, "request-1", &cursor, Some(&object.identifier));
    let step = now(driver.poll(&asked)).unwrap();
    let Step::Done(Finish::Failed(error)) = step else { panic!("{step:?}") };
    assert_eq!(handler.count(), 1);
    (object.physical_id.to_string(), *error)
}

#[test]
fn a_failed_create_names_what_is_to_be_deleted_before_it_fails() {
    let named = json!({"Status": "FAILED", "Reason": "no room", "PhysicalResourceId": "half"});
    let (half, error) = end_of_create(Answer::Says(named));
    assert_eq!((half.as_str(), error.message.as_str()), ("half", "no room"));
    assert_eq!(error.error_code(), ErrorCode::HandlerFailed);
    let unnamed = Answer::Says(json!({"Status": "FAILED", "PhysicalResourceId": null}));
    assert_eq!(end_of_create(unnamed).1.error_code(), ErrorCode::HandlerFailed);
    let malformed = [
        Answer::Says(json!({"Status": "DONE", "PhysicalResourceId": null})),
        Answer::Says(json!({"PhysicalResourceId": null})),
        Answer::Says(json!({"RequestId": "another"})),
        Answer::Bytes(b"not JSON".to_vec()),
        Answer::Bytes(vec![b' '; 5 * 1024]),
    ];
    for answer in malformed {
        let (physical_id, error) = end_of_create(answer);
        assert_eq!(error.error_code(), ErrorCode::HandlerResponse, "{error}");
        // It follows from the request, so that every process names the same.
        assert_eq!(physical_id, end_of_create(Answer::Bytes(Vec::new())).0);
        assert!(physical_id.starts_with("Live-Thing-"), "{physical_id}");
    }
}
