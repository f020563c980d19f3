//! Attributes that templates declare, too: `Fn::GetAtt` returns more than the registry's read-only
//! properties, and only the service specification says what.

use rstack_catalog::SchemaPath;
use serde_json::Value;

use super::overlay::Overlay;
use super::sources::{object, texts};

/// The attributes of the specification that the registry has as properties and does not list as
/// read-only, dotted; without those inside of another one.
pub(super) fn declared(schema: &Value, resource: &Value, overlay: &Overlay) -> Vec<String> {
    let read_only: Vec<SchemaPath> = texts(schema, "readOnlyProperties")
        .iter()
        .chain(&overlay.read_only())
        .map(|pointer| SchemaPath::parse(pointer))
        .collect();
    let mut found: Vec<&String> = object(resource, "attributes")
        .map(|(name, _)| name)
        .filter(|name| {
            let path = SchemaPath::parse(&name.replace('.', "/"));
            let under = |known: &SchemaPath| path.segments().starts_with(known.segments());
            let top = path.segments().first().is_some_and(|top| {
                schema.get("properties").and_then(|properties| properties.get(top)).is_some()
            });
            top && !read_only.iter().any(under)
        })
        .collect();
    found.sort();
    let mut out: Vec<String> = Vec::new();
    for name in found {
        let inside = |upper: &String| name.strip_prefix(upper).is_some_and(|r| r.starts_with('.'));
        if !out.iter().any(inside) {
            out.push(name.clone());
        }
    }
    out
}
