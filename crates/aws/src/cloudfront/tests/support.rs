//! The parts that the tests of all CloudFront drivers share.

use std::sync::Arc;

use rstack_driver::{CreateRequest, DeleteRequest, DirectDriver, Removal, UpdateRequest};
use rstack_model::{KnownMap, KnownValue, SecretString, StackName};
use serde_json::{Value, json};

use crate::api::Api;
use crate::test::scripted_api::{ScriptedApi, known};

pub(super) const TOKEN: &str = "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a";
pub(super) const SECRET: &str = "hunter2-cdn-identifier";

pub(super) fn driver(
    type_name: &str,
    service: ScriptedApi,
) -> (Arc<ScriptedApi>, Arc<dyn DirectDriver>) {
    let service = Arc::new(service);
    let api: Arc<dyn Api> = service.clone();
    let driver = crate::cloudfront::driver(&type_name.into(), &api).unwrap();
    (service, driver)
}

pub(super) fn create(properties: KnownMap) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: TOKEN.into(),
        properties,
    }
}

/// A creation that has proven before that the name is free.
pub(super) fn proven(properties: KnownMap) -> CreateRequest {
    CreateRequest { absence_proven: true, ..create(properties) }
}

pub(super) fn update(id: &str, prior: KnownMap, properties: KnownMap) -> UpdateRequest {
    UpdateRequest { identifier: id.into(), token: TOKEN.into(), prior, properties }
}

pub(super) fn delete(id: &str) -> DeleteRequest {
    DeleteRequest {
        removal: Removal::Recoverable,
        identifier: id.into(),
        token: TOKEN.into(),
        prior: KnownMap::new(),
    }
}

/// The streaming stack's distribution: three behaviors, a MediaPackage origin behind a secret.
pub(super) fn streaming() -> KnownMap {
    let behavior = |pattern: &str| {
        json!({
            "PathPattern": pattern,
            "CachePolicyId": "08627262-05a9-4f76-9ded-b50ca2e3a84f",
            "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
            "Compress": true,
            "TargetOriginId": "origin1",
            "ViewerProtocolPolicy": "redirect-to-https",
        })
    };
    let mut properties = known(json!({"DistributionConfig": {
        "CacheBehaviors": [behavior("*.m3u8"), behavior("*.ts"), behavior("*.mpd")],
        "Comment": "Live - CDK deployment Secure Media Delivery",
        "DefaultCacheBehavior": {
            "AllowedMethods": ["GET", "HEAD"],
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "Compress": true,
            "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
            "TargetOriginId": "origin1",
            "ViewerProtocolPolicy": "redirect-to-https",
        },
        "DefaultRootObject": "",
        "Enabled": true,
        "HttpVersion": "http2",
        "IPV6Enabled": true,
        "Origins": [{
            "Id": "origin1",
            "DomainName": "c4af3793bf76b33c.mediapackage.eu-west-1.amazonaws.com",
            "CustomOriginConfig": {
                "OriginProtocolPolicy": "https-only",
                "OriginSSLProtocols": ["SSLv3"],
            },
            "OriginCustomHeaders": [{"HeaderName": "X-MediaPackage-CDNIdentifier"}],
        }],
    }}));
    secret_header(&mut properties, "OriginCustomHeaders");
    properties
}

/// Puts the secret into the first custom header of the first origin.
fn secret_header(properties: &mut KnownMap, name: &str) {
    let Some(KnownValue::Map(config)) = properties.get_mut("DistributionConfig") else { panic!() };
    let Some(KnownValue::List(origins)) = config.get_mut("Origins") else { panic!() };
    let KnownValue::Map(origin) = &mut origins[0] else { panic!() };
    let Some(KnownValue::List(headers)) = origin.get_mut(name) else { panic!() };
    let KnownValue::Map(header) = &mut headers[0] else { panic!() };
    let secret = KnownValue::Secret(SecretString::new(SECRET.to_owned()));
    header.insert("HeaderValue".to_owned(), secret);
}

/// The service's answer about a distribution of these members.
pub(super) fn distribution(members: &KnownMap, status: &str, etag: &str) -> KnownMap {
    let mut distribution = known(json!({
        "Id": "E2QWRUHAPOMQZL",
        "ARN": "arn:aws:cloudfront::111122223333:distribution/E2QWRUHAPOMQZL",
        "DomainName": "d111111abcdef8.cloudfront.net",
        "Status": status,
        "InProgressInvalidationBatches": 0,
    }));
    distribution.insert("DistributionConfig".to_owned(), KnownValue::Map(members.clone()));
    KnownMap::from([
        ("Distribution".to_owned(), KnownValue::Map(distribution)),
        ("ETag".to_owned(), KnownValue::from(etag)),
    ])
}

/// The smallest distribution.
pub(super) fn small(enabled: bool) -> KnownMap {
    known(json!({
        "CallerReference": TOKEN,
        "Comment": "",
        "Enabled": enabled,
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "example.com"}]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
    }))
}

pub(super) fn no_tags() -> Value {
    json!({"Tags": {"Items": []}})
}
