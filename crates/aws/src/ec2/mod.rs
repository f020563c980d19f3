//! Drivers of EC2.

mod acl_rule;
mod calls;
mod client_vpn;
mod elastic_ip;
mod gateway_attachment;
mod internet_gateway;
mod nat_gateway;
mod network_acl_entry;
mod network_interface_permission;
mod route;
mod route_table;
mod route_table_association;
mod rules;
mod security_group;
mod subnet;
mod tagged;
#[cfg(test)]
mod tests;
mod vpc;
mod vpc_endpoint;

use std::sync::Arc;

use rstack_driver::{DirectDriver, ResourceDriver};
use rstack_model::ResourceType;

use self::client_vpn::{ClientVpnEndpoint, TargetNetworkAssociation};
use self::elastic_ip::ElasticIp;
use self::gateway_attachment::GatewayAttachment;
use self::internet_gateway::InternetGateway;
use self::nat_gateway::NatGateway;
use self::network_acl_entry::NetworkAclEntry;
use self::network_interface_permission::NetworkInterfacePermission;
use self::route::Route;
use self::route_table::RouteTable;
use self::route_table_association::RouteTableAssociation;
use self::rules::{Direction, SecurityGroupRule};
use self::security_group::SecurityGroup;
use self::subnet::Subnet;
use self::tagged::Tagged;
use self::vpc::Vpc;
use self::vpc_endpoint::VpcEndpoint;
use crate::api::Api;

/// The driver of a type whose requests go on in the cloud under the properties of the object.
pub(crate) fn polled_driver(
    resource_type: &ResourceType,
    api: impl Fn() -> Arc<dyn Api>,
) -> Option<Arc<dyn ResourceDriver>> {
    match resource_type.as_str() {
        "AWS::EC2::ClientVpnTargetNetworkAssociation" => {
            Some(Arc::new(TargetNetworkAssociation::new(api())))
        }
        _ => None,
    }
}

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    let api = Arc::clone(api);
    Some(match resource_type.as_str() {
        "AWS::EC2::ClientVpnEndpoint" => Arc::new(Tagged::<ClientVpnEndpoint>::new(api)),
        "AWS::EC2::EIP" => Arc::new(Tagged::<ElasticIp>::new(api)),
        "AWS::EC2::InternetGateway" => Arc::new(Tagged::<InternetGateway>::new(api)),
        "AWS::EC2::NatGateway" => Arc::new(Tagged::<NatGateway>::new(api)),
        "AWS::EC2::NetworkAclEntry" => Arc::new(NetworkAclEntry::new(api)),
        "AWS::EC2::NetworkInterfacePermission" => Arc::new(NetworkInterfacePermission::new(api)),
        "AWS::EC2::Route" => Arc::new(Route::new(api)),
        "AWS::EC2::RouteTable" => Arc::new(Tagged::<RouteTable>::new(api)),
        "AWS::EC2::SecurityGroup" => Arc::new(Tagged::<SecurityGroup>::new(api)),
        "AWS::EC2::SecurityGroupEgress" => {
            Arc::new(SecurityGroupRule::new(api, Direction::Outbound))
        }
        "AWS::EC2::SecurityGroupIngress" => {
            Arc::new(SecurityGroupRule::new(api, Direction::Inbound))
        }
        "AWS::EC2::Subnet" => Arc::new(Tagged::<Subnet>::new(api)),
        "AWS::EC2::SubnetRouteTableAssociation" => Arc::new(RouteTableAssociation::new(api)),
        "AWS::EC2::VPC" => Arc::new(Tagged::<Vpc>::new(api)),
        "AWS::EC2::VPCEndpoint" => Arc::new(Tagged::<VpcEndpoint>::new(api)),
        "AWS::EC2::VPCGatewayAttachment" => Arc::new(GatewayAttachment::new(api)),
        _ => return None,
    })
}
