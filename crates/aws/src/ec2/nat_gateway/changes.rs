//! The calls that give a NAT gateway the declared addresses.
//!
//! A public gateway has addresses that are allocated, a private one those of its subnet.

use std::collections::BTreeSet;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::addresses::{Address, Addresses};
use crate::ec2::calls::{Ec2, list};
use crate::ec2::tagged::{Change, named};
use crate::iam::{Fields, text_in};

const ACTION: &str = "ec2:AssociateNatGatewayAddress";

/// The operations that take addresses away.
const REMOVING: [&str; 2] = ["DisassociateNatGatewayAddress", "UnassignPrivateNatGatewayAddress"];

/// Adds and removes addresses.
struct Gateway<'a> {
    ec2: &'a Ec2,
    name: KnownMap,
    /// The seconds for which connections are waited for when an address goes.
    drain: Option<i64>,
}

impl Gateway<'_> {
    async fn call(
        &self,
        operation: &'static str,
        members: impl IntoIterator<Item = (&'static str, KnownValue)>,
    ) -> Result<(), DriverError> {
        let mut input = self.name.clone();
        input.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
        match self.ec2.call(operation, input).await {
            // The request may have arrived twice: the address has gone.
            Err(error) if error.kind == ErrorKind::NotFound && REMOVING.contains(&operation) => {
                Ok(())
            }
            answered => answered.map(drop),
        }
    }

    /// Gives the gateway allocated addresses. A request that arrives twice finds them with it.
    async fn associate(
        &self,
        missing: &[&str],
        beside: impl IntoIterator<Item = (&'static str, KnownValue)>,
    ) -> Result<(), DriverError> {
        let members = [("AllocationIds", list(missing.iter().copied()))].into_iter().chain(beside);
        match self.call("AssociateNatGatewayAddress", members).await {
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let id = text_in(&self.name, "NatGatewayId").unwrap_or_default();
                let input = KnownMap::from([("NatGatewayIds".to_owned(), list([id]))]);
                let found = self.ec2.all("DescribeNatGateways", "NatGateways", input).await?;
                let held = |allocation: &&str| {
                    found.iter().any(|gateway| Addresses::of(gateway).holds(allocation))
                };
                if missing.iter().all(held) { Ok(()) } else { Err(error) }
            }
            answered => answered,
        }
    }

    fn drained(&self) -> Option<(&'static str, KnownValue)> {
        Some(("MaxDrainDurationSeconds", self.drain?.into()))
    }

    async fn disassociate(&self, gone: &[&Address]) -> Result<(), DriverError> {
        let ids: Vec<_> = gone.iter().filter_map(|it| it.association.as_deref()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let members = [("AssociationIds", list(ids))].into_iter().chain(self.drained());
        self.call("DisassociateNatGatewayAddress", members).await
    }

    async fn unassign(&self, gone: &[&str]) -> Result<(), DriverError> {
        if gone.is_empty() {
            return Ok(());
        }
        let gone = list(gone.iter().copied());
        let members = [("PrivateIpAddresses", gone)].into_iter().chain(self.drained());
        self.call("UnassignPrivateNatGatewayAddress", members).await
    }
}

fn is_in(set: &BTreeSet<String>, text: Option<&String>) -> bool {
    text.is_some_and(|text| set.contains(text))
}

/// Makes the secondary addresses of a gateway, or those of its zones, the declared ones.
pub(super) async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
    let fields = Fields::new(change.properties, ACTION);
    let now = Addresses::of(change.current);
    let gateway = Gateway {
        ec2,
        name: named(change.current, "NatGatewayId", "AssociateNatGatewayAddress")?,
        drain: fields.integer("MaxDrainDurationSeconds")?,
    };
    let mentioned = |name: &str| {
        [change.prior, change.properties].iter().any(|properties| properties.contains_key(name))
    };
    if mentioned("AvailabilityZoneAddresses") {
        zones(&gateway, change, &now).await?;
    }
    if text_in(change.current, "ConnectivityType") == Some("private") {
        if mentioned("SecondaryPrivateIpAddresses") {
            private(&gateway, fields, &now).await?;
        } else if mentioned("SecondaryPrivateIpAddressCount") {
            count(&gateway, fields, &now).await?;
        }
    } else if mentioned("SecondaryAllocationIds") || mentioned("SecondaryPrivateIpAddresses") {
        public(&gateway, change, &now).await?;
    }
    Ok(())
}

async fn public(
    gateway: &Gateway<'_>,
    change: &Change<'_>,
    now: &Addresses,
) -> Result<(), DriverError> {
    let fields = Fields::new(change.properties, ACTION);
    let wanted = fields.names("SecondaryAllocationIds")?;
    let gone: Vec<_> =
        now.secondary().filter(|it| !is_in(&wanted, it.allocation.as_ref())).collect();
    let held: BTreeSet<_> = now.secondary().filter_map(|it| it.allocation.clone()).collect();
    let missing: Vec<_> = wanted.difference(&held).map(String::as_str).collect();
    // Addresses of the subnet may be declared beside; those that are taken are not given again.
    let taken: BTreeSet<_> = now.secondary().filter_map(|it| it.private.clone()).collect();
    let private = fields.names("SecondaryPrivateIpAddresses")?;
    let private: Vec<_> = private.difference(&taken).map(String::as_str).collect();
    if !private.is_empty() && private.len() != missing.len() {
        let problem = "changes only together with as many new `SecondaryAllocationIds`";
        return Err(fields.invalid("SecondaryPrivateIpAddresses", problem));
    }
    if !missing.is_empty() {
        let beside = (private.len() == missing.len())
            .then(|| ("PrivateIpAddresses", list(private.iter().copied())));
        gateway.associate(&missing, beside).await?;
    }
    gateway.disassociate(&gone).await
}

async fn private(
    gateway: &Gateway<'_>,
    fields: Fields<'_>,
    now: &Addresses,
) -> Result<(), DriverError> {
    let wanted = fields.names("SecondaryPrivateIpAddresses")?;
    let held: BTreeSet<_> = now.secondary().filter_map(|it| it.private.clone()).collect();
    let missing: Vec<_> = wanted.difference(&held).map(String::as_str).collect();
    if !missing.is_empty() {
        let members = [("PrivateIpAddresses", list(missing))];
        gateway.call("AssignPrivateNatGatewayAddress", members).await?;
    }
    let gone: Vec<_> = held.difference(&wanted).map(String::as_str).collect();
    gateway.unassign(&gone).await
}

async fn count(
    gateway: &Gateway<'_>,
    fields: Fields<'_>,
    now: &Addresses,
) -> Result<(), DriverError> {
    let wanted = fields.integer("SecondaryPrivateIpAddressCount")?.unwrap_or(0);
    let wanted = usize::try_from(wanted).unwrap_or(0);
    let held: Vec<_> = now.secondary().filter_map(|it| it.private.as_deref()).collect();
    if let Some(more) = wanted.checked_sub(held.len()).filter(|more| *more > 0) {
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        let members = [("PrivateIpAddressCount", KnownValue::from(more))];
        return gateway.call("AssignPrivateNatGatewayAddress", members).await;
    }
    gateway.unassign(held.get(wanted..).unwrap_or_default()).await
}

/// The zones of a regional gateway. A zone that is declared no longer loses its addresses.
async fn zones(
    gateway: &Gateway<'_>,
    change: &Change<'_>,
    now: &Addresses,
) -> Result<(), DriverError> {
    let property = "AvailabilityZoneAddresses";
    let mut declared = BTreeSet::new();
    for zone in Fields::new(change.properties, ACTION).trees(property)? {
        let (name, id) = (zone.name("AvailabilityZone")?, zone.name("AvailabilityZoneId")?);
        let (member, name) = match (name, id) {
            (Some(name), _) => ("AvailabilityZone", name),
            (None, Some(id)) => ("AvailabilityZoneId", id),
            (None, None) => return Err(zone.invalid("AvailabilityZone", "is missing")),
        };
        let wanted = zone.names("AllocationIds")?;
        let held: BTreeSet<_> = now.of_zone(&name).filter_map(|it| it.allocation.clone()).collect();
        let missing: Vec<_> = wanted.difference(&held).map(String::as_str).collect();
        if !missing.is_empty() {
            gateway.associate(&missing, [(member, name.as_str().into())]).await?;
        }
        let gone: Vec<_> =
            now.of_zone(&name).filter(|it| !is_in(&wanted, it.allocation.as_ref())).collect();
        gateway.disassociate(&gone).await?;
        declared.insert(name);
    }
    for zone in Fields::new(change.prior, ACTION).trees(property)? {
        for name in ["AvailabilityZone", "AvailabilityZoneId"] {
            let name = zone.name(name)?.filter(|name| !declared.contains(name));
            let gone: Vec<_> = name.iter().flat_map(|name| now.of_zone(name)).collect();
            gateway.disassociate(&gone).await?;
        }
    }
    Ok(())
}
