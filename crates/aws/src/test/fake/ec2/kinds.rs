//! The kinds of objects with an ID, and their operations.

/// A kind.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) type_name: &'static str,
    pub(super) create: &'static [&'static str],
    /// The member of the answer of the creating operation, if the answer is not the object.
    pub(super) answer: Option<&'static str>,
    pub(super) describe: &'static str,
    pub(super) items: &'static str,
    pub(super) ids: &'static str,
    pub(super) id: &'static str,
    pub(super) delete: &'static str,
    /// The beginning of IDs.
    pub(super) prefix: &'static str,
    /// The members that name what an object stands in: it has to exist.
    pub(super) within: &'static [(&'static str, &'static str)],
    /// The state of a new object.
    pub(super) state: Option<&'static str>,
}

const VPC: (&str, &str) = ("VpcId", "AWS::EC2::VPC");

pub(super) static KINDS: [Kind; 8] = [
    Kind {
        type_name: "AWS::EC2::VPC",
        create: &["CreateVpc"],
        answer: Some("Vpc"),
        describe: "DescribeVpcs",
        items: "Vpcs",
        ids: "VpcIds",
        id: "VpcId",
        delete: "DeleteVpc",
        prefix: "vpc",
        within: &[],
        state: Some("pending"),
    },
    Kind {
        type_name: "AWS::EC2::InternetGateway",
        create: &["CreateInternetGateway"],
        answer: Some("InternetGateway"),
        describe: "DescribeInternetGateways",
        items: "InternetGateways",
        ids: "InternetGatewayIds",
        id: "InternetGatewayId",
        delete: "DeleteInternetGateway",
        prefix: "igw",
        within: &[],
        state: None,
    },
    Kind {
        type_name: "AWS::EC2::Subnet",
        create: &["CreateSubnet"],
        answer: Some("Subnet"),
        describe: "DescribeSubnets",
        items: "Subnets",
        ids: "SubnetIds",
        id: "SubnetId",
        delete: "DeleteSubnet",
        prefix: "subnet",
        within: &[VPC],
        state: Some("pending"),
    },
    Kind {
        type_name: "AWS::EC2::RouteTable",
        create: &["CreateRouteTable"],
        answer: Some("RouteTable"),
        describe: "DescribeRouteTables",
        items: "RouteTables",
        ids: "RouteTableIds",
        id: "RouteTableId",
        delete: "DeleteRouteTable",
        prefix: "rtb",
        within: &[VPC],
        state: None,
    },
    Kind {
        type_name: "AWS::EC2::SecurityGroup",
        create: &["CreateSecurityGroup"],
        answer: None,
        describe: "DescribeSecurityGroups",
        items: "SecurityGroups",
        ids: "GroupIds",
        id: "GroupId",
        delete: "DeleteSecurityGroup",
        prefix: "sg",
        within: &[VPC],
        state: None,
    },
    Kind {
        type_name: "AWS::EC2::EIP",
        create: &["AllocateAddress", "AcceptAddressTransfer"],
        answer: None,
        describe: "DescribeAddresses",
        items: "Addresses",
        ids: "AllocationIds",
        id: "AllocationId",
        delete: "ReleaseAddress",
        prefix: "eipalloc",
        within: &[],
        state: None,
    },
    Kind {
        type_name: "AWS::EC2::NatGateway",
        create: &["CreateNatGateway"],
        answer: Some("NatGateway"),
        describe: "DescribeNatGateways",
        items: "NatGateways",
        ids: "NatGatewayIds",
        id: "NatGatewayId",
        delete: "DeleteNatGateway",
        prefix: "nat",
        within: &[("SubnetId", "AWS::EC2::Subnet")],
        state: Some("pending"),
    },
    Kind {
        type_name: "AWS::EC2::VPCEndpoint",
        create: &["CreateVpcEndpoint"],
        answer: Some("VpcEndpoint"),
        describe: "DescribeVpcEndpoints",
        items: "VpcEndpoints",
        ids: "VpcEndpointIds",
        id: "VpcEndpointId",
        delete: "DeleteVpcEndpoints",
        prefix: "vpce",
        within: &[VPC],
        state: Some("pending"),
    },
];

pub(super) fn of_create(operation: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.create.contains(&operation))
}

pub(super) fn of_describe(operation: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.describe == operation)
}

pub(super) fn of_delete(operation: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.delete == operation)
}
