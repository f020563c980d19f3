//! Creations: what is durable before the call, what names the object, what a failure leaves.

use rstack_driver::{CreateRequest, ErrorKind, NoEffects, Observed, Request, ResourceDriver, Step};
use serde_json::json;

use super::support::{End, Journal, NAMED, SECRETIVE, Service, UNNAMED, create, creation};

/// Every code that a handler can fail with.
pub(super) const CODES: [&str; 16] = [
    "NotUpdatable",
    "InvalidRequest",
    "AccessDenied",
    "UnauthorizedTaggingOperation",
    "InvalidCredentials",
    "AlreadyExists",
    "NotFound",
    "ResourceConflict",
    "Throttling",
    "ServiceLimitExceeded",
    "NotStabilized",
    "GeneralServiceException",
    "ServiceInternalError",
    "ServiceTimeout",
    "NetworkFailure",
    "InternalFailure",
];

/// Those of them that pass.
pub(super) const PASSING: [&str; 6] = [
    "ResourceConflict",
    "Throttling",
    "ServiceInternalError",
    "ServiceTimeout",
    "NetworkFailure",
    "InternalFailure",
];

#[tokio::test]
async fn an_object_is_named_when_its_creation_is_complete() {
    let service = Service::new();
    let driver = service.driver(UNNAMED);
    let request = creation(json!({"DisplayName": "news", "FifoTopic": "false"}));
    let journal = Journal::default();
    let step = driver.begin(&Request::Create(request.clone()), &journal).await.unwrap();
    assert_eq!(journal.lines(), ["begins"]);
    let Step::Pending(pending) = &step else { panic!("{step:?}") };
    assert!(pending.object.is_none() && service.objects().is_empty());
    assert!(pending.cursor.as_str().contains("request=request-00000001"), "{pending:?}");
    let sent = service.last("CreateResource");
    assert_eq!(sent["ClientToken"], request.token.as_str());
    assert_eq!(sent["DesiredState"], r#"{"DisplayName":"news","FifoTopic":false}"#);
    let object = create(&driver, &request).await.object();
    assert_eq!(service.objects(), [object.identifier.to_string()]);
    assert_eq!(object.physical_id.as_str(), object.identifier.only());
    let arn = object.attributes["TopicArn"].as_str().unwrap();
    assert_eq!(arn, object.identifier.only());
    assert_eq!(object.properties["DisplayName"].as_str(), Some("news"));
}

#[tokio::test]
async fn a_name_that_is_taken_is_never_requested() {
    let service = Service::new();
    let driver = service.driver(NAMED);
    let request = creation(json!({"LogGroupName": "mine"}));
    let theirs = create(&driver, &request).await.object();
    let journal = Journal::default();
    let error = driver.begin(&Request::Create(request), &journal).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("mine") && journal.lines().is_empty(), "{error}");
    assert_eq!(service.count("CreateResource"), 1);
    let journal = Journal::default();
    let request = creation(json!({"LogGroupName": "other"}));
    let request = CreateRequest { token: "other".into(), ..request };
    driver.begin(&Request::Create(request), &journal).await.unwrap();
    assert_eq!(journal.lines(), ["absent", "begins"]);
    assert_eq!(theirs.identifier.only(), "mine");
}

#[tokio::test]
async fn every_failure_code_ends_a_creation_and_leaves_nothing_unnamed() {
    for type_name in [UNNAMED, NAMED] {
        for (code, made) in CODES.into_iter().flat_map(|code| [(code, false), (code, true)]) {
            let service = Service::new();
            let driver = service.driver(type_name);
            service.fail("CREATE", code, made);
            let properties = match type_name {
                NAMED => json!({"LogGroupName": "mine"}),
                _ => json!({"DisplayName": "x"}),
            };
            let (error, named, anew) = match create(&driver, &creation(properties)).await {
                End::Failed(error, named) => (error, named, false),
                End::FailedForNow(error) => (error, None, true),
                end => panic!("{code}: {end:?}"),
            };
            assert!(error.has_code(code), "{code}: {error:?}");
            // What it refers to may be found in a moment. What was made is never made anew.
            let passes = PASSING.contains(&code) || code == "NotFound";
            assert_eq!(anew, passes && !made, "{type_name} {code}");
            // What exists already was made by another owner, whatever the handler did.
            let left = made && code != "AlreadyExists";
            assert_eq!(named.is_some(), left, "{type_name} {code}");
        }
    }
}

/// Without proof of absence, an object of a name that the template chose may be another owner's.
#[tokio::test]
async fn an_object_that_may_be_of_another_owner_is_not_taken() {
    let service = Service::new();
    let driver = service.driver(NAMED);
    service.fail("CREATE", "GeneralServiceException", true);
    let request = creation(json!({"LogGroupName": "mine"}));
    let step = driver.begin(&Request::Create(request.clone()), &NoEffects).await.unwrap();
    let Step::Pending(mut pending) = step else { panic!("{step:?}") };
    let unproven = pending.cursor.as_str().replace(" absent=true", "");
    pending.cursor = unproven.as_str().into();
    let about = (&request.token, &request.properties, None);
    let kind = rstack_driver::OperationKind::Create;
    let end = super::support::follow(&driver, kind, about, Step::Pending(pending)).await;
    let End::Failed(error, named) = end else { panic!("{end:?}") };
    assert!(named.is_none() && error.message.contains("leaves it alone"), "{error}");
}

#[tokio::test]
async fn a_secret_is_sent_and_not_read_back() {
    let service = Service::new();
    let driver = service.driver(SECRETIVE);
    let properties = json!({
        "DBInstanceIdentifier": "db", "DBInstanceClass": "db.t3.micro", "Engine": "mysql",
        "AllocatedStorage": "20", "MasterUsername": "admin", "MasterUserPassword": "hunter2",
    });
    let request = creation(properties);
    let object = create(&driver, &request).await.object();
    assert!(service.last("CreateResource")["DesiredState"].to_string().contains("hunter2"));
    assert!(!format!("{object:?}").contains("hunter2"));
    let read = driver.read(&object.identifier, &request.properties).await.unwrap();
    assert_eq!(read, Observed::Present(object));
}

#[tokio::test]
async fn a_compound_identifier_is_taken_apart() {
    let service = Service::new();
    let driver = service.driver("AWS::ApiGateway::Stage");
    let request = creation(json!({"RestApiId": "api1", "StageName": "prod"}));
    let object = create(&driver, &request).await.object();
    assert_eq!(object.identifier.parts(), ["api1", "prod"]);
    assert_eq!(object.physical_id.as_str(), "prod");
    assert_eq!(service.last("GetResource")["Identifier"], "api1|prod");
}

#[tokio::test]
async fn a_property_with_its_default_value_is_there_although_it_is_not_read() {
    let service = Service::new();
    let driver = service.driver("AWS::KMS::Key");
    let declared = json!({"KeyPolicy": {"Statement": []}, "KeySpec": "SYMMETRIC_DEFAULT"});
    let request = creation(declared);
    let object = create(&driver, &request).await.object();
    let key = ("AWS::KMS::Key", object.identifier.to_string());
    service.change(&key, |model| {
        model.remove("KeySpec");
    });
    let read = driver.read(&object.identifier, &request.properties).await.unwrap();
    let Observed::Present(read) = read else { panic!("{read:?}") };
    assert_eq!(read.properties["KeySpec"].as_str(), Some("SYMMETRIC_DEFAULT"));
    let other = creation(json!({"KeyPolicy": {}, "KeySpec": "RSA_2048"})).properties;
    let Observed::Present(read) = driver.read(&object.identifier, &other).await.unwrap() else {
        panic!()
    };
    assert!(!read.properties.contains_key("KeySpec"));
}
