//! Finding the outcome of a create that was cut off.

use rstack_driver::{ErrorKind, Found, NoEffects};
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use super::support::{TOKEN, create, distribution, driver, proven, small};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::Distribution";

fn declared() -> KnownMap {
    known(json!({"DistributionConfig": {
        "Enabled": true,
        "Origins": [{"Id": "o", "DomainName": "example.com"}],
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
    }}))
}

fn foreign() -> KnownMap {
    let mut members = small(true);
    members.insert("CallerReference".to_owned(), KnownValue::from("theirs"));
    members
}

#[tokio::test]
async fn a_distribution_is_ours_by_its_caller_reference_on_whatever_page_it_is() {
    let page = |items: serde_json::Value, next: serde_json::Value| json!({"DistributionList": {"Items": items, "NextMarker": next}});
    let (service, found) = driver(
        TYPE,
        ScriptedApi::new()
            .answer(
                "ListDistributions",
                page(
                    json!([{"Id": "E0", "Comment": "other"}, {"Id": "E1", "Comment": ""}]),
                    "m".into(),
                ),
            )
            .answer(
                "ListDistributions",
                page(json!([{"Id": "E2QWRUHAPOMQZL", "Comment": ""}]), "".into()),
            )
            .then("GetDistribution", Ok(distribution(&foreign(), "Deployed", "E")))
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E"))),
    );
    let Found::Ours(object) = found.find(&create(declared())).await.unwrap() else {
        panic!("it is ours")
    };
    assert_eq!(object.physical_id.as_str(), "E2QWRUHAPOMQZL");
    assert_eq!(service.input(1)["Marker"], "m".into());
    assert_eq!(service.input(2)["Id"], "E1".into());
    service.assert_finished();

    let (_, found) =
        driver(TYPE, ScriptedApi::new().answer("ListDistributions", page(json!([]), json!(null))));
    assert_eq!(found.find(&create(declared())).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn a_repeated_create_that_took_effect_before_is_recognised() {
    let conflict = |message: &str| {
        let mut error = rstack_driver::DriverError::new(
            ErrorKind::AlreadyExists,
            "cloudfront:CreateDistribution",
            message,
        );
        error.code = Some("DistributionAlreadyExists".to_owned());
        Err(error)
    };
    let message = "The caller reference that you are using to create a distribution is \
                   associated with another distribution. Already exists: E2QWRUHAPOMQZL";
    let (service, repeated) = driver(
        TYPE,
        ScriptedApi::new()
            .then("CreateDistribution", conflict(message))
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E"))),
    );
    let made = repeated.create(&create(declared()), &NoEffects).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "E2QWRUHAPOMQZL");
    assert_eq!(service.input(1)["Id"], "E2QWRUHAPOMQZL".into());

    let (_, repeated) = driver(
        TYPE,
        ScriptedApi::new()
            .then("CreateDistribution", conflict(message))
            .then("GetDistribution", Ok(distribution(&foreign(), "Deployed", "E"))),
    );
    let error = repeated.create(&create(declared()), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    let token = service.input(0)["DistributionConfig"].get("CallerReference").cloned();
    assert_eq!(token, Some(TOKEN.into()));
}

fn policy(comment: &str) -> serde_json::Value {
    json!({"CachePolicy": {
        "Id": "p1",
        "LastModifiedTime": "2026-01-01T00:00:00Z",
        "CachePolicyConfig": {
            "Name": "n", "Comment": comment, "MinTTL": 1, "DefaultTTL": 2, "MaxTTL": 3,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": true,
                "EnableAcceptEncodingBrotli": false,
                "HeadersConfig": {"HeaderBehavior": "whitelist",
                    "Headers": {"Quantity": 2, "Items": ["B", "A"]}},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        },
    }, "ETag": "E1"})
}

fn declared_policy() -> KnownMap {
    known(json!({"CachePolicyConfig": {
        "Name": "n", "MinTTL": 1, "DefaultTTL": "2", "MaxTTL": 3,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": "true",
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["A", "B"]},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }}))
}

#[tokio::test]
async fn a_policy_is_ours_only_if_it_is_configured_as_declared() {
    let kind = "AWS::CloudFront::CachePolicy";
    let listed = json!({"CachePolicyList": {"Items": [{"Type": "custom",
        "CachePolicy": {"Id": "p1", "CachePolicyConfig": {"Name": "n"}}}]}});
    let script = |comment| {
        ScriptedApi::new()
            .answer("ListCachePolicies", listed.clone())
            .answer("GetCachePolicy", policy(comment))
    };
    let (service, found) = driver(kind, script(""));
    let Found::Ours(object) = found.find(&proven(declared_policy())).await.unwrap() else {
        panic!("it is ours")
    };
    assert_eq!(object.physical_id.as_str(), "p1");
    assert_eq!(service.input(0)["Type"], "custom".into());
    let config = &object.properties["CachePolicyConfig"];
    let key = config.get("ParametersInCacheKeyAndForwardedToOrigin").unwrap();
    let headers = key.get("HeadersConfig").unwrap().get("Headers").unwrap();
    assert_eq!(*headers, KnownValue::from_json(json!(["A", "B"])));

    let (_, found) = driver(kind, script("another account's"));
    let Found::Ambiguous { why } = found.find(&proven(declared_policy())).await.unwrap() else {
        panic!("it is not as declared")
    };
    assert_eq!(
        why,
        "a cache policy named `n` exists (ID p1), but it is not configured as declared"
    );
    let (_, found) = driver(
        kind,
        ScriptedApi::new().answer("ListCachePolicies", json!({"CachePolicyList": {"Quantity": 0}})),
    );
    assert_eq!(found.find(&proven(declared_policy())).await.unwrap(), Found::Absent);

    let (service, taken) =
        driver(kind, ScriptedApi::new().answer("ListCachePolicies", listed.clone()));
    let error = taken.create(&create(declared_policy()), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(service.operations(), ["ListCachePolicies"]);

    // After our own call went out, the name may be taken by what it made.
    let (service, repeated) =
        driver(kind, ScriptedApi::new().fail("CreateCachePolicy", ErrorKind::AlreadyExists, ""));
    let error = repeated.create(&proven(declared_policy()), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(service.operations(), ["CreateCachePolicy"]);

    // Before, it was never made: what has the name is not ours, however it is configured.
    let (_, found) = driver(kind, ScriptedApi::new());
    assert_eq!(found.find(&create(declared_policy())).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn a_foreign_distribution_that_may_not_be_read_is_skipped() {
    let listed = |ids: &[&str]| {
        let items: Vec<_> = ids.iter().map(|id| json!({"Id": id, "Comment": ""})).collect();
        json!({"DistributionList": {"Items": items}})
    };
    let denied = || ErrorKind::AccessDenied { action: Some("cloudfront:GetDistribution".into()) };
    let (_, found) = driver(
        TYPE,
        ScriptedApi::new()
            .answer("ListDistributions", listed(&["E1", "E2QWRUHAPOMQZL"]))
            .fail("GetDistribution", denied(), "AccessDenied")
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E"))),
    );
    assert!(matches!(found.find(&create(declared())).await.unwrap(), Found::Ours(_)));
    let (_, unclear) = driver(
        TYPE,
        ScriptedApi::new().answer("ListDistributions", listed(&["E1"])).fail(
            "GetDistribution",
            denied(),
            "AccessDenied",
        ),
    );
    assert!(matches!(unclear.find(&create(declared())).await.unwrap(), Found::Ambiguous { .. }));
}
