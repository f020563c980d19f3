//! Things without a name that a service takes for one: equal entries of a list, and equal objects.

/// The parts of an entry that make it another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// The whole entry.
    Whole,
    /// All of it but these properties.
    Without(&'static [&'static str]),
    /// These properties: the rest belongs to the entry that they name.
    By(&'static [&'static str]),
}

/// Lists, by type and property, of which a service keeps each entry once.
///
/// Sources: `AuthorizeSecurityGroupIngress` and `-Egress`, Amazon EC2 API Reference; `PutTargets`,
/// Amazon EventBridge API Reference; `AttachRolePolicy`, AWS Identity and Access Management API
/// Reference; `CreateLoadBalancerListeners`, Elastic Load Balancing API Reference;
/// `DistributionConfig`, Amazon CloudFront API Reference.
const ENTRIES: [(&str, &str, Sameness); 8] = [
    ("AWS::EC2::SecurityGroup", "SecurityGroupEgress", Sameness::Without(&["Description"])),
    ("AWS::EC2::SecurityGroup", "SecurityGroupIngress", Sameness::Without(&["Description"])),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "Listeners", Sameness::By(&["LoadBalancerPort"])),
    ("AWS::Events::Rule", "Targets", Sameness::By(&["Id"])),
    ("AWS::IAM::Group", "ManagedPolicyArns", Sameness::Whole),
    ("AWS::IAM::Role", "ManagedPolicyArns", Sameness::Whole),
    ("AWS::IAM::User", "ManagedPolicyArns", Sameness::Whole),
    (
        "AWS::Route53::RecordSetGroup",
        "RecordSets",
        Sameness::By(&["HostedZoneId", "HostedZoneName", "Name", "Type", "SetIdentifier"]),
    ),
];

/// Types of which a service keeps one object for each value of these properties, and which have no
/// name of their own.
///
/// Sources: the errors of `AuthorizeSecurityGroupIngress`, `CreateRoute`,
/// `AssociateRouteTable`, `CreateRule`, `CreateListener`, `CreateEventSourceMapping`, `PutMethod`,
/// `CreateResource`, `CreateMountTarget` and `ChangeResourceRecordSets`; `Subscribe` and
/// `RegisterScalableTarget`, which return the object that exists.
const OBJECTS: [(&str, &[&str]); 17] = [
    ("AWS::ApiGateway::Method", &["RestApiId", "ResourceId", "HttpMethod"]),
    ("AWS::ApiGateway::Resource", &["RestApiId", "ParentId", "PathPart"]),
    ("AWS::ApiGatewayV2::Route", &["ApiId", "RouteKey"]),
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        &["ServiceNamespace", "ResourceId", "ScalableDimension"],
    ),
    (
        "AWS::EC2::Route",
        &[
            "RouteTableId",
            "DestinationCidrBlock",
            "DestinationIpv6CidrBlock",
            "DestinationPrefixListId",
        ],
    ),
    (
        "AWS::EC2::SecurityGroupEgress",
        &[
            "GroupId",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIp",
            "CidrIpv6",
            "DestinationPrefixListId",
            "DestinationSecurityGroupId",
        ],
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        &[
            "GroupId",
            "GroupName",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIp",
            "CidrIpv6",
            "SourcePrefixListId",
            "SourceSecurityGroupId",
            "SourceSecurityGroupName",
            "SourceSecurityGroupOwnerId",
        ],
    ),
    ("AWS::EC2::SubnetNetworkAclAssociation", &["SubnetId"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId"]),
    ("AWS::EC2::TransitGatewayRoute", &["TransitGatewayRouteTableId", "DestinationCidrBlock"]),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId", "InternetGatewayId", "VpnGatewayId"]),
    ("AWS::EFS::MountTarget", &["FileSystemId", "SubnetId"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["LoadBalancerArn", "Port"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["ListenerArn", "Priority"]),
    ("AWS::Lambda::EventSourceMapping", &["FunctionName", "EventSourceArn"]),
    (
        "AWS::Route53::RecordSet",
        &["HostedZoneId", "HostedZoneName", "Name", "Type", "SetIdentifier"],
    ),
    ("AWS::SNS::Subscription", &["TopicArn", "Protocol", "Endpoint"]),
];

/// The parts that tell the entries of a list at the top of a type apart; `None` for a list that may
/// have equal ones.
pub fn sameness(type_name: &str, property: &str) -> Option<Sameness> {
    if property == "Tags" {
        return Some(Sameness::By(&["Key"]));
    }
    let found = ENTRIES.iter().find(|(known, list, _)| *known == type_name && *list == property);
    found.map(|(.., sameness)| *sameness)
}

/// The properties that tell the objects of a type without names apart; `None` for other types.
pub fn distinguishing(type_name: &str) -> Option<&'static [&'static str]> {
    OBJECTS.iter().find(|(known, _)| *known == type_name).map(|(_, properties)| *properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn the_types_have_the_properties() {
        let has = |name: &str, property: &str| {
            let schema = Registry::embedded().get(name).unwrap();
            let schema = schema.unwrap_or_else(|| panic!("there is no type {name}"));
            let found = schema.root().property_names().any(|own| own == property);
            assert!(found, "{name} has no {property}");
        };
        ENTRIES.iter().for_each(|(name, list, _)| has(name, list));
        for (name, properties) in OBJECTS {
            properties.iter().for_each(|property| has(name, property));
        }
        assert_eq!(sameness("AWS::SQS::Queue", "Tags"), Some(Sameness::By(&["Key"])));
        assert_eq!(sameness("AWS::Lambda::Function", "Layers"), None);
        assert_eq!(distinguishing("AWS::SQS::Queue"), None);
    }
}
