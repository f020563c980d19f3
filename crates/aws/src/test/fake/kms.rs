//! KMS: keys, which no token keeps from being made twice. A deleted key waits for its end. A list has
//! one element a page.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, refuse, text};
use crate::service_error::Refusal;

fn invalid_state(message: &str) -> Refusal {
    refuse(400, "KMSInvalidStateException", message)
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "CreateKey" => return Ok(create(account, input)),
        "ListKeys" => {
            let after = text(input, "Marker");
            let mut rest = account.keys.keys().filter(|id| **id > after);
            let first = rest.next().cloned();
            let mut page =
                json!({"Keys": first.iter().map(|id| json!({"KeyId": id})).collect::<Vec<_>>()});
            if rest.next().is_some() {
                page["NextMarker"] = json!(first);
            }
            return Ok(page);
        }
        _ => {}
    }
    let id = text(input, "KeyId");
    let missing = || refuse(400, "NotFoundException", &format!("Key '{id}' does not exist"));
    let key = account.keys.get_mut(&id).ok_or_else(missing)?;
    let state = text(&key["meta"], "KeyState");
    let reads = operation.starts_with("Describe") || operation.starts_with("Get");
    if state == "PendingDeletion" && !reads && operation != "ListResourceTags" {
        return Err(invalid_state("it is pending deletion"));
    }
    let symmetric = key["meta"]["KeySpec"] == "SYMMETRIC_DEFAULT";
    if operation.contains("KeyRotation") && !symmetric {
        return Err(refuse(400, "UnsupportedOperationException", "it is not rotated"));
    }
    if operation.ends_with("KeyRotation") && state == "Disabled" {
        return Err(refuse(409, "DisabledException", "it is disabled"));
    }
    match operation {
        "DescribeKey" => return Ok(json!({"KeyMetadata": key["meta"]})),
        "GetKeyPolicy" => return Ok(json!({"Policy": key["policy"], "PolicyName": "default"})),
        "PutKeyPolicy" => key["policy"] = input["Policy"].clone(),
        "GetKeyRotationStatus" => {
            let period = key["rotation"].clone();
            let mut answer = json!({"KeyRotationEnabled": !period.is_null()});
            if !period.is_null() {
                answer["RotationPeriodInDays"] = period;
            }
            return Ok(answer);
        }
        "EnableKeyRotation" => {
            let given = input.get("RotationPeriodInDays").cloned();
            key["rotation"] = given.unwrap_or_else(|| json!(365));
        }
        "DisableKeyRotation" => key["rotation"] = Value::Null,
        "EnableKey" | "DisableKey" => {
            let enabled = operation == "EnableKey";
            key["meta"]["Enabled"] = enabled.into();
            key["meta"]["KeyState"] = if enabled { "Enabled" } else { "Disabled" }.into();
        }
        "UpdateKeyDescription" => key["meta"]["Description"] = input["Description"].clone(),
        "ScheduleKeyDeletion" => {
            let days = input.get("PendingWindowInDays").and_then(Value::as_i64).unwrap_or(30);
            assert!((7..=30).contains(&days), "{days}");
            key["meta"]["KeyState"] = "PendingDeletion".into();
            key["meta"]["Enabled"] = false.into();
            key["days"] = days.into();
        }
        "TagResource" | "UntagResource" | "ListResourceTags" => {
            let tags = key["tags"].as_array_mut().unwrap();
            let gone = input["TagKeys"].as_array().cloned().unwrap_or_default();
            let new = input["Tags"].as_array().cloned().unwrap_or_default();
            tags.retain(|tag| {
                !gone.contains(&tag["TagKey"]) && new.iter().all(|it| it["TagKey"] != tag["TagKey"])
            });
            tags.extend(new);
            if operation == "ListResourceTags" {
                return Ok(json!({"Tags": tags}));
            }
        }
        _ => panic!("kms:{operation}"),
    }
    Ok(json!({}))
}

fn create(account: &mut Account, input: &Value) -> Value {
    let id = format!("00000000-0000-4000-8000-{:012}", account.next());
    let given = |name: &str, default: Value| input.get(name).cloned().unwrap_or(default);
    let meta = json!({
        "KeyId": id, "Arn": format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}"),
        "CreationDate": account.time(), "Enabled": true, "KeyState": "Enabled",
        "Description": given("Description", json!("")), "KeyManager": "CUSTOMER",
        "KeySpec": given("KeySpec", json!("SYMMETRIC_DEFAULT")),
        "KeyUsage": given("KeyUsage", json!("ENCRYPT_DECRYPT")),
        "MultiRegion": given("MultiRegion", json!(false)),
        "Origin": given("Origin", json!("AWS_KMS")),
    });
    let policy = given("Policy", json!("{\"Statement\":[]}"));
    let key = json!({"meta": meta, "policy": policy, "tags": given("Tags", json!([]))});
    account.note("AWS::KMS::Key", &id);
    account.keys.insert(id, key);
    json!({"KeyMetadata": meta})
}

/// The IDs of the keys that wait for their deletion, or of the others.
pub(super) fn ids(account: &Account, deleted: bool) -> Vec<String> {
    let all = account.keys.iter();
    let goes = |key: &Value| key["meta"]["KeyState"] == "PendingDeletion";
    all.filter(|(_, key)| goes(key) == deleted).map(|(id, _)| id.clone()).collect()
}
