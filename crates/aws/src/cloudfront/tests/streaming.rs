//! The streaming stack's distribution: exactly what is sent, and read back without drift.

use rstack_driver::{NoEffects, Observed, Progress};
use rstack_model::value::redacted_map;
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use super::support::{SECRET, TOKEN, create, distribution, driver, streaming};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::Distribution";

fn sent_behavior(pattern: Option<&str>) -> serde_json::Value {
    let cache = match pattern {
        Some(_) => "08627262-05a9-4f76-9ded-b50ca2e3a84f",
        None => "658327ea-f89d-4fab-a63d-7e88639e58f6",
    };
    let mut behavior = json!({
        "TargetOriginId": "origin1",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": cache,
        "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
        "Compress": true,
        "AllowedMethods": {
            "Quantity": 2,
            "Items": ["GET", "HEAD"],
            "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
        },
        "SmoothStreaming": false,
        "FieldLevelEncryptionId": "",
        "TrustedSigners": {"Enabled": false, "Quantity": 0},
        "TrustedKeyGroups": {"Enabled": false, "Quantity": 0},
        "FunctionAssociations": {"Quantity": 0},
        "LambdaFunctionAssociations": {"Quantity": 0},
    });
    if let Some(pattern) = pattern {
        behavior["PathPattern"] = pattern.into();
    }
    behavior
}

fn sent() -> serde_json::Value {
    json!({
        "CallerReference": TOKEN,
        "Aliases": {"Quantity": 0},
        "CacheBehaviors": {"Quantity": 3, "Items": [
            sent_behavior(Some("*.m3u8")), sent_behavior(Some("*.ts")), sent_behavior(Some("*.mpd")),
        ]},
        "Comment": "Live - CDK deployment Secure Media Delivery",
        "CustomErrorResponses": {"Quantity": 0},
        "DefaultCacheBehavior": sent_behavior(None),
        "DefaultRootObject": "",
        "Enabled": true,
        "HttpVersion": "http2",
        "IsIPV6Enabled": true,
        "Logging": {"Enabled": false, "IncludeCookies": false, "Bucket": "", "Prefix": ""},
        "OriginGroups": {"Quantity": 0},
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "origin1",
            "DomainName": "c4af3793bf76b33c.mediapackage.eu-west-1.amazonaws.com",
            "OriginPath": "",
            "ConnectionAttempts": 3,
            "ConnectionTimeout": 10,
            "CustomHeaders": {"Quantity": 1, "Items": [
                {"HeaderName": "X-MediaPackage-CDNIdentifier", "HeaderValue": "‹secret›"},
            ]},
            "CustomOriginConfig": {
                "HTTPPort": 80,
                "HTTPSPort": 443,
                "OriginProtocolPolicy": "https-only",
                "OriginSslProtocols": {"Quantity": 1, "Items": ["SSLv3"]},
                "OriginKeepaliveTimeout": 5,
                "OriginReadTimeout": 30,
            },
        }]},
        "PriceClass": "PriceClass_All",
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": true},
        "WebACLId": "",
    })
}

/// A copy of a tree in which secrets are a mark.
fn marked(value: &KnownValue) -> KnownValue {
    match value {
        KnownValue::Secret(secret) if secret.expose() == SECRET => KnownValue::from("‹secret›"),
        KnownValue::Secret(_) => panic!("another secret"),
        KnownValue::List(items) => KnownValue::List(items.iter().map(marked).collect()),
        KnownValue::Map(map) => {
            KnownValue::Map(map.iter().map(|(k, v)| (k.clone(), marked(v))).collect())
        }
        other => other.clone(),
    }
}

/// The declared values that the observed tree does not have.
fn drifted(declared: &KnownValue, observed: Option<&KnownValue>, path: &str) -> Vec<String> {
    match (declared, observed) {
        (KnownValue::Map(declared), Some(KnownValue::Map(observed))) => declared
            .iter()
            .flat_map(|(key, value)| drifted(value, observed.get(key), &format!("{path}.{key}")))
            .collect(),
        (KnownValue::List(declared), Some(KnownValue::List(observed)))
            if declared.len() == observed.len() =>
        {
            let pairs = declared.iter().zip(observed).enumerate();
            pairs.flat_map(|(i, (d, o))| drifted(d, Some(o), &format!("{path}[{i}]"))).collect()
        }
        (declared, Some(observed)) if declared == observed => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

#[tokio::test]
async fn it_is_created_with_exactly_these_members_and_read_back_as_declared() {
    // The service gives methods in an order of its own, and adds what was not said.
    let mut answered = sent();
    answered["DefaultCacheBehavior"]["AllowedMethods"]["Items"] = json!(["HEAD", "GET"]);
    answered["DefaultCacheBehavior"]["GrpcConfig"] = json!({"Enabled": false});
    answered["Origins"]["Items"][0]["OriginShield"] = json!({"Enabled": false});
    answered["ViewerCertificate"]["MinimumProtocolVersion"] = json!("TLSv1");
    answered["ViewerCertificate"]["CertificateSource"] = json!("cloudfront");
    answered["Staging"] = json!(false);
    let mut members = known(answered);
    for place in members.values_mut() {
        *place = unmarked(place);
    }
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .then("CreateDistribution", Ok(distribution(&members, "InProgress", "E1")))
            .then("GetDistribution", Ok(distribution(&members, "InProgress", "E1")))
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1")))
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1"))),
    );
    let declared = streaming();
    let made = driver.create(&create(declared.clone()), &NoEffects).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "E2QWRUHAPOMQZL");
    assert_eq!(
        made.attributes,
        known(json!({"Id": "E2QWRUHAPOMQZL", "DomainName": "d111111abcdef8.cloudfront.net"}))
    );
    let input = service.input(0);
    assert_eq!(input.keys().collect::<Vec<_>>(), ["DistributionConfig"]);
    assert_eq!(marked(&input["DistributionConfig"]), KnownValue::Map(known(sent())));

    let Progress::Pending { waits_for, .. } = driver.stabilized(&made.identifier).await.unwrap()
    else {
        panic!("it stabilized while it was deployed")
    };
    assert_eq!(waits_for, "distribution E2QWRUHAPOMQZL to be deployed");
    assert_eq!(driver.stabilized(&made.identifier).await.unwrap(), Progress::Done);

    let seen = driver.read(&made.identifier, &declared).await.unwrap();
    let Observed::Present(seen) = seen else { panic!("it is there") };
    let nothing: Vec<String> = Vec::new();
    let (declared, observed): (KnownValue, KnownValue) =
        (declared.into(), seen.properties.clone().into());
    assert_eq!(drifted(&declared, Some(&observed), ""), nothing);
    service.assert_finished();

    let shown = format!("{seen:?} {input:?} {:?}", redacted_map(&seen.properties));
    assert!(!shown.contains(SECRET));
}

/// The mark becomes the secret again.
fn unmarked(value: &KnownValue) -> KnownValue {
    match value {
        KnownValue::String(text) if text == "‹secret›" => {
            KnownValue::Secret(rstack_model::SecretString::new(SECRET.to_owned()))
        }
        KnownValue::List(items) => KnownValue::List(items.iter().map(unmarked).collect()),
        KnownValue::Map(map) => {
            KnownValue::Map(map.iter().map(|(k, v)| (k.clone(), unmarked(v))).collect())
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn declared_tags_are_sent_with_it_and_foreign_ones_are_not_shown() {
    let members = super::support::small(true);
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .then("CreateDistributionWithTags", Ok(distribution(&members, "InProgress", "E1")))
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1")))
            .answer(
                "ListTagsForResource",
                json!({"Tags": {"Items": [
                    {"Key": "aws:cloudformation:stack-name", "Value": "Live"},
                    {"Key": "team", "Value": "video"},
                ]}}),
            )
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1"))),
    );
    let mut properties: KnownMap = known(json!({
        "DistributionConfig": {
            "Enabled": true,
            "Origins": [{"Id": "o", "DomainName": "example.com"}],
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        },
        "Tags": [{"Key": "team", "Value": "video"}],
    }));
    let made = driver.create(&create(properties.clone()), &NoEffects).await.unwrap();
    assert_eq!(made.properties["Tags"], properties["Tags"]);
    let input = service.input(0);
    let both = input["DistributionConfigWithTags"].as_map().unwrap();
    assert_eq!(both["Tags"].get("Items"), Some(&properties["Tags"]));
    assert_eq!(both["DistributionConfig"].get("CallerReference"), Some(&TOKEN.into()));
    let Observed::Present(read) = driver.read(&made.identifier, &properties).await.unwrap() else {
        panic!("it is there")
    };
    assert_eq!(read.properties["Tags"], properties["Tags"]);
    // Where none are declared they are not asked for.
    properties.remove("Tags");
    driver.read(&made.identifier, &properties).await.unwrap();
    service.assert_finished();
}
