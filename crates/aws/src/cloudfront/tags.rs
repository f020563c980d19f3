//! Tags of CloudFront objects: read and changed by ARN, apart from the rest.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::service::{is_missing, key, map};
use crate::api::Api;
use crate::ownership::is_hidden;

type Tags = BTreeMap<String, KnownValue>;

/// The tags that an object is shown with, if its template declares any. Where it declares none they
/// do not matter, and are not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Those it has.
    AsRead,
    /// Those that were just written: whether they can be read back decides nothing.
    AsDeclared,
}

impl Shown {
    /// The property `Tags`.
    pub(super) async fn property(
        self,
        api: &dyn Api,
        arn: &str,
        properties: &KnownMap,
    ) -> Result<Option<(String, KnownValue)>, DriverError> {
        if !properties.contains_key("Tags") {
            return Ok(None);
        }
        let tags = match self {
            Self::AsRead => current(api, arn).await.map_err(not_yet_visible)?,
            Self::AsDeclared => declared(properties),
        };
        let tags = tags.into_iter().map(|(key, value)| pair(&key, value)).collect();
        Ok(Some(("Tags".to_owned(), KnownValue::List(tags))))
    }
}

/// The declared tags as the member `Tags` of a creating operation, if there are any.
pub(super) fn member(properties: &KnownMap) -> Option<KnownValue> {
    let tags = declared(properties);
    let items: Vec<KnownValue> = tags.into_iter().map(|(key, value)| pair(&key, value)).collect();
    (!items.is_empty()).then(|| wrapped(items))
}

/// Gives the object the declared tags and takes away those that are no longer declared. A caller
/// who may not read them says all again that are declared.
pub(super) async fn update(
    api: &dyn Api,
    arn: &str,
    prior: &KnownMap,
    properties: &KnownMap,
) -> Result<(), DriverError> {
    let (wanted, before) = (declared(properties), declared(prior));
    if wanted.is_empty() && before.is_empty() {
        return Ok(());
    }
    let current = match current(api, arn).await {
        Ok(current) => current,
        Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => {
            before.into_iter().filter(|(key, _)| !wanted.contains_key(key)).collect()
        }
        Err(error) => return Err(not_yet_visible(error)),
    };
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
        api.call("TagResource", input).await.map_err(not_yet_visible)?;
    }
    if !surplus.is_empty() {
        let mut input = key("Resource", arn);
        input.insert("TagKeys".to_owned(), wrapped(surplus));
        api.call("UntagResource", input).await.map_err(not_yet_visible)?;
    }
    Ok(())
}

/// The object is there: its tags are not found only while it is new.
fn not_yet_visible(error: DriverError) -> DriverError {
    let kind = if is_missing(&error) { ErrorKind::DependencyNotReady } else { error.kind.clone() };
    DriverError { kind, ..error }
}

async fn current(api: &dyn Api, arn: &str) -> Result<Tags, DriverError> {
    let answer = api.call("ListTagsForResource", key("Resource", arn)).await?;
    let tags = map(&answer, "Tags", "ListTagsForResource")?;
    let items = tags.get("Items").and_then(KnownValue::as_list).unwrap_or_default();
    Ok(by_key(items).into_iter().filter(|(key, _)| !is_hidden(key)).collect())
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
