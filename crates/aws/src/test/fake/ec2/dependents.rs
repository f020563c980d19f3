//! The objects that need another one.

use serde_json::Value;

use super::{Account, text};

/// The members by which an object says that it needs another one, by the type of the one that is needed.
const NEEDS: [(&str, &str, &str); 12] = [
    ("AWS::EC2::VPC", "AWS::EC2::Subnet", "VpcId"),
    ("AWS::EC2::VPC", "AWS::EC2::RouteTable", "VpcId"),
    ("AWS::EC2::VPC", "AWS::EC2::SecurityGroup", "VpcId"),
    ("AWS::EC2::VPC", "AWS::EC2::VPCEndpoint", "VpcId"),
    ("AWS::EC2::VPC", "AWS::EC2::VPCGatewayAttachment", "VpcId"),
    ("AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment", "InternetGatewayId"),
    ("AWS::EC2::Subnet", "AWS::EC2::NatGateway", "SubnetId"),
    ("AWS::EC2::Subnet", "AWS::EC2::VPCEndpoint", "SubnetIds"),
    ("AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "RouteTableId"),
    ("AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint", "SecurityGroupIds"),
    ("AWS::EC2::SecurityGroup", "rules", "peer"),
    ("AWS::EC2::EIP", "AWS::EC2::NatGateway", "addresses"),
];

/// The objects that need another one.
pub(super) fn of<'a>(
    account: &'a Account,
    kind: &'static str,
    id: &'a str,
) -> impl Iterator<Item = &'a Value> {
    let needs = NEEDS.iter().filter(move |(needed, ..)| *needed == kind);
    needs.flat_map(move |(_, other, member)| {
        let objects = account.ec2.get(other).into_iter().flatten().map(|(_, object)| object);
        objects.filter(move |object| {
            let there = text(object, "State") != "deleted";
            // The rules of a group go with it.
            let own = *other == "rules" && text(object, "GroupId") == id;
            there && !own && names(object, member, id)
        })
    })
}

fn names(object: &Value, member: &str, id: &str) -> bool {
    let mut values = match member {
        "peer" => vec![&object["ReferencedGroupInfo"]["GroupId"]],
        "addresses" => {
            let all = object["NatGatewayAddresses"].as_array().into_iter().flatten();
            all.map(|address| &address["AllocationId"]).collect()
        }
        _ => vec![&object[member]],
    };
    if let Some(list) = object[member].as_array() {
        values = list.iter().collect();
    }
    values.into_iter().any(|value| *value == id)
}

/// Forgets what goes with an object: the rules of a group, the routes of a table, the association of a
/// subnet.
pub(super) fn forget(account: &mut Account, id: &str) {
    for kind in ["rules", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation"] {
        let gone = |object: &Value| {
            ["GroupId", "RouteTableId", "SubnetId"].iter().any(|name| text(object, name) == id)
        };
        account.ec2.entry(kind).or_default().retain(|_, object| !gone(object));
    }
}
