//! The settings of a subnet: each has a call of its own.
//!
//! Source: EC2 API reference, ModifySubnetAttribute: one attribute at a time.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::ec2::calls::Ec2;
use crate::ec2::tagged::{Change, named};
use crate::iam::{Fields, arguments};

const OPERATION: &str = "ModifySubnetAttribute";
const ACTION: &str = "ec2:ModifySubnetAttribute";

/// The properties that a new subnet is not given, and its tags.
pub(super) const APART: [&str; 6] = [
    "AssignIpv6AddressOnCreation",
    "EnableDns64",
    "EnableLniAtDeviceIndex",
    "MapPublicIpOnLaunch",
    NAMES,
    "Tags",
];

const NAMES: &str = "PrivateDnsNameOptionsOnLaunch";

/// The settings that are true or false, and false by default.
const SWITCHES: [&str; 3] = ["AssignIpv6AddressOnCreation", "EnableDns64", "MapPublicIpOnLaunch"];

/// The settings of the names of instances: property, member, and the value of a new subnet.
const OF_NAMES: [(&str, &str, Option<bool>); 3] = [
    ("HostnameType", "PrivateDnsHostnameTypeOnLaunch", None),
    ("EnableResourceNameDnsARecord", "EnableResourceNameDnsARecordOnLaunch", Some(false)),
    ("EnableResourceNameDnsAAAARecord", "EnableResourceNameDnsAAAARecordOnLaunch", Some(false)),
];

/// The position at which devices are local network interfaces. A subnet without it shows none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LniPosition(Option<i64>);

impl LniPosition {
    const PROPERTY: &str = "EnableLniAtDeviceIndex";

    pub(super) fn of(members: &KnownMap) -> Self {
        let position = Fields::new(members, ACTION).integer(Self::PROPERTY).ok().flatten();
        Self(position.filter(|position| *position > 0))
    }

    /// Shows it where it is declared.
    pub(super) fn show(self, declared: &KnownMap, properties: &mut KnownMap) {
        properties.remove(Self::PROPERTY);
        if let (Self(Some(position)), true) = (self, declared.contains_key(Self::PROPERTY)) {
            properties.insert(Self::PROPERTY.to_owned(), position.into());
        }
    }
}

fn switch(value: bool) -> KnownValue {
    KnownValue::Map(arguments([("Value", value.into())]))
}

/// The attributes that are not as declared, by member. What was declared before and is no longer goes
/// back to what a new subnet has.
fn changes(change: &Change<'_>) -> Result<Vec<(&'static str, KnownValue)>, DriverError> {
    let nothing = KnownMap::new();
    let names = |map: &KnownMap| -> KnownMap {
        map.get(NAMES).and_then(KnownValue::as_map).unwrap_or(&nothing).clone()
    };
    let (now, prior) = (Fields::new(change.current, ACTION), change.prior);
    let wanted = Fields::new(change.properties, ACTION);
    let mut out = Vec::new();
    for name in SWITCHES {
        let before = prior.contains_key(name).then_some(false);
        if let Some(value) = wanted.boolean(name)?.or(before)
            && now.boolean(name)?.unwrap_or(false) != value
        {
            out.push((name, switch(value)));
        }
    }
    let position = LniPosition::of(change.current);
    match wanted.integer(LniPosition::PROPERTY)? {
        Some(value) if position.0 != Some(value) => {
            out.push((LniPosition::PROPERTY, value.into()));
        }
        None if prior.contains_key(LniPosition::PROPERTY) && position.0.is_some() => {
            out.push(("DisableLniAtDeviceIndex", switch(true)));
        }
        Some(_) | None => {}
    }
    let (prior, current, declared) =
        (names(prior), names(change.current), names(change.properties));
    let (now, wanted) = (Fields::new(&current, ACTION), Fields::new(&declared, ACTION));
    let ipv6_only = Fields::new(change.current, ACTION).boolean("Ipv6Native")?.unwrap_or(false);
    for (name, member, default) in OF_NAMES {
        let before = prior.contains_key(name);
        let value = match default {
            Some(default) => {
                let value = wanted.boolean(name)?.or(before.then_some(default));
                value.filter(|value| now.boolean(name).ok().flatten() != Some(*value)).map(switch)
            }
            None => {
                let default = if ipv6_only { "resource-name" } else { "ip-name" };
                let value = wanted.text(name)?.or(before.then(|| default.into()));
                value.filter(|value| current.get(name) != Some(value))
            }
        };
        out.extend(value.map(|value| (member, value)));
    }
    Ok(out)
}

/// Makes the settings of a subnet the declared ones.
///
/// # Errors
/// If a call failed; one that passes while the range that addresses are given from is associated.
pub(super) async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
    let changes = changes(change)?;
    let gives_addresses = changes.iter().any(|(member, _)| *member == SWITCHES[0]);
    if let Some(range) = super::unsettled_range(change.current).filter(|_| gives_addresses) {
        return Err(DriverError::new(ErrorKind::DependencyNotReady, ACTION, range));
    }
    for (member, value) in changes {
        let mut input = named(change.current, "SubnetId", OPERATION)?;
        input.insert(member.to_owned(), value);
        ec2.call(OPERATION, input).await?;
    }
    Ok(())
}
