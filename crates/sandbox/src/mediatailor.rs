//! The particulars of MediaTailor: the URLs of a playback configuration, which templates take apart for the
//! origins of a distribution.
//!
//! Source: MediaTailor API Reference, PlaybackConfiguration.

use serde_json::Value as Json;

use crate::attributes::put;
use crate::id_context::IdContext;
use crate::redaction::JsonMap;

/// The attributes that have a form of their own.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    if context.resource_type.as_str() != "AWS::MediaTailor::PlaybackConfiguration" {
        return;
    }
    let environment = context.environment;
    let (region, suffix) = (&environment.region, environment.partition.url_suffix());
    let mut derived = context.derive("playback");
    let (host, id) = (derived.hex(32), derived.hex(40));
    let host = format!("https://{host}.mediatailor.{region}.{suffix}");
    let name = context.name();
    let mut set = |path: &str, value: String| {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        put(out, &path, Json::from(value));
    };
    set("PlaybackEndpointPrefix", host.clone());
    for (path, kind) in [
        ("SessionInitializationEndpointPrefix", "session"),
        ("HlsConfiguration.ManifestEndpointPrefix", "master"),
        ("DashConfiguration.ManifestEndpointPrefix", "dash"),
    ] {
        set(path, format!("{host}/v1/{kind}/{id}/{name}/"));
    }
}
