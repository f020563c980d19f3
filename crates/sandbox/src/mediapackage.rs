//! What is particular to MediaPackage v1: the form of its URLs, and that endpoints need a channel.

use rstack_driver::ErrorKind;
use rstack_model::{PropertyPath, ResourceType};
use serde_json::{Value as Json, json};

use crate::chance::Chance;
use crate::index::Facet;
use crate::kept::JsonMap;
use crate::rules::Refusal;
use crate::subject::Subject;
use crate::world::View;

const CHANNEL: &str = "AWS::MediaPackage::Channel";
pub(crate) const ENDPOINT: &str = "AWS::MediaPackage::OriginEndpoint";
const PACKAGES: [&str; 4] = ["HlsPackage", "DashPackage", "CmafPackage", "MssPackage"];

/// The attributes that have a form of their own.
pub(crate) fn attributes(subject: &Subject<'_>, out: &mut JsonMap) {
    match subject.resource_type.as_str() {
        CHANNEL => {
            let ingest = json!({"ingestEndpoints": [ingest(subject, 1), ingest(subject, 2)]});
            out.insert("HlsIngest".to_owned(), ingest);
        }
        ENDPOINT => {
            out.insert("Url".to_owned(), Json::from(url(subject)));
        }
        _ => {}
    }
}

fn domain(subject: &Subject<'_>) -> String {
    let environment = subject.environment;
    format!("mediapackage.{}.{}", environment.region, environment.partition.url_suffix())
}

/// One of the two places a channel takes its stream at. Its user name and password stay untold.
fn ingest(subject: &Subject<'_>, number: usize) -> Json {
    let mut chance = subject.chance(&format!("ingest {number}"));
    let (host, id, domain) = (chance.hex(16), chance.hex(32), domain(subject));
    json!({"Id": id, "Url": format!("https://{host}.{domain}/in/v2/{id}/{id}/channel")})
}

/// All endpoints of a channel share their host; each has a path of its own.
fn url(subject: &Subject<'_>) -> String {
    let channel = subject.text("ChannelId").unwrap_or_default();
    let (seed, region) = (subject.seed.to_string(), subject.environment.region.as_str());
    let host = Chance::new(&[&seed, region, "mediapackage host", channel]).hex(12);
    let root = format!("https://{host}.{}/out/v1/{}", domain(subject), path_id(subject));
    let name = subject.text("ManifestName").filter(|name| !name.is_empty()).unwrap_or("index");
    if subject.properties.contains_key("DashPackage") {
        return format!("{root}/{name}.mpd");
    }
    if subject.properties.contains_key("MssPackage") {
        return format!("{root}/{name}.ism/Manifest");
    }
    let manifests = subject.properties.get("CmafPackage").and_then(|cmaf| cmaf.get("HlsManifests"));
    if let Some(first) = manifests.and_then(|manifests| manifests.get(0)) {
        let text = |key: &str| first.get(key).and_then(Json::as_str).filter(|t| !t.is_empty());
        let (id, name) = (text("Id").unwrap_or("hls"), text("ManifestName").unwrap_or("index"));
        return format!("{root}/{id}/{name}.m3u8");
    }
    format!("{root}/{name}.m3u8")
}

fn path_id(subject: &Subject<'_>) -> String {
    subject.chance("path").hex(32)
}

/// The channel that an endpoint's properties name.
pub(crate) fn channel_of(properties: &JsonMap) -> impl Iterator<Item = &str> {
    properties.get("ChannelId").and_then(Json::as_str).into_iter()
}

/// Refuses an endpoint that has no channel or not exactly one package.
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
    let packages = PACKAGES.iter().filter(|name| properties.contains_key(**name)).count();
    if packages != 1 {
        let message = format!("an endpoint has exactly one package, this one has {packages}");
        let kind = ErrorKind::Invalid { property: None };
        return Err(Refusal::new(kind, "UnprocessableEntityException", message));
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
