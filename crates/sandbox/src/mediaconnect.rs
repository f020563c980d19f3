//! The particulars of MediaConnect: a source listens at the port that was asked for.

use serde_json::Value as Json;

use crate::id_context::IdContext;
use crate::redaction::JsonMap;

/// The attributes that have a form of their own.
pub(crate) fn attributes(context: &IdContext<'_>, out: &mut JsonMap) {
    let port = |source: Option<&Json>| source?.get("IngestPort").cloned();
    match context.resource_type.as_str() {
        "AWS::MediaConnect::Flow" => {
            let port = port(context.properties.get("Source"));
            if let (Some(port), Some(Json::Object(source))) = (port, out.get_mut("Source")) {
                source.insert("SourceIngestPort".to_owned(), text(port));
            }
        }
        "AWS::MediaConnect::FlowSource" => {
            let port = context.properties.get("IngestPort").cloned();
            out.extend(port.map(|port| ("SourceIngestPort".to_owned(), text(port))));
        }
        _ => {}
    }
}

/// The registry has the port of an attribute as text.
fn text(port: Json) -> Json {
    match port {
        Json::Number(number) => Json::from(number.to_string()),
        other => other,
    }
}
