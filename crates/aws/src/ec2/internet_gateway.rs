//! `AWS::EC2::InternetGateway`.

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::{Identifier, KnownMap};

use super::calls::Ec2;
use super::tagged::{Facts, Kind, States, same_names};
use crate::mapping::Rules;

/// Internet gateways.
pub(super) struct InternetGateway;

#[async_trait]
impl Kind for InternetGateway {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::InternetGateway",
        noun: "internet gateway",
        tagged_as: "internet-gateway",
        create: "CreateInternetGateway",
        answer: Some("InternetGateway"),
        token: None,
        describe: "DescribeInternetGateways",
        items: "InternetGateways",
        shape: "InternetGateway",
        ids: "InternetGatewayIds",
        filters: "Filters",
        id: "InternetGatewayId",
        delete: "DeleteInternetGateway",
        states: States::NONE,
        rules: &Rules::NONE,
    };

    async fn attributes(
        _: &Ec2,
        members: &KnownMap,
        _: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        Ok(same_names(members, ["InternetGatewayId"]))
    }
}
