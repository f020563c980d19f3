//! The one call that changes an endpoint. What it does not say stays as it is.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::endpoint::{ClientVpnEndpoint, RULES, as_taken};
use crate::ec2::calls::{Ec2, invalid};
use crate::ec2::tagged::{Change, Facts, Kind, named};
use crate::iam::arguments;
use crate::mapping::equivalent;

const OPERATION: &str = "ModifyClientVpnEndpoint";
const NETWORK: [&str; 2] = ["SecurityGroupIds", "VpcId"];
const DNS: &str = "DnsServers";

/// Properties that the call takes under their own names.
///
/// Source: botocore, model of `ec2`, ModifyClientVpnEndpointRequest.
const CHANGEABLE: [&str; 13] = [
    "ClientConnectOptions",
    "ClientLoginBannerOptions",
    "ClientRouteEnforcementOptions",
    "ConnectionLogOptions",
    "Description",
    "DevicePostureOptions",
    "DisconnectOnSessionTimeout",
    "SecurityGroupIds",
    "SelfServicePortal",
    "ServerCertificateArn",
    "SessionTimeoutHours",
    "SplitTunnel",
    "VpcId",
];
const PORT: &str = "VpnPort";

/// The value of a property that nothing declares; `None` if no call takes it back.
///
/// Source: botocore, model of `ec2`: CreateClientVpnEndpointRequest and ModifyClientVpnEndpointRequest.
fn default(property: &str) -> Option<KnownValue> {
    let off = |member| Some(arguments([(member, false.into())]).into());
    match property {
        "ClientConnectOptions" | "ClientLoginBannerOptions" | "DevicePostureOptions" => {
            off("Enabled")
        }
        "ClientRouteEnforcementOptions" => off("Enforced"),
        "Description" => Some("".into()),
        "DisconnectOnSessionTimeout" => Some(true.into()),
        "SelfServicePortal" => Some("enabled".into()),
        "SessionTimeoutHours" => Some(24.into()),
        "SplitTunnel" => Some(false.into()),
        PORT => Some(443.into()),
        _ => None,
    }
}

fn declared<'a>(tree: &'a KnownMap, name: &str) -> Option<&'a KnownValue> {
    tree.get(name).filter(|value| **value != KnownValue::Null)
}

/// True if the endpoint has a member as it is wanted: what it does not show is off, or empty.
fn is_so(found: Option<&KnownValue>, wanted: &KnownValue) -> bool {
    match (found, wanted) {
        (None, KnownValue::Bool(on)) => !on,
        (None, KnownValue::String(text)) => text.is_empty(),
        (Some(KnownValue::Map(found)), KnownValue::Map(wanted)) => {
            wanted.iter().all(|(name, wanted)| is_so(found.get(name), wanted))
        }
        (None, KnownValue::Map(wanted)) => wanted.values().all(|wanted| is_so(None, wanted)),
        (None, KnownValue::List(wanted)) => wanted.is_empty(),
        (Some(found), wanted) => equivalent(found, wanted, &[]),
        (None, KnownValue::Null | KnownValue::Number(_) | KnownValue::Secret(_)) => false,
    }
}

/// The members that change.
fn members(ec2: &Ec2, change: &Change<'_>) -> Result<KnownMap, DriverError> {
    let Change { current, prior, properties, .. } = change;
    let mut wanted = KnownMap::new();
    for property in CHANGEABLE.into_iter().chain([PORT]) {
        if let Some(value) = declared(properties, property) {
            wanted.insert(property.to_owned(), value.clone());
        } else if declared(prior, property).is_some() {
            let value = default(property).ok_or_else(|| {
                let problem =
                    "is declared no longer, and EC2 takes it back by no call: declare it again";
                invalid(OPERATION, property, problem)
            })?;
            wanted.insert(property.to_owned(), value);
        }
    }
    let mut wanted = ec2.members(OPERATION, &wanted, &RULES)?;
    let taken = as_taken(current);
    let network: Vec<(String, KnownValue)> = NETWORK
        .iter()
        .filter_map(|name| {
            let value = wanted.get(*name).or_else(|| taken.get(*name))?;
            Some(((*name).to_owned(), value.clone()))
        })
        .collect();
    wanted.retain(|name, value| !is_so(taken.get(name), value));
    // Groups are those of a network, and both are said together.
    if NETWORK.iter().any(|name| wanted.contains_key(*name)) {
        wanted.extend(network);
    }
    let servers = declared(properties, DNS).and_then(KnownValue::as_list).unwrap_or_default();
    let servers = KnownValue::List(servers.to_vec());
    let is_declared = [properties, prior].iter().any(|tree| declared(tree, DNS).is_some());
    if is_declared && !is_so(taken.get(DNS), &servers) {
        let none = servers.as_list().is_none_or(<[_]>::is_empty);
        let options = match none {
            true => arguments([("Enabled", false.into())]),
            false => arguments([("CustomDnsServers", servers), ("Enabled", true.into())]),
        };
        wanted.insert(DNS.to_owned(), options.into());
    }
    Ok(wanted)
}

/// Makes an endpoint as it is declared.
pub(super) async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
    let changed = members(ec2, change)?;
    if changed.is_empty() {
        return Ok(());
    }
    let Facts { id, .. } = ClientVpnEndpoint::FACTS;
    let mut input = named(change.current, id, OPERATION)?;
    input.extend(changed);
    ec2.call(OPERATION, input).await.map(drop)
}
