//! Deleting: disable, wait, delete; and every point at which it is taken up again.

use std::time::Duration;

use rstack_driver::{ErrorKind, Progress};
use rstack_model::KnownValue;
use serde_json::json;

use super::support::{delete, distribution, driver, small};
use crate::test::scripted_api::ScriptedApi;

const TYPE: &str = "AWS::CloudFront::Distribution";
const ID: &str = "E2QWRUHAPOMQZL";

fn waits_for(progress: &Progress) -> &str {
    match progress {
        Progress::Pending { waits_for, .. } => waits_for,
        Progress::Done => "nothing",
    }
}

#[tokio::test]
async fn a_distribution_is_disabled_then_deployed_then_deleted() {
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E1")))
            .then("UpdateDistribution", Ok(distribution(&small(false), "InProgress", "E2")))
            .then("GetDistribution", Ok(distribution(&small(false), "InProgress", "E2")))
            .then("GetDistribution", Ok(distribution(&small(false), "Deployed", "E2")))
            .fail("DeleteDistribution", ErrorKind::Conflict, "PreconditionFailed")
            .then("GetDistribution", Ok(distribution(&small(false), "Deployed", "E3")))
            .answer("DeleteDistribution", json!({}))
            .fail("GetDistribution", ErrorKind::NotFound, "NoSuchDistribution"),
    );
    let expected = [
        "distribution E2QWRUHAPOMQZL to be disabled",
        "distribution E2QWRUHAPOMQZL to be deployed",
        "distribution E2QWRUHAPOMQZL to be left alone by another change",
        "nothing",
        "nothing",
    ];
    for expected in expected {
        let progress = driver.delete(&delete(ID)).await.unwrap();
        assert_eq!(waits_for(&progress), expected);
    }
    service.assert_finished();
    let mut disabled = small(true);
    disabled.insert("Enabled".to_owned(), KnownValue::from(false));
    assert_eq!(service.input(1)["DistributionConfig"], KnownValue::Map(disabled));
    assert_eq!(service.input(1)["IfMatch"], "E1".into());
    assert_eq!(service.input(6)["IfMatch"], "E3".into());
}

#[tokio::test]
async fn a_distribution_that_is_deployed_at_once_is_deleted_at_once() {
    for (status, at_once) in [("Deployed", true), ("InProgress", false)] {
        let (_, driver) = driver(
            TYPE,
            ScriptedApi::new()
                .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E1")))
                .then("UpdateDistribution", Ok(distribution(&small(false), status, "E2"))),
        );
        match driver.delete(&delete(ID)).await.unwrap() {
            Progress::Pending { ask_again_in, .. } => {
                assert_eq!(ask_again_in < Duration::from_secs(1), at_once, "{status}");
            }
            Progress::Done => panic!("{status}"),
        }
    }
}

#[tokio::test]
async fn a_distribution_that_cannot_be_read_is_not_taken_for_deleted() {
    let denied = ErrorKind::AccessDenied { action: None };
    let (_, driver) =
        driver(TYPE, ScriptedApi::new().fail("GetDistribution", denied.clone(), "AccessDenied"));
    assert_eq!(driver.delete(&delete(ID)).await.unwrap_err().kind, denied);
}

#[tokio::test]
async fn a_policy_that_is_still_in_use_is_worth_another_try() {
    let (service, driver) = driver(
        "AWS::CloudFront::CachePolicy",
        ScriptedApi::new()
            .answer("GetCachePolicy", json!({"CachePolicy": {}, "ETag": "E1"}))
            .fail("DeleteCachePolicy", ErrorKind::Conflict, "CachePolicyInUse")
            .answer("GetCachePolicy", json!({"CachePolicy": {}, "ETag": "E1"}))
            .answer("DeleteCachePolicy", json!({}))
            .fail("GetCachePolicy", ErrorKind::NotFound, "NoSuchCachePolicy"),
    );
    let error = driver.delete(&delete("p")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    for _ in 0..2 {
        assert_eq!(driver.delete(&delete("p")).await.unwrap(), Progress::Done);
    }
    service.assert_finished();
}
