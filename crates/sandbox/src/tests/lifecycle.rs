//! Objects of every type taken through their lifecycle.

use std::sync::Arc;

use rstack_catalog::Registry;
use rstack_driver::calls::Calls;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DeleteRequest, Observed, Progress, Removal, ResourceDriver,
};
use rstack_model::value::SecretsManagerReference;
use rstack_model::{
    Identifier, KnownMap, KnownValue, Region, ResourceType, SecretString, StackName, Token,
};
use serde_json::{Value as Json, json};

use crate::{SandboxCloud, SandboxOptions, minimal};

pub(crate) fn cloud(options: SandboxOptions) -> SandboxCloud {
    SandboxCloud::open(None, Region::from("eu-west-1"), options).unwrap()
}

pub(crate) fn map(json: Json) -> KnownMap {
    let KnownValue::Map(map) = KnownValue::from_json(json) else { panic!("not a map") };
    map
}

pub(crate) fn driver(cloud: &SandboxCloud, resource_type: &str) -> Arc<dyn ResourceDriver> {
    cloud.driver(&ResourceType::from(resource_type)).unwrap()
}

pub(crate) fn request(address: &str, properties: Json) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Streaming").unwrap(),
        address: address.into(),
        token: Token::from(format!("token-{address}")),
        properties: map(properties),
    }
}

/// Every account has objects of its own, and they name it.
#[tokio::test]
async fn every_account_exists() {
    let own = cloud(SandboxOptions::default());
    let make = async |cloud: &SandboxCloud| {
        let request = request("Q", json!({"QueueName": "q"}));
        driver(cloud, "AWS::SQS::Queue").create(&request).await.unwrap();
        cloud.list().unwrap().into_iter().map(|(_, id)| id.to_string()).collect::<Vec<_>>()
    };
    let url = |account: &str| [format!("https://sqs.eu-west-1.amazonaws.com/{account}/q")];
    assert_eq!(make(&own).await, url("000000000000"));
    let other = own.in_account("123456789012".into());
    assert_eq!(other.identity().await.unwrap().environment.account.as_str(), "123456789012");
    assert_eq!(make(&other).await, url("123456789012"));
    let all = other.list_all().unwrap();
    let accounts: Vec<&str> = all.iter().map(|object| object.account.as_str()).collect();
    assert_eq!(accounts, ["000000000000", "123456789012"]);
}

/// Templates refer to a security group by either of its two names.
#[tokio::test]
async fn the_group_id_of_a_security_group_is_its_id() {
    let cloud = cloud(SandboxOptions::default());
    let request = request("G", json!({"GroupDescription": "g"}));
    let group = driver(&cloud, "AWS::EC2::SecurityGroup").create(&request).await.unwrap();
    let attribute = |name: &str| group.attributes.get(name).cloned();
    let id = attribute("Id");
    assert!(
        id.as_ref().and_then(KnownValue::as_str).is_some_and(|id| id.starts_with("sg-")),
        "{id:?}"
    );
    assert_eq!(attribute("GroupId"), id);
}

/// Templates take the host out of these URLs, for the origins of a distribution.
#[tokio::test]
async fn a_playback_configuration_has_urls() {
    let cloud = cloud(SandboxOptions::default());
    let properties = json!({"Name": "ads", "VideoContentSourceUrl": "https://a.example/",
        "AdDecisionServerUrl": "https://b.example/"});
    let driver = driver(&cloud, "AWS::MediaTailor::PlaybackConfiguration");
    let made = driver.create(&request("It", properties)).await.unwrap();
    let KnownValue::Map(hls) = &made.attributes["HlsConfiguration"] else { panic!("{made:?}") };
    for url in
        [&made.attributes["SessionInitializationEndpointPrefix"], &hls["ManifestEndpointPrefix"]]
    {
        let url = url.as_str().unwrap();
        let host = url.split('/').nth(2).unwrap();
        assert!(host.ends_with(".mediatailor.eu-west-1.amazonaws.com"), "{url}");
        assert!(url.ends_with("/ads/"), "{url}");
    }
}

pub(crate) fn gone(id: &Identifier) -> DeleteRequest {
    DeleteRequest {
        removal: Removal::Recoverable,
        identifier: id.clone(),
        token: "gone".into(),
        prior: KnownMap::new(),
    }
}

/// The types of the streaming stack: properties, changed properties, what is not read back.
fn streaming() -> Vec<(&'static str, Json, Option<Json>, &'static [&'static str])> {
    let trust = json!({"Version": "2012-10-17", "Statement": []});
    let endpoint = |seconds: i64| {
        json!({
            "Id": "hls", "ChannelId": "channel",
            "HlsPackage": {"SegmentDurationSeconds": seconds, "AdTriggers": ["BREAK"]}
        })
    };
    let origin = json!({"Id": "o", "DomainName": "example.com", "CustomOriginConfig":
        {"OriginProtocolPolicy": "https-only"}});
    let distribution = |comment: &str| {
        json!({"DistributionConfig": {
            "Enabled": true, "Comment": comment, "Origins": [origin],
            "DefaultCacheBehavior": {
                "TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"
            }
        }})
    };
    let cache = |ttl: i64| {
        json!({"CachePolicyConfig": {
            "Name": "cache", "DefaultTTL": ttl, "MinTTL": 1, "MaxTTL": 100,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": true, "CookiesConfig": {"CookieBehavior": "none"},
                "HeadersConfig": {"HeaderBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"}
            }
        }})
    };
    let request_policy = |comment: &str| {
        json!({"OriginRequestPolicyConfig": {
            "Name": "origin", "Comment": comment, "CookiesConfig": {"CookieBehavior": "none"},
            "HeadersConfig": {"HeaderBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "all"}
        }})
    };
    let headers = |comment: &str| {
        json!({"ResponseHeadersPolicyConfig":
        {"Name": "headers", "Comment": comment}})
    };
    let control = |description: &str| {
        json!({"OriginAccessControlConfig": {
            "Name": "oac", "Description": description, "SigningBehavior": "always",
            "SigningProtocol": "sigv4", "OriginAccessControlOriginType": "mediapackagev2"
        }})
    };
    let function = |code: &str| {
        json!({"Name": "fn", "AutoPublish": true, "FunctionCode": code,
        "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"}})
    };
    let secret = |description: &str| {
        json!({"Name": "s", "Description": description,
        "GenerateSecretString": {"GenerateStringKey": "k", "SecretStringTemplate": "{}"}})
    };
    let generated: &[&str] = &["GenerateSecretString"];
    vec![
        ("AWS::MediaPackage::OriginEndpoint", endpoint(6), Some(endpoint(4)), &[]),
        (
            "AWS::MediaPackage::Channel",
            json!({"Id": "c"}),
            Some(json!({"Id": "c", "Description": "d"})),
            &[],
        ),
        ("AWS::SecretsManager::Secret", secret("a"), Some(secret("b")), generated),
        (
            "AWS::IAM::Role",
            json!({"RoleName": "r", "AssumeRolePolicyDocument": trust}),
            Some(json!({"AssumeRolePolicyDocument": trust, "Description": "d"})),
            &[],
        ),
        (
            "AWS::IAM::Policy",
            json!({"PolicyName": "p", "PolicyDocument": trust, "Roles": ["r"]}),
            Some(json!({"PolicyName": "p", "PolicyDocument": trust, "Roles": ["q"]})),
            &[],
        ),
        (
            "AWS::IAM::ManagedPolicy",
            json!({"PolicyDocument": trust}),
            Some(json!({"PolicyDocument": trust, "Roles": ["q"]})),
            &[],
        ),
        ("AWS::CloudFront::Distribution", distribution("a"), Some(distribution("b")), &[]),
        ("AWS::CloudFront::CachePolicy", cache(2), Some(cache(3)), &[]),
        (
            "AWS::CloudFront::OriginRequestPolicy",
            request_policy("a"),
            Some(request_policy("b")),
            &[],
        ),
        ("AWS::CloudFront::ResponseHeadersPolicy", headers("a"), Some(headers("b")), &[]),
        ("AWS::CloudFront::OriginAccessControl", control("a"), Some(control("b")), &[]),
        ("AWS::CloudFront::Function", function("a"), Some(function("b")), &["AutoPublish"]),
    ]
}

#[tokio::test]
async fn the_streaming_types_conform() {
    let cloud = cloud(SandboxOptions::default());
    let channel = request("Channel", json!({"Id": "channel"}));
    driver(&cloud, "AWS::MediaPackage::Channel").create(&channel).await.unwrap();
    for (name, create, change, unread) in streaming() {
        let sample = Sample {
            resource_type: name.into(),
            stack: StackName::parse("Streaming").unwrap(),
            create: map(create),
            change: change.map(map),
            unread: unread.iter().map(|name| (*name).to_owned()).collect(),
            token: Token::from(name),
            missing: "missing".into(),
        };
        let result = check(&cloud, &sample).await;
        assert!(result.is_ok(), "{name}: {result:?}");
    }
    assert_eq!(cloud.list().unwrap().len(), 1, "only the channel is left");
}

#[tokio::test]
async fn every_type_passes_through_its_lifecycle() {
    let cloud = cloud(SandboxOptions::default());
    let (mut lived, mut unmet, mut refused) = (0, Vec::new(), Vec::new());
    for name in Registry::embedded().names() {
        let Some(driver) = cloud.driver(&name.into()) else { continue };
        let schema = Registry::embedded().get(name).unwrap().unwrap();
        let Some(properties) = minimal::minimal(&schema) else {
            unmet.push(name);
            continue;
        };
        let create = CreateRequest { properties, ..request("Sample", json!({})) };
        let object = match driver.create(&create).await {
            Ok(object) => object,
            Err(error) => {
                refused.push(format!("{name}: {error}"));
                continue;
            }
        };
        let id = &object.identifier;
        let read = driver.read(id, &create.properties).await.unwrap();
        let Observed::Present(mut seen) = read else { panic!("{name} is there") };
        // The answer to the creation alone has the secret of a key.
        if name == "AWS::IAM::AccessKey" {
            let secret = seen.attributes.insert(SECRET_KEY.to_owned(), KnownValue::Null);
            assert_eq!(secret, Some(KnownValue::Secret(SecretString::new(String::new()))));
            seen.attributes.extend(object.attributes.get_key_value(SECRET_KEY).map(owned));
        }
        assert_eq!(seen, object, "{name}");
        for path in schema.read_only().iter().filter(|path| path.segments().len() == 1) {
            let top = path.to_string();
            assert!(
                driver.name() == "none" || object.attributes.contains_key(&top),
                "{name}.{top}"
            );
        }
        while driver.delete(&gone(id)).await.unwrap() != Progress::Done {}
        // Handles of wait conditions stand for no object.
        if !["none", "signals"].contains(&driver.name()) {
            let read = driver.read(id, &create.properties).await.unwrap();
            assert_eq!(read, Observed::Absent, "{name}");
        }
        lived += 1;
    }
    let all = Registry::embedded().names().count();
    assert!(lived * 100 >= all * 99, "{lived} of {all}; unmet {unmet:#?}; refused {refused:#?}");
    assert!(cloud.list().unwrap().is_empty());
}

/// The secret of an access key.
const SECRET_KEY: &str = "SecretAccessKey";

fn owned((name, value): (&String, &KnownValue)) -> (String, KnownValue) {
    (name.clone(), value.clone())
}

/// True if an identifier or an attribute has a form: `#` stands for a hexadecimal digit, `^` for
/// an upper-case letter or a digit, `@` for a letter, `%` for a digit; all else for itself.
fn looks_like(text: &str, form: &str) -> bool {
    let fits = |(c, f): (char, char)| match f {
        '#' => c.is_ascii_digit() || ('a'..='f').contains(&c),
        '^' => c.is_ascii_digit() || c.is_ascii_uppercase(),
        '@' => c.is_ascii_alphabetic(),
        '%' => c.is_ascii_digit(),
        f => c == f,
    };
    text.chars().count() == form.chars().count() && text.chars().zip(form.chars()).all(fits)
}

#[tokio::test]
async fn identifiers_and_attributes_have_the_forms_of_aws() {
    let endpoint = |id: &str, package: &str, inner: Json| {
        json!({"Id": id, "ChannelId": "channel",
        "ManifestName": "live", package: inner})
    };
    let cmaf = json!({"HlsManifests": [{"Id": "m", "Url": "ignored"}]});
    let package = "https://HOST.mediapackage.eu-west-1.amazonaws.com/out/v1/";
    let package = package.replace("HOST", &"#".repeat(12)) + &"#".repeat(32);
    let url = |rest: &str| format!("{package}{rest}");
    let uuid = "########-####-####-####-############";
    let arn = |rest: &str| format!("arn:aws:{rest}");
    let rows: Vec<(&str, Json, String, &str, String)> = vec![
        (
            "AWS::MediaPackage::Channel",
            json!({"Id": "channel"}),
            "channel".into(),
            "Arn",
            arn("mediapackage:eu-west-1:000000000000:channels/") + &"#".repeat(32),
        ),
        (
            "AWS::MediaPackage::OriginEndpoint",
            endpoint("a", "HlsPackage", json!({})),
            "a".into(),
            "Url",
            url("/live.m3u8"),
        ),
        (
            "AWS::MediaPackage::OriginEndpoint",
            endpoint("b", "DashPackage", json!({})),
            "b".into(),
            "Url",
            url("/live.mpd"),
        ),
        (
            "AWS::MediaPackage::OriginEndpoint",
            endpoint("c", "MssPackage", json!({})),
            "c".into(),
            "Url",
            url("/live.ism/Manifest"),
        ),
        (
            "AWS::MediaPackage::OriginEndpoint",
            endpoint("d", "CmafPackage", cmaf),
            "d".into(),
            "Url",
            url("/m/index.m3u8"),
        ),
        (
            "AWS::SecretsManager::Secret",
            json!({"Name": "s", "SecretString": "t"}),
            arn("secretsmanager:eu-west-1:000000000000:secret:s-@@@@@@"),
            "Id",
            arn("secretsmanager:eu-west-1:000000000000:secret:s-@@@@@@"),
        ),
        (
            "AWS::IAM::Role",
            json!({"RoleName": "r", "Path": "/p/", "AssumeRolePolicyDocument": {}}),
            "r".into(),
            "Arn",
            arn("iam::000000000000:role/p/r"),
        ),
        (
            "AWS::IAM::User",
            json!({"UserName": "u"}),
            "u".into(),
            "Arn",
            arn("iam::000000000000:user/u"),
        ),
        (
            "AWS::CloudFront::OriginAccessControl",
            json!({"OriginAccessControlConfig": {
            "Name": "n", "SigningBehavior": "always", "SigningProtocol": "sigv4",
            "OriginAccessControlOriginType": "s3"}}),
            "E^^^^^^^^^^^^^".into(),
            "Id",
            "E^^^^^^^^^^^^^".into(),
        ),
        (
            "AWS::CloudFront::ResponseHeadersPolicy",
            json!({"ResponseHeadersPolicyConfig":
            {"Name": "n"}}),
            uuid.into(),
            "Id",
            uuid.into(),
        ),
        (
            "AWS::S3::Bucket",
            json!({"BucketName": "my-bucket"}),
            "my-bucket".into(),
            "RegionalDomainName",
            "my-bucket.s3.eu-west-1.amazonaws.com".into(),
        ),
        (
            "AWS::EC2::VPC",
            json!({"CidrBlock": "10.0.0.0/16"}),
            "vpc-#################".into(),
            "DefaultNetworkAcl",
            "acl-#################".into(),
        ),
        (
            "AWS::EC2::Subnet",
            json!({"VpcId": "v"}),
            "subnet-#################".into(),
            "SubnetId",
            "subnet-#################".into(),
        ),
        (
            "AWS::SNS::Topic",
            json!({"TopicName": "t"}),
            arn("sns:eu-west-1:000000000000:t"),
            "TopicArn",
            arn("sns:eu-west-1:000000000000:t"),
        ),
        (
            "AWS::SQS::Queue",
            json!({"QueueName": "q"}),
            "https://sqs.eu-west-1.amazonaws.com/000000000000/q".into(),
            "Arn",
            arn("sqs:eu-west-1:000000000000:q"),
        ),
        (
            "AWS::MediaLive::Input",
            json!({}),
            "%%%%%%%".into(),
            "Arn",
            arn("medialive:eu-west-1:000000000000:input:%%%%%%%"),
        ),
    ];
    let cloud = cloud(SandboxOptions::default());
    let mut hosts = std::collections::BTreeSet::new();
    for (number, (name, create, id, attribute, form)) in rows.into_iter().enumerate() {
        let create = request(&format!("R{number}"), create);
        let made = driver(&cloud, name).create(&create).await.unwrap();
        assert!(looks_like(made.physical_id.as_str(), &id), "{name}: {}", made.physical_id);
        let seen = made.attributes[attribute].as_str().unwrap();
        assert!(looks_like(seen, &form), "{name}.{attribute}: {seen}");
        if attribute == "Url" {
            hosts.insert(seen.split('/').nth(2).unwrap().to_owned());
        }
    }
    assert_eq!(hosts.len(), 1, "the endpoints of a channel share their host");
}

#[tokio::test]
async fn a_reference_to_a_secret_resolves() {
    let cloud = cloud(SandboxOptions::default());
    let create = json!({"Name": "n", "GenerateSecretString":
        {"GenerateStringKey": "k", "SecretStringTemplate": "{\"u\":\"admin\"}"}});
    let secret = driver(&cloud, "AWS::SecretsManager::Secret");
    let made = secret.create(&request("Secret", create)).await.unwrap();
    let reference = |text: String| SecretsManagerReference::parse(&text).unwrap();
    let whole = reference(format!("{}:SecretString:k::", made.physical_id));
    let (text, version) = cloud.secrets().resolve(&whole).await.unwrap();
    assert_eq!((text.expose().len(), version.as_str()), (32, "token-Secret"));
    let rotated = cloud.rotate_secret("n").unwrap();
    assert_eq!(cloud.secrets().version(&reference("n".to_owned())).await.unwrap(), rotated);
    let (now, _) = cloud.secrets().resolve(&whole).await.unwrap();
    assert_ne!(now, text);
    let before = reference("n:SecretString:k:AWSPREVIOUS:".to_owned());
    assert_eq!(cloud.secrets().resolve(&before).await.unwrap(), (text, version));
    assert!(cloud.secrets().version(&reference("other".to_owned())).await.is_err());
}
