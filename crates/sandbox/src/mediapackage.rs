//! The particulars of MediaPackage v1: the form of its URLs, and that endpoints need a channel.

use rstack_driver::ErrorKind;
use rstack_model::{PropertyPath, ResourceType};
use serde_json::{Value as Json, json};

use crate::derive::Derivation;
use crate::id_context::IdContext;
use crate::index::Facet;
use crate::inventory::View;
use crate::redaction::JsonMap;
use crate::rules::Refusal;

const CHANNEL: &str = "AWS::MediaPackage::Channel";
pub(crate) const ENDPOINT: &str = "AWS::MediaPackage::OriginEndpoint";

/// The attributes that have a form of their own.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    match context.resource_type.as_str() {
        CHANNEL => {
            let ingest = json!({"ingestEndpoints": [ingest(context, 1), ingest(context, 2)]});
            out.insert("HlsIngest".to_owned(), ingest);
        }
        ENDPOINT => {
            out.insert("Url".to_owned(), Json::from(url(context)));
        }
        _ => {}
    }
}

fn domain(context: &IdContext<'_>) -> String {
    let environment = context.environment;
    format!("mediapackage.{}.{}", environment.region, environment.partition.url_suffix())
}

/// One of the two places a channel takes its stream at. Its user name and password stay untold.
fn ingest(context: &IdContext<'_>, number: usize) -> Json {
    let mut derived = context.derive(&format!("ingest {number}"));
    let (host, id, domain) = (derived.hex(16), derived.hex(32), domain(context));
    json!({"Id": id, "Url": format!("https://{host}.{domain}/in/v2/{id}/{id}/channel")})
}

/// All endpoints of a channel share their host; each has a path of its own.
fn url(context: &IdContext<'_>) -> String {
    let channel = context.text("ChannelId").unwrap_or_default();
    let (seed, region) = (context.seed.to_string(), context.environment.region.as_str());
    let host = Derivation::new(&[&seed, region, "mediapackage host", channel]).hex(12);
    let root = format!("https://{host}.{}/out/v1/{}", domain(context), path_id(context));
    let name = context.text("ManifestName").filter(|name| !name.is_empty()).unwrap_or("index");
    if context.properties.contains_key("DashPackage") {
        return format!("{root}/{name}.mpd");
    }
    if context.properties.contains_key("MssPackage") {
        return format!("{root}/{name}.ism/Manifest");
    }
    let manifests = context.properties.get("CmafPackage").and_then(|cmaf| cmaf.get("HlsManifests"));
    if let Some(first) = manifests.and_then(|manifests| manifests.get(0)) {
        let text = |key: &str| first.get(key).and_then(Json::as_str).filter(|t| !t.is_empty());
        let (id, name) = (text("Id").unwrap_or("hls"), text("ManifestName").unwrap_or("index"));
        return format!("{root}/{id}/{name}.m3u8");
    }
    format!("{root}/{name}.m3u8")
}

fn path_id(context: &IdContext<'_>) -> String {
    context.derive("path").hex(32)
}

/// The channel that an endpoint's properties name.
pub(crate) fn channel_of(properties: &JsonMap) -> impl Iterator<Item = &str> {
    properties.get("ChannelId").and_then(Json::as_str).into_iter()
}

/// Refuses an endpoint that has no channel. That it has exactly one package is a rule of the catalog.
pub(crate) fn before_write(
    view: &View<'_>,
    resource_type: &ResourceType,
    properties: &JsonMap,
) -> Result<(), Refusal> {
    if resource_type.as_str() != ENDPOINT {
        return Ok(());
    }
    let channel = properties.get("ChannelId").and_then(Json::as_str).unwrap_or_default();
    if view.get(&ResourceType::from(CHANNEL), channel).is_none() {
        let message = format!("there is no channel `{channel}`");
        let path = PropertyPath::root().name("ChannelId");
        return Err(Refusal::invalid(path, "UnprocessableEntityException", message));
    }
    Ok(())
}

/// Refuses to delete a channel that has endpoints.
pub(crate) fn before_delete(
    view: &View<'_>,
    resource_type: &ResourceType,
    id: &str,
) -> Result<(), Refusal> {
    if resource_type.as_str() != CHANNEL {
        return Ok(());
    }
    let endpoints = view.having(&ResourceType::from(ENDPOINT), &Facet::Channel, id);
    match endpoints.first() {
        Some(endpoint) => {
            let message = format!("the channel `{id}` still has the endpoint `{endpoint}`");
            Err(Refusal::new(ErrorKind::Conflict, "UnprocessableEntityException", message))
        }
        None => Ok(()),
    }
}
