//! Endpoints of Client VPN and the networks that they are associated with.
//!
//! An association needs a question to be made, and one to be gone. An endpoint with an association is not
//! deleted, and a subnet has one association.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};

const ENDPOINT: &str = "AWS::EC2::ClientVpnEndpoint";
const ASSOCIATION: &str = "AWS::EC2::ClientVpnTargetNetworkAssociation";
const TOKEN: &str = "request token";

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let id = text(input, "ClientVpnEndpointId");
    let missing = || refuse(400, "InvalidClientVpnEndpointId.NotFound", "it does not exist");
    match operation {
        "CreateClientVpnEndpoint" => Ok(create(account, input)),
        "DescribeClientVpnEndpoints" => describe(account, input),
        _ if !account.client_vpns.contains_key(&id) => Err(missing()),
        "ModifyClientVpnEndpoint" => {
            let endpoint = account.client_vpns.get_mut(&id).unwrap();
            set(endpoint, input);
            Ok(json!({"Return": true}))
        }
        "DeleteClientVpnEndpoint" => {
            if account.client_vpn_networks.values().any(|it| text(it, "ClientVpnEndpointId") == id)
            {
                return Err(refuse(400, "DependencyViolation", "it has associations"));
            }
            account.client_vpns.get_mut(&id).unwrap()["Status"] = json!({"Code": "deleting"});
            Ok(json!({"Status": {"Code": "deleting"}}))
        }
        "AssociateClientVpnTargetNetwork" => associate(account, &id, input),
        "DescribeClientVpnTargetNetworks" => Ok(networks(account, &id)),
        "DisassociateClientVpnTargetNetwork" => {
            let missing = || refuse(400, "InvalidClientVpnAssociationId.NotFound", "there is none");
            let network = account.client_vpn_networks.get_mut(&text(input, "AssociationId"));
            let network = network.ok_or_else(missing)?;
            network["Status"] = json!({"Code": "disassociating"});
            Ok(json!({"Status": {"Code": "disassociating"}}))
        }
        other => panic!("ec2:{other}"),
    }
}

fn create(account: &mut Account, input: &Value) -> Value {
    let same = |it: &&Value| it[TOKEN] == input["ClientToken"];
    if let Some(there) = account.client_vpns.values().find(same) {
        return json!({"ClientVpnEndpointId": there["ClientVpnEndpointId"]});
    }
    let id = account.id("cvpn-endpoint-");
    let mut endpoint = json!({
        "ClientVpnEndpointId": id, "Status": {"Code": "pending-associate"}, "VpnPort": 443,
        "TransportProtocol": "udp", "SessionTimeoutHours": 24, "DisconnectOnSessionTimeout": true,
        "SplitTunnel": false, "SelfServicePortalUrl": "https://portal",
        "Tags": input["TagSpecifications"][0]["Tags"], TOKEN: input["ClientToken"],
    });
    set(&mut endpoint, input);
    account.note(ENDPOINT, &id);
    account.client_vpns.insert(id.clone(), endpoint);
    json!({"ClientVpnEndpointId": id, "Status": {"Code": "pending-associate"}})
}

/// Sets what is given, as a description shows it.
fn set(endpoint: &mut Value, input: &Value) {
    for (name, value) in input.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("ClientToken" | "ClientVpnEndpointId" | "TagSpecifications", _) => {}
            ("SelfServicePortal", value) => {
                let url = if value == "enabled" { "https://portal" } else { "" };
                endpoint["SelfServicePortalUrl"] = url.into();
            }
            ("DnsServers", Value::Object(options)) => {
                let none = json!([]);
                let servers = options.get("CustomDnsServers").unwrap_or(&none);
                endpoint["DnsServers"] = servers.clone();
            }
            ("DevicePostureOptions", options) => {
                endpoint["DevicePostureOptions"] =
                    json!({"TrustProviders": options["TrustProviders"]});
            }
            ("AuthenticationOptions", Value::Array(all)) => {
                let mut all = all.clone();
                for one in &mut all {
                    let chain = one["MutualAuthentication"]["ClientRootCertificateChainArn"].take();
                    if !chain.is_null() {
                        one["MutualAuthentication"] = json!({"ClientRootCertificateChain": chain});
                    }
                }
                endpoint["AuthenticationOptions"] = all.into();
            }
            (_, Value::Object(members)) => {
                if !endpoint[name].is_object() {
                    endpoint[name] = json!({});
                }
                members.iter().for_each(|(member, value)| endpoint[name][member] = value.clone());
            }
            _ => endpoint[name] = value.clone(),
        }
    }
}

fn describe(account: &mut Account, input: &Value) -> Reply {
    assert!(input.get("Filters").is_none(), "no filter knows tags: {input}");
    let ids = input["ClientVpnEndpointIds"].as_array().cloned().unwrap_or_default();
    for id in &ids {
        if !account.client_vpns.contains_key(id.as_str().unwrap_or_default()) {
            return Err(refuse(400, "InvalidClientVpnEndpointId.NotFound", "it does not exist"));
        }
    }
    let is_it = |id: &String| ids.is_empty() || ids.iter().any(|wanted| wanted == id);
    let mut shown = Vec::new();
    let mut gone = Vec::new();
    for (id, endpoint) in &account.client_vpns {
        if is_it(id) {
            shown.push(endpoint.clone());
            gone.extend((endpoint["Status"]["Code"] == "deleting").then(|| id.clone()));
        }
    }
    gone.iter().for_each(|id| drop(account.client_vpns.remove(id)));
    Ok(json!({"ClientVpnEndpoints": shown}))
}

fn associate(account: &mut Account, endpoint: &str, input: &Value) -> Reply {
    let all = &account.client_vpn_networks;
    if let Some(there) = all.values().find(|it| it[TOKEN] == input["ClientToken"]) {
        return Ok(json!({"AssociationId": there["AssociationId"]}));
    }
    let taken = |it: &&Value| {
        text(it, "ClientVpnEndpointId") == endpoint
            && it["TargetNetworkId"] == input["SubnetId"]
            && it["Status"]["Code"] != "disassociating"
    };
    if all.values().any(|it| taken(&it)) {
        let code = "InvalidClientVpnDuplicateAssociationException";
        return Err(refuse(400, code, "it is associated"));
    }
    let id = account.id("cvpn-assoc-");
    let network = json!({
        "AssociationId": id, "ClientVpnEndpointId": endpoint, "TargetNetworkId": input["SubnetId"],
        "Status": {"Code": "associating"}, TOKEN: input["ClientToken"],
    });
    account.note(ASSOCIATION, &id);
    account.client_vpn_networks.insert(id.clone(), network);
    Ok(json!({"AssociationId": id, "Status": {"Code": "associating"}}))
}

fn networks(account: &mut Account, endpoint: &str) -> Value {
    let of_it = |it: &Value| text(it, "ClientVpnEndpointId") == endpoint;
    let shown: Vec<Value> =
        account.client_vpn_networks.values().filter(|it| of_it(it)).cloned().collect();
    account
        .client_vpn_networks
        .retain(|_, it| !(of_it(it) && it["Status"]["Code"] == "disassociating"));
    for network in account.client_vpn_networks.values_mut().filter(|it| of_it(it)) {
        network["Status"]["Code"] = "associated".into();
    }
    json!({"ClientVpnTargetNetworks": shown})
}
