//! `AWS::EC2::RouteTable`.

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::{Identifier, KnownMap};

use super::calls::Ec2;
use super::tagged::{Facts, Kind, States, same_names};
use crate::mapping::Rules;

/// Route tables.
pub(super) struct RouteTable;

#[async_trait]
impl Kind for RouteTable {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::RouteTable",
        noun: "route table",
        tagged_as: "route-table",
        create: "CreateRouteTable",
        answer: Some("RouteTable"),
        token: Some("ClientToken"),
        describe: "DescribeRouteTables",
        items: "RouteTables",
        shape: "RouteTable",
        ids: "RouteTableIds",
        filters: "Filters",
        id: "RouteTableId",
        delete: "DeleteRouteTable",
        states: States::NONE,
        rules: &Rules::NONE,
    };

    async fn attributes(
        _: &Ec2,
        members: &KnownMap,
        _: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        Ok(same_names(members, ["RouteTableId"]))
    }
}
