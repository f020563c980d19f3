//! Tags of CloudFront objects: read and changed by ARN, apart from the rest.

use std::collections::BTreeMap;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::service::{key, map};
use crate::api::Api;

type Tags = BTreeMap<String, KnownValue>;

/// Tags that are not the template's: AWS sets the one kind, rstack the other.
fn is_foreign(key: &str) -> bool {
    key.starts_with("aws:") || key.starts_with("rstack:")
}

/// The object's tags as the property lists them.
pub(super) async fn read(api: &dyn Api, arn: &str) -> Result<KnownValue, DriverError> {
    let tags = current(api, arn).await?;
    Ok(KnownValue::List(tags.into_iter().map(|(key, value)| pair(&key, value)).collect()))
}

/// The declared tags as the member `Tags` of a creating operation, if there are any.
pub(super) fn member(properties: &KnownMap) -> Option<KnownValue> {
    let tags = declared(properties);
    let items: Vec<KnownValue> = tags.into_iter().map(|(key, value)| pair(&key, value)).collect();
    (!items.is_empty()).then(|| wrapped(items))
}

/// Gives the object the declared tags and takes away those that are no longer declared.
pub(super) async fn update(
    api: &dyn Api,
    arn: &str,
    prior: &KnownMap,
    properties: &KnownMap,
) -> Result<(), DriverError> {
    let wanted = declared(properties);
    if wanted.is_empty() && declared(prior).is_empty() {
        return Ok(());
    }
    let current = current(api, arn).await?;
    let surplus: Vec<KnownValue> = current
        .keys()
        .filter(|key| !wanted.contains_key(*key))
        .map(|key| KnownValue::from(key.as_str()))
        .collect();
    let missing: Vec<KnownValue> = wanted
        .iter()
        .filter(|(key, value)| current.get(*key) != Some(*value))
        .map(|(key, value)| pair(key, value.clone()))
        .collect();
    if !missing.is_empty() {
        let mut input = key("Resource", arn);
        input.insert("Tags".to_owned(), wrapped(missing));
        api.call("TagResource", input).await?;
    }
    if !surplus.is_empty() {
        let mut input = key("Resource", arn);
        input.insert("TagKeys".to_owned(), wrapped(surplus));
        api.call("UntagResource", input).await?;
    }
    Ok(())
}

async fn current(api: &dyn Api, arn: &str) -> Result<Tags, DriverError> {
    let answer = api.call("ListTagsForResource", key("Resource", arn)).await?;
    let tags = map(&answer, "Tags", "ListTagsForResource")?;
    let items = tags.get("Items").and_then(KnownValue::as_list).unwrap_or_default();
    Ok(by_key(items).into_iter().filter(|(key, _)| !is_foreign(key)).collect())
}

fn declared(properties: &KnownMap) -> Tags {
    by_key(properties.get("Tags").and_then(KnownValue::as_list).unwrap_or_default())
}

/// Tags by their key; a tag without a value has an empty one.
fn by_key(items: &[KnownValue]) -> Tags {
    let tag = |item: &KnownValue| {
        let key = item.get("Key").and_then(KnownValue::as_str)?;
        let value = match item.get("Value") {
            None | Some(KnownValue::Null) => KnownValue::from(""),
            Some(KnownValue::Bool(b)) => KnownValue::from(b.to_string()),
            Some(KnownValue::Number(n)) => KnownValue::from(n.to_string()),
            Some(value) => value.clone(),
        };
        Some((key.to_owned(), value))
    };
    items.iter().filter_map(tag).collect()
}

fn pair(key: &str, value: KnownValue) -> KnownValue {
    KnownValue::Map(KnownMap::from([
        ("Key".to_owned(), KnownValue::from(key)),
        ("Value".to_owned(), value),
    ]))
}

fn wrapped(items: Vec<KnownValue>) -> KnownValue {
    KnownValue::Map(KnownMap::from([("Items".to_owned(), KnownValue::List(items))]))
}
