//! The one call that changes an endpoint: it adds to lists and removes from them.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::{RULES, VpcEndpoint, dns};
use crate::ec2::calls::{Ec2, list, maps, schema};
use crate::ec2::tagged::{Change, Facts, Kind, named};
use crate::iam::{Fields, same_document, text_in};

const OPERATION: &str = "ModifyVpcEndpoint";
const ACTION: &str = "ec2:ModifyVpcEndpoint";

/// The lists: property, and the members that add to it and remove from it.
const LISTS: [(&str, &str, &str); 3] = [
    ("RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
    ("SecurityGroupIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
    ("SubnetIds", "AddSubnetIds", "RemoveSubnetIds"),
];

/// The members that change.
fn members(ec2: &Ec2, change: &Change<'_>) -> Result<KnownMap, DriverError> {
    let Change { current, prior, properties, .. } = change;
    let (fields, mut out) = (Fields::new(properties, ACTION), KnownMap::new());
    let groups: BTreeSet<String> = maps(current, "Groups")
        .filter_map(|it| text_in(it, "GroupId"))
        .map(str::to_owned)
        .collect();
    for (property, add, remove) in LISTS {
        if !prior.contains_key(property) && !properties.contains_key(property) {
            continue;
        }
        let wanted = fields.names(property)?;
        let held = match property {
            "SecurityGroupIds" => groups.clone(),
            _ => Fields::new(current, ACTION).names(property)?,
        };
        for (member, ids) in [(add, wanted.difference(&held)), (remove, held.difference(&wanted))] {
            let ids: Vec<_> = ids.map(String::as_str).collect();
            if !ids.is_empty() {
                out.insert(member.to_owned(), list(ids));
            }
        }
    }
    for name in ["DnsOptions", "IpAddressType"] {
        if prior.contains_key(name) && !properties.contains_key(name) {
            let problem =
                "is declared no longer, and EC2 takes it back by no call: declare it again";
            return Err(fields.invalid(name, problem));
        }
    }
    let sendable = dns::sendable(properties)?;
    let in_place = ["DnsOptions", "IpAddressType", "PolicyDocument", "PrivateDnsEnabled"];
    let given = sendable.into_iter().filter(|(name, _)| in_place.contains(&name.as_str()));
    let mut wanted: KnownMap = given.collect();
    // What can be said at creation alone.
    if let Some(KnownValue::Map(options)) = wanted.get_mut("DnsOptions") {
        let schema = schema(VpcEndpoint::FACTS.type_name)?;
        let path = rstack_model::PropertyPath::root().name("DnsOptions");
        options.retain(|name, _| !schema.is_create_only(&path.name(name)));
    }
    if !properties.contains_key("PrivateDnsEnabled") && prior.contains_key("PrivateDnsEnabled") {
        wanted.insert("PrivateDnsEnabled".to_owned(), false.into());
    }
    let wanted = ec2.members(OPERATION, &wanted, &RULES)?;
    for (name, value) in wanted {
        let is_there = match (name.as_str(), current.get(&name), value.as_map()) {
            ("PolicyDocument", Some(found), _) => same_document(&value, found),
            (_, Some(KnownValue::Map(found)), Some(wanted)) => {
                wanted.iter().all(|(name, value)| found.get(name) == Some(value))
            }
            (_, found, _) => found == Some(&value),
        };
        if !is_there {
            out.insert(name, value);
        }
    }
    if !properties.contains_key("PolicyDocument") && prior.contains_key("PolicyDocument") {
        out.insert("ResetPolicy".to_owned(), true.into());
    }
    Ok(out)
}

/// Makes an endpoint as it is declared.
pub(super) async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
    let changed = members(ec2, change)?;
    if changed.is_empty() {
        return Ok(());
    }
    let Facts { id, .. } = VpcEndpoint::FACTS;
    let mut input = named(change.current, id, OPERATION)?;
    input.extend(changed);
    ec2.call(OPERATION, input).await.map(drop)
}
