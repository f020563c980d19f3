//! Legacy properties become what the API has, and are shown again where they are declared.

use rstack_driver::{NoEffects, Observed};
use rstack_model::{KnownMap, KnownValue};
use serde_json::{Value, json};

use super::support::{create, distribution, driver, no_tags};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::Distribution";

/// Creates and reads back a distribution: what was sent, and what is seen.
async fn there_and_back(config: Value) -> (KnownMap, KnownMap) {
    let declared = known(json!({"DistributionConfig": config}));
    let members = super::support::small(true);
    let (service, made) = driver(
        TYPE,
        ScriptedApi::new()
            .then("CreateDistribution", Ok(distribution(&members, "Deployed", "E1")))
            .answer("ListTagsForResource", no_tags()),
    );
    made.create(&create(declared.clone()), &NoEffects).await.unwrap();
    let sent = service.input(0)["DistributionConfig"].as_map().unwrap().clone();
    let (_, read) = driver(
        TYPE,
        ScriptedApi::new()
            .then("GetDistribution", Ok(distribution(&sent, "Deployed", "E1")))
            .answer("ListTagsForResource", no_tags()),
    );
    let seen = read.read(&"E2QWRUHAPOMQZL".into(), &declared).await.unwrap();
    let Observed::Present(seen) = seen else { panic!("it is there") };
    (sent, seen.properties["DistributionConfig"].as_map().unwrap().clone())
}

fn behavior() -> Value {
    json!({"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"})
}

#[tokio::test]
async fn an_s3_origin_and_cnames() {
    let (sent, seen) = there_and_back(json!({
        "Enabled": true,
        "CNAMEs": ["a.example.com", "b.example.com"],
        "Aliases": ["c.example.com"],
        "S3Origin": {"DNSName": "bucket.s3.amazonaws.com"},
        "DefaultCacheBehavior": behavior(),
    }))
    .await;
    assert_eq!(
        sent["Aliases"],
        KnownValue::from_json(json!({
            "Quantity": 3, "Items": ["c.example.com", "a.example.com", "b.example.com"],
        }))
    );
    assert_eq!(
        sent["Origins"],
        KnownValue::from_json(json!({"Quantity": 1, "Items": [{
            "Id": "o",
            "DomainName": "bucket.s3.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
            "ConnectionAttempts": 3,
            "ConnectionTimeout": 10,
            "OriginPath": "",
            "CustomHeaders": {"Quantity": 0},
        }]}))
    );
    assert_eq!(seen["CNAMEs"], KnownValue::from_json(json!(["a.example.com", "b.example.com"])));
    assert_eq!(seen["Aliases"], KnownValue::from_json(json!(["c.example.com"])));
    assert_eq!(seen["S3Origin"].get("DNSName"), Some(&"bucket.s3.amazonaws.com".into()));
    assert_eq!(seen["Origins"], KnownValue::List(Vec::new()));
}

#[tokio::test]
async fn a_custom_origin() {
    let origin = json!({
        "DNSName": "origin.example.com",
        "HTTPPort": 8080,
        "OriginProtocolPolicy": "http-only",
        "OriginSSLProtocols": ["TLSv1.2"],
    });
    let (sent, seen) = there_and_back(json!({
        "Enabled": "true",
        "CustomOrigin": origin,
        "DefaultCacheBehavior": behavior(),
    }))
    .await;
    let made = &sent["Origins"].get("Items").unwrap().as_list().unwrap()[0];
    assert_eq!(made.get("DomainName"), Some(&"origin.example.com".into()));
    assert_eq!(made.get("CustomOriginConfig").unwrap().get("HTTPPort"), Some(&8080.into()));
    let KnownValue::Map(declared) = KnownValue::from_json(origin) else { panic!() };
    for (name, value) in &declared {
        assert_eq!(seen["CustomOrigin"].get(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_distribution_for_tenants_is_not_given_what_the_api_refuses_for_it() {
    let (sent, seen) = there_and_back(json!({
        "Enabled": true,
        "ConnectionMode": "tenant-only",
        "TenantConfig": {"ParameterDefinitions": [
            {"Name": "tenant", "Definition": {"StringSchema": {"Required": "true"}}},
        ]},
        "Origins": [{"Id": "o", "DomainName": "{{tenant}}.example.com"}],
        "DefaultCacheBehavior": behavior(),
    }))
    .await;
    for refused in ["Aliases", "PriceClass", "IsIPV6Enabled", "Staging", "Logging"] {
        assert!(!sent.contains_key(refused), "{refused} was sent");
    }
    for refused in ["TrustedSigners", "SmoothStreaming", "MinTTL"] {
        assert_eq!(sent["DefaultCacheBehavior"].get(refused), None, "{refused} was sent");
    }
    assert_eq!(seen["TenantConfig"], sent["TenantConfig"]);
}
