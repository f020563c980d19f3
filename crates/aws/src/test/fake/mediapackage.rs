//! MediaPackage v1: one code for whatever is wrong, no idempotency, no ETag.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, members, refuse, text};
use crate::service_error::Refusal;

const PACKAGES: [&str; 4] = ["CmafPackage", "DashPackage", "HlsPackage", "MssPackage"];

fn unprocessable(message: &str) -> Refusal {
    refuse(422, "UnprocessableEntityException", message)
}

fn missing(id: &str) -> Refusal {
    refuse(404, "NotFoundException", &format!("{id} not found"))
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let id = text(input, "Id");
    match operation {
        "CreateChannel" => {
            if account.channels.contains_key(&id) {
                return Err(unprocessable("Channel already exists"));
            }
            let mut channel = members(input, &["Id", "Description", "Tags"]);
            channel["Arn"] = arn("channels", account.next()).into();
            let ingest = |n: u32| {
                let url = format!("https://{n}.mediapackage.{REGION}.amazonaws.com/in/v2/{id}");
                json!({"Id": n.to_string(), "Url": url, "Username": "u", "Password": "ingest-pw"})
            };
            channel["HlsIngest"] = json!({"IngestEndpoints": [ingest(1), ingest(2)]});
            account.note("channel", &id);
            account.channels.insert(id, channel.clone());
            Ok(channel)
        }
        "DescribeChannel" => account.channels.get(&id).cloned().ok_or_else(|| missing(&id)),
        "UpdateChannel" => {
            let channel = account.channels.get_mut(&id).ok_or_else(|| missing(&id))?;
            channel["Description"] = text(input, "Description").into();
            Ok(channel.clone())
        }
        "ConfigureLogs" => {
            let channel = account.channels.get_mut(&id).ok_or_else(|| missing(&id))?;
            for (logs, group) in [("EgressAccessLogs", "Egress"), ("IngressAccessLogs", "Ingress")]
            {
                channel[logs] = input.get(logs).cloned().unwrap_or(Value::Null);
                if channel[logs].is_object() && channel[logs].get("LogGroupName").is_none() {
                    let name = format!("/aws/MediaPackage/{group}AccessLogs");
                    channel[logs]["LogGroupName"] = name.into();
                }
            }
            Ok(channel.clone())
        }
        "DeleteChannel" => {
            let channel = account.channels.get(&id).ok_or_else(|| missing(&id))?;
            let used = account.endpoints.values().any(|e| e["ChannelId"] == channel["Id"]);
            if used {
                return Err(unprocessable("Channel has origin endpoints"));
            }
            account.channels.remove(&id);
            Ok(json!({}))
        }
        "CreateOriginEndpoint" => {
            if account.endpoints.contains_key(&id) {
                return Err(unprocessable("OriginEndpoint already exists"));
            }
            let channel = text(input, "ChannelId");
            if !account.channels.contains_key(&channel) {
                return Err(missing(&channel));
            }
            let mut endpoint = members(input, &["Id", "ChannelId", "Tags"]);
            let number = account.next();
            endpoint["Arn"] = arn("origin_endpoints", number).into();
            endpoint["number"] = number.into();
            configure(account, &mut endpoint, input)?;
            account.note("endpoint", &id);
            account.endpoints.insert(id, endpoint.clone());
            Ok(shown(&endpoint))
        }
        "DescribeOriginEndpoint" => {
            account.endpoints.get(&id).map(shown).ok_or_else(|| missing(&id))
        }
        "UpdateOriginEndpoint" => {
            let mut endpoint = account.endpoints.get(&id).cloned().ok_or_else(|| missing(&id))?;
            configure(account, &mut endpoint, input)?;
            account.endpoints.insert(id, endpoint.clone());
            Ok(shown(&endpoint))
        }
        "DeleteOriginEndpoint" => match account.endpoints.remove(&id) {
            Some(_) => Ok(json!({})),
            None => Err(missing(&id)),
        },
        "TagResource" | "UntagResource" => {
            let arn = &input["ResourceArn"];
            let mut all = account.channels.values_mut().chain(account.endpoints.values_mut());
            let found = all.find(|object| object["Arn"] == *arn);
            let found = found.ok_or_else(|| missing(&arn.to_string()))?;
            if found.get("Tags").is_none_or(Value::is_null) {
                found["Tags"] = json!({});
            }
            let tags = found["Tags"].as_object_mut().unwrap();
            for (key, value) in input["Tags"].as_object().into_iter().flatten() {
                tags.insert(key.clone(), value.clone());
            }
            for key in input["TagKeys"].as_array().into_iter().flatten() {
                tags.remove(key.as_str().unwrap());
            }
            Ok(json!({}))
        }
        other => panic!("mediapackage:{other}"),
    }
}

fn arn(kind: &str, number: u64) -> String {
    format!("arn:aws:mediapackage:{REGION}:{ACCOUNT}:{kind}/{number:032x}")
}

/// An update says the whole endpoint: what it does not say goes back to its default.
fn configure(account: &Account, endpoint: &mut Value, input: &Value) -> Result<(), Refusal> {
    let packages: Vec<_> = PACKAGES.iter().filter(|name| input.get(**name).is_some()).collect();
    let [package] = packages.as_slice() else {
        return Err(unprocessable("exactly one package is wanted"));
    };
    for (from, member) in [("Authorization", "SecretsRoleArn")] {
        let Some(role) = input.get(from).and_then(|value| value.get(member)) else { continue };
        if !account.roles.values().any(|known| known["Arn"] == *role) {
            return Err(unprocessable("the role cannot be assumed"));
        }
        let secret = &input[from]["CdnIdentifierSecret"];
        if !account.secrets.values().any(|known| known["ARN"] == *secret) {
            return Err(unprocessable("the secret cannot be read"));
        }
    }
    for name in PACKAGES {
        endpoint[name] = Value::Null;
    }
    endpoint[**package] = input[**package].clone();
    for (name, default) in [
        ("Authorization", Value::Null),
        ("Description", json!("")),
        ("ManifestName", json!("index")),
        ("Origination", json!("ALLOW")),
        ("StartoverWindowSeconds", json!(0)),
        ("TimeDelaySeconds", json!(0)),
        ("Whitelist", json!([])),
    ] {
        endpoint[name] = input.get(name).cloned().unwrap_or(default);
    }
    let number = endpoint["number"].as_u64().unwrap();
    // All endpoints of a channel are on one host.
    let host = format!("https://c4af3793bf76b33c.mediapackage.{REGION}.amazonaws.com");
    let url = format!("{host}/out/v1/{number:032x}");
    endpoint["Url"] = match **package {
        "HlsPackage" => format!("{url}/index.m3u8").into(),
        "DashPackage" => format!("{url}/index.mpd").into(),
        "MssPackage" => format!("{url}/index.ism/Manifest").into(),
        _ => Value::Null,
    };
    let manifests = endpoint["CmafPackage"]["HlsManifests"].as_array_mut();
    for manifest in manifests.into_iter().flatten() {
        let id = text(manifest, "Id");
        manifest["Url"] = format!("{url}/{id}/index.m3u8").into();
    }
    Ok(())
}

fn shown(endpoint: &Value) -> Value {
    let mut shown = endpoint.clone();
    shown.as_object_mut().unwrap().retain(|name, value| name != "number" && !value.is_null());
    shown
}
