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
        let names = properties.get("Tags").and_then(KnownValue::as_list).unwrap_or_default();
        Ok(Some(("Tags".to_owned(), KnownValue::List(in_order_of(names, tags)))))
    }
}

/// The tags as a list in the order of the declared ones. CloudFront has an order of its own. A
/// declared key that no tag has, such as one that is a secret and not known here, stands for one of
/// the tags that are not declared.
fn in_order_of(declared: &[KnownValue], mut tags: Tags) -> Vec<KnownValue> {
    let key_of =
        |item: &KnownValue| item.get("Key").and_then(KnownValue::as_str).map(str::to_owned);
    let mut places: Vec<Option<KnownValue>> = Vec::new();
    for item in declared {
        let found = key_of(item).and_then(|key| tags.remove_entry(&key));
        places.push(found.map(|(key, value)| pair(&key, value)));
    }
    let mut others = tags.into_iter().map(|(key, value)| pair(&key, value));
    let mut list: Vec<KnownValue> =
        places.into_iter().filter_map(|place| place.or_else(|| others.next())).collect();
    list.extend(others);
    list
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
        let key = item.get("Key").and_then(KnownValue::expose_str)?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_are_in_the_order_of_the_template() {
        let list = |json: serde_json::Value| match KnownValue::from_json(json) {
            KnownValue::List(items) => items,
            other => panic!("{other:?}"),
        };
        let tag = |key: &str| json!({"Key": key, "Value": "v"});
        let ordered = |declared: serde_json::Value, seen: serde_json::Value| {
            KnownValue::List(in_order_of(&list(declared), by_key(&list(seen))))
        };
        let seen = json!([tag("a"), tag("b"), tag("c")]);
        let known = |tags: [&str; 3]| KnownValue::from_json(json!(tags.map(tag)));
        assert_eq!(ordered(json!([tag("c"), tag("a")]), seen.clone()), known(["c", "a", "b"]));
        let unknown_key = json!([tag("c"), tag(""), tag("a")]);
        assert_eq!(ordered(unknown_key, seen.clone()), known(["c", "b", "a"]));
        assert_eq!(ordered(json!([]), seen), known(["a", "b", "c"]));
    }
}
