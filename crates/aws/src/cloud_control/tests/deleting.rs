//! Deletions: what is gone is done, and a reason that passes is waited for.

use rstack_driver::{ErrorKind, Finish, NoEffects, Request, ResourceDriver, Step};
use serde_json::json;

use super::creating::CODES;
use super::support::{End, Service, UNNAMED, create, creation, delete, deletion};

#[tokio::test]
async fn every_failure_code_is_a_failure_unless_it_passes_or_the_object_is_gone() {
    for code in CODES {
        let service = Service::new();
        let driver = service.driver(UNNAMED);
        let made = create(&driver, &creation(json!({"DisplayName": "x"}))).await.object();
        service.fail("DELETE", code, false);
        let end = delete(&driver, &deletion(&made.identifier)).await;
        let passes = [
            "ResourceConflict",
            "Throttling",
            "NotStabilized",
            "ServiceInternalError",
            "ServiceTimeout",
            "NetworkFailure",
            "InternalFailure",
        ];
        let requests = service.count("DeleteResource");
        if code == "NotFound" {
            assert!(matches!(end, End::Gone) && requests == 1, "{code}");
        } else if passes.contains(&code) {
            assert!(matches!(end, End::Gone) && requests == 2, "{code}: {end:?}");
            assert!(service.objects().is_empty());
        } else {
            let End::Failed(error, _) = end else { panic!("{code}: {end:?}") };
            assert!(error.has_code(code) && requests == 1, "{code}");
        }
    }
}

#[tokio::test]
async fn a_deletion_is_given_up_after_some_attempts() {
    let service = Service::new();
    let driver = service.driver(UNNAMED);
    let made = create(&driver, &creation(json!({}))).await.object();
    for _ in 0..20 {
        service.fail("DELETE", "ResourceConflict", false);
    }
    let End::Failed(error, _) = delete(&driver, &deletion(&made.identifier)).await else {
        panic!()
    };
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    assert_eq!(service.count("DeleteResource"), 6);
}

#[tokio::test]
async fn what_does_not_exist_is_gone() {
    let service = Service::new();
    let driver = service.driver(UNNAMED);
    let end = delete(&driver, &deletion(&"arn:none".into())).await;
    assert!(matches!(end, End::Gone), "{end:?}");
}

#[tokio::test]
async fn a_deletion_that_is_begun_again_is_the_same_request() {
    let service = Service::new();
    let driver = service.driver(UNNAMED);
    let made = create(&driver, &creation(json!({}))).await.object();
    let request = deletion(&made.identifier);
    service.lose("DeleteResource");
    let begin = Request::Delete(request.clone());
    assert_eq!(driver.begin(&begin, &NoEffects).await.unwrap_err().kind, ErrorKind::UnknownOutcome);
    assert!(matches!(delete(&driver, &request).await, End::Gone));
    // Its token is answered with the request that is complete.
    let again = driver.begin(&begin, &NoEffects).await.unwrap();
    assert_eq!(again, Step::Done(Finish::Gone));
}
