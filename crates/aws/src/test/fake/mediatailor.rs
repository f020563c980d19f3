//! MediaTailor's playback configurations: one operation that creates and replaces, tags included.

use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if operation == "PutPlaybackConfiguration" {
        return put(account, input);
    }
    let arn = input.get("ResourceArn");
    let named = |found: &Value| match (input.get("Name"), input.get("PlaybackConfigurationName")) {
        (Some(name), _) | (None, Some(name)) => found["Name"] == *name,
        (None, None) => arn == found.get("PlaybackConfigurationArn"),
    };
    let name =
        account.playback.iter().find(|(_, found)| named(found)).map(|(name, _)| name.clone());
    let name = name.ok_or_else(|| refuse(404, "NotFoundException", "it does not exist"))?;
    let found = account.playback.get_mut(&name).unwrap();
    match operation {
        "GetPlaybackConfiguration" => return Ok(found.clone()),
        "ConfigureLogsForPlaybackConfiguration" => {
            let mut logs = input.clone();
            logs.as_object_mut().unwrap().remove("PlaybackConfigurationName");
            if logs.get("EnabledLoggingStrategies").is_none() {
                logs["EnabledLoggingStrategies"] = json!([]);
            }
            found["LogConfiguration"] = logs;
        }
        "TagResource" => {
            let tags = found["Tags"].as_object_mut().unwrap();
            tags.extend(input["Tags"].as_object().unwrap().clone());
        }
        "UntagResource" => {
            let tags = found["Tags"].as_object_mut().unwrap();
            for key in input["TagKeys"].as_array().unwrap() {
                tags.remove(key.as_str().unwrap());
            }
        }
        "DeletePlaybackConfiguration" => {
            account.playback.remove(&name);
        }
        other => panic!("mediatailor:{other}"),
    }
    Ok(json!({}))
}

fn put(account: &mut Account, input: &Value) -> Reply {
    let name = text(input, "Name");
    let mut found = input.clone();
    if found.get("Tags").is_none() {
        found["Tags"] = Map::new().into();
    }
    let arn = format!("arn:aws:mediatailor:{REGION}:{ACCOUNT}:playbackConfiguration/{name}");
    found["PlaybackConfigurationArn"] = arn.into();
    let url = |kind: &str| format!("https://{name}.mediatailor.{REGION}.amazonaws.com/v1/{kind}/");
    found["PlaybackEndpointPrefix"] = url("playback").into();
    found["SessionInitializationEndpointPrefix"] = url("session").into();
    found["HlsConfiguration"] = json!({"ManifestEndpointPrefix": url("master")});
    if found.get("DashConfiguration").is_none() {
        found["DashConfiguration"] = json!({"OriginManifestType": "MULTI_PERIOD"});
    }
    found["DashConfiguration"]["ManifestEndpointPrefix"] = url("dash").into();
    match account.playback.get(&name) {
        Some(before) => found["LogConfiguration"] = before["LogConfiguration"].clone(),
        None => {
            found["LogConfiguration"] =
                json!({"PercentEnabled": 0, "EnabledLoggingStrategies": []});
            account.note("playback configuration", &name);
        }
    }
    account.playback.insert(name, found.clone());
    Ok(found)
}
