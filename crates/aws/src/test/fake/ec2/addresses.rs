//! Elastic IP addresses, and NAT gateways with their addresses.

use serde_json::{Value, json};

use super::{Account, Reply, all, found, missing, text, texts};
use crate::service_error::Refusal;

const GATEWAYS: &str = "AWS::EC2::NatGateway";
const ADDRESSES: &str = "AWS::EC2::EIP";

pub(super) fn new_address(address: &mut Value, number: u64) {
    address["PublicIp"] = format!("203.0.113.{number}").into();
    if address["NetworkBorderGroup"].is_null() {
        address["NetworkBorderGroup"] = "eu-west-1".into();
    }
    address["Domain"] = "vpc".into();
}

/// An address shows the instance that it is associated with.
pub(super) fn show_address(account: &mut Account, address: &mut Value) {
    let id = text(address, "AllocationId");
    address["InstanceId"] = all(account, ADDRESSES)[&id]["InstanceId"].clone();
}

fn entry(number: u64, primary: bool) -> Value {
    json!({
        "IsPrimary": primary, "Status": "succeeded", "AssociationId": format!("eipassoc-{number}"),
        "NetworkInterfaceId": "eni-1", "PrivateIp": format!("10.0.0.{number}"),
    })
}

pub(super) fn new_gateway(account: &mut Account, gateway: &mut Value) -> Result<(), Refusal> {
    for id in gateway["AllocationId"].as_str().into_iter() {
        found(account, ADDRESSES, id)?;
    }
    if gateway["ConnectivityType"].is_null() {
        gateway["ConnectivityType"] = "public".into();
    }
    let mut first = entry(account.next(), true);
    first["AllocationId"] = gateway["AllocationId"].clone();
    if let Some(address) = gateway["PrivateIpAddress"].as_str() {
        first["PrivateIp"] = address.into();
    }
    let mut all = vec![first];
    for zone in gateway["AvailabilityZoneAddresses"].as_array().cloned().into_iter().flatten() {
        for id in texts(&zone["AllocationIds"]) {
            let mut one = entry(account.next(), true);
            one["AllocationId"] = id.into();
            one["AvailabilityZone"] = zone["AvailabilityZone"].clone();
            one["AvailabilityZoneId"] = zone["AvailabilityZoneId"].clone();
            all.push(one);
        }
    }
    let (ids, addresses) =
        (texts(&gateway["SecondaryAllocationIds"]), texts(&gateway["SecondaryPrivateIpAddresses"]));
    let count = gateway["SecondaryPrivateIpAddressCount"].as_u64().unwrap_or(0) as usize;
    for number in 0..ids.len().max(addresses.len()).max(count) {
        let mut one = entry(account.next(), false);
        one["AllocationId"] = json!(ids.get(number));
        if let Some(address) = addresses.get(number) {
            one["PrivateIp"] = address.as_str().into();
        }
        all.push(one);
    }
    gateway["NatGatewayAddresses"] = all.into();
    Ok(())
}

/// Completes changes that were under way.
pub(super) fn pass(object: &mut Value) {
    if let Some(addresses) = object["NatGatewayAddresses"].as_array_mut() {
        addresses.retain(|it| it["Status"] != "disassociating" && it["Status"] != "unassigning");
        addresses.iter_mut().for_each(|it| it["Status"] = "succeeded".into());
    }
}

/// Carries out an operation on addresses.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "AssociateAddress" => {
            let number = account.next();
            let address = found(account, ADDRESSES, &text(input, "AllocationId"))?;
            address["InstanceId"] = input["InstanceId"].clone();
            address["AssociationId"] = format!("eipassoc-{number}").into();
            return Ok(json!({"AssociationId": address["AssociationId"]}));
        }
        "DisassociateAddress" => {
            let mut all = all(account, ADDRESSES).values_mut();
            let address = all.find(|it| it["AssociationId"] == input["AssociationId"]);
            let address = address.ok_or_else(|| missing("association"))?;
            address["InstanceId"] = Value::Null;
            address["AssociationId"] = Value::Null;
            return Ok(json!({}));
        }
        _ => {}
    }
    let id = text(input, "NatGatewayId");
    found(account, GATEWAYS, &id)?;
    let allocations = texts(&input["AllocationIds"]);
    let private = texts(&input["PrivateIpAddresses"]);
    let count = input["PrivateIpAddressCount"].as_u64().unwrap_or(0) as usize;
    let mut new = Vec::new();
    if operation.starts_with("A") {
        for number in 0..allocations.len().max(private.len()).max(count) {
            let mut one = entry(account.next(), !input["AvailabilityZone"].is_null());
            one["Status"] = if allocations.is_empty() { "assigning" } else { "associating" }.into();
            one["AllocationId"] = json!(allocations.get(number));
            one["AvailabilityZone"] = input["AvailabilityZone"].clone();
            one["AvailabilityZoneId"] = input["AvailabilityZoneId"].clone();
            if let Some(address) = private.get(number) {
                one["PrivateIp"] = address.as_str().into();
            }
            new.push(one);
        }
    }
    let gone = texts(&input["AssociationIds"]);
    let held = found(account, GATEWAYS, &id)?["NatGatewayAddresses"].as_array_mut().unwrap();
    match operation {
        "AssociateNatGatewayAddress" | "AssignPrivateNatGatewayAddress" => {
            for one in new {
                let same = |it: &Value| {
                    let by = |name: &str| !one[name].is_null() && it[name] == one[name];
                    by("AllocationId") || !private.is_empty() && by("PrivateIp")
                };
                if held.iter().any(same) {
                    return Err(super::refuse(
                        400,
                        "Resource.AlreadyAssociated",
                        "it is there already",
                    ));
                }
                held.push(one);
            }
        }
        "DisassociateNatGatewayAddress" => {
            for it in held.iter_mut().filter(|it| gone.contains(&text(it, "AssociationId"))) {
                it["Status"] = "disassociating".into();
            }
        }
        "UnassignPrivateNatGatewayAddress" => {
            for it in held.iter_mut().filter(|it| private.contains(&text(it, "PrivateIp"))) {
                it["Status"] = "unassigning".into();
            }
        }
        _ => panic!("ec2:{operation}"),
    }
    Ok(json!({}))
}
