//! VPCs, subnets, routes, attachments and associations.

use serde_json::{Value, json};

use super::{Account, Reply, all, filter, found, missing, refuse, text};

pub(super) const ROUTES: &str = "AWS::EC2::Route";
const ATTACHMENTS: &str = "AWS::EC2::VPCGatewayAttachment";
const ASSOCIATIONS: &str = "AWS::EC2::SubnetRouteTableAssociation";
const DESTINATIONS: [&str; 3] =
    ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

pub(super) fn new_vpc(vpc: &mut Value) {
    let block = vpc["CidrBlock"].as_str().unwrap_or("10.9.0.0/16").to_owned();
    vpc["CidrBlockAssociationSet"] = json!([{
        "AssociationId": "vpc-cidr-assoc-1", "CidrBlock": block,
        "CidrBlockState": {"State": "associated"},
    }]);
    vpc["CidrBlock"] = block.into();
    vpc["EncryptionControl"] = vpc["VpcEncryptionControl"].clone();
    vpc["EnableDnsSupport"] = true.into();
    vpc["EnableDnsHostnames"] = false.into();
}

pub(super) fn new_subnet(subnet: &mut Value) {
    let block = subnet["Ipv6CidrBlock"].clone();
    subnet["Ipv6CidrBlockAssociationSet"] = json!([]);
    if block.is_string() {
        associate(subnet, &block);
        pass(subnet);
    }
    if subnet["AvailabilityZone"].is_null() {
        subnet["AvailabilityZone"] = "eu-west-1a".into();
    }
    for name in ["AssignIpv6AddressOnCreation", "EnableDns64", "MapPublicIpOnLaunch"] {
        subnet[name] = false.into();
    }
    subnet["PrivateDnsNameOptionsOnLaunch"] = json!({
        "HostnameType": "ip-name", "EnableResourceNameDnsARecord": false,
        "EnableResourceNameDnsAAAARecord": false,
    });
}

fn associate(subnet: &mut Value, block: &Value) {
    let number = subnet["Ipv6CidrBlockAssociationSet"].as_array().unwrap().len();
    subnet["Ipv6CidrBlockAssociationSet"].as_array_mut().unwrap().push(json!({
        "AssociationId": format!("subnet-cidr-assoc-{number}"), "Ipv6CidrBlock": block,
        "Ipv6CidrBlockState": {"State": "associating"},
    }));
}

pub(super) fn new_table(table: &mut Value) {
    table["State"] = Value::Null;
}

/// Completes changes that were under way.
pub(super) fn pass(object: &mut Value) {
    if let Some(ranges) = object["Ipv6CidrBlockAssociationSet"].as_array_mut() {
        ranges.retain(|range| range["Ipv6CidrBlockState"]["State"] != "disassociating");
        for range in ranges {
            range["Ipv6CidrBlockState"]["State"] = "associated".into();
        }
    }
}

/// The objects that EC2 makes with a VPC and a subnet, as they are described.
pub(super) fn defaults(account: &mut Account, operation: &str, input: &Value) -> Option<Reply> {
    match operation {
        "DescribeNetworkAcls" => {
            let acl = match (filter(input, "vpc-id"), filter(input, "association.subnet-id")) {
                (Some(vpc), _) => json!({"NetworkAclId": format!("acl-of-{}", vpc[0])}),
                (None, Some(subnet)) => json!({"Associations": [
                    {"SubnetId": "subnet-other", "NetworkAclAssociationId": "aclassoc-other"},
                    {"SubnetId": subnet[0], "NetworkAclAssociationId": format!("aclassoc-{}", subnet[0])},
                ]}),
                (None, None) => panic!("{operation} {input}"),
            };
            Some(Ok(json!({"NetworkAcls": [acl]})))
        }
        "DescribeSecurityGroups" => {
            let (vpc, name) = (filter(input, "vpc-id")?, filter(input, "group-name")?);
            assert_eq!(name, ["default"]);
            all(account, "AWS::EC2::VPC").get(vpc[0])?;
            Some(Ok(json!({"SecurityGroups": [{"GroupId": format!("sg-of-{}", vpc[0])}]})))
        }
        "DescribeVpcAttribute" => {
            let name = match input["Attribute"].as_str().unwrap() {
                "enableDnsSupport" => "EnableDnsSupport",
                "enableDnsHostnames" => "EnableDnsHostnames",
                other => panic!("{other}"),
            };
            let vpc = found(account, "AWS::EC2::VPC", &text(input, "VpcId"));
            Some(vpc.map(|vpc| json!({"VpcId": vpc["VpcId"], name: {"Value": vpc[name]}})))
        }
        _ => None,
    }
}

/// True if the filters of a list select an object.
pub(super) fn selects(account: &Account, input: &Value, object: &Value) -> bool {
    let of = |kind: &'static str| account.ec2.get(kind).into_iter().flatten();
    let gateway = text(object, "InternetGatewayId");
    let table = text(object, "RouteTableId");
    let attached = filter(input, "attachment.vpc-id").is_none_or(|vpc| {
        let mut all = of(ATTACHMENTS);
        all.any(|(_, it)| text(it, "VpcId") == vpc[0] && text(it, "InternetGatewayId") == gateway)
    });
    let associated = |name: &str, member: &str| {
        filter(input, name).is_none_or(|wanted| {
            let mut all = of(ASSOCIATIONS);
            all.any(|(_, it)| text(it, "RouteTableId") == table && text(it, member) == wanted[0])
        })
    };
    attached
        && associated("association.subnet-id", "SubnetId")
        && associated("association.route-table-association-id", "RouteTableAssociationId")
}

pub(super) fn show_table(account: &mut Account, table: &mut Value) {
    let id = text(table, "RouteTableId");
    let of_table = |objects: &super::Objects| -> Vec<Value> {
        objects.values().filter(|it| text(it, "RouteTableId") == id).cloned().collect()
    };
    table["Routes"] = of_table(all(account, ROUTES)).into();
    table["Associations"] = of_table(all(account, ASSOCIATIONS)).into();
}

pub(super) fn show_gateway(account: &mut Account, gateway: &mut Value) {
    let id = text(gateway, "InternetGatewayId");
    let attachments = all(account, ATTACHMENTS).values();
    let attachments = attachments.filter(|it| text(it, "InternetGatewayId") == id);
    let shown = attachments.map(|it| json!({"VpcId": it["VpcId"], "State": "available"}));
    gateway["Attachments"] = shown.collect();
}

/// True if addresses of a VPC are mapped through its internet gateway.
fn is_mapped(account: &mut Account, vpc: &str) -> bool {
    let subnets: Vec<String> = all(account, "AWS::EC2::Subnet")
        .iter()
        .filter(|(_, subnet)| text(subnet, "VpcId") == vpc)
        .map(|(id, _)| id.clone())
        .collect();
    let mut gateways = all(account, "AWS::EC2::NatGateway").values();
    gateways.any(|it| text(it, "State") != "deleted" && subnets.contains(&text(it, "SubnetId")))
}

/// Carries out an operation on one of them.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let vpc = text(input, "VpcId");
    match operation {
        "ModifyVpcAttribute" => {
            let names = ["EnableDnsSupport", "EnableDnsHostnames"];
            let given: Vec<_> = names.iter().filter(|name| input.get(**name).is_some()).collect();
            assert_eq!(given.len(), 1, "one attribute a call");
            let name = given[0];
            let object = found(account, "AWS::EC2::VPC", &vpc)?;
            object[*name] = input[*name]["Value"].clone();
        }
        "ModifyVpcTenancy" => {
            found(account, "AWS::EC2::VPC", &vpc)?["InstanceTenancy"] = "default".into();
        }
        "ModifySubnetAttribute" => subnet_attribute(account, input)?,
        "AssociateSubnetCidrBlock" => {
            let subnet = found(account, "AWS::EC2::Subnet", &text(input, "SubnetId"))?;
            if subnet["Ipv6CidrBlockAssociationSet"].as_array().is_some_and(|all| !all.is_empty()) {
                return Err(refuse(400, "SubnetLimitExceeded", "it has a range"));
            }
            associate(subnet, &input["Ipv6CidrBlock"]);
        }
        "DisassociateSubnetCidrBlock" => {
            let subnets = all(account, "AWS::EC2::Subnet").values_mut();
            let mut ranges = subnets.flat_map(|it| {
                it["Ipv6CidrBlockAssociationSet"].as_array_mut().into_iter().flatten()
            });
            let range = ranges.find(|range| range["AssociationId"] == input["AssociationId"]);
            let range = range.ok_or_else(|| missing("association"))?;
            range["Ipv6CidrBlockState"]["State"] = "disassociating".into();
        }
        "AttachInternetGateway" => {
            let id = text(input, "InternetGatewayId");
            found(account, "AWS::EC2::InternetGateway", &id)?;
            found(account, "AWS::EC2::VPC", &vpc)?;
            let mut there = all(account, ATTACHMENTS).values();
            if there.any(|it| text(it, "InternetGatewayId") == id || text(it, "VpcId") == vpc) {
                return Err(refuse(400, "Resource.AlreadyAssociated", "it is attached"));
            }
            let key = format!("IGW|{vpc}");
            account.note(ATTACHMENTS, &key);
            all(account, ATTACHMENTS).insert(key, input.clone());
        }
        "DetachInternetGateway" => {
            if is_mapped(account, &vpc) {
                let message = "Network has some mapped public address(es).";
                return Err(refuse(400, "DependencyViolation", message));
            }
            let gone = all(account, ATTACHMENTS).remove(&format!("IGW|{vpc}"));
            gone.ok_or_else(|| refuse(400, "Gateway.NotAttached", "it is not attached"))?;
        }
        "CreateRoute" | "ReplaceRoute" | "DeleteRoute" => return route(account, operation, input),
        "AssociateRouteTable" => {
            let (subnet, table) = (text(input, "SubnetId"), text(input, "RouteTableId"));
            found(account, "AWS::EC2::Subnet", &subnet)?;
            found(account, "AWS::EC2::RouteTable", &table)?;
            if all(account, ASSOCIATIONS).values().any(|it| text(it, "SubnetId") == subnet) {
                return Err(refuse(400, "Resource.AlreadyAssociated", "it is associated"));
            }
            return Ok(json!({"AssociationId": new_association(account, &subnet, &table)}));
        }
        "ReplaceRouteTableAssociation" => {
            let (old, table) = (text(input, "AssociationId"), text(input, "RouteTableId"));
            found(account, "AWS::EC2::RouteTable", &table)?;
            let subnet = text(found(account, ASSOCIATIONS, &old)?, "SubnetId");
            all(account, ASSOCIATIONS).remove(&old);
            return Ok(json!({"NewAssociationId": new_association(account, &subnet, &table)}));
        }
        "DisassociateRouteTable" => {
            let id = text(input, "AssociationId");
            all(account, ASSOCIATIONS).remove(&id).ok_or_else(|| missing(&id))?;
        }
        "DescribeVpnGateways" => return Ok(json!({"VpnGateways": []})),
        _ => panic!("ec2:{operation}"),
    }
    Ok(json!({}))
}

fn new_association(account: &mut Account, subnet: &str, table: &str) -> String {
    let id = format!("rtbassoc-{:017x}", account.next());
    account.note(ASSOCIATIONS, &id);
    let association = json!({
        "RouteTableAssociationId": id, "SubnetId": subnet, "RouteTableId": table,
        "AssociationState": {"State": "associated"},
    });
    all(account, ASSOCIATIONS).insert(id.clone(), association);
    id
}

fn route(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let table = text(input, "RouteTableId");
    found(account, "AWS::EC2::RouteTable", &table)?;
    let destination = DESTINATIONS.iter().find_map(|name| input[*name].as_str()).unwrap();
    let key = format!("{table}|{destination}");
    let there = all(account, ROUTES).contains_key(&key);
    match operation {
        "CreateRoute" if there => {
            return Err(refuse(400, "RouteAlreadyExists", "there is such a route"));
        }
        "ReplaceRoute" | "DeleteRoute" if !there => {
            return Err(refuse(400, "InvalidRoute.NotFound", "there is no such route"));
        }
        "DeleteRoute" => {
            all(account, ROUTES).remove(&key);
        }
        _ => {
            if !there {
                account.note(ROUTES, &key);
            }
            let mut route = input.clone();
            // An endpoint is shown as a gateway.
            if let Some(endpoint) = input["VpcEndpointId"].as_str() {
                route["GatewayId"] = endpoint.into();
            }
            all(account, ROUTES).insert(key, route);
        }
    }
    Ok(json!({}))
}

fn subnet_attribute(
    account: &mut Account,
    input: &Value,
) -> Result<(), crate::service_error::Refusal> {
    let subnet = found(account, "AWS::EC2::Subnet", &text(input, "SubnetId"))?;
    let given = input.as_object().unwrap().iter().filter(|(name, _)| *name != "SubnetId");
    let given: Vec<_> = given.collect();
    assert_eq!(given.len(), 1, "one attribute a call");
    let (name, value) = given[0];
    let value = value.get("Value").unwrap_or(value).clone();
    let names = &mut subnet["PrivateDnsNameOptionsOnLaunch"];
    match name.as_str() {
        "PrivateDnsHostnameTypeOnLaunch" => names["HostnameType"] = value,
        "EnableResourceNameDnsARecordOnLaunch" => names["EnableResourceNameDnsARecord"] = value,
        "EnableResourceNameDnsAAAARecordOnLaunch" => {
            names["EnableResourceNameDnsAAAARecord"] = value
        }
        "DisableLniAtDeviceIndex" => subnet["EnableLniAtDeviceIndex"] = Value::Null,
        name => subnet[name] = value,
    }
    Ok(())
}
