//! Changing distributions: versions, what goes back to its default, tags.

use rstack_driver::ErrorKind;
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use super::support::{distribution, driver, small, update};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::Distribution";
const ID: &str = "E2QWRUHAPOMQZL";

fn declared(tags: serde_json::Value) -> KnownMap {
    known(json!({
        "DistributionConfig": {
            "Enabled": true,
            "Origins": [{"Id": "o", "DomainName": "example.com"}],
            "DefaultCacheBehavior": {
                "TargetOriginId": "o",
                "ViewerProtocolPolicy": "allow-all",
                "ForwardedValues": {"QueryString": "true"},
                "MaxTTL": 60,
            },
        },
        "Tags": tags,
    }))
}

fn config_of(properties: &mut KnownMap) -> &mut KnownMap {
    let Some(KnownValue::Map(config)) = properties.get_mut("DistributionConfig") else { panic!() };
    config
}

#[tokio::test]
async fn a_stale_version_is_read_again_once() {
    let mut before = small(true);
    before.insert("CallerReference".to_owned(), KnownValue::from("of-old"));
    before.insert("WebACLId".to_owned(), KnownValue::from("acl"));
    let stale = |service: ScriptedApi, etag| {
        service.then("GetDistribution", Ok(distribution(&before, "Deployed", etag))).fail(
            "UpdateDistribution",
            ErrorKind::Conflict,
            "PreconditionFailed",
        )
    };
    let (service, changed) = driver(
        TYPE,
        stale(ScriptedApi::new(), "E1")
            .then("GetDistribution", Ok(distribution(&before, "Deployed", "E2")))
            .then("UpdateDistribution", Ok(distribution(&before, "InProgress", "E3"))),
    );
    let mut prior = declared(json!([]));
    config_of(&mut prior).insert("WebACLId".to_owned(), KnownValue::from("acl"));
    let request = update(ID, prior, declared(json!([])));
    changed.update(&request).await.unwrap();
    service.assert_finished();
    assert_eq!(service.input(1)["IfMatch"], "E1".into());
    let sent = service.input(3);
    assert_eq!((&sent["IfMatch"], &sent["Id"]), (&"E2".into(), &ID.into()));
    let config = &sent["DistributionConfig"];
    assert_eq!(config.get("CallerReference"), Some(&"of-old".into()));
    assert_eq!(config.get("WebACLId"), Some(&"".into()));
    let behavior = config.get("DefaultCacheBehavior").unwrap();
    let lifetimes: Vec<_> = ["MinTTL", "DefaultTTL", "MaxTTL"].map(|n| behavior.get(n)).into();
    assert_eq!(lifetimes, [Some(&0.into()), Some(&60.into()), Some(&60.into())]);

    let (service, changed) = driver(TYPE, stale(stale(ScriptedApi::new(), "E1"), "E2"));
    let error = changed.update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    service.assert_finished();
}

#[tokio::test]
async fn a_concurrent_foreign_change_is_not_overwritten() {
    let mut after = small(true);
    after.insert("Comment".to_owned(), KnownValue::from("theirs"));
    let (service, changed) = driver(
        TYPE,
        ScriptedApi::new()
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E1")))
            .fail("UpdateDistribution", ErrorKind::Conflict, "PreconditionFailed")
            .then("GetDistribution", Ok(distribution(&after, "Deployed", "E2"))),
    );
    let request = update(ID, KnownMap::new(), declared(json!([])));
    let error = changed.update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("another caller changed it"), "{error}");
    service.assert_finished();
}

#[tokio::test]
async fn only_tags_that_differ_are_changed() {
    let members = small(true);
    let tags = json!([{"Key": "team", "Value": "video"}, {"Key": "tier", "Value": 1}]);
    let current = json!({"Tags": {"Items": [
        {"Key": "team", "Value": "audio"},
        {"Key": "tier", "Value": "1"},
        {"Key": "old", "Value": ""},
        {"Key": "rstack:operation", "Value": "x"},
    ]}});
    let (service, changed) = driver(
        TYPE,
        ScriptedApi::new()
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1")))
            .then("UpdateDistribution", Ok(distribution(&members, "InProgress", "E2")))
            .answer("ListTagsForResource", current)
            .answer("TagResource", json!({}))
            .answer("UntagResource", json!({})),
    );
    changed.update(&update(ID, KnownMap::new(), declared(tags))).await.unwrap();
    service.assert_finished();
    let arn = "arn:aws:cloudfront::111122223333:distribution/E2QWRUHAPOMQZL";
    assert_eq!(
        service.input(3),
        known(json!({"Resource": arn, "Tags": {"Items": [{"Key": "team", "Value": "video"}]}}))
    );
    assert_eq!(service.input(4), known(json!({"Resource": arn, "TagKeys": {"Items": ["old"]}})));
}

#[tokio::test]
async fn tags_that_may_not_be_read_are_said_again_and_tags_not_yet_visible_are_waited_for() {
    let tags = json!([{"Key": "team", "Value": "video"}]);
    let script = |kind, code| {
        ScriptedApi::new()
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E1")))
            .then("UpdateDistribution", Ok(distribution(&small(true), "InProgress", "E2")))
            .fail("ListTagsForResource", kind, code)
    };
    let denied = script(ErrorKind::AccessDenied { action: None }, "AccessDenied")
        .answer("TagResource", json!({}))
        .answer("UntagResource", json!({}));
    let (service, changed) = driver(TYPE, denied);
    let prior = declared(json!([{"Key": "old", "Value": ""}]));
    let request = update(ID, prior, declared(tags.clone()));
    let made = changed.update(&request).await.unwrap();
    service.assert_finished();
    assert_eq!(made.properties["Tags"], KnownValue::from_json(tags));
    assert_eq!(service.input(4)["TagKeys"], KnownValue::from_json(json!({"Items": ["old"]})));

    let (_, changed) = driver(TYPE, script(ErrorKind::NotFound, "NoSuchResource"));
    let error = changed.update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

#[tokio::test]
async fn a_wrong_property_is_named_before_anything_is_called() {
    let (_, changed) = driver(TYPE, ScriptedApi::new());
    let mut properties = declared(json!([]));
    config_of(&mut properties).insert("Enabled".to_owned(), KnownValue::from("maybe"));
    let request = super::support::create(properties);
    let error = changed.create(&request, &rstack_driver::NoEffects).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cloudfront:CreateDistribution: `DistributionConfig.Enabled` must be a boolean"
    );
    assert!(matches!(error.kind, ErrorKind::Invalid { property: Some(_) }));
}
