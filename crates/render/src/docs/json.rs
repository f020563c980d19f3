//! The documentation of types as JSON.

use rstack_catalog::{Handler, Property, Provisioning, SchemaPath, UpdateKind};
use rstack_model::PropertyPath;
use serde_json::{Map, Value, json};

use super::TypeDocs;

/// A type with its properties, all levels to the chosen depth.
pub fn type_json(docs: &TypeDocs<'_>) -> Value {
    let reference = docs.schema.ref_identifier().iter().map(SchemaPath::to_string);
    let attributes = docs.schema.attributes();
    let attributes: Vec<Value> = attributes.iter().map(|name| attribute_json(docs, name)).collect();
    let permissions: Map<String, Value> = docs
        .documentation
        .permissions()
        .iter()
        .map(|(handler, actions)| (handler.name().to_owned(), json!(actions)))
        .collect();
    let all = Property::all(docs.schema, docs.documentation);
    let time_limits: Map<String, Value> = [Handler::Create, Handler::Update, Handler::Delete]
        .into_iter()
        .filter_map(|handler| {
            Some((handler.name().to_owned(), docs.schema.time_limit(handler)?.into()))
        })
        .collect();
    let tags = docs.schema.tag_property();
    let tags = tags.map(|name| docs.schema.update_kind(&PropertyPath::root().name(name)));
    json!({
        "type": docs.schema.name(),
        "text": docs.documentation.about(),
        "ref": reference.collect::<Vec<_>>(),
        "arn": docs.schema.arn_template(),
        "stateful": docs.schema.is_stateful(),
        "driver": docs.served.name(),
        "tags": docs.schema.tag_property(),
        "tagsAtCreation": docs.documentation.tags_at_creation(),
        "tagsChangeInPlace": tags.map(|kind| kind == UpdateKind::InPlace),
        "provisioning": match docs.schema.provisioning() {
            Provisioning::FullyMutable => "fully-mutable",
            Provisioning::Immutable => "immutable",
            Provisioning::NonProvisionable => "non-provisionable",
        },
        "timeLimitMinutes": time_limits,
        "properties": list(&all, docs.depth),
        "attributes": attributes,
        "permissions": permissions,
    })
}

/// An attribute.
pub fn attribute_json(docs: &TypeDocs<'_>, name: &str) -> Value {
    json!({
        "name": name,
        "text": docs.documentation.attribute(name),
        "secret": docs.schema.is_secret_attribute(name),
    })
}

/// A property with those in it.
pub fn property_json(property: &Property<'_>, depth: usize) -> Value {
    let inner = property.properties();
    let deeper = depth > 0 && !property.repeats();
    json!({
        "name": property.name(),
        "path": property.dotted(),
        "kind": property.kind(),
        "required": property.is_required(),
        "change": change_name(property),
        "replacedIf": property.update_rule().map(ToString::to_string),
        "values": property.allowed(),
        "bounds": property.bounds(),
        "pattern": property.pattern(),
        "default": property.default(),
        "set": property.is_set(),
        "writeOnly": property.is_write_only(),
        "deprecated": property.is_deprecated(),
        "text": property.text(),
        "properties": if deeper { list(&inner, depth) } else { Vec::new() },
    })
}

fn change_name(property: &Property<'_>) -> &'static str {
    if property.is_fixed() {
        return "refused";
    }
    property.update_kind().map_or("read-only", UpdateKind::name)
}

fn list(properties: &[Property<'_>], depth: usize) -> Vec<Value> {
    properties.iter().map(|property| property_json(property, depth.saturating_sub(1))).collect()
}
