//! The embedded registry: every type opens, and the types rstack serves natively say what they
//! should.
#![cfg(test)]

use proptest::prelude::*;
use rstack_catalog::{Documentation, Handler, Property, Registry, validate};
use rstack_model::{PropertyPath, Value, ValueMap};
use serde_json::json;

fn path(dotted: &str) -> PropertyPath {
    dotted.split('.').fold(PropertyPath::root(), |path, segment| match segment.parse() {
        Ok(index) => path.index(index),
        Err(_) => path.name(segment),
    })
}

fn properties(json: serde_json::Value) -> ValueMap {
    let Value::Map(map) = Value::from_json(json) else { panic!("not a map") };
    map
}

fn problems(type_name: &str, json: serde_json::Value) -> Vec<String> {
    let schema = Registry::embedded().get(type_name).unwrap().unwrap();
    let found = validate(&schema, &properties(json));
    found.iter().map(|v| format!("{}: {}", v.path, v.kind)).collect()
}

#[test]
fn every_type_opens_under_its_name() {
    let registry = Registry::embedded();
    let mut count = 0;
    for name in registry.names() {
        assert_eq!(registry.get(name).unwrap().unwrap().name(), name);
        count += 1;
    }
    assert_eq!(count, 1898);
    assert!(registry.get("AWS::No::Such").unwrap().is_none());
    assert_eq!(registry.nearest("AWS::MediaPackage::Chanel"), Some("AWS::MediaPackage::Channel"));
}

#[test]
fn the_streaming_types_are_as_their_services_are() {
    let get = |name: &str| Registry::embedded().get(name).unwrap().unwrap();
    let endpoint = get("AWS::MediaPackage::OriginEndpoint");
    assert!(endpoint.is_create_only(&path("Id")) && endpoint.is_create_only(&path("ChannelId")));
    let channel = get("AWS::MediaPackage::Channel");
    assert!(channel.is_create_only(&path("Id")) && !channel.is_create_only(&path("Tags")));
    assert!(endpoint.is_read_only(&path("CmafPackage.HlsManifests.0.Url")));
    assert!(endpoint.is_set(&path("HlsPackage.AdTriggers")));
    assert!(!endpoint.is_set(&path("HlsPackage.AdTriggers.0")));
    assert!(!endpoint.is_set(&path("CmafPackage.HlsManifests")));
    let secret = get("AWS::SecretsManager::Secret");
    assert!(
        secret.is_stateful()
            && secret.is_write_only(&path("GenerateSecretString.ExcludeCharacters"))
    );
    let role = get("AWS::IAM::Role");
    assert_eq!(role.ref_identifier()[0].to_string(), "RoleName");
    let document = role.node(&path("AssumeRolePolicyDocument")).unwrap();
    assert!(role.is_document(document));
    assert_eq!(role.tag_property(), Some("Tags"));
    assert!(role.has_handler(Handler::Update));
    assert_eq!(role.time_limit(Handler::Create), None);
    assert_eq!(get("AWS::RDS::DBInstance").time_limit(Handler::Create), Some(2_160));
    let distribution = get("AWS::CloudFront::Distribution");
    assert!(distribution.is_set(&path("DistributionConfig.Origins.0.OriginCustomHeaders")));
    assert!(!distribution.is_set(&path("DistributionConfig.CacheBehaviors")));
    assert_eq!(
        distribution.arn_template(),
        Some("arn:${Partition}:cloudfront::${Account}:distribution/${DistributionId}")
    );
}

#[test]
fn mistakes_are_found_and_what_cloudformation_takes_is_taken() {
    let channel = "AWS::MediaPackage::Channel";
    assert_eq!(problems(channel, json!({"Id": "x", "Description": 5})), [""; 0]);
    assert_eq!(
        problems(channel, json!({"Desciption": "x"})),
        ["Desciption: unknown property `Desciption`", ": the required property `Id` is missing"]
    );
    assert_eq!(
        problems(channel, json!({"Id": "x", "Description\u{a0}": "x"})),
        ["Description\u{a0}: unknown property `Description\\u{a0}`"]
    );
    let function = |key: &str| {
        let code = json!({"ZipFile": "x"});
        let variables = json!({"Variables": {key: "v"}});
        let all = json!({"Role": "arn:aws:iam::111122223333:role/r", "Code": code, "Environment": variables});
        problems("AWS::Lambda::Function", all)
    };
    assert_eq!(function("TT"), [""; 0]);
    let [problem] = <[String; 1]>::try_from(function("T")).unwrap();
    assert!(problem.contains("the key `T` does not match the pattern"), "{problem}");
    let endpoint = |hls: serde_json::Value| {
        problems(
            "AWS::MediaPackage::OriginEndpoint",
            json!({"Id": "e", "ChannelId": "c", "HlsPackage": hls}),
        )
    };
    assert_eq!(
        endpoint(json!({"SegmentDurationSeconds": "5", "UseAudioRenditionGroup": "true"})),
        [""; 0]
    );
    assert_eq!(
        endpoint(json!({"SegmentDurationSeconds": "five"})),
        ["HlsPackage.SegmentDurationSeconds: expected an integer, found text"]
    );
    assert_eq!(
        endpoint(json!({"AdMarkers": "PASTHROUGH"})),
        ["HlsPackage.AdMarkers: `PASTHROUGH` is not an allowed value"]
    );
    assert_eq!(
        endpoint(json!({"AdTriggers": "BREAK"})),
        ["HlsPackage.AdTriggers: expected a list, found text"]
    );
    let role = json!({"AssumeRolePolicyDocument": "{\"Version\": \"2012-10-17\"}"});
    assert_eq!(problems("AWS::IAM::Role", role), [""; 0]);
}

#[test]
fn what_only_the_service_sets_cannot_be_declared() {
    let queue = "AWS::SQS::Queue";
    assert_eq!(problems(queue, json!({"Arn": "a"})), ["Arn: only the service sets `Arn`"]);
    let channel = json!({"Id": "c", "HlsIngest": {"ingestEndpoints": [{"Id": "x"}]}});
    assert_eq!(problems("AWS::MediaPackage::Channel", channel), [""; 0]);
    let endpoint = json!({"Id": "e", "ChannelId": "c",
        "CmafPackage": {"HlsManifests": [{"Id": "m", "Url": "u"}]}});
    assert_eq!(problems("AWS::MediaPackage::OriginEndpoint", endpoint), [""; 0]);
    // Listed as read-only and as create-only: it is an argument.
    let domain = json!({"DomainName": "dd", "EncryptionKey": "k"});
    assert_eq!(problems("AWS::CodeArtifact::Domain", domain), [""; 0]);
}

#[test]
fn few_paths_are_listed_as_read_only_and_as_create_only() {
    let registry = Registry::embedded();
    let mut contradictions = Vec::new();
    for schema in registry.names().filter_map(|name| registry.get(name).unwrap()) {
        for path in schema.read_only().iter().filter_map(|path| path.concrete()) {
            if !schema.refuses(&path) {
                contradictions.push(format!("{} {path}", schema.name()));
            }
        }
    }
    let overlay = ["AWS::MediaPackage::Channel HlsIngest"];
    let known = [
        "AWS::CodeArtifact::Domain EncryptionKey",
        "AWS::CodeArtifact::Repository DomainOwner",
        "AWS::EC2::TransitGatewayConnectPeer ConnectPeerConfiguration.BgpConfigurations",
        "AWS::Signer::SigningProfile ProfileName",
    ];
    contradictions.retain(|path| !overlay.contains(&path.as_str()));
    assert_eq!(contradictions, known);
}

#[test]
fn attributes_are_what_the_service_sets_and_what_is_documented() {
    let get = |name: &str| Registry::embedded().get(name).unwrap().unwrap();
    let queue = get("AWS::SQS::Queue");
    assert_eq!(queue.attributes(), ["Arn", "QueueName", "QueueUrl"]);
    assert!(queue.has_attribute("QueueName") && queue.has_attribute("VisibilityTimeout"));
    assert!(!queue.has_attribute("Arn.x") && !queue.has_attribute(""));
    assert!(get("AWS::CloudFormation::Stack").has_attribute("Outputs.Url"));
    let instance = get("AWS::RDS::DBInstance");
    assert!(instance.has_attribute("Endpoint.Address"));
    assert!(instance.has_attribute("MultiAZ") && !instance.has_attribute("MasterUserPassword"));
    assert!(!get("AWS::ElastiCache::ReplicationGroup").has_attribute("AuthToken"));
    assert!(get("AWS::EC2::Subnet").has_attribute("Ipv6CidrBlock"));
    assert!(!get("AWS::EC2::Subnet").has_attribute("Ipv6CidrBlock.x"));
    assert!(get("AWS::AppMesh::Mesh").has_attribute("MeshName"));
    assert!(!get("AWS::AppMesh::Mesh").has_attribute("Spec"));
    let key = get("AWS::IAM::AccessKey");
    assert!(key.is_secret_attribute("SecretAccessKey") && !key.is_secret_attribute("Id"));
    assert!(get("AWS::MediaPackage::Channel").is_secret_attribute("HlsIngest.ingestEndpoints"));
}

#[test]
fn text_does_not_stand_for_a_list_or_a_map() {
    let partly = rstack_model::value::function::join(
        "",
        Value::List(vec![
            "a".into(),
            Value::attribute(rstack_model::value::AttributeRef::reference("R".into())),
        ]),
    );
    let check = |type_name: &str, property: &str| {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        let properties = ValueMap::from([(property.to_owned(), partly.clone().unwrap())]);
        let found = validate(&schema, &properties);
        found.iter().any(|v| v.path.top() == Some(property))
    };
    assert!(check("AWS::SNS::Topic", "Tags"));
    assert!(check("AWS::CloudFront::Distribution", "DistributionConfig"));
    assert!(!check("AWS::SNS::Topic", "DisplayName"));
    assert!(!check("AWS::SQS::Queue", "VisibilityTimeout"));
    // A free document may be given as text.
    assert!(!check("AWS::IAM::Role", "AssumeRolePolicyDocument"));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let names = prop_oneof![
            Just("DistributionConfig".to_owned()),
            Just("Origins".to_owned()),
            Just("Enabled".to_owned()),
            Just("Comment".to_owned()),
            Just("DefaultCacheBehavior".to_owned()),
            "[A-Za-z]{1,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map(names, inner, 0..4).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn checking_never_panics(value in values(), other in values()) {
        let schema = Registry::embedded().get("AWS::CloudFront::Distribution").unwrap().unwrap();
        let properties = ValueMap::from([
            ("DistributionConfig".to_owned(), value),
            ("Tags".to_owned(), other),
        ]);
        let found = validate(&schema, &properties);
        for violation in found {
            prop_assert!(!violation.kind.to_string().is_empty());
        }
    }
}

#[test]
fn most_properties_have_a_text() {
    fn walk(properties: &[Property<'_>], depth: usize, count: &mut (usize, usize)) {
        for property in properties.iter().filter(|p| !p.is_refused()) {
            count.0 += 1;
            count.1 += usize::from(property.text().is_some());
            if depth > 0 && !property.repeats() {
                walk(&property.properties(), depth - 1, count);
            }
        }
    }
    let mut count = (0, 0);
    for name in Registry::embedded().names().step_by(10) {
        let schema = Registry::embedded().get(name).unwrap().unwrap();
        let documentation = Documentation::of(name).unwrap();
        walk(&Property::all(&schema, &documentation), 2, &mut count);
    }
    let (all, with_text) = count;
    assert!(all > 3_000 && with_text * 100 > all * 85, "{with_text} of {all}");
}
