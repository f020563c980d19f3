//! The laws of mapping, for every tree that a schema allows.

use std::sync::Arc;

use proptest::prelude::*;
use rstack_catalog::{Node, Registry, TypeSchema};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::generate::{Fullness, Generator};
use crate::cloudfront::rules::{MULTI_TENANT, STANDARD};
use crate::codebuild::{NOT_IN_PROJECT, PROJECT_RULES};
use crate::definition::TypeDefinition;
use crate::mapping::{Mapper, Rules};
use crate::model::{Service, ServiceModel};
use crate::{dynamodb, events, mediaconnect, mediatailor};

/// A part of a type and the shape it is mapped to.
struct Case {
    type_name: &'static str,
    /// The property that is mapped; empty for the whole tree.
    property: &'static str,
    service: Service,
    shape: &'static str,
    rules: &'static Rules,
    /// Properties that are not mapped by names and rules alone.
    without: Vec<&'static str>,
}

fn config(type_name: &'static str, config: &'static str, rules: &'static Rules) -> Case {
    let without = vec!["CNAMEs", "S3Origin", "CustomOrigin"];
    let service = Service::CLOUDFRONT;
    Case { type_name, property: config, service, shape: config, rules, without }
}

/// A type that is data: what its creating operation takes.
fn data(type_name: &'static str) -> Case {
    let kind = TypeDefinition::of(&type_name.into()).unwrap().unwrap();
    let model = ServiceModel::of(kind.service).unwrap();
    let operation = model.operation(&kind.file.operations.create).unwrap();
    let shape = operation.input.as_deref().unwrap();
    let settings = kind.file.settings.iter().flat_map(|row| &row.properties);
    let apart = settings.filter(|name| kind.member_taken(&operation.name, name).is_none());
    let apart = apart.chain(kind.tags.map(|tags| &tags.property));
    let schema = Registry::embedded().get(type_name).unwrap().unwrap();
    // Texts in a map have laws of their own.
    let texts = schema.resolve(schema.root()).property_names().filter(|name| {
        let texts = kind.file.operations.attributes.is_some();
        texts && kind.member_taken(&operation.name, name).is_none()
    });
    let texts: Vec<&'static str> = texts.map(|name| &*Box::leak(Box::from(name))).collect();
    let attributes = kind.file.attributes.iter().map(|attribute| &attribute.name);
    let attributes = attributes.filter(|name| !schema.takes(&PropertyPath::root().name(*name)));
    let omitted = kind.rules.0.iter().flat_map(|rules| rules.omitted).copied();
    let unsupported = kind.unsupported.iter().map(|row| row.property);
    let without = apart.chain(attributes).map(String::as_str).chain(omitted);
    let without = without.chain(unsupported).chain(texts).collect();
    Case { type_name, property: "", service: kind.service, shape, rules: kind.rules, without }
}

fn cases() -> Vec<Case> {
    let mut cases = cloudfront();
    cases.extend(TypeDefinition::names().map(data));
    cases.extend(codebuild());
    cases.push(event_rule());
    cases.push(table());
    cases.push(mediatailor());
    cases.push(mediaconnect());
    cases
}

/// A table: operations of their own show and change the other properties.
fn table() -> Case {
    let without = [dynamodb::APART, &["PolicyDocument"]].concat();
    Case {
        type_name: "AWS::DynamoDB::Table",
        property: "",
        service: Service::DYNAMODB,
        shape: "CreateTableInput",
        rules: &dynamodb::RULES,
        without,
    }
}

/// The targets of a rule: the other properties are those of another call.
fn event_rule() -> Case {
    let without = [
        "Description",
        "EventBusName",
        "EventPattern",
        "Name",
        "RoleArn",
        "RuleName",
        "State",
        "Tags",
        "ScheduleExpression",
    ];
    Case {
        type_name: "AWS::Events::Rule",
        property: "",
        service: Service::EVENTS,
        shape: "PutTargetsRequest",
        rules: &events::RULES,
        without: [&without[..], &["Arn"]].concat(),
    }
}

fn mediaconnect() -> Case {
    // A part is described without its number in a format, its interfaces and its addresses.
    let without = [
        "EgressIp",
        "FlowArn",
        "FlowAvailabilityZone",
        "FlowNdiMachineName",
        "Fmt",
        "IngestIp",
        "NetworkInterfaceIds",
        "SourceArn",
        "SourceIngestPort",
    ];
    Case {
        type_name: "AWS::MediaConnect::Flow",
        property: "",
        service: Service::MEDIACONNECT,
        shape: "CreateFlowRequest",
        rules: &mediaconnect::RULES,
        without: without.to_vec(),
    }
}

fn mediatailor() -> Case {
    Case {
        type_name: "AWS::MediaTailor::PlaybackConfiguration",
        property: "",
        service: Service::MEDIATAILOR,
        shape: "PutPlaybackConfigurationRequest",
        rules: &mediatailor::RULES,
        // The registry does not say what aliases consist of.
        without: [mediatailor::APART, &["ConfigurationAliases", "ManifestEndpointPrefix"]].concat(),
    }
}

fn codebuild() -> [Case; 2] {
    let case = |property, shape, without| {
        let (type_name, service) = ("AWS::CodeBuild::Project", Service::CODEBUILD);
        Case { type_name, property, service, shape, rules: &PROJECT_RULES, without }
    };
    [
        case("", "CreateProjectInput", NOT_IN_PROJECT.to_vec()),
        // The registry does not say what a group of filters consists of.
        case("Triggers", "CreateWebhookInput", vec!["FilterGroups", "Webhook"]),
    ]
}

/// A type of CloudFront whose tree is the input of an operation.
fn whole(type_name: &'static str, shape: &'static str, without: Vec<&'static str>) -> Case {
    let (service, rules) = (Service::CLOUDFRONT, &Rules::NONE);
    Case { type_name, property: "", service, shape, rules, without }
}

fn cloudfront() -> Vec<Case> {
    vec![
        config(
            "AWS::CloudFront::CloudFrontOriginAccessIdentity",
            "CloudFrontOriginAccessIdentityConfig",
            &Rules::NONE,
        ),
        config("AWS::CloudFront::KeyGroup", "KeyGroupConfig", &Rules::NONE),
        config("AWS::CloudFront::PublicKey", "PublicKeyConfig", &Rules::NONE),
        whole("AWS::CloudFront::RealtimeLogConfig", "CreateRealtimeLogConfigRequest", vec!["Arn"]),
        whole(
            "AWS::CloudFront::KeyValueStore",
            "CreateKeyValueStoreRequest",
            vec!["Arn", "Id", "Status", "Tags"],
        ),
        config("AWS::CloudFront::Distribution", "DistributionConfig", &STANDARD),
        config("AWS::CloudFront::Distribution", "DistributionConfig", &MULTI_TENANT),
        config("AWS::CloudFront::CachePolicy", "CachePolicyConfig", &Rules::NONE),
        config("AWS::CloudFront::OriginRequestPolicy", "OriginRequestPolicyConfig", &Rules::NONE),
        config(
            "AWS::CloudFront::ResponseHeadersPolicy",
            "ResponseHeadersPolicyConfig",
            &Rules::NONE,
        ),
        config("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig", &Rules::NONE),
        config("AWS::CloudFront::Function", "FunctionConfig", &Rules::NONE),
    ]
}

impl Case {
    fn schema(&self) -> Arc<TypeSchema> {
        Registry::embedded().get(self.type_name).unwrap().unwrap()
    }

    fn node<'s>(&self, schema: &'s TypeSchema) -> &'s Node {
        match self.property {
            "" => schema.root(),
            property => schema.property(schema.root(), property).unwrap(),
        }
    }

    fn check(&self, fullness: Fullness, seed: u64) {
        let schema = self.schema();
        let node = self.node(&schema);
        let mut generator =
            Generator { schema: &schema, fullness, seed: seed | 1, without: &self.without };
        let tree = generator.map(node, 0);
        let model = ServiceModel::of(self.service).unwrap();
        let mapper = Mapper::new(model, self.shape, self.rules);
        let members = mapper.to_members(&tree).unwrap_or_else(|error| {
            panic!("{}: {error} in {tree:#?}", self.type_name);
        });
        let back = mapper.from_members(&members, &schema, node);
        assert_eq!(uncovered(&tree, &back), None, "{}\n{tree:#?}\n{members:#?}", self.type_name);
        assert_eq!(mapper.to_members(&back).unwrap(), members, "{}", self.type_name);
    }
}

/// The first declared value that did not come back.
fn uncovered(declared: &KnownMap, back: &KnownMap) -> Option<String> {
    declared.iter().find_map(|(name, value)| {
        let lost = match (value, back.get(name)) {
            (declared, Some(back)) => lost(declared, back),
            (KnownValue::List(items), None) if items.is_empty() => None,
            (_, None) => Some(String::new()),
        };
        lost.map(|below| format!("{name}.{below}"))
    })
}

fn lost(declared: &KnownValue, back: &KnownValue) -> Option<String> {
    match (declared, back) {
        (KnownValue::Map(declared), KnownValue::Map(back)) => uncovered(declared, back),
        (KnownValue::List(declared), KnownValue::List(back)) => {
            if declared.len() != back.len() {
                return Some("length".to_owned());
            }
            declared.iter().zip(back).find_map(|(declared, back)| lost(declared, back))
        }
        (KnownValue::String(text), KnownValue::Number(n)) if *text == n.to_string() => None,
        _ => (declared != back).then(|| format!("{declared:?} became {back:?}")),
    }
}

#[test]
fn every_property_of_every_schema_has_a_member_and_comes_back() {
    for case in cases() {
        for seed in 1..40 {
            case.check(Fullness::Everything, u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_declared_comes_back_and_maps_to_the_same(seed in any::<u64>()) {
        for case in cases() {
            case.check(Fullness::Random, seed);
        }
    }
}
