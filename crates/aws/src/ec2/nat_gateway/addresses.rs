//! The addresses of a NAT gateway: one that it was made with, and secondary ones; of a regional one
//! those of each zone.

use std::collections::BTreeMap;

use rstack_model::{KnownMap, KnownValue};

use crate::ec2::calls::{list, maps};
use crate::iam::{arguments, text_in};

/// An address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) allocation: Option<String>,
    pub(super) association: Option<String>,
    pub(super) private: Option<String>,
    interface: Option<String>,
    zone: Option<String>,
    zone_id: Option<String>,
    status: String,
    is_primary: bool,
}

/// The addresses of a description that stay, or are about to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    all: Vec<Address>,
    moving: Option<String>,
}

impl Addresses {
    pub(super) fn of(members: &KnownMap) -> Self {
        let mut out = Self::default();
        for (number, it) in maps(members, "NatGatewayAddresses").enumerate() {
            let text =
                |name: &str| text_in(it, name).filter(|text| !text.is_empty()).map(str::to_owned);
            // A gateway of one address may not say that it is the primary one.
            let is_primary = match it.get("IsPrimary") {
                Some(KnownValue::Bool(primary)) => *primary,
                Some(_) | None => number == 0,
            };
            let address = Address {
                allocation: text("AllocationId"),
                association: text("AssociationId"),
                private: text("PrivateIp"),
                interface: text("NetworkInterfaceId"),
                zone: text("AvailabilityZone"),
                zone_id: text("AvailabilityZoneId"),
                status: text("Status").unwrap_or_default(),
                is_primary,
            };
            if address.status.ends_with("ing") {
                out.moving = Some(format!("an address is {}", address.status));
            }
            let goes =
                ["unassigning", "disassociating", "failed"].contains(&address.status.as_str());
            if !goes {
                out.all.push(address);
            }
        }
        out
    }

    /// The interface of the gateway.
    pub(super) fn interface(&self) -> Option<&str> {
        self.all.iter().find(|it| it.is_primary)?.interface.as_deref()
    }

    /// The address that is about to come or to go.
    pub(super) fn moving(&self) -> Option<String> {
        self.moving.clone()
    }

    pub(super) fn secondary(&self) -> impl Iterator<Item = &Address> {
        self.all.iter().filter(|it| !it.is_primary)
    }

    /// True if an allocated address is one of them.
    pub(super) fn holds(&self, allocation: &str) -> bool {
        self.all.iter().any(|it| it.allocation.as_deref() == Some(allocation))
    }

    /// The addresses of a zone, by its name or its ID.
    pub(super) fn of_zone(&self, zone: &str) -> impl Iterator<Item = &Address> {
        let named = move |it: &&Address| [&it.zone, &it.zone_id].contains(&&Some(zone.to_owned()));
        self.all.iter().filter(named)
    }

    /// Adds the addresses to the properties that declare them.
    pub(super) fn show(&self, declared: &KnownMap, properties: &mut KnownMap) {
        let mut show = |name: &str, value: Option<KnownValue>| {
            if let Some(value) = value.filter(|_| declared.contains_key(name)) {
                properties.insert(name.to_owned(), value);
            }
        };
        let primary = self.all.iter().find(|it| it.is_primary);
        let text = |value: Option<&String>| value.map(|text| KnownValue::from(text.as_str()));
        show("AllocationId", text(primary.and_then(|it| it.allocation.as_ref())));
        show("PrivateIpAddress", text(primary.and_then(|it| it.private.as_ref())));
        let allocations = self.secondary().filter_map(|it| it.allocation.as_deref());
        show("SecondaryAllocationIds", Some(list(allocations)));
        let addresses = self.secondary().filter_map(|it| it.private.as_deref());
        show("SecondaryPrivateIpAddresses", Some(list(addresses)));
        let count = i64::try_from(self.secondary().count()).unwrap_or(i64::MAX);
        show("SecondaryPrivateIpAddressCount", Some(count.into()));
        show("AvailabilityZoneAddresses", Some(self.by_zone(declared)));
    }

    /// The addresses of each zone, which is named as it is declared.
    fn by_zone(&self, declared: &KnownMap) -> KnownValue {
        let by_id = maps(declared, "AvailabilityZoneAddresses")
            .any(|zone| zone.contains_key("AvailabilityZoneId"));
        let mut zones: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for it in &self.all {
            let zone = if by_id { it.zone_id.as_deref() } else { it.zone.as_deref() };
            if let (Some(zone), Some(allocation)) = (zone, it.allocation.as_deref()) {
                zones.entry(zone).or_default().push(allocation);
            }
        }
        let name = if by_id { "AvailabilityZoneId" } else { "AvailabilityZone" };
        let shown = zones.into_iter().map(|(zone, allocations)| {
            let members = [(name, zone.into()), ("AllocationIds", list(allocations))];
            KnownValue::Map(arguments(members))
        });
        KnownValue::List(shown.collect())
    }
}
