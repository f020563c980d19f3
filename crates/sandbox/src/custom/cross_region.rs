//! The CDK's handlers of references across Regions: a writer puts parameters into the Parameter Store of
//! another Region, and a reader has as attributes what it is given of them.
//!
//! Source: `crossRegionReferences`, AWS CDK v2 API Reference (`StackProps`); the resources are
//! `Custom::CrossRegionExportWriter` with `WriterProps` (`region`, `exports`) and
//! `Custom::CrossRegionExportReader` with `ReaderProps` (`imports`).

use std::collections::BTreeMap;

use rstack_driver::custom::{Delivery, RequestType};
use rstack_model::state::Environment;
use rstack_model::{CrossRegionExports, Identifier, KnownMap, KnownValue, Region, ResourceType};
use serde_json::{Value as Json, json};

use crate::inventory::{Scopes, StoredObject, View, key_of};
use crate::parameter::{self, PARAMETER};
use crate::redaction::JsonMap;

/// Puts the parameters of a writer where they belong, and takes those away that it had before.
pub(super) fn write(view: &mut View<'_>, delivery: &Delivery, environment: &Environment) {
    if delivery.resource_type.as_str() != CrossRegionExports::WRITER {
        return;
    }
    let wanted = match delivery.request_type {
        RequestType::Create | RequestType::Update => texts(&delivery.properties, "WriterProps"),
        RequestType::Delete => BTreeMap::new(),
    };
    let properties = match delivery.properties.get("WriterProps") {
        Some(KnownValue::Map(properties)) => properties,
        Some(_) | None => return,
    };
    let region = properties.get("region").and_then(KnownValue::as_str);
    let region = region.map_or_else(|| environment.region.clone(), Region::from);
    let there = Environment { region: region.clone(), ..environment.clone() };
    let scopes = Scopes::of(&there);
    let view = &mut View { inventory: &mut *view.inventory, region: &region, scopes: &scopes };
    let resource_type = ResourceType::from(PARAMETER);
    let writer = format!("{}/{}", delivery.stack_id, delivery.logical_id);
    for key in view.keys_by_token(&resource_type, &writer) {
        if !wanted.contains_key(&key) {
            view.remove(&resource_type, &key);
        }
    }
    for (name, text) in wanted {
        put(view, &resource_type, (&name, text), &writer);
    }
}

fn put(
    view: &mut View<'_>,
    resource_type: &ResourceType,
    (name, text): (&str, &str),
    writer: &str,
) {
    let properties = JsonMap::from_iter([
        ("Name".to_owned(), Json::from(name)),
        ("Type".to_owned(), Json::from("String")),
        ("Value".to_owned(), Json::from(text)),
    ]);
    let identifier = Identifier::from(name);
    let key = key_of(&identifier);
    if let Some(object) = view.get_mut(resource_type, &key) {
        let before = std::mem::replace(&mut object.properties, properties);
        parameter::changed(object, PARAMETER, &before);
        return;
    }
    let attributes = JsonMap::from_iter([
        ("Type".to_owned(), json!("String")),
        ("Value".to_owned(), Json::from(text)),
    ]);
    let object = StoredObject {
        identifier,
        physical_id: name.to_owned(),
        nonce: String::new(),
        token: writer.to_owned(),
        versions: parameter::first(resource_type, &properties),
        properties,
        attributes,
        polls_left: 0,
        former: Vec::new(),
        disabled: false,
        unseen: 0,
        secret: None,
    };
    view.insert(resource_type, &key, object);
}

/// The attributes of a reader; `None` if the resource is none.
pub(super) fn read(delivery: &Delivery) -> Option<JsonMap> {
    (delivery.resource_type.as_str() == CrossRegionExports::READER).then(|| {
        let imports = texts(&delivery.properties, "ReaderProps").into_iter();
        imports.map(|(name, text)| (name, Json::from(text))).collect()
    })
}

/// The texts by name that a writer exports or a reader imports.
fn texts<'a>(properties: &'a KnownMap, part: &str) -> BTreeMap<String, &'a str> {
    let Some(KnownValue::Map(properties)) = properties.get(part) else { return BTreeMap::new() };
    let all = properties.get("exports").or_else(|| properties.get("imports"));
    let Some(KnownValue::Map(all)) = all else { return BTreeMap::new() };
    all.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?))).collect()
}
