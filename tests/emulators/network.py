"""What boto3 reads of a network: every object of a VPC under its logical ID, so that two networks that were
made by different programs can be compared.

Identifiers are replaced by names, what every object of EC2 has of its own (states, owners, times) is left
out, and lists whose order means nothing are sorted.
"""

import functools
import json

import boto3

client = functools.cache(boto3.client)


def of_vpc(vpc):
    """The objects of a VPC, by kind: the list, and the member that holds the ID. Routes of endpoints are
    EC2's own, and moto 5 leaves them when an endpoint leaves the table."""
    ec2 = client("ec2")
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    gateways = ec2.describe_nat_gateways(Filter=filters)["NatGateways"]
    gateways = [gateway for gateway in gateways if gateway["State"] != "deleted"]
    used = {
        address["AllocationId"]
        for gateway in gateways
        for address in gateway["NatGatewayAddresses"]
        if "AllocationId" in address
    }
    addresses = ec2.describe_addresses()["Addresses"]
    endpoints = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    return {
        "VpcId": ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"],
        "SubnetId": ec2.describe_subnets(Filters=filters)["Subnets"],
        "RouteTableId": [
            {**table, "Routes": [it for it in table["Routes"] if "DestinationPrefixListId" not in it]}
            for table in ec2.describe_route_tables(Filters=filters)["RouteTables"]
        ],
        "InternetGatewayId": ec2.describe_internet_gateways(Filters=attached)["InternetGateways"],
        "NatGatewayId": gateways,
        "AllocationId": [item for item in addresses if item["AllocationId"] in used],
        "GroupId": ec2.describe_security_groups(Filters=filters)["SecurityGroups"],
        "VpcEndpointId": [item for item in endpoints if item["State"] != "deleted"],
    }


# The members that are compared, by the member that holds the ID.
COMPARED = {
    "VpcId": ["CidrBlock", "InstanceTenancy", "dns"],
    "SubnetId": ["CidrBlock", "AvailabilityZone", "MapPublicIpOnLaunch", "VpcId"],
    "RouteTableId": ["Routes", "Associations", "VpcId"],
    "InternetGatewayId": ["Attachments"],
    "NatGatewayId": ["SubnetId", "NatGatewayAddresses", "ConnectivityType", "VpcId"],
    "AllocationId": ["Domain"],
    "GroupId": ["GroupDescription", "IpPermissions", "IpPermissionsEgress", "VpcId"],
    "VpcEndpointId": ["ServiceName", "VpcEndpointType", "RouteTableIds", "VpcId"],
}

# Types whose physical ID is that of another object in moto's CloudFormation, or none.
WITHOUT_ID = {
    "AWS::EC2::Route", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
}

# Members inside of these that are not compared.
OWN = {
    "Origin", "State", "RouteTableAssociationId", "AssociationState", "NetworkInterfaceId",
    "PrivateIp", "PublicIp", "AssociationId", "UserId", "IsPrimary", "Status",
    # moto's CloudFormation gives rules no descriptions; read_back.py compares them.
    "Description",
}


def dns(vpc):
    ec2 = client("ec2")
    names = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
    return {
        member: ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[member]["Value"]
        for name, member in names.items()
    }


def tags(item):
    visible = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
    hidden = ("aws:", "rstack:")
    return {key: value for key, value in visible.items() if not key.startswith(hidden)}


def named(value, names):
    """A value with names in the place of identifiers, and without what is an object's own."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key not in OWN}
        return {key: named(item, names) for key, item in kept.items() if item not in ([], "", None)}
    if isinstance(value, list):
        return sorted((named(item, names) for item in value), key=lambda item: json.dumps(item))
    return names.get(value, value) if isinstance(value, str) else value


def network(vpc, names):
    """The network of a VPC: names → what is compared. `names` is JSON: physical IDs → logical IDs; the
    physical ID of an address is the address."""
    objects, known = of_vpc(vpc), json.loads(names)
    names = {
        item[member]: known.get(item.get("PublicIp", item[member]), f"default {member}")
        for member, items in objects.items()
        for item in items
    }
    out = {}
    for member, items in objects.items():
        for item in items:
            found = {**item, "GroupDescription": item.get("Description")}
            if member == "VpcId":
                found["dns"] = dns(vpc)
            kept = {key: found[key] for key in COMPARED[member] if key in found}
            out[names[item[member]]] = {**named(kept, names), "Tags": tags(item)}
    return out


def network_by_cloud_formation(stack, template, *parameters):
    """Makes a stack by the emulator's own CloudFormation: physical IDs → logical IDs."""
    cloudformation = client("cloudformation")
    given = [parameter.split("=", 1) for parameter in parameters]
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given],
    )
    made = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    named = [item for item in made if item["ResourceType"] not in WITHOUT_ID]
    return {item["PhysicalResourceId"]: item["LogicalResourceId"] for item in named}


def vpcs():
    """The VPCs that are not the default one, and the addresses."""
    ec2 = client("ec2")
    own = [item["VpcId"] for item in ec2.describe_vpcs()["Vpcs"] if not item["IsDefault"]]
    return {"vpcs": own, "addresses": [item["PublicIp"] for item in ec2.describe_addresses()["Addresses"]]}


def subnet_setting(subnet, value):
    """Lets the instances of a subnet get public addresses, or not."""
    client("ec2").modify_subnet_attribute(
        SubnetId=subnet, MapPublicIpOnLaunch={"Value": value == "true"}
    )


def revoke(group, port):
    """Removes the inbound rules of a group for a port."""
    ec2 = client("ec2")
    for group in ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]:
        gone = [it for it in group["IpPermissions"] if it.get("FromPort") == int(port)]
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=gone)


def delete_route(table, destination):
    """Removes a route."""
    client("ec2").delete_route(RouteTableId=table, DestinationCidrBlock=destination)


CALLS = (
    network, network_by_cloud_formation, vpcs, subnet_setting, revoke, delete_route,
)


# --- Readers of read_back.py: (physical id, declared properties) → a tree with CloudFormation's names.


def one(call, items, **names):
    found = getattr(client("ec2"), call)(**names)[items]
    return found[0] if found else {}


def vpc(physical_id, _):
    return {**one("describe_vpcs", "Vpcs", VpcIds=[physical_id]), **dns(physical_id)}


def internet_gateway(physical_id, _):
    return one("describe_internet_gateways", "InternetGateways", InternetGatewayIds=[physical_id])


def attachment(_, properties):
    filters = [{"Name": "attachment.vpc-id", "Values": [properties["VpcId"]]}]
    found = one("describe_internet_gateways", "InternetGateways", Filters=filters)
    return {**found, "VpcId": found["Attachments"][0]["VpcId"]} if found else {}


def subnet(physical_id, _):
    return one("describe_subnets", "Subnets", SubnetIds=[physical_id])


def route_table(physical_id, _):
    return one("describe_route_tables", "RouteTables", RouteTableIds=[physical_id])


def route(_, properties):
    found = route_table(properties["RouteTableId"], None)
    destination = properties["DestinationCidrBlock"]
    routes = [item for item in found["Routes"] if item.get("DestinationCidrBlock") == destination]
    return {**routes[0], "RouteTableId": found["RouteTableId"]} if routes else {}


def association(physical_id, properties):
    found = route_table(properties["RouteTableId"], None)
    all_of = found.get("Associations", [])
    return next((it for it in all_of if it["RouteTableAssociationId"] == physical_id), {})


def address(physical_id, _):
    return one("describe_addresses", "Addresses", PublicIps=[physical_id])


def nat_gateway(physical_id, _):
    found = one("describe_nat_gateways", "NatGateways", NatGatewayIds=[physical_id])
    return {**found, "AllocationId": found["NatGatewayAddresses"][0]["AllocationId"]}


def endpoint(physical_id, _):
    return one("describe_vpc_endpoints", "VpcEndpoints", VpcEndpointIds=[physical_id])


def rules(permissions, declared, peer):
    """The declared rules that are there; a group may have others."""
    found = []
    for permission in permissions:
        shared = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission}
        for item in permission.get("IpRanges", []):
            found.append({**shared, **item})
        for item in permission.get("UserIdGroupPairs", []):
            found.append({**shared, peer: item["GroupId"], **item})
    there = []
    for rule in declared:
        same = [it for it in found if all(str(it.get(key)) == str(value) for key, value in rule.items())]
        there.append(same[0] if same else {})
    return there


def security_group(physical_id, properties):
    found = one("describe_security_groups", "SecurityGroups", GroupIds=[physical_id])
    inbound, outbound = properties.get("SecurityGroupIngress", []), properties.get("SecurityGroupEgress", [])
    return {
        **found,
        "GroupDescription": found["Description"],
        "SecurityGroupIngress": rules(found["IpPermissions"], inbound, "SourceSecurityGroupId"),
        "SecurityGroupEgress": rules(found["IpPermissionsEgress"], outbound, "DestinationSecurityGroupId"),
    }


def ingress(physical_id, _):
    found = one("describe_security_group_rules", "SecurityGroupRules", SecurityGroupRuleIds=[physical_id])
    peer = found.get("ReferencedGroupInfo", {}).get("GroupId")
    return {**found, "SourceSecurityGroupId": peer, "CidrIp": found.get("CidrIpv4")}


READERS = {
    "AWS::EC2::EIP": address,
    "AWS::EC2::InternetGateway": internet_gateway,
    "AWS::EC2::NatGateway": nat_gateway,
    "AWS::EC2::Route": route,
    "AWS::EC2::RouteTable": route_table,
    "AWS::EC2::SecurityGroup": security_group,
    "AWS::EC2::SecurityGroupIngress": ingress,
    "AWS::EC2::Subnet": subnet,
    "AWS::EC2::SubnetRouteTableAssociation": association,
    "AWS::EC2::VPC": vpc,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::EC2::VPCGatewayAttachment": attachment,
}
