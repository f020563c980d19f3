//! `AWS::EC2::NatGateway`.

mod addresses;
mod changes;

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::{Identifier, KnownMap, KnownValue};

use self::addresses::Addresses;
use super::calls::Ec2;
use super::tagged::{Change, Facts, Kind, States, same_names, without};
use crate::mapping::Rules;

/// NAT gateways.
pub(super) struct NatGateway;

#[async_trait]
impl Kind for NatGateway {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::NatGateway",
        noun: "NAT gateway",
        tagged_as: "natgateway",
        create: "CreateNatGateway",
        answer: Some("NatGateway"),
        token: Some("ClientToken"),
        describe: "DescribeNatGateways",
        items: "NatGateways",
        shape: "NatGateway",
        ids: "NatGatewayIds",
        filters: "Filter",
        id: "NatGatewayId",
        delete: "DeleteNatGateway",
        states: States {
            passing: &["pending"],
            failed: &["failed"],
            deleting: &["deleting"],
            gone: &["deleted"],
        },
        rules: &Rules::NONE,
    };

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        // How long connections are waited for matters when an address goes.
        let given = without(properties, &["MaxDrainDurationSeconds", "Tags"]);
        Ok(("CreateNatGateway", ec2.members("CreateNatGateway", &given, &Rules::NONE)?))
    }

    async fn complete(
        _: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        Addresses::of(members).show(declared, properties);
        Ok(())
    }

    async fn attributes(
        _: &Ec2,
        members: &KnownMap,
        _: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        let mut out = same_names(
            members,
            ["AutoProvisionZones", "AutoScalingIps", "NatGatewayId", "RouteTableId"],
        );
        let addresses = Addresses::of(members);
        out.extend(addresses.interface().map(|id| ("EniId".to_owned(), KnownValue::from(id))));
        Ok(out)
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        // A new gateway was given all of its addresses.
        if change.prior.is_empty() {
            return Ok(());
        }
        changes::set(ec2, change).await
    }

    fn unsettled(members: &KnownMap) -> Option<String> {
        Addresses::of(members).moving()
    }
}
