//! Single rules.

use rstack_catalog::Registry;
use rstack_model::{KnownMap, KnownValue, PropertyPath, SecretString};
use serde_json::json;

use crate::cloudfront::rules::STANDARD;
use crate::mapping::{Mapper, Rules, equivalent, in_declared_order};
use crate::model::{Service, ServiceModel};
use crate::test::scripted_api::known;

fn mapper(service: Service, shape: &'static str) -> Mapper<'static> {
    Mapper::new(ServiceModel::of(service).unwrap(), shape, &STANDARD)
}

fn members(shape: &'static str, json: serde_json::Value) -> KnownMap {
    mapper(Service::CLOUDFRONT, shape).to_members(&known(json)).unwrap()
}

fn value(json: serde_json::Value) -> KnownValue {
    KnownValue::from_json(json)
}

#[test]
fn lists_are_wrapped_and_defaults_spelled_out() {
    assert_eq!(
        members(
            "DefaultCacheBehavior",
            json!({
                "TargetOriginId": "o",
                "ViewerProtocolPolicy": "https-only",
                "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
                "CachedMethods": ["HEAD", "GET"],
                "TrustedKeyGroups": ["k"],
                "Compress": "true",
            })
        ),
        known(json!({
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "https-only",
            "AllowedMethods": {
                "Quantity": 3,
                "Items": ["GET", "HEAD", "OPTIONS"],
                "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
            },
            "TrustedKeyGroups": {"Enabled": true, "Quantity": 1, "Items": ["k"]},
            "TrustedSigners": {"Enabled": false, "Quantity": 0},
            "FunctionAssociations": {"Quantity": 0},
            "LambdaFunctionAssociations": {"Quantity": 0},
            "Compress": true,
            "FieldLevelEncryptionId": "",
            "SmoothStreaming": false,
        }))
    );
    assert_eq!(
        members("LoggingConfig", json!({"Bucket": "logs.s3.amazonaws.com"}))["Enabled"],
        value(json!(true))
    );
    assert_eq!(members("LoggingConfig", json!({}))["Enabled"], value(json!(false)));
    assert_eq!(
        members("Restrictions", json!({})),
        known(json!({"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}}))
    );
    let certificate = members("ViewerCertificate", json!({"AcmCertificateArn": "a"}));
    assert_eq!(certificate, known(json!({"ACMCertificateArn": "a"})));
}

#[test]
fn what_cannot_be_sent_is_named_by_its_path_and_not_by_its_value() {
    let at = PropertyPath::root().name("DistributionConfig");
    let error = |json| {
        let mapper = mapper(Service::CLOUDFRONT, "DistributionConfig").at(at.clone());
        mapper.to_members(&known(json)).unwrap_err().to_string()
    };
    assert_eq!(
        error(json!({"Origins": [{"Id": "o", "Colour": "red"}]})),
        "`DistributionConfig.Origins[0].Colour` is not a setting that the service has"
    );
    assert_eq!(
        error(json!({"Origins": [{"ConnectionAttempts": "hunter2"}]})),
        "`DistributionConfig.Origins[0].ConnectionAttempts` must be an integer"
    );
    assert_eq!(error(json!({"Enabled": {}})), "`DistributionConfig.Enabled` must be a boolean");
    assert_eq!(error(json!({"Aliases": "a"})), "`DistributionConfig.Aliases` must be a map");
}

#[test]
fn secrets_stay_secret_both_ways() {
    let secret = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    let header = KnownMap::from([
        ("HeaderName".to_owned(), KnownValue::from("X-Key")),
        ("HeaderValue".to_owned(), secret.clone()),
    ]);
    let origin = KnownMap::from([(
        "OriginCustomHeaders".to_owned(),
        KnownValue::List(vec![KnownValue::Map(header)]),
    )]);
    let mapper = mapper(Service::CLOUDFRONT, "Origin");
    let members = mapper.to_members(&origin).unwrap();
    let sent = members["CustomHeaders"].get("Items").unwrap().as_list().unwrap();
    assert_eq!(sent[0].get("HeaderValue"), Some(&secret));
    let schema = Registry::embedded().get("AWS::CloudFront::Distribution").unwrap().unwrap();
    let path = PropertyPath::root().name("DistributionConfig").name("Origins").index(0);
    let back = mapper.from_members(&members, &schema, schema.node(&path).unwrap());
    let back = back["OriginCustomHeaders"].as_list().unwrap();
    assert_eq!(back[0].get("HeaderValue"), Some(&secret));
    assert!(!format!("{members:?}{back:?}").contains("hunter2"));
}

#[test]
fn documents_become_text_and_trees_again() {
    let role =
        Mapper::new(ServiceModel::of(Service::IAM).unwrap(), "CreateRoleRequest", &Rules::NONE);
    let tree = known(json!({
        "RoleName": "r",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
    }));
    let members = role.to_members(&tree).unwrap();
    let text = members["AssumeRolePolicyDocument"].as_str().unwrap();
    assert_eq!(text, r#"{"Statement":[],"Version":"2012-10-17"}"#);
    let schema = Registry::embedded().get("AWS::IAM::Role").unwrap().unwrap();
    assert_eq!(role.from_members(&members, &schema, schema.root()), tree);
    let hidden = KnownMap::from([(
        "AssumeRolePolicyDocument".to_owned(),
        KnownValue::Map(KnownMap::from([(
            "Sid".to_owned(),
            KnownValue::Secret(SecretString::new("hunter2".to_owned())),
        )])),
    )]);
    let sent = role.to_members(&hidden).unwrap();
    assert!(matches!(&sent["AssumeRolePolicyDocument"],
        KnownValue::Secret(text) if text.expose() == r#"{"Sid":"hunter2"}"#));
}

#[test]
fn tags_become_a_map_where_the_service_wants_one() {
    let mapper = mapper(Service::MEDIAPACKAGE, "CreateChannelRequest");
    let tree = known(json!({"Id": "c", "Tags": [{"Key": "team", "Value": 7}]}));
    let members = mapper.to_members(&tree).unwrap();
    assert_eq!(members, known(json!({"Id": "c", "Tags": {"team": "7"}})));
    let schema = Registry::embedded().get("AWS::MediaPackage::Channel").unwrap().unwrap();
    let back = mapper.from_members(&members, &schema, schema.root());
    assert_eq!(back["Tags"], value(json!([{"Key": "team", "Value": "7"}])));
}

#[test]
fn order_counts_only_where_it_means_something() {
    let observed = known(json!({
        "Methods": ["HEAD", "GET", "PUT"],
        "Origins": [{"Id": "b", "P": ["2", "1"]}, {"Id": "a"}],
        "Behaviors": [{"Path": "b"}, {"Path": "a"}],
    }));
    let declared = known(json!({
        "Methods": ["GET", "HEAD"],
        "Origins": [{"Id": "a"}, {"Id": "b", "P": ["1", "2"]}],
        "Behaviors": [{"Path": "a"}, {"Path": "b"}],
    }));
    assert_eq!(
        in_declared_order(observed, &declared, &["Id"]),
        known(json!({
            "Methods": ["GET", "HEAD", "PUT"],
            "Origins": [{"Id": "a"}, {"Id": "b", "P": ["1", "2"]}],
            "Behaviors": [{"Path": "b"}, {"Path": "a"}],
        }))
    );
}

#[test]
fn trees_are_equivalent_if_a_service_cannot_tell_them_apart() {
    let same = |a, b| equivalent(&value(a), &value(b), &[]);
    assert!(same(json!({"Name": "n"}), json!({"Name": "n", "Comment": "", "Brotli": false})));
    assert!(same(json!({"Items": ["b", "a"]}), json!({"Items": ["a", "b"]})));
    assert!(same(json!({"H": {"Quantity": 0}}), json!({})));
    assert!(!same(json!({"Name": "n"}), json!({"Name": "n", "Comment": "theirs"})));
    assert!(!same(json!({"T": 1}), json!({"T": 2})));
    assert!(!same(json!({"I": [{"a": 1}, {"a": 2}]}), json!({"I": [{"a": 2}, {"a": 1}]})));
}
