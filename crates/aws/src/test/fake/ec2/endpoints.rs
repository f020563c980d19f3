//! Endpoints of VPCs.

use serde_json::{Value, json};

use super::{Account, Reply, found, text, texts};

const POLICY: &str =
    r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;

pub(super) fn new_endpoint(endpoint: &mut Value) {
    let id = text(endpoint, "VpcEndpointId");
    if endpoint["PolicyDocument"].is_null() {
        endpoint["PolicyDocument"] = POLICY.into();
    }
    endpoint["DnsEntries"] = json!([{"DnsName": format!("{id}.example"), "HostedZoneId": "Z1"}]);
    endpoint["NetworkInterfaceIds"] = json!(["eni-1"]);
    endpoint["CreationTimestamp"] = "2026-01-02T03:04:05Z".into();
    show(endpoint);
}

fn show(endpoint: &mut Value) {
    let groups = texts(&endpoint["SecurityGroupIds"]);
    endpoint["Groups"] = groups.iter().map(|id| json!({"GroupId": id, "GroupName": "g"})).collect();
}

/// Changes an endpoint.
pub(super) fn modify(account: &mut Account, input: &Value) -> Reply {
    let endpoint = found(account, "AWS::EC2::VPCEndpoint", &text(input, "VpcEndpointId"))?;
    for (list, add, remove) in [
        ("RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
        ("SecurityGroupIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
        ("SubnetIds", "AddSubnetIds", "RemoveSubnetIds"),
    ] {
        let (mut held, gone) = (texts(&endpoint[list]), texts(&input[remove]));
        held.retain(|id| !gone.contains(id));
        held.extend(
            texts(&input[add]).into_iter().filter(|id| !endpoint[list].to_string().contains(id)),
        );
        endpoint[list] = held.into();
    }
    for name in ["IpAddressType", "PolicyDocument", "PrivateDnsEnabled"] {
        if let Some(value) = input.get(name) {
            endpoint[name] = value.clone();
        }
    }
    for (name, value) in input["DnsOptions"].as_object().into_iter().flatten() {
        endpoint["DnsOptions"][name] = value.clone();
    }
    if input["ResetPolicy"] == true {
        endpoint["PolicyDocument"] = POLICY.into();
    }
    endpoint["State"] = "pending".into();
    show(endpoint);
    Ok(json!({}))
}
