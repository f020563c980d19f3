//! The particulars of MediaPackage V2: the form of its domains and URLs.

use serde_json::{Value as Json, json};

use crate::derive::Derivation;
use crate::id_context::IdContext;
use crate::redaction::JsonMap;

/// The lists of manifests, and the end of a manifest's URL after its name.
const MANIFESTS: [(&str, &str); 4] = [
    ("DashManifest", ".mpd"),
    ("HlsManifest", ".m3u8"),
    ("LowLatencyHlsManifest", ".m3u8"),
    ("MssManifest", ".ism/Manifest"),
];

/// The attributes that have a form of their own.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    match context.resource_type.as_str() {
        "AWS::MediaPackageV2::ChannelGroup" => {
            out.insert("EgressDomain".to_owned(), domain(context, "egress").into());
        }
        "AWS::MediaPackageV2::Channel" => {
            let urls = [1, 2].map(|number| ingest(context, number));
            let endpoint =
                |(number, url): (usize, &String)| json!({"Id": number.to_string(), "Url": url});
            let endpoints = (1..).zip(&urls).map(endpoint).collect();
            out.insert("IngestEndpoints".to_owned(), Json::Array(endpoints));
            out.insert("IngestEndpointUrls".to_owned(), json!(urls));
            // No other channel of the sandbox shows this one.
            out.insert("AttachedMultiviewChannels".to_owned(), json!([]));
        }
        "AWS::MediaPackageV2::OriginEndpoint" => {
            for (kind, end) in MANIFESTS {
                let list = context.properties.get(&format!("{kind}s")).and_then(Json::as_array);
                let name =
                    |manifest: &Json| Some(manifest.get("ManifestName")?.as_str()?.to_owned());
                let names = list.into_iter().flatten().filter_map(name);
                let urls = names.map(|name| url(context, &format!("{name}{end}"))).collect();
                out.insert(format!("{kind}Urls"), Json::Array(urls));
            }
        }
        _ => {}
    }
}

/// The host of a channel group, which all of its channels and endpoints share.
fn domain(context: &IdContext<'_>, kind: &str) -> String {
    let environment = context.environment;
    let (seed, region) = (context.seed.to_string(), environment.region.as_str());
    let group = context.text("ChannelGroupName").unwrap_or_default();
    let mut derived = Derivation::new(&[&seed, region, "mediapackagev2 host", group]);
    let (host, cell) = (derived.hex(8), derived.hex(6));
    let suffix = environment.partition.url_suffix();
    format!("{host}.{kind}.{cell}.mediapackagev2.{region}.{suffix}")
}

/// One of the two places that a channel takes its stream at.
fn ingest(context: &IdContext<'_>, number: usize) -> String {
    let group = context.text("ChannelGroupName").unwrap_or_default();
    let channel = context.text("ChannelName").unwrap_or_default();
    let host = domain(context, &format!("{number}.ingest"));
    format!("https://{host}/in/v1/{group}/{number}/{channel}/index")
}

/// The URL of a manifest of an endpoint.
fn url(context: &IdContext<'_>, manifest: &str) -> Json {
    let text = |name| context.text(name).unwrap_or_default();
    let (group, channel) = (text("ChannelGroupName"), text("ChannelName"));
    let (host, endpoint) = (domain(context, "egress"), text("OriginEndpointName"));
    format!("https://{host}/out/v1/{group}/{channel}/{endpoint}/{manifest}").into()
}
