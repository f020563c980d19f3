//! Parts that an update leaves alone, defaults of the service, and errors that may only need time.

use rstack_driver::{ErrorKind, NoEffects, Observed, Progress};
use rstack_model::KnownMap;
use serde_json::{Value, json};

use super::support::{TOKEN, create, distribution, driver, small, update};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::Distribution";
const ID: &str = "E2QWRUHAPOMQZL";

/// A declared distribution with more in its configuration.
fn declared(more: Value) -> KnownMap {
    let mut config = json!({
        "Enabled": true,
        "Origins": [{"Id": "o", "DomainName": "example.com", "OriginCustomHeaders": []}],
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        "CacheBehaviors": [
            {"PathPattern": "*.ts", "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        ],
    });
    let config_map = config.as_object_mut().unwrap();
    config_map.extend(more.as_object().unwrap().clone());
    known(json!({"DistributionConfig": config}))
}

/// A configuration that was given more, from outside, than was declared.
fn touched() -> Value {
    json!({
        "CallerReference": TOKEN,
        "Comment": "by hand",
        "Enabled": false,
        "IsIPV6Enabled": true,
        "WebACLId": "acl",
        "Logging": {"Enabled": true, "IncludeCookies": false, "Bucket": "b", "Prefix": "p"},
        "ContinuousDeploymentPolicyId": "cd",
        "PriceClass": "PriceClass_100",
        "Aliases": {"Quantity": 1, "Items": ["a.example"]},
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "o", "DomainName": "example.com", "OriginPath": "/by-hand",
            "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "A", "HeaderValue": "b"}]},
        }]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all",
            "ResponseHeadersPolicyId": "r", "MinTTL": 7,
        },
        "CacheBehaviors": {"Quantity": 1, "Items": [{
            "PathPattern": "*.ts", "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all",
            "FunctionAssociations": {"Quantity": 1, "Items": [
                {"EventType": "viewer-request", "FunctionARN": "arn:f"},
            ]},
        }]},
    })
}

async fn sent(prior: Value, desired: Value) -> Value {
    let before = known(touched());
    let (service, changed) = driver(
        TYPE,
        ScriptedApi::new()
            .then("GetDistribution", Ok(distribution(&before, "Deployed", "E1")))
            .then("UpdateDistribution", Ok(distribution(&before, "InProgress", "E2"))),
    );
    changed.update(&update(ID, declared(prior), declared(desired))).await.unwrap();
    service.assert_finished();
    let config = service.input(1)["DistributionConfig"].redacted();
    serde_json::from_str(&config.to_string()).unwrap()
}

#[tokio::test]
async fn what_was_never_declared_stays_as_it_is() {
    let sent = sent(json!({}), json!({"IPV6Enabled": false})).await;
    let before = touched();
    for kept in
        ["Comment", "WebACLId", "Logging", "ContinuousDeploymentPolicyId", "PriceClass", "Aliases"]
    {
        assert_eq!(sent[kept], before[kept], "{kept}");
    }
    assert_eq!(sent["Enabled"], json!(true));
    assert_eq!(sent["IsIPV6Enabled"], json!(false));
    let origin = &sent["Origins"]["Items"][0];
    assert_eq!(origin["OriginPath"], json!("/by-hand"));
    assert_eq!(origin["CustomHeaders"], json!({"Quantity": 0}));
    let behavior = &sent["DefaultCacheBehavior"];
    assert_eq!(behavior["ResponseHeadersPolicyId"], json!("r"));
    assert_eq!(behavior.get("MinTTL"), None);
    let kept = &before["CacheBehaviors"]["Items"][0]["FunctionAssociations"];
    assert_eq!(sent["CacheBehaviors"]["Items"][0]["FunctionAssociations"], *kept);
}

#[tokio::test]
async fn what_was_declared_and_is_no_longer_goes_back_to_its_default() {
    let prior = json!({
        "WebACLId": "acl", "PriceClass": "PriceClass_100", "CNAMEs": ["a.example"],
        "IPV6Enabled": true,
    });
    let sent = sent(prior, json!({})).await;
    assert_eq!(sent["WebACLId"], json!(""));
    assert_eq!(sent["PriceClass"], json!("PriceClass_All"));
    assert_eq!(sent["Aliases"], json!({"Quantity": 0}));
    assert_eq!(sent["IsIPV6Enabled"], json!(false));
    assert_eq!(sent["Comment"], json!("by hand"));
}

#[tokio::test]
async fn what_the_service_sets_by_itself_is_no_drift() {
    let config = json!({
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": true,
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        },
        "CustomErrorResponses": [{"ErrorCode": 403, "ErrorCachingMinTTL": 5}],
    });
    let mut members = small(true);
    members.extend(known(json!({
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": true, "MinimumProtocolVersion": "TLSv1",
            "SSLSupportMethod": "vip", "CertificateSource": "cloudfront",
        },
        "CustomErrorResponses": {"Quantity": 1, "Items": [{
            "ErrorCode": 403, "ErrorCachingMinTTL": 5, "ResponseCode": "", "ResponsePagePath": "",
        }]},
    })));
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .then("CreateDistribution", Ok(distribution(&members, "Deployed", "E1")))
            .then("GetDistribution", Ok(distribution(&members, "Deployed", "E1"))),
    );
    let properties = declared(config.clone());
    let made = driver.create(&create(properties.clone()), &NoEffects).await.unwrap();
    let Observed::Present(read) = driver.read(&made.identifier, &properties).await.unwrap() else {
        panic!("it is there")
    };
    for name in ["ViewerCertificate", "CustomErrorResponses"] {
        let seen = read.properties["DistributionConfig"].get(name);
        assert_eq!(seen, properties["DistributionConfig"].get(name), "{name}");
    }
    let sent = &service.input(0)["DistributionConfig"];
    let response =
        &sent.get("CustomErrorResponses").unwrap().get("Items").unwrap().as_list().unwrap()[0];
    assert_eq!(response.get("ResponseCode"), Some(&"".into()));
    assert_eq!(response.get("ResponsePagePath"), Some(&"".into()));
}

#[tokio::test]
async fn another_certificate_than_the_default_one_is_shown_as_it_is() {
    let mut members = small(true);
    members.extend(known(json!({"ViewerCertificate": {
        "ACMCertificateArn": "arn:c", "MinimumProtocolVersion": "TLSv1", "SSLSupportMethod": "vip",
    }})));
    let (_, driver) = driver(
        TYPE,
        ScriptedApi::new().then("GetDistribution", Ok(distribution(&members, "Deployed", "E1"))),
    );
    let properties = declared(json!({"ViewerCertificate": {
        "AcmCertificateArn": "arn:c", "MinimumProtocolVersion": "TLSv1.2_2021",
    }}));
    let Observed::Present(read) = driver.read(&ID.into(), &properties).await.unwrap() else {
        panic!("it is there")
    };
    let seen = read.properties["DistributionConfig"].get("ViewerCertificate").unwrap();
    assert_eq!(seen.get("MinimumProtocolVersion"), Some(&"TLSv1".into()));
}

#[tokio::test]
async fn what_a_configuration_names_may_only_need_time_to_become_visible() {
    let passing = ErrorKind::DependencyNotReady;
    let wrong = ErrorKind::Invalid { property: None };
    for (code, kind, expected) in [
        ("NoSuchCachePolicy", ErrorKind::NotFound, &passing),
        ("NoSuchOriginRequestPolicy", ErrorKind::NotFound, &passing),
        ("NoSuchResponseHeadersPolicy", ErrorKind::NotFound, &passing),
        ("EntityNotFound", ErrorKind::NotFound, &passing),
        ("InvalidViewerCertificate", wrong.clone(), &passing),
        ("NoSuchOrigin", ErrorKind::NotFound, &wrong),
        ("NoSuchDistribution", ErrorKind::NotFound, &ErrorKind::NotFound),
    ] {
        let script = ScriptedApi::new()
            .fail("CreateDistribution", kind.clone(), code)
            .then("GetDistribution", Ok(distribution(&small(true), "Deployed", "E1")))
            .fail("UpdateDistribution", kind, code);
        let (_, driver) = driver(TYPE, script);
        let properties = declared(json!({}));
        let error = driver.create(&create(properties.clone()), &NoEffects).await.unwrap_err();
        assert_eq!(error.kind, *expected, "{code}");
        let request = update(ID, properties.clone(), properties);
        assert_eq!(driver.update(&request).await.unwrap_err().kind, *expected, "{code}");
    }
}

#[tokio::test]
async fn a_distribution_that_is_not_yet_visible_has_not_stabilized() {
    let script =
        ScriptedApi::new().fail("GetDistribution", ErrorKind::NotFound, "NoSuchDistribution");
    let (_, driver) = driver(TYPE, script);
    let stabilized = driver.stabilized(&ID.into()).await.unwrap();
    assert!(matches!(stabilized, Progress::Pending { .. }));
}
