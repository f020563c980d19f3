//! Origin access identities: known again by the caller reference, which an update keeps.

use rstack_driver::{ErrorKind, Found, NoEffects, Progress};
use rstack_model::KnownMap;
use serde_json::{Value, json};

use super::support::{TOKEN, create, delete, driver, update};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::CloudFrontOriginAccessIdentity";
const OBJECT: &str = "CloudFrontOriginAccessIdentity";
const CONFIG: &str = "CloudFrontOriginAccessIdentityConfig";
const GET: &str = "GetCloudFrontOriginAccessIdentity";

fn declared(comment: &str) -> KnownMap {
    known(json!({CONFIG: {"Comment": comment}}))
}

fn identity(reference: &str, comment: &str, etag: &str) -> Value {
    let config = json!({"CallerReference": reference, "Comment": comment});
    json!({OBJECT: {"Id": "E1", "S3CanonicalUserId": "u", CONFIG: config}, "ETag": etag})
}

#[tokio::test]
async fn an_identity_is_made_under_the_token_and_changed_under_its_own_reference() {
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .answer("CreateCloudFrontOriginAccessIdentity", identity(TOKEN, "a", "V1"))
            .answer(GET, identity("older", "a", "V1"))
            .answer("UpdateCloudFrontOriginAccessIdentity", identity("older", "b", "V2")),
    );
    let made = driver.create(&create(declared("a")), &NoEffects).await.unwrap();
    assert_eq!((made.physical_id.as_str(), &made.properties), ("E1", &declared("a")));
    assert_eq!(made.attributes, known(json!({"Id": "E1", "S3CanonicalUserId": "u"})));
    assert_eq!(
        service.input(0),
        known(json!({CONFIG: {"CallerReference": TOKEN, "Comment": "a"}}))
    );
    let changed = driver.update(&update("E1", declared("a"), declared("b"))).await.unwrap();
    assert_eq!(changed.properties, declared("b"));
    assert_eq!(
        service.input(2),
        known(json!({
            CONFIG: {"CallerReference": "older", "Comment": "b"}, "Id": "E1", "IfMatch": "V1",
        }))
    );
    service.assert_finished();
}

#[tokio::test]
async fn an_equal_identity_with_another_reference_is_not_ours() {
    let listed = |ids: &[&str]| {
        let item = |id: &&str| json!({"Id": id, "S3CanonicalUserId": "u", "Comment": "a"});
        let items: Vec<Value> = ids.iter().map(item).collect();
        json!({"CloudFrontOriginAccessIdentityList": {"Items": items}})
    };
    let list = "ListCloudFrontOriginAccessIdentities";
    let (_, ours) = driver(
        TYPE,
        ScriptedApi::new()
            .answer(list, listed(&["E0", "E1"]))
            .answer(GET, identity("theirs", "a", "V1"))
            .answer(GET, identity(TOKEN, "a", "V1")),
    );
    let Found::Ours(found) = ours.find(&create(declared("a"))).await.unwrap() else {
        panic!("it is ours")
    };
    assert_eq!(found.physical_id.as_str(), "E1");
    let (_, theirs) = driver(
        TYPE,
        ScriptedApi::new().answer(list, listed(&["E0"])).answer(GET, identity("theirs", "a", "V1")),
    );
    assert_eq!(theirs.find(&create(declared("a"))).await.unwrap(), Found::Absent);
    let denied = || ErrorKind::AccessDenied { action: None };
    let (_, unclear) = driver(
        TYPE,
        ScriptedApi::new().answer(list, listed(&["E0"])).fail(GET, denied(), "AccessDenied"),
    );
    assert!(matches!(unclear.find(&create(declared("a"))).await.unwrap(), Found::Ambiguous { .. }));
}

#[tokio::test]
async fn an_identity_in_use_is_worth_another_try_and_one_that_is_gone_is_deleted() {
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .answer(GET, identity(TOKEN, "a", "V1"))
            .fail(
                "DeleteCloudFrontOriginAccessIdentity",
                ErrorKind::Conflict,
                "CloudFrontOriginAccessIdentityInUse",
            )
            .fail(GET, ErrorKind::NotFound, "NoSuchCloudFrontOriginAccessIdentity"),
    );
    let error = driver.delete(&delete("E1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    assert_eq!(driver.delete(&delete("E1")).await.unwrap(), Progress::Done);
    service.assert_finished();
}
