//! `AWS::EC2::Subnet`.

mod settings;

use async_trait::async_trait;
use rstack_catalog::same_range;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Identifier, KnownMap, KnownValue};

use self::settings::{APART, LniPosition};
use super::calls::{Ec2, filters, maps, passing};
use super::tagged::{Change, Facts, Kind, States, named, same_names, without};
use super::vpc::is_associated;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::Rules;

/// Subnets.
pub(super) struct Subnet;

/// The IPv6 ranges of a description.
fn ranges(members: &KnownMap) -> impl Iterator<Item = &KnownMap> {
    maps(members, "Ipv6CidrBlockAssociationSet")
}

/// The state of an IPv6 range.
fn state(range: &KnownMap) -> Option<&str> {
    range.get("Ipv6CidrBlockState")?.get("State")?.as_str()
}

/// Makes the IPv6 range the declared one. A subnet has one range at a time: the old one goes first.
async fn set_range(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
    let property = "Ipv6CidrBlock";
    let wanted = Fields::new(change.properties, "ec2:AssociateSubnetCidrBlock").name(property)?;
    if wanted.is_none() && !change.prior.contains_key(property) {
        return Ok(());
    }
    let is_wanted = |range: &KnownMap| {
        let found = text_in(range, property).unwrap_or_default();
        wanted.as_deref().is_some_and(|wanted| same_range(found, wanted))
    };
    let there: Vec<_> = ranges(change.current).filter(|range| is_associated(range)).collect();
    for range in there.iter().filter(|range| !is_wanted(range)) {
        let input = named(range, "AssociationId", "DisassociateSubnetCidrBlock")?;
        ec2.call("DisassociateSubnetCidrBlock", input).await?;
    }
    let Some(wanted) = &wanted else { return Ok(()) };
    if there.iter().any(|range| is_wanted(range)) {
        return Ok(());
    }
    let mut input = named(change.current, "SubnetId", "AssociateSubnetCidrBlock")?;
    input.insert(property.to_owned(), wanted.as_str().into());
    let associated = ec2.call("AssociateSubnetCidrBlock", input).await;
    // The old range takes a moment to go.
    let is_old_there = ranges(change.current).any(|range| !is_wanted(range));
    associated.map(drop).map_err(|error| match error.kind {
        ErrorKind::Conflict | ErrorKind::Invalid { .. } if is_old_there => passing(error),
        _ => error,
    })
}

#[async_trait]
impl Kind for Subnet {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::Subnet",
        noun: "subnet",
        tagged_as: "subnet",
        create: "CreateSubnet",
        answer: Some("Subnet"),
        token: None,
        describe: "DescribeSubnets",
        items: "Subnets",
        shape: "Subnet",
        ids: "SubnetIds",
        filters: "Filters",
        id: "SubnetId",
        delete: "DeleteSubnet",
        states: States {
            passing: &["pending"],
            failed: &["failed", "failed-insufficient-capacity"],
            deleting: &[],
            gone: &[],
        },
        rules: &Rules::NONE,
    };

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let given = without(properties, &APART);
        Ok(("CreateSubnet", ec2.members("CreateSubnet", &given, &Rules::NONE)?))
    }

    async fn complete(
        _: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        let mut ranges = ranges(members).filter(|range| is_associated(range));
        let range = ranges.next().and_then(|range| range.get("Ipv6CidrBlock"));
        properties.extend(range.map(|range| ("Ipv6CidrBlock".to_owned(), range.clone())));
        LniPosition::of(members).show(declared, properties);
        Ok(())
    }

    async fn attributes(
        ec2: &Ec2,
        members: &KnownMap,
        _: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        let mut out = same_names(
            members,
            [
                "AvailabilityZone",
                "AvailabilityZoneId",
                "BlockPublicAccessStates",
                "CidrBlock",
                "OutpostArn",
                "SubnetId",
                "VpcId",
            ],
        );
        let associated = ranges(members).filter(|range| is_associated(range));
        let blocks = associated.filter_map(|range| range.get("Ipv6CidrBlock").cloned());
        out.insert("Ipv6CidrBlocks".to_owned(), KnownValue::List(blocks.collect()));
        let subnet = text_in(members, "SubnetId").unwrap_or_default();
        let input = arguments([("Filters", filters([("association.subnet-id", subnet)]))]);
        let acls = ec2.all("DescribeNetworkAcls", "NetworkAcls", input).await?;
        let of_subnet = |it: &&KnownMap| text_in(it, "SubnetId") == Some(subnet);
        let association = acls.iter().flat_map(|acl| maps(acl, "Associations")).find(of_subnet);
        let id = association.and_then(|it| it.get("NetworkAclAssociationId"));
        out.extend(id.map(|id| ("NetworkAclAssociationId".to_owned(), id.clone())));
        Ok(out)
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        // Addresses are given from a range only if there is one.
        set_range(ec2, change).await?;
        settings::set(ec2, change).await
    }

    fn unsettled(members: &KnownMap) -> Option<String> {
        unsettled_range(members)
    }
}

/// The range of a subnet that is not associated yet, or not gone.
fn unsettled_range(members: &KnownMap) -> Option<String> {
    let passing =
        |range: &&KnownMap| matches!(state(range), Some("associating" | "disassociating"));
    let range = ranges(members).find(passing)?;
    Some(format!("an IPv6 range is {}", state(range).unwrap_or_default()))
}
