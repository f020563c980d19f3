//! The types of EC2 go through the conformance suite of drivers over HTTP, and the samples have every
//! property that a template can declare.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::Registry;
use rstack_driver::conformance::{Sample, check};
use rstack_model::{Identifier, PropertyPath, Region, StackName, Token};
use serde_json::{Value, json};

use crate::AwsCloud;
use crate::test::fake::{Account, FakeServices, REGION};
use crate::test::scripted_api::known;

/// A type, an object of it before and after a change, and the properties that reading does not return.
struct Life {
    kind: &'static str,
    create: Value,
    change: Option<Value>,
    unread: &'static [&'static str],
}

fn life(kind: &'static str, create: Value, change: Value) -> Life {
    let change = (!change.is_null()).then_some(change);
    Life { kind, create, change, unread: &[] }
}

impl Life {
    fn unread(self, unread: &'static [&'static str]) -> Self {
        Self { unread, ..self }
    }
}

/// An account with the objects that the samples stand in.
fn account() -> Account {
    let mut account = Account::default();
    for (kind, id, object) in [
        ("AWS::EC2::VPC", "vpc-1", json!({"VpcId": "vpc-1"})),
        ("AWS::EC2::Subnet", "subnet-1", json!({"SubnetId": "subnet-1", "VpcId": "vpc-0"})),
        ("AWS::EC2::RouteTable", "rtb-1", json!({"RouteTableId": "rtb-1"})),
        ("AWS::EC2::InternetGateway", "igw-1", json!({"InternetGatewayId": "igw-1"})),
        ("AWS::EC2::InternetGateway", "igw-2", json!({"InternetGatewayId": "igw-2"})),
        ("AWS::EC2::EIP", "eipalloc-1", json!({"AllocationId": "eipalloc-1", "PublicIp": "1"})),
        (
            "AWS::EC2::SecurityGroup",
            "sg-1",
            json!({"GroupId": "sg-1", "GroupName": "named", "VpcId": "vpc-0"}),
        ),
    ] {
        account.ec2.entry(kind).or_default().insert(id.to_owned(), object);
    }
    account
}

fn tags(value: &str) -> Value {
    json!([{"Key": "k", "Value": value}])
}

fn lives() -> Vec<Life> {
    let mut all = networks();
    all.extend(routes());
    all.extend(addresses());
    all.extend(groups());
    all.extend(endpoints());
    all
}

fn networks() -> Vec<Life> {
    let encryption = json!({
        "Mode": "monitor", "InternetGatewayExclusion": "enable",
        "EgressOnlyInternetGatewayExclusion": "enable", "NatGatewayExclusion": "enable",
        "VirtualPrivateGatewayExclusion": "enable", "VpcPeeringExclusion": "enable",
        "LambdaExclusion": "enable", "VpcLatticeExclusion": "enable",
        "ElasticFileSystemExclusion": "enable",
    });
    let vpc = |support, hostnames, tenancy: &str, tag| {
        json!({
            "CidrBlock": "10.1.2.3/16", "EnableDnsSupport": support, "EnableDnsHostnames": hostnames,
            "InstanceTenancy": tenancy, "Tags": tags(tag), "VpcEncryptionControl": encryption,
        })
    };
    let subnet = |on: bool, position: Value, names: Value, range: &str, tag| {
        json!({
            "VpcId": "vpc-1", "CidrBlock": "10.1.1.0/24", "AvailabilityZone": "eu-west-1b",
            "MapPublicIpOnLaunch": on, "AssignIpv6AddressOnCreation": on, "EnableDns64": on.to_string(),
            "EnableLniAtDeviceIndex": position, "PrivateDnsNameOptionsOnLaunch": names,
            "Ipv6CidrBlock": range, "Tags": tags(tag),
        })
    };
    let names = |kind: &str, on: bool| {
        json!({
            "HostnameType": kind, "EnableResourceNameDnsARecord": on,
            "EnableResourceNameDnsAAAARecord": on,
        })
    };
    vec![
        life(
            "VPC",
            vpc(json!("true"), json!(true), "dedicated", "a"),
            vpc(json!(false), json!(false), "default", "b"),
        )
        .unread(&["VpcEncryptionControl"]),
        life("VPC", json!({"Ipv4IpamPoolId": "ipam-1", "Ipv4NetmaskLength": 16}), Value::Null)
            .unread(&["Ipv4IpamPoolId", "Ipv4NetmaskLength"]),
        life("InternetGateway", json!({"Tags": tags("a")}), json!({"Tags": tags("b")})),
        life(
            "Subnet",
            subnet(true, json!(1), names("resource-name", true), "2001:db8::/64", "a"),
            subnet(false, json!("2"), names("ip-name", false), "2001:db8::/64", "b"),
        ),
        life(
            "Subnet",
            json!({
                "VpcId": "vpc-1", "AvailabilityZoneId": "euw1-az1", "OutpostArn": "arn:o",
                "Ipv6Native": true, "Ipv4IpamPoolId": "i", "Ipv4NetmaskLength": "24",
                "Ipv6IpamPoolId": "j", "Ipv6NetmaskLength": 64, "EnableLniAtDeviceIndex": 1,
            }),
            json!({
                "VpcId": "vpc-1", "AvailabilityZoneId": "euw1-az1", "OutpostArn": "arn:o",
                "Ipv6Native": true, "Ipv4IpamPoolId": "i", "Ipv4NetmaskLength": "24",
                "Ipv6IpamPoolId": "j", "Ipv6NetmaskLength": 64, "MapPublicIpOnLaunch": true,
            }),
        )
        .unread(&[
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6IpamPoolId",
            "Ipv6NetmaskLength",
        ]),
        life(
            "RouteTable",
            json!({"VpcId": "vpc-1", "Tags": tags("a")}),
            json!({"VpcId": "vpc-1", "Tags": tags("b")}),
        ),
        life(
            "VPCGatewayAttachment",
            json!({"VpcId": "vpc-1", "InternetGatewayId": "igw-1"}),
            json!({"VpcId": "vpc-1", "InternetGatewayId": "igw-2"}),
        ),
        life(
            "SubnetRouteTableAssociation",
            json!({"SubnetId": "subnet-1", "RouteTableId": "rtb-1"}),
            Value::Null,
        ),
    ]
}

fn routes() -> Vec<Life> {
    let destinations = [
        ("DestinationCidrBlock", "10.9.8.7/8"),
        ("DestinationIpv6CidrBlock", "2001:DB8::1/32"),
        ("DestinationPrefixListId", "pl-1"),
    ];
    let targets = [
        "CarrierGatewayId",
        "CoreNetworkArn",
        "EgressOnlyInternetGatewayId",
        "GatewayId",
        "InstanceId",
        "LocalGatewayId",
        "NatGatewayId",
        "NetworkInterfaceId",
        "OdbNetworkArn",
        "TransitGatewayId",
        "VpcEndpointId",
        "VpcPeeringConnectionId",
    ];
    let route = |number: usize, target: &str| {
        let (destination, value) = destinations[number % destinations.len()];
        let id = if target == "VpcEndpointId" { "vpce-1" } else { "target-1" };
        json!({"RouteTableId": "rtb-1", destination: value, target: id})
    };
    let next = |number: usize| targets[(number + 1) % targets.len()];
    let all = targets.iter().enumerate();
    all.map(|(number, target)| life("Route", route(number, target), route(number, next(number))))
        .collect()
}

fn addresses() -> Vec<Life> {
    let address = |more: Value, instance: Value, tag| {
        let mut all = json!({
            "Domain": "standard", "NetworkBorderGroup": "eu-west-1-x", "PublicIpv4Pool": "pool-1",
            "Address": "203.0.113.9", "IpamPoolId": "ipam-1", "Tags": tags(tag),
        });
        all["InstanceId"] = instance;
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let nat = |more: Value, tag| {
        let mut all = json!({"SubnetId": "subnet-1", "Tags": tags(tag)});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let zones = |ids: Value| {
        json!({
            "VpcId": "vpc-1", "AvailabilityMode": "regional", "ConnectivityType": "public",
            "AvailabilityZoneAddresses": ids,
        })
    };
    vec![
        life("EIP", address(json!({}), json!("i-1"), "a"), address(json!({}), json!("i-2"), "b"))
            .unread(&["Address", "IpamPoolId"]),
        life("EIP", json!({"TransferAddress": "203.0.113.7", "Tags": tags("a")}), Value::Null)
            .unread(&["TransferAddress"]),
        life(
            "NatGateway",
            nat(
                json!({
                    "AllocationId": "eipalloc-1", "SecondaryAllocationIds": ["e-1", "e-2"],
                    "SecondaryPrivateIpAddresses": ["10.0.0.101", "10.0.0.102"],
                    "MaxDrainDurationSeconds": 10, "PrivateIpAddress": "10.0.0.100",
                }),
                "a",
            ),
            nat(
                json!({
                    "AllocationId": "eipalloc-1", "SecondaryAllocationIds": ["e-2", "e-3"],
                    "SecondaryPrivateIpAddresses": ["10.0.0.102", "10.0.0.103"],
                    "MaxDrainDurationSeconds": 10, "PrivateIpAddress": "10.0.0.100",
                }),
                "b",
            ),
        )
        .unread(&["MaxDrainDurationSeconds"]),
        life(
            "NatGateway",
            nat(json!({"ConnectivityType": "private", "SecondaryPrivateIpAddressCount": 2}), "a"),
            nat(json!({"ConnectivityType": "private", "SecondaryPrivateIpAddressCount": "3"}), "b"),
        ),
        life(
            "NatGateway",
            nat(json!({"ConnectivityType": "private", "SecondaryPrivateIpAddressCount": 2}), "a"),
            nat(json!({"ConnectivityType": "private", "SecondaryPrivateIpAddressCount": 1}), "b"),
        ),
        life(
            "NatGateway",
            nat(
                json!({
                    "ConnectivityType": "private", "SecondaryPrivateIpAddresses": ["10.0.0.101"],
                }),
                "a",
            ),
            nat(
                json!({
                    "ConnectivityType": "private", "SecondaryPrivateIpAddresses": ["10.0.0.102"],
                }),
                "a",
            ),
        ),
        life(
            "NatGateway",
            zones(json!([{"AvailabilityZone": "a", "AllocationIds": ["e-1", "e-2"]}])),
            zones(json!([
                {"AvailabilityZone": "a", "AllocationIds": ["e-2"]},
                {"AvailabilityZone": "b", "AllocationIds": ["e-3"]},
            ])),
        ),
        life(
            "NatGateway",
            zones(json!([
                {"AvailabilityZoneId": "a", "AllocationIds": ["e-1"]},
                {"AvailabilityZoneId": "b", "AllocationIds": ["e-3"]},
            ])),
            zones(json!([{"AvailabilityZoneId": "a", "AllocationIds": ["e-2"]}])),
        ),
    ]
}

fn groups() -> Vec<Life> {
    let group = |inbound: Value, outbound: Value, tag| {
        json!({
            "GroupDescription": "text", "GroupName": "group", "VpcId": "vpc-1",
            "SecurityGroupIngress": inbound, "SecurityGroupEgress": outbound, "Tags": tags(tag),
        })
    };
    let rule = |peer: &str, value: &str, text: &str| {
        json!({
            "GroupId": "sg-1", "IpProtocol": "TCP", "FromPort": "80", "ToPort": 81, peer: value,
            "Description": text,
        })
    };
    let inline = |peer: &str, value: &str| json!({"IpProtocol": 17, "FromPort": 1, "ToPort": 2, peer: value, "Description": "d"});
    let owned = json!({
        "IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "SourceSecurityGroupId": "sg-9",
        "SourceSecurityGroupOwnerId": "444455556666",
    });
    let mut all = vec![
        life(
            "SecurityGroup",
            group(
                json!([
                    inline("CidrIp", "10.1.2.3/8"), inline("CidrIpv6", "2001:DB8::1/32"),
                    inline("SourcePrefixListId", "pl-1"), owned,
                    {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "SourceSecurityGroupName": "named"},
                ]),
                json!([
                    inline("CidrIp", "10.0.0.0/8"),
                    inline("CidrIpv6", "::/0"),
                    inline("DestinationPrefixListId", "pl-1"),
                    inline("DestinationSecurityGroupId", "sg-9"),
                ]),
                "a",
            ),
            group(
                json!([{"IpProtocol": -1, "FromPort": 0, "ToPort": 0, "CidrIp": "10.0.0.0/8"}]),
                json!([{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": "all"}]),
                "b",
            ),
        ),
        life(
            "SecurityGroup",
            json!({"GroupDescription": "in the default VPC", "GroupName": "g"}),
            json!({"GroupDescription": "in the default VPC", "GroupName": "g", "Tags": tags("a")}),
        ),
    ];
    for (peer, value) in [
        ("CidrIp", "10.1.2.3/8"),
        ("CidrIpv6", "::/0"),
        ("SourcePrefixListId", "pl-1"),
        ("SourceSecurityGroupId", "sg-1"),
        ("SourceSecurityGroupName", "named"),
    ] {
        all.push(life("SecurityGroupIngress", rule(peer, value, "a"), rule(peer, value, "b")));
    }
    let mut named = owned;
    named["GroupName"] = "named".into();
    all.push(life("SecurityGroupIngress", named, Value::Null));
    for (peer, value) in [
        ("CidrIp", "10.1.2.3/8"),
        ("CidrIpv6", "::/0"),
        ("DestinationPrefixListId", "pl-1"),
        ("DestinationSecurityGroupId", "sg-1"),
    ] {
        all.push(life("SecurityGroupEgress", rule(peer, value, "a"), rule(peer, value, "b")));
    }
    all
}

fn endpoints() -> Vec<Life> {
    let policy = |action: &str| {
        let statement = json!({
            "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*",
        });
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    let interface = |ids: [&str; 2], address: &str, resolver: &str, private: bool, tag| {
        json!({
            "VpcId": "vpc-1", "VpcEndpointType": "Interface", "ServiceName": "s", "ServiceRegion": "r",
            "SubnetIds": ids.map(|id| format!("subnet-{id}")),
            "SecurityGroupIds": ids.map(|id| format!("sg-{id}")),
            "IpAddressType": address, "PrivateDnsEnabled": private, "Tags": tags(tag),
            "DnsOptions": {
                "DnsRecordIpType": address, "PrivateDnsOnlyForInboundResolverEndpoint": resolver,
                "PrivateDnsPreference": "ALL_DOMAINS", "PrivateDnsSpecifiedDomains": ["a.example"],
            },
        })
    };
    vec![
        life(
            "VPCEndpoint",
            interface(["1", "2"], "ipv4", "OnlyInboundResolver", true, "a"),
            interface(["2", "3"], "dualstack", "AllResolvers", false, "b"),
        ),
        life(
            "VPCEndpoint",
            interface(["1", "2"], "not-specified", "NotSpecified", true, "a"),
            Value::Null,
        ),
        life(
            "VPCEndpoint",
            json!({"VpcId": "vpc-1", "RouteTableIds": ["rtb-1"], "PolicyDocument": policy("a")}),
            json!({
                "VpcId": "vpc-1", "RouteTableIds": ["rtb-2"],
                "PolicyDocument": policy("b").to_string(),
            }),
        ),
        life(
            "VPCEndpoint",
            json!({"VpcId": "vpc-1", "ServiceNetworkArn": "arn:n", "PolicyDocument": policy("a")}),
            json!({"VpcId": "vpc-1", "ServiceNetworkArn": "arn:n"}),
        ),
        life(
            "VPCEndpoint",
            json!({"VpcId": "vpc-1", "ResourceConfigurationArn": "arn:r"}),
            Value::Null,
        ),
    ]
}

/// The identifier of an object that does not exist.
fn missing(kind: &str) -> Identifier {
    match kind {
        "EIP" => Identifier::new(["203.0.113.250".to_owned(), "eipalloc-none".to_owned()]),
        "Route" => Identifier::new(["rtb-none".to_owned(), "10.0.0.0/8".to_owned()]),
        "SecurityGroup" => "sg-none".into(),
        "VPCGatewayAttachment" => Identifier::new(["IGW".to_owned(), "vpc-none".to_owned()]),
        _ => "none".into(),
    }
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let lives = lives();
    assert!(lives.len() >= 40, "{}", lives.len());
    for life in lives {
        let services = FakeServices::with(account());
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: format!("AWS::EC2::{}", life.kind).as_str().into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(life.create),
            change: life.change.map(known),
            unread: life.unread.iter().map(|name| (*name).to_owned()).collect(),
            token: Token::new("0f9c2d4e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"),
            missing: missing(life.kind),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{}: {broken:?} with {:?} and {:?}", life.kind, sample.create, sample.change);
        }
        assert_eq!(services.account().inventory(), account().inventory(), "{}", life.kind);
    }
}

/// The names of the properties of a value, with those inside of maps and lists.
fn names(value: &Value, path: &PropertyPath, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = path.name(name);
                into.insert(path.to_string());
                names(value, &path, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, path, into)),
        _ => {}
    }
}

#[test]
fn the_samples_have_every_property() {
    let mut had: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for life in lives() {
        let had = had.entry(life.kind).or_default();
        let root = PropertyPath::root();
        names(&life.create, &root, had);
        names(&life.change.unwrap_or_default(), &root, had);
    }
    assert_eq!(had.len(), 13);
    // A virtual private gateway is tested against scripted answers.
    had.get_mut("VPCGatewayAttachment").unwrap().insert("VpnGatewayId".to_owned());
    for (kind, had) in had {
        let schema = Registry::embedded().get(&format!("AWS::EC2::{kind}")).unwrap().unwrap();
        let mut open = vec![(PropertyPath::root(), schema.root())];
        while let Some((path, node)) = open.pop() {
            for (name, node) in schema.resolve(node).properties() {
                let path = path.name(name);
                let is_tag = path.to_string().starts_with("Tags.");
                if !schema.takes(&path) || schema.is_read_only(&path) || is_tag {
                    continue;
                }
                assert!(had.contains(&path.to_string()), "{kind}: `{path}` is in no sample");
                open.push((path.clone(), node));
                open.extend(schema.element(node).map(|element| (path, element)));
            }
        }
    }
}
