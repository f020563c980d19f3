//! Availability Zones, and attributes of networks that parameters name.

use std::collections::BTreeSet;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, Value};

use crate::api::Api;
use crate::iam::{arguments, text_in};

/// The Availability Zones of the Region that a client speaks to, by name: those that have a
/// default subnet, or all if none has.
///
/// Source: "Fn::GetAZs", AWS CloudFormation Template Reference.
pub(crate) async fn zones(api: &dyn Api) -> Result<Value, DriverError> {
    let kind = filters([("zone-type", "availability-zone"), ("state", "available")]);
    let answer = api.call("DescribeAvailabilityZones", kind).await?;
    let all: BTreeSet<&str> = texts(&answer, "AvailabilityZones", "ZoneName").collect();
    let with_default = filters([("default-for-az", "true")]);
    let subnets = api.call("DescribeSubnets", with_default).await?;
    let default: BTreeSet<&str> = texts(&subnets, "Subnets", "AvailabilityZone").collect();
    let chosen: Vec<Value> = all.intersection(&default).map(|name| Value::from(*name)).collect();
    if chosen.is_empty() {
        return Ok(Value::List(all.into_iter().map(Value::from).collect()));
    }
    Ok(Value::List(chosen))
}

/// An attribute of a VPC, a subnet or a security group. A tag that is not there is empty.
pub(crate) async fn attribute(
    api: &dyn Api,
    resource_type: &str,
    id: &str,
    attribute: &str,
) -> Result<Value, DriverError> {
    let ids = |name: &str| arguments([(name, KnownValue::List(vec![id.into()]))]);
    let (operation, list, input) = match resource_type {
        "AWS::EC2::VPC" => ("DescribeVpcs", "Vpcs", ids("VpcIds")),
        "AWS::EC2::Subnet" => ("DescribeSubnets", "Subnets", ids("SubnetIds")),
        "AWS::EC2::SecurityGroup" => ("DescribeSecurityGroups", "SecurityGroups", ids("GroupIds")),
        other => {
            let message = format!("nothing can be asked of a `{other}`");
            return Err(DriverError::new(ErrorKind::Unsupported, "ec2:Describe", message));
        }
    };
    let of_vpc = |name: &'static str, value: &'static str| filters([("vpc-id", id), (name, value)]);
    let found = match attribute {
        "DefaultSecurityGroup" => {
            let answer =
                api.call("DescribeSecurityGroups", of_vpc("group-name", "default")).await?;
            texts(&answer, "SecurityGroups", "GroupId").next().map(Value::from)
        }
        "DefaultNetworkAcl" => {
            let answer = api.call("DescribeNetworkAcls", of_vpc("default", "true")).await?;
            texts(&answer, "NetworkAcls", "NetworkAclId").next().map(Value::from)
        }
        _ => {
            let answer = api.call(operation, input).await?;
            match (items(&answer, list).next(), attribute.strip_prefix("Tags.")) {
                (Some(object), Some(tag)) => Some(Value::from(tag_of(object, tag))),
                (Some(object), None) => text_in(object, attribute).map(Value::from),
                (None, _) => None,
            }
        }
    };
    found.ok_or_else(|| {
        let message = format!("there is no `{attribute}` of `{id}`");
        DriverError::new(ErrorKind::NotFound, format!("ec2:{operation}"), message)
    })
}

fn filters<const N: usize>(filters: [(&str, &str); N]) -> KnownMap {
    let filter = |(name, value): (&str, &str)| {
        let values = KnownValue::List(vec![value.into()]);
        KnownValue::Map(arguments([("Name", name.into()), ("Values", values)]))
    };
    arguments([("Filters", KnownValue::List(filters.map(filter).into()))])
}

fn items<'a>(answer: &'a KnownMap, list: &str) -> impl Iterator<Item = &'a KnownMap> {
    let list = answer.get(list).and_then(KnownValue::as_list).unwrap_or_default();
    list.iter().filter_map(KnownValue::as_map)
}

fn texts<'a>(answer: &'a KnownMap, list: &str, member: &'a str) -> impl Iterator<Item = &'a str> {
    items(answer, list).filter_map(move |item| text_in(item, member))
}

fn tag_of<'a>(object: &'a KnownMap, name: &str) -> &'a str {
    let mut found = items(object, "Tags").filter(|tag| text_in(tag, "Key") == Some(name));
    found.next().and_then(|tag| text_in(tag, "Value")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{JournaledApi, json};

    const ZONES: &str = r#"{"AvailabilityZones":[
        {"ZoneName":"eu-west-1c"},{"ZoneName":"eu-west-1a"},{"ZoneName":"eu-west-1b"}]}"#;

    #[tokio::test]
    async fn zones_are_those_with_a_default_subnet_or_all() {
        let subnets = r#"{"Subnets":[{"AvailabilityZone":"eu-west-1b"},
            {"AvailabilityZone":"eu-west-1a"}]}"#;
        for (subnets, expected) in [
            (subnets, r#"["eu-west-1a", "eu-west-1b"]"#),
            ("{}", r#"["eu-west-1a", "eu-west-1b", "eu-west-1c"]"#),
        ] {
            let script = JournaledApi::new([
                ("DescribeAvailabilityZones", json(ZONES)),
                ("DescribeSubnets", json(subnets)),
            ]);
            assert_eq!(zones(script.as_ref()).await.unwrap().to_string(), expected);
            script.assert_operations(&["DescribeAvailabilityZones", "DescribeSubnets"]);
        }
    }

    #[tokio::test]
    async fn attributes_are_those_of_the_object_that_is_named() {
        let subnet = r#"{"Subnets":[{"VpcId":"v","Tags":[{"Key":"K","Value":"x"}]}]}"#;
        for (kind, name, operation, answer, expected) in [
            ("AWS::EC2::Subnet", "VpcId", "DescribeSubnets", subnet, Some("v")),
            ("AWS::EC2::Subnet", "Tags.K", "DescribeSubnets", subnet, Some("x")),
            ("AWS::EC2::Subnet", "Tags.L", "DescribeSubnets", subnet, Some("")),
            ("AWS::EC2::VPC", "Tags.K", "DescribeVpcs", "{}", None),
            (
                "AWS::EC2::VPC",
                "DefaultSecurityGroup",
                "DescribeSecurityGroups",
                r#"{"SecurityGroups":[{"GroupId":"sg-1"}]}"#,
                Some("sg-1"),
            ),
            ("AWS::EC2::VPC", "DefaultNetworkAcl", "DescribeNetworkAcls", "{}", None),
        ] {
            let script = JournaledApi::new([(operation, json(answer))]);
            let found = attribute(script.as_ref(), kind, "i", name).await;
            assert_eq!(found.ok().as_ref().and_then(Value::as_str), expected, "{name}");
        }
    }
}
