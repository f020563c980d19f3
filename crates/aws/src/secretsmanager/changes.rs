//! The parts of a secret's update: settings and value, tags, replicas. Each compares with what is
//! there, so that it may be repeated.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, UpdateRequest};
use rstack_model::{KnownMap, KnownValue};

use super::description::Description;
use super::key::same_key;
use super::value::next_value;
use crate::api::Api;
use crate::iam::{Fields, TagChanges, arguments, declared_tags, tag_list};

const OPERATION: &str = "secretsmanager:UpdateSecret";

/// Changes description, key, type and value in one call, and only what differs. The value is put
/// under the journaled token, which becomes the ID of its version: once there, it is not put, and
/// not generated, again. With nothing declared before, this completes a create, maybe of a secret
/// that was restored: what is not declared goes back to its default.
pub(super) async fn change_settings(
    api: &dyn Api,
    current: &Description,
    request: &UpdateRequest,
) -> Result<(), DriverError> {
    let id = request.identifier.only();
    let desired = Fields::new(&request.properties, OPERATION);
    let prior = Fields::new(&request.prior, OPERATION);
    let mut input = KnownMap::new();
    for key in ["Description", "KmsKeyId", "Type"] {
        let wanted = match desired.text(key)? {
            Some(wanted) => wanted,
            // A type is kept: the service takes no empty one.
            None if key == "Type" => continue,
            None if prior.value(key).is_some() || request.prior.is_empty() => "".into(),
            None => continue,
        };
        let (now, then) = (current.text(key), wanted.expose_str());
        let same = match key {
            "KmsKeyId" => same_key(now, then),
            _ => now.unwrap_or_default() == then.unwrap_or_default(),
        };
        if !same {
            input.insert(key.to_owned(), wanted);
        }
    }
    if !current.versions().contains_key(request.token.as_str())
        && let Some(value) = next_value(api, id, &request.prior, &request.properties).await?
    {
        input.insert("SecretString".to_owned(), value);
    }
    if input.is_empty() {
        return Ok(());
    }
    input.insert("SecretId".to_owned(), id.into());
    // It is never left out, with or without a value.
    input.insert("ClientRequestToken".to_owned(), request.token.as_str().into());
    api.call("UpdateSecret", input).await.map(drop)
}

pub(super) async fn change_tags(
    api: &dyn Api,
    current: &Description,
    request: &UpdateRequest,
) -> Result<(), DriverError> {
    let desired = declared_tags(Fields::new(&request.properties, OPERATION))?;
    let prior = declared_tags(Fields::new(&request.prior, OPERATION))?;
    let changes = TagChanges::between(&prior, &desired, &current.tags());
    let named = || arguments([("SecretId", request.identifier.only().into())]);
    if !changes.remove.is_empty() {
        let mut input = named();
        let keys = changes.remove.into_iter().map(KnownValue::from).collect();
        input.insert("TagKeys".to_owned(), KnownValue::List(keys));
        api.call("UntagResource", input).await?;
    }
    if !changes.set.is_empty() {
        let mut input = named();
        input.insert("Tags".to_owned(), tag_list(&changes.set));
        api.call("TagResource", input).await?;
    }
    Ok(())
}

/// The declared replicas, as a call takes them, by Region.
pub(super) fn declared_replicas(
    fields: Fields<'_>,
) -> Result<BTreeMap<String, KnownMap>, DriverError> {
    let mut replicas = BTreeMap::new();
    for replica in fields.trees("ReplicaRegions")? {
        let region = replica.required_name("Region")?;
        let mut map = arguments([("Region", region.as_str().into())]);
        if let Some(key) = replica.text("KmsKeyId")? {
            map.insert("KmsKeyId".to_owned(), key);
        }
        replicas.insert(region, map);
    }
    Ok(replicas)
}

/// Removes replicas that are not wanted, or not with their key, and makes those that are missing.
/// While replicas are declared every other one goes; when they no longer are, those that were.
pub(super) async fn change_replicas(
    api: &dyn Api,
    current: &Description,
    request: &UpdateRequest,
) -> Result<(), DriverError> {
    let mut missing = declared_replicas(Fields::new(&request.properties, OPERATION))?;
    let prior = declared_replicas(Fields::new(&request.prior, OPERATION))?;
    let none_wanted = missing.is_empty();
    let mut remove = Vec::new();
    for replica in current.replicas() {
        let key_of = |map: &KnownMap| {
            map.get("KmsKeyId").and_then(KnownValue::expose_str).map(str::to_owned)
        };
        match missing.get(&replica.region).map(key_of) {
            Some(key) if key.is_none() || same_key(key.as_deref(), replica.key.as_deref()) => {
                missing.remove(&replica.region);
            }
            Some(_) => remove.push(replica.region),
            None if none_wanted && !prior.contains_key(&replica.region) => {}
            None => remove.push(replica.region),
        }
    }
    let id = || KnownValue::from(request.identifier.only());
    if !remove.is_empty() {
        let regions = remove.into_iter().map(KnownValue::from).collect();
        let input =
            arguments([("SecretId", id()), ("RemoveReplicaRegions", KnownValue::List(regions))]);
        api.call("RemoveRegionsFromReplication", input).await?;
    }
    if !missing.is_empty() {
        let regions = missing.into_values().map(KnownValue::Map).collect();
        let input =
            arguments([("SecretId", id()), ("AddReplicaRegions", KnownValue::List(regions))]);
        api.call("ReplicateSecretToRegions", input).await?;
    }
    Ok(())
}
