//! Update kinds against AWS's own service specification, and against the documentation that is shown.
//!
//! `data/update-kinds.txt` is written by `scripts/update-kinds`, which shares no code with the tool that
//! builds the catalog.
#![cfg(test)]

use rstack_catalog::{
    Documentation, Handler, Property, Provisioning, Registry, TypeSchema, UpdateKind,
};
use rstack_model::PropertyPath;

const JUDGE: &str = include_str!("data/update-kinds.txt");

/// Where the catalog says less than the specification: the paths that overlays change in place.
const EXCEPTIONS: [&str; 29] = [
    "AWS::AmplifyUIBuilder::Component Tags!",
    "AWS::AmplifyUIBuilder::Form Tags!",
    "AWS::AmplifyUIBuilder::Theme Tags!",
    "AWS::AppConfig::Extension Tags!",
    "AWS::AppConfig::ExtensionAssociation Tags!",
    "AWS::Batch::JobDefinition Tags!",
    "AWS::Batch::JobQueue Tags!",
    "AWS::Batch::SchedulingPolicy Tags!",
    "AWS::DataBrew::Dataset Tags!",
    "AWS::DataBrew::Job Tags!",
    "AWS::DataBrew::Project Tags!",
    "AWS::DataBrew::Recipe Tags!",
    "AWS::DataBrew::Schedule Tags!",
    "AWS::EC2::TransitGatewayRouteTable Tags!",
    "AWS::FIS::ExperimentTemplate Tags!",
    "AWS::ImageBuilder::Component Tags!",
    "AWS::ImageBuilder::ContainerRecipe Tags!",
    "AWS::ImageBuilder::Image Tags!",
    "AWS::ImageBuilder::ImageRecipe Tags!",
    "AWS::IoTWireless::NetworkAnalyzerConfiguration Tags!",
    "AWS::MediaLive::InputSecurityGroup Tags!",
    "AWS::MediaPackage::Channel Tags!",
    "AWS::Omics::SequenceStore Tags!",
    "AWS::RedshiftServerless::Namespace Tags!",
    "AWS::Route53RecoveryControl::SafetyRule Tags!",
    "AWS::SageMaker::App Tags!",
    "AWS::SageMaker::AppImageConfig Tags!",
    "AWS::SageMaker::Domain Tags!",
    "AWS::SageMaker::UserProfile Tags!",
];

fn get(name: &str) -> std::sync::Arc<TypeSchema> {
    Registry::embedded().get(name).unwrap().unwrap()
}

/// A path as a template has it: with the first element of every list that it leads through.
fn path(schema: &TypeSchema, dotted: &str) -> PropertyPath {
    dotted.split('.').fold(PropertyPath::root(), |path, segment| {
        let mut path = path;
        while schema.node(&path).is_some_and(|node| schema.element(node).is_some()) {
            path = path.index(0);
        }
        path.name(segment)
    })
}

fn kind(type_name: &str, dotted: &str) -> UpdateKind {
    let schema = get(type_name);
    schema.update_kind(&path(&schema, dotted))
}

#[test]
fn nothing_that_the_specification_replaces_is_changed_in_place() {
    let (mut replaces, mut may, mut unknown, mut weaker) = (0, 0, 0, Vec::new());
    for line in JUDGE.lines() {
        let (type_name, marks) = line.split_once(' ').unwrap();
        let Some(schema) = Registry::embedded().get(type_name).unwrap() else {
            unknown += 1;
            continue;
        };
        for mark in marks.split(' ') {
            let (dotted, least) = match (mark.strip_suffix('!'), mark.strip_suffix('?')) {
                (Some(dotted), _) => (dotted, UpdateKind::Replaces),
                (_, Some(dotted)) => (dotted, UpdateKind::MayReplace),
                _ => panic!("{type_name} {mark}"),
            };
            match least {
                UpdateKind::Replaces => replaces += 1,
                UpdateKind::MayReplace | UpdateKind::InPlace => may += 1,
            }
            if schema.update_kind(&path(&schema, dotted)) < least {
                weaker.push(format!("{type_name} {mark}"));
            }
        }
    }
    assert_eq!(weaker, EXCEPTIONS);
    // Of the specification's types with such properties, six are not in the registry.
    assert_eq!((replaces, may, unknown), (6_989, 213, 6));
}

/// Every property that templates declare, with those in it.
fn every<'a>(
    properties: Vec<Property<'a>>,
    depth: usize,
    check: &mut impl FnMut(&Property<'a>, UpdateKind),
) {
    for property in properties {
        let Some(kind) = property.update_kind() else { continue };
        check(&property, kind);
        if depth > 0 && !property.repeats() {
            every(property.properties(), depth - 1, check);
        }
    }
}

#[test]
fn a_provider_that_cannot_update_replaces_for_every_property_and_no_other_type_does() {
    let documentation = Documentation::default();
    let (mut immutable, mut legacy) = (0, 0);
    for name in Registry::embedded().names() {
        let schema = get(name);
        let mut kinds = std::collections::BTreeSet::new();
        every(Property::all(&schema, &documentation), 4, &mut |_, kind| {
            kinds.insert(kind);
        });
        match schema.provisioning() {
            Provisioning::Immutable => {
                immutable += 1;
                assert!(!schema.has_handler(Handler::Update));
                kinds.remove(&UpdateKind::Replaces);
                assert!(kinds.is_empty(), "{name}: {kinds:?}");
            }
            Provisioning::NonProvisionable => legacy += 1,
            Provisioning::FullyMutable => {}
        }
    }
    assert_eq!((immutable, legacy), (174, 135));
}

#[test]
fn types_without_handlers_follow_the_specification() {
    use UpdateKind::{InPlace, MayReplace, Replaces};
    for (type_name, dotted, expected) in [
        ("AWS::MediaLive::Channel", "LogLevel", InPlace),
        ("AWS::MediaLive::Channel", "Vpc.SubnetIds", Replaces),
        ("AWS::CodeBuild::Project", "Description", InPlace),
        ("AWS::DocDB::DBCluster", "BackupRetentionPeriod", InPlace),
        ("AWS::DocDB::DBCluster", "EngineVersion", Replaces),
        ("AWS::Elasticsearch::Domain", "ElasticsearchVersion", MayReplace),
        ("AWS::Logs::SubscriptionFilter", "DestinationArn", InPlace),
        ("AWS::EC2::VPNConnection", "VpnGatewayId", Replaces),
        ("AWS::CertificateManager::Certificate", "ValidationMethod", Replaces),
        ("AWS::DynamoDB::Table", "KeySchema", Replaces),
        ("AWS::DynamoDB::Table", "AttributeDefinitions", MayReplace),
        ("AWS::RDS::DBInstance", "Engine", MayReplace),
        ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration", Replaces),
        ("AWS::MediaPackage::Asset", "SourceArn", Replaces),
        ("AWS::Kinesis::StreamConsumer", "Tags", Replaces),
        ("AWS::DynamoDB::Table", "LocalSecondaryIndexes", Replaces),
        ("AWS::SSM::Parameter", "Type", Replaces),
        ("AWS::SSM::Parameter", "Tier", MayReplace),
    ] {
        assert_eq!(kind(type_name, dotted), expected, "{type_name} {dotted}");
    }
}

#[test]
fn tags_of_types_that_the_registry_does_not_describe_are_known() {
    assert_eq!(get("AWS::MediaLive::Channel").tag_property(), Some("Tags"));
    assert_eq!(get("AWS::CodeBuild::Project").tag_property(), Some("Tags"));
    let names = Registry::embedded().names();
    let tagged = names.filter(|name| get(name).tag_property().is_some()).count();
    assert_eq!(tagged, 1_300);
}

#[test]
fn a_kind_holds_for_everything_inside_unless_that_is_stronger() {
    let documentation = Documentation::default();
    for name in Registry::embedded().names().step_by(7) {
        let schema = get(name);
        every(Property::all(&schema, &documentation), 3, &mut |property, kind| {
            for inner in property.properties() {
                if let Some(inside) = inner.update_kind() {
                    assert!(inside >= kind, "{name} {}", inner.dotted());
                }
            }
        });
    }
}

#[test]
fn an_update_that_the_service_refuses_is_no_replacement() {
    let mut found = Vec::new();
    for name in Registry::embedded().names() {
        let schema = get(name);
        for path in schema.refused_updates() {
            let path = path.concrete().unwrap();
            assert!(schema.node(&path).is_some(), "{name} {path}");
            assert_eq!(schema.update_kind(&path), UpdateKind::InPlace, "{name} {path}");
            found.push(format!("{name} {path}"));
        }
    }
    for expected in [
        "AWS::CloudFormation::WaitCondition Timeout",
        "AWS::EC2::Volume AvailabilityZone",
        "AWS::EC2::Volume Encrypted",
        "AWS::EC2::Volume KmsKeyId",
        "AWS::EC2::Volume SnapshotId",
        "AWS::KMS::Key KeySpec",
        "AWS::KMS::Key KeyUsage",
        "AWS::KMS::Key MultiRegion",
        "AWS::KMS::Key Origin",
    ] {
        assert!(found.iter().any(|it| it == expected), "{expected}: {found:?}");
    }
}
