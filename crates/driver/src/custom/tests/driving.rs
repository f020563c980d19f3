//! A request is delivered once, whatever happens to its answer.

use rstack_model::ErrorCode;
use serde_json::json;

use super::handler::{Answer, Durable, Handler, create, delete, lock, now, poll, response, update};
use crate::custom::CustomResource;
use crate::{
    DriverError, ErrorKind, Finish, Found, Object, Observed, OperationKind, Request,
    ResourceDriver, Step,
};

fn error(kind: ErrorKind) -> DriverError {
    DriverError::new(kind, "lambda:Invoke", "no")
}

fn made(driver: &CustomResource, handler: &Handler) -> Object {
    let sink = Durable::new(handler);
    now(driver.begin(&Request::Create(create(json!({}))), &sink)).unwrap();
    let cursor = lock(&sink.cursor).clone().unwrap();
    let step = now(driver.poll(&poll(OperationKind::Create, "request-1", &cursor, None))).unwrap();
    let Step::Done(Finish::Object(object)) = step else { panic!("{step:?}") };
    *object
}

#[test]
fn the_cursor_is_durable_before_the_request_is_delivered() {
    let handler = Handler::answering([]);
    let sink = Durable::new(&handler);
    now(handler.driver().begin(&Request::Create(create(json!({}))), &sink)).unwrap();
    assert_eq!(*lock(&handler.journal), ["begins", "delivered"]);
}

/// Nothing is recorded of a request that its handler cannot take yet: the same operation delivers it later.
#[test]
fn a_handler_that_is_not_ready_is_asked_again() {
    let handler = Handler::answering([]);
    let sink = Durable::new(&handler);
    let request = Request::Create(create(json!({})));
    *lock(&handler.unready) = Some(error(ErrorKind::DependencyNotReady));
    let refused = now(handler.driver().begin(&request, &sink)).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::DependencyNotReady);
    assert!(lock(&handler.journal).is_empty());
    now(handler.driver().begin(&request, &sink)).unwrap();
    assert_eq!(*lock(&handler.journal), ["begins", "delivered"]);
}

#[test]
fn what_may_have_been_delivered_is_followed_and_never_delivered_again() {
    for kind in [ErrorKind::UnknownOutcome, ErrorKind::Transient] {
        let handler = Handler::answering([Answer::Undelivered(error(kind))]);
        let (driver, sink) = (handler.driver(), Durable::new(&handler));
        let request = Request::Create(create(json!({})));
        for _ in 0..3 {
            let step = now(driver.begin(&request, &sink)).unwrap();
            assert!(matches!(step, Step::Pending(_)), "{step:?}");
        }
        assert!(handler.count() <= 1);
        assert_eq!(*lock(&handler.journal), ["begins"]);
    }
    // The same with a request that was begun by another process, and for changes and deletions.
    let handler = Handler::answering([]);
    let driver = handler.driver();
    let object = made(&driver, &handler);
    let change = Request::Update(update(&object, json!({}), json!({"A": 1})));
    for request in [change, Request::Delete(delete(&object))] {
        let (sink, before) = (Durable::new(&handler), handler.count());
        now(driver.begin(&request, &sink)).unwrap();
        now(driver.begin(&request, &sink)).unwrap();
        assert_eq!(handler.count(), before + 1);
    }
}

#[test]
fn what_was_refused_for_certain_is_no_doubt_and_may_be_delivered_later() {
    let kinds = [
        ErrorKind::NotFound,
        ErrorKind::AccessDenied { action: Some("lambda:InvokeFunction".to_owned()) },
        ErrorKind::Throttled,
        ErrorKind::AlreadyExists,
    ];
    for kind in kinds {
        let handler = Handler::answering([Answer::Undelivered(error(kind.clone()))]);
        let (driver, sink) = (handler.driver(), Durable::new(&handler));
        let request = create(json!({}));
        let refused = now(driver.begin(&Request::Create(request.clone()), &sink)).unwrap_err();
        // No kind that speaks of the object: it is none that exists already, or is gone.
        assert!(!matches!(refused.kind, ErrorKind::NotFound | ErrorKind::AlreadyExists));
        let begun = lock(&sink.cursor).clone();
        let recovered = crate::CreateRequest { begun: begun.clone(), ..request.clone() };
        assert_eq!(now(driver.find(&recovered)).unwrap(), Found::Absent, "{kind:?}");
        let asked = poll(OperationKind::Create, "request-1", &begun.unwrap(), None);
        let step = now(driver.poll(&asked)).unwrap();
        assert!(matches!(step, Step::Done(Finish::Failed(_))), "{step:?}");
        now(driver.begin(&Request::Create(request), &sink)).unwrap();
        assert_eq!(handler.count(), 1);
        assert_eq!(*lock(&handler.journal), ["begins", "refused", "begins", "delivered"]);
    }
}

#[test]
fn without_a_cursor_nothing_was_delivered() {
    let handler = Handler::answering([]);
    assert_eq!(now(handler.driver().find(&create(json!({})))).unwrap(), Found::Absent);
}

#[test]
fn a_create_without_a_response_in_time_is_ambiguous_and_a_late_response_settles_it() {
    let handler = Handler::answering([Answer::Nothing]);
    let (driver, sink) = (handler.driver(), Durable::new(&handler));
    let mut request = create(json!({"ServiceTimeout": 60}));
    now(driver.begin(&Request::Create(request.clone()), &sink)).unwrap();
    request.begun = lock(&sink.cursor).clone();
    let asked = poll(OperationKind::Create, "request-1", request.begun.as_ref().unwrap(), None);
    handler.pass(60);
    assert!(matches!(now(driver.poll(&asked)).unwrap(), Step::Pending(_)));
    assert!(matches!(now(driver.find(&request)).unwrap(), Found::Begun(_)));
    handler.pass(1);
    *lock(&handler.log) = vec!["Traceback".to_owned()];
    let silent = now(driver.poll(&asked)).unwrap_err();
    assert_eq!(silent.error_code(), ErrorCode::HandlerSilent);
    for part in ["within 60 seconds", "`/aws/lambda/handler`", "Traceback"] {
        assert!(silent.message.contains(part), "{silent}");
    }
    let found = now(driver.find(&request)).unwrap();
    let Found::Ambiguous { why } = found else { panic!("{found:?}") };
    assert!(why.contains("request-1") && why.contains("60 seconds"), "{why}");
    assert!(why.contains("`/aws/lambda/handler`"), "{why}");
    // The user may name the object by its physical ID.
    let said = driver.identify(&request, &"thing-9".into());
    assert_eq!((said.only(), said.parts().len()), ("thing-9", 3));
    assert_eq!(driver.identify(&request, &said), said);
    let piped = driver.identify(&request, &rstack_model::Identifier::parse("a|b|c"));
    assert_eq!((piped.only(), piped.parts().len()), ("a|b|c", 3));
    let told = poll(OperationKind::Create, "request-1", &asked.cursor, Some(&said));
    let step = now(driver.poll(&told)).unwrap();
    assert!(matches!(&step, Step::Done(Finish::Object(it)) if it.identifier == said), "{step:?}");
    // Or the response comes after all.
    handler.put("request-1", &response(&handler.last(), &json!({})));
    let step = now(driver.poll(&asked)).unwrap();
    assert!(
        matches!(&step, Step::Done(Finish::Object(it)) if it.physical_id.as_str() == "thing-1")
    );
    assert!(matches!(now(driver.find(&request)).unwrap(), Found::Begun(_)));
    assert_eq!(handler.count(), 1);
}

#[test]
fn a_change_or_deletion_without_a_response_in_time_has_failed() {
    let handler = Handler::answering([Answer::Says(json!({})), Answer::Nothing, Answer::Nothing]);
    let driver = handler.driver();
    let object = made(&driver, &handler);
    let change = Request::Update(update(&object, json!({}), json!({"A": 1})));
    let removal = Request::Delete(delete(&object));
    let kinds = [
        (change, OperationKind::Update, "request-2"),
        (removal, OperationKind::Delete, "request-3"),
    ];
    for (request, kind, token) in kinds {
        let sink = Durable::new(&handler);
        now(driver.begin(&request, &sink)).unwrap();
        handler.pass(3601);
        let cursor = lock(&sink.cursor).clone().unwrap();
        let step = now(driver.poll(&poll(kind, token, &cursor, Some(&object.identifier)))).unwrap();
        let Step::Done(Finish::Failed(error)) = step else { panic!("{step:?}") };
        assert!(error.message.contains("within 3600 seconds"), "{error}");
    }
}

#[test]
fn the_second_of_two_responses_is_the_one_that_counts_until_one_is_recorded() {
    let handler = Handler::answering([Answer::Says(json!({"PhysicalResourceId": "first"}))]);
    let (driver, sink) = (handler.driver(), Durable::new(&handler));
    now(driver.begin(&Request::Create(create(json!({}))), &sink)).unwrap();
    let second = response(&handler.last(), &json!({"PhysicalResourceId": "second"}));
    handler.put("request-1", &second);
    let cursor = lock(&sink.cursor).clone().unwrap();
    let step = now(driver.poll(&poll(OperationKind::Create, "request-1", &cursor, None))).unwrap();
    assert!(matches!(&step, Step::Done(Finish::Object(it)) if it.physical_id.as_str() == "second"));
    now(driver.recorded(&"request-1".into())).unwrap();
    assert!(lock(&handler.responses).is_empty());
}

#[test]
fn another_physical_id_of_an_update_is_another_object_of_the_same_resource() {
    let other = json!({"PhysicalResourceId": "thing-2", "Data": {"Url": "u"}});
    let handler = Handler::answering([Answer::Says(json!({})), Answer::Says(other)]);
    let driver = handler.driver();
    let object = made(&driver, &handler);
    let sink = Durable::new(&handler);
    let change = update(&object, json!({}), json!({"A": 1}));
    now(driver.begin(&Request::Update(change), &sink)).unwrap();
    let cursor = lock(&sink.cursor).clone().unwrap();
    let at = Some(&object.identifier);
    let step = now(driver.poll(&poll(OperationKind::Update, "request-2", &cursor, at))).unwrap();
    let Step::Done(Finish::Object(now_there)) = step else { panic!("{step:?}") };
    assert_eq!(now_there.physical_id.as_str(), "thing-2");
    assert_ne!(now_there.identifier, object.identifier);
    assert_eq!(now_there.identifier.parts().get(1..), object.identifier.parts().get(1..));
}

#[test]
fn a_changed_service_token_and_a_token_of_something_else_are_refused_undelivered() {
    let handler = Handler::answering([]);
    let driver = handler.driver();
    let object = made(&driver, &handler);
    let other = "arn:aws:lambda:eu-west-1:111122223333:function:other";
    let change = update(&object, json!({}), json!({"ServiceToken": other}));
    let bad = create(json!({"ServiceToken": "arn:aws:sqs:eu-west-1:1:queue"}));
    let late = create(json!({"ServiceTimeout": 0}));
    for request in [Request::Update(change), Request::Create(bad), Request::Create(late)] {
        let (sink, before) = (Durable::new(&handler), handler.count());
        let refused = now(driver.begin(&request, &sink)).unwrap_err();
        assert!(matches!(refused.kind, ErrorKind::Invalid { property: Some(_) }), "{refused}");
        assert!(handler.count() == before && lock(&sink.cursor).is_none());
    }
}

#[test]
fn an_object_is_as_it_is_recorded_and_only_one_of_a_known_stack_can_be_read() {
    let handler = Handler::answering([]);
    let driver = handler.driver();
    let object = made(&driver, &handler);
    let declared = create(json!({"A": 1})).properties;
    let Observed::Present(read) = now(driver.read(&object.identifier, &declared)).unwrap() else {
        panic!("absent")
    };
    assert_eq!((read.identifier, read.properties), (object.identifier, declared.clone()));
    let unknown = now(driver.read(&"thing-1".into(), &declared)).unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::Unsupported);
}
