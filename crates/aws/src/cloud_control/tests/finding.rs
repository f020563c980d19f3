//! Creations whose answer was lost: sent again while the token is valid, and never later.

use std::sync::Arc;

use rstack_driver::{
    CreateRequest, ErrorKind, Found, OperationKind, Request, ResourceDriver, Step,
};
use serde_json::{Value, json};

use super::support::{End, Journal, NAMED, Service, UNNAMED, creation, follow};
use crate::cloud_control::CloudControl;

/// A creation of which the answer was lost, as the next process sees it.
async fn lost(
    service: &Arc<Service>,
    type_name: &str,
    properties: Value,
) -> (CloudControl, CreateRequest) {
    let (driver, journal) = (service.driver(type_name), Journal::default());
    let request = creation(properties);
    service.lose("CreateResource");
    let error = driver.begin(&Request::Create(request.clone()), &journal).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnknownOutcome);
    let begun = journal.cursor();
    assert!(begun.is_some());
    (driver, CreateRequest { begun, ..request })
}

async fn followed(driver: &CloudControl, request: &CreateRequest, found: Found) -> End {
    let Found::Begun(pending) = found else { panic!("{found:?}") };
    let about = (&request.token, &request.properties, None);
    follow(driver, OperationKind::Create, about, Step::Pending(*pending)).await
}

#[tokio::test]
async fn what_was_never_begun_is_not_sent() {
    let service = Service::new();
    let found = service.driver(UNNAMED).find(&creation(json!({}))).await.unwrap();
    assert_eq!(found, Found::Absent);
    assert_eq!(service.count("CreateResource"), 0);
}

#[tokio::test]
async fn within_the_life_of_its_token_a_creation_is_sent_again_and_makes_one_object() {
    for hours in [0, 1, 34] {
        let service = Service::new();
        let (driver, request) = lost(&service, UNNAMED, json!({"DisplayName": "x"})).await;
        service.pass(hours);
        let found = driver.find(&request).await.unwrap();
        let object = followed(&driver, &request, found).await.object();
        assert_eq!(service.objects(), [object.identifier.to_string()]);
        assert_eq!(service.count("CreateResource"), 2);
    }
}

#[tokio::test]
async fn a_creation_that_failed_meanwhile_is_found_failed() {
    let service = Service::new();
    service.fail("CREATE", "ServiceLimitExceeded", false);
    let (driver, request) = lost(&service, UNNAMED, json!({})).await;
    service.pass(1);
    let found = driver.find(&request).await.unwrap();
    let End::Failed(error, None) = followed(&driver, &request, found).await else { panic!() };
    assert!(error.has_code("ServiceLimitExceeded") && service.objects().is_empty());
}

#[tokio::test]
async fn an_object_that_was_deleted_meanwhile_is_absent() {
    let service = Service::new();
    let (driver, request) = lost(&service, UNNAMED, json!({})).await;
    service.pass(1);
    service.fake.lock().unwrap().objects.clear();
    assert_eq!(driver.find(&request).await.unwrap(), Found::Absent);
}

/// The token would be taken for a new one: a second object.
#[tokio::test]
async fn after_the_life_of_its_token_a_creation_is_never_sent_again() {
    for (hours, listing) in [(36, "ListResourceRequests"), (24 * 8, "ListResources")] {
        let service = Service::new();
        let (driver, request) = lost(&service, UNNAMED, json!({"DisplayName": "x"})).await;
        service.pass(hours);
        let [made] = service.objects().try_into().unwrap();
        let Found::Ambiguous { why } = driver.find(&request).await.unwrap() else { panic!() };
        assert!(why.contains(&made) && why.contains(UNNAMED), "{why}");
        assert_eq!(service.count("CreateResource"), 1);
        assert!(service.count(listing) > 0, "{hours}");
    }
}

#[tokio::test]
async fn after_the_life_of_its_token_nothing_is_found_where_nothing_was_made() {
    for hours in [36, 24 * 8] {
        let service = Service::new();
        service.fail("CREATE", "InternalFailure", false);
        let (driver, request) = lost(&service, UNNAMED, json!({"DisplayName": "x"})).await;
        service.pass(hours);
        // Another one, that was made much later, and differs.
        let other = super::support::creation(json!({"DisplayName": "y"}));
        let other = CreateRequest { token: "other".into(), ..other };
        super::support::create(&driver, &other).await.object();
        assert_eq!(driver.find(&request).await.unwrap(), Found::Absent, "{hours}");
        assert_eq!(service.count("CreateResource"), 2);
    }
}

#[tokio::test]
async fn an_object_whose_name_was_free_is_ours_after_the_life_of_its_token() {
    let service = Service::new();
    let (driver, request) = lost(&service, NAMED, json!({"LogGroupName": "mine"})).await;
    service.pass(36);
    let found = driver.find(&request).await.unwrap();
    let Found::Begun(pending) = &found else { panic!("{found:?}") };
    let named = pending.object.as_ref().unwrap().identifier.clone();
    let object = followed(&driver, &request, found).await.object();
    assert!(object.identifier == named && named.is("mine"));
    assert_eq!(service.count("CreateResource"), 1);
    // Without that proof it may be another owner's.
    let begun = request.begun.as_ref().unwrap().as_str().replace(" absent=true", "");
    let unproven = CreateRequest { begun: Some(begun.as_str().into()), ..request };
    let found = driver.find(&unproven).await.unwrap();
    assert!(matches!(found, Found::Ambiguous { .. }), "{found:?}");
}

/// A secret's value is another one now: the token is refused, and nothing is sent twice.
#[tokio::test]
async fn a_creation_with_other_properties_is_looked_for() {
    let service = Service::new();
    let (driver, request) = lost(&service, UNNAMED, json!({"DisplayName": "x"})).await;
    service.pass(1);
    let properties = super::support::creation(json!({"DisplayName": "y"})).properties;
    let found = driver.find(&CreateRequest { properties, ..request }).await.unwrap();
    assert!(matches!(found, Found::Ambiguous { .. }), "{found:?}");
    assert_eq!(service.objects().len(), 1);
}
