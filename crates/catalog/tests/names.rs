//! The names of objects that the catalog gives.
#![cfg(test)]

use rstack_catalog::{NamePart, Registry, SchemaPath, UniqueName};

/// `Name in Scope, Scope` of each name.
fn shown(names: &[UniqueName]) -> Vec<String> {
    let text = |paths: &[SchemaPath]| {
        let mut texts: Vec<String> = paths.iter().map(ToString::to_string).collect();
        texts.sort();
        texts.join(", ")
    };
    let name = |name: &UniqueName| match name.scope() {
        [] => text(name.name()),
        scope => format!("{} in {}", text(name.name()), text(scope)),
    };
    names.iter().map(name).collect()
}

fn unique(type_name: &str) -> Vec<String> {
    shown(Registry::embedded().get(type_name).unwrap().unwrap().unique_names())
}

#[test]
fn a_name_is_unique_within_the_rest_of_the_identifier() {
    for (type_name, expected) in [
        ("AWS::ApiGateway::Stage", "StageName in RestApiId"),
        ("AWS::Cognito::UserPoolGroup", "GroupName in UserPoolId"),
        ("AWS::Cognito::UserPoolUser", "Username in UserPoolId"),
        ("AWS::Logs::SubscriptionFilter", "FilterName in LogGroupName"),
        ("AWS::Logs::LogStream", "LogStreamName in LogGroupName"),
        ("AWS::Events::Rule", "Name in EventBusName"),
        ("AWS::EKS::Nodegroup", "NodegroupName in ClusterName"),
        ("AWS::WAFv2::WebACL", "Name in Scope"),
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::IAM::Role", "RoleName"),
        ("AWS::CloudFront::CachePolicy", "CachePolicyConfig.Name"),
        ("AWS::SecretsManager::Secret", "Name"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
        ("AWS::MediaPackage::Channel", "Id"),
        ("AWS::AppSync::GraphQLSchema", "ApiId"),
        ("AWS::EC2::NetworkAclEntry", "RuleNumber in Egress, NetworkAclId"),
        ("AWS::SNS::TopicPolicy", "Topics"),
        ("AWS::EC2::SecurityGroup", "GroupName in VpcId"),
        ("AWS::EC2::KeyPair", "KeyName"),
        ("AWS::EC2::LaunchTemplate", "LaunchTemplateName"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"),
        ("AWS::RDS::DBParameterGroup", "DBParameterGroupName"),
        ("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName"),
        ("AWS::ECS::Cluster", "ClusterName"),
        ("AWS::Kinesis::StreamConsumer", "ConsumerName in StreamARN"),
        ("AWS::SageMaker::ModelBiasJobDefinition", "JobDefinitionName"),
        ("AWS::SQS::QueuePolicy", "Queues"),
    ] {
        assert_eq!(unique(type_name), [expected], "{type_name}");
    }
}

#[test]
fn a_name_that_services_may_accept_twice_is_only_likely() {
    let key = Registry::embedded().get("AWS::ApiGateway::ApiKey").unwrap().unwrap();
    assert_eq!(
        (shown(key.unique_names()), shown(key.likely_names())),
        (vec![], vec!["Name".into()])
    );
    // The overlay says that they do accept it.
    let zone = Registry::embedded().get("AWS::Route53::HostedZone").unwrap().unwrap();
    assert_eq!((zone.unique_names(), zone.likely_names()), (&[][..], &[][..]));
}

#[test]
fn names_that_differ_in_case_are_one_where_the_service_says_so() {
    let of = |type_name: &str, name: &str| {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        schema.unique_names()[0].of(|_| NamePart::Known(name.to_owned())).unwrap()
    };
    for type_name in [
        "AWS::DocDB::DBCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::IAM::Group",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::IAM::User",
        "AWS::Neptune::DBInstance",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBSubnetGroup",
    ] {
        let (name, other) = (of(type_name, "Same"), of(type_name, "same"));
        assert_eq!(name, other, "{type_name}");
        assert_eq!(name.identity(), other.identity());
        assert_eq!(name.text(), "Same", "a message shows what is declared");
    }
    for type_name in ["AWS::DynamoDB::Table", "AWS::Events::EventBus", "AWS::SQS::Queue"] {
        assert_ne!(of(type_name, "Same"), of(type_name, "same"), "{type_name}");
    }
}

#[test]
fn every_name_is_made_of_properties_that_templates_declare() {
    let (mut types, mut scoped) = (0, 0);
    for type_name in Registry::embedded().names() {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        let names = schema.unique_names();
        types += usize::from(!names.is_empty());
        for name in names.iter().chain(schema.likely_names()) {
            scoped += usize::from(!name.scope().is_empty());
            assert!(!name.name().is_empty(), "{type_name}");
            for path in name.name().iter().chain(name.scope()) {
                let path = path.concrete().unwrap();
                assert!(schema.node(&path).is_some(), "{type_name} {path}");
                assert!(!schema.refuses(&path), "{type_name} {path}");
            }
        }
        // An identifier that templates declare wholly is a name.
        let declared =
            |path: &SchemaPath| path.concrete().is_some_and(|p| !schema.is_read_only(&p));
        let primary = schema.primary_identifier();
        if !primary.is_empty() && primary.iter().all(declared) {
            let whole = |name: &UniqueName| {
                primary.iter().all(|path| name.name().contains(path) || name.scope().contains(path))
            };
            assert!(names.iter().any(whole), "{type_name}");
        }
    }
    assert_eq!((types, scoped), (841, 230));
}

#[test]
fn an_absent_scope_is_one_scope_and_an_unknown_one_none() {
    let rule = UniqueName::new(vec![SchemaPath::parse("/Name")], vec![SchemaPath::parse("/Bus")]);
    let name = |bus: NamePart| {
        rule.of(|path| match path.top() {
            Some("Name") => NamePart::Known("tick".to_owned()),
            _ => bus.clone(),
        })
    };
    let default = name(NamePart::Absent).unwrap();
    assert_eq!(default.to_string(), "name `tick` (`Name`, without `Bus`)");
    assert_eq!(Some(&default), name(NamePart::Absent).as_ref());
    let own = name(NamePart::Known("b".to_owned())).unwrap();
    assert_ne!(default, own);
    assert_eq!(own.to_string(), "name `tick` (`Name`, with `Bus` `b`)");
    assert_eq!(name(NamePart::Unknown), None);
    assert_eq!(rule.of(|_| NamePart::Absent), None);
}
