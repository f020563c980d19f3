//! Changing distributions: versions, what goes back to its default, tags.

use rstack_driver::ErrorKind;
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use super::support::{distribution, driver, no_tags, small, update};
use crate::double::{Scripted, known};

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

#[tokio::test]
async fn a_stale_version_is_read_again_once() {
    let mut before = small(true);
    before.insert("CallerReference".to_owned(), KnownValue::from("of-old"));
    before.insert("WebACLId".to_owned(), KnownValue::from("acl"));
    let stale = |service: Scripted, etag| {
        service.then("GetDistribution", Ok(distribution(&before, "Deployed", etag))).fail(
            "UpdateDistribution",
            ErrorKind::Conflict,
            "PreconditionFailed",
        )
    };
    let (service, changed) = driver(
        TYPE,
        stale(Scripted::new(), "E1")
            .then("GetDistribution", Ok(distribution(&before, "Deployed", "E2")))
            .then("UpdateDistribution", Ok(distribution(&before, "InProgress", "E3")))
            .answer("ListTagsForResource", no_tags()),
    );
    let request = update(ID, KnownMap::new(), declared(json!([])));
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

    let (service, changed) = driver(TYPE, stale(stale(Scripted::new(), "E1"), "E2"));
    let error = changed.update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
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
        Scripted::new()
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1")))
            .then("UpdateDistribution", Ok(distribution(&members, "InProgress", "E2")))
            .answer("ListTagsForResource", current)
            .answer("TagResource", json!({}))
            .answer("UntagResource", json!({}))
            .answer("ListTagsForResource", no_tags()),
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
async fn a_wrong_property_is_named_before_anything_is_called() {
    let (_, changed) = driver(TYPE, Scripted::new());
    let mut properties = declared(json!([]));
    let Some(KnownValue::Map(config)) = properties.get_mut("DistributionConfig") else { panic!() };
    config.insert("Enabled".to_owned(), KnownValue::from("maybe"));
    let request = super::support::create(properties);
    let error = changed.create(&request, &rstack_driver::NoEffects).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cloudfront:CreateDistribution: `DistributionConfig.Enabled` must be a boolean"
    );
    assert!(matches!(error.kind, ErrorKind::Invalid { property: Some(_) }));
}
