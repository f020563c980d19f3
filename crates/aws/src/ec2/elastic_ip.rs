//! `AWS::EC2::EIP`: an Elastic IP address, allocated or taken over from another account.

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{Ec2, action, invalid};
use super::tagged::{Change, Facts, Kind, States, named, same_names, without};
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::Rules;

/// Elastic IP addresses.
pub(super) struct ElasticIp;

#[async_trait]
impl Kind for ElasticIp {
    const FACTS: Facts = Facts {
        type_name: "AWS::EC2::EIP",
        noun: "Elastic IP address",
        tagged_as: "elastic-ip",
        create: "AllocateAddress",
        answer: None,
        token: None,
        describe: "DescribeAddresses",
        items: "Addresses",
        shape: "Address",
        ids: "AllocationIds",
        filters: "Filters",
        id: "AllocationId",
        delete: "ReleaseAddress",
        states: States::NONE,
        rules: &Rules::NONE,
    };

    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let fields = Fields::new(properties, "ec2:AcceptAddressTransfer");
        for name in ["Address", "TransferAddress"] {
            fields.identifying(name)?;
        }
        if let Some(address) = fields.text("TransferAddress")? {
            let more = without(properties, &["Domain", "InstanceId", "Tags", "TransferAddress"]);
            if let Some(name) = more.keys().next() {
                return Err(fields.invalid(name, "cannot be declared beside `TransferAddress`"));
            }
            return Ok(("AcceptAddressTransfer", arguments([("Address", address)])));
        }
        let given = without(properties, &["Domain", "InstanceId", "Tags", "TransferAddress"]);
        let mut input = ec2.members("AllocateAddress", &given, &Rules::NONE)?;
        // Every address is one of a VPC today, whatever is declared.
        input.insert("Domain".to_owned(), "vpc".into());
        Ok(("AllocateAddress", input))
    }

    /// The answer of a transfer has the address one level deeper.
    fn created(mut answer: KnownMap) -> KnownMap {
        match answer.remove("AddressTransfer") {
            Some(KnownValue::Map(members)) => members,
            Some(_) | None => answer,
        }
    }

    fn identity(members: &KnownMap, _: &KnownMap) -> Option<Identifier> {
        let text = |name: &str| text_in(members, name).map(str::to_owned);
        Some(Identifier::new([text("PublicIp")?, text("AllocationId")?]))
    }

    /// The address, which is the first part of the identifier.
    fn referred(identifier: &Identifier) -> PhysicalId {
        let parts = identifier.parts();
        PhysicalId::from(parts.first().map_or_else(|| identifier.only(), String::as_str))
    }

    fn name_in(identifier: &Identifier) -> Result<(&'static str, String), DriverError> {
        match identifier.parts() {
            [_, allocation] => Ok(("AllocationIds", allocation.clone())),
            _ => {
                let message = format!(
                    "`{identifier}` names no Elastic IP address: its form is `ADDRESS|ALLOCATION`"
                );
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, action("DescribeAddresses"), message))
            }
        }
    }

    async fn complete(
        _: &Ec2,
        _: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        // `standard` was the domain outside of a VPC.
        if let Some(declared) = declared.get("Domain") {
            properties.insert("Domain".to_owned(), declared.clone());
        }
        // An instance that nothing declares is another owner's, or the address of a NAT gateway.
        if text_in(properties, "InstanceId") == Some("") {
            properties.remove("InstanceId");
        }
        Ok(())
    }

    async fn attributes(
        _: &Ec2,
        members: &KnownMap,
        _: &Identifier,
    ) -> Result<KnownMap, DriverError> {
        Ok(same_names(members, ["AllocationId", "PublicIp"]))
    }

    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        let Change { current, prior, properties, .. } = change;
        let pool = |map: &KnownMap| text_in(map, "PublicIpv4Pool").map(str::to_owned);
        if !prior.is_empty() && pool(prior) != pool(properties) && pool(current) != pool(properties)
        {
            let problem = "cannot be changed: declare the address under another logical ID";
            return Err(invalid("AllocateAddress", "PublicIpv4Pool", problem));
        }
        let fields = Fields::new(properties, "ec2:AssociateAddress");
        let now = text_in(current, "InstanceId").filter(|id| !id.is_empty());
        match fields.name("InstanceId")? {
            Some(wanted) if now != Some(wanted.as_str()) => {
                let mut input = named(current, "AllocationId", "AssociateAddress")?;
                input.insert("InstanceId".to_owned(), wanted.into());
                ec2.call("AssociateAddress", input).await.map(drop)
            }
            None if prior.contains_key("InstanceId") && now.is_some() => {
                disassociate(ec2, current).await
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn destroy(ec2: &Ec2, members: &KnownMap, prior: &KnownMap) -> Result<(), DriverError> {
        if prior.contains_key("InstanceId") {
            disassociate(ec2, members).await?;
        }
        let mut input = named(members, "AllocationId", "ReleaseAddress")?;
        // Needed for an address that is not advertised from the Region itself.
        let group = members.get("NetworkBorderGroup");
        input.extend(group.map(|group| ("NetworkBorderGroup".to_owned(), group.clone())));
        ec2.call("ReleaseAddress", input).await.map(drop)
    }
}

/// Takes an address from what it is associated with.
async fn disassociate(ec2: &Ec2, members: &KnownMap) -> Result<(), DriverError> {
    let Some(association) = text_in(members, "AssociationId").filter(|id| !id.is_empty()) else {
        return Ok(());
    };
    let input = arguments([("AssociationId", association.into())]);
    match ec2.call("DisassociateAddress", input).await {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
