//! From a provider's model to what the engine sees of an object.

use rstack_catalog::{SchemaPath, TypeSchema};
use rstack_driver::{DriverError, ErrorKind, Object};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath, SecretString};

use super::defaults;

/// The model in a description, as the read handler returns it.
///
/// # Errors
/// [`ErrorKind::UnknownOutcome`] if the answer has none.
pub(super) fn model(answer: &KnownMap, operation: &str) -> Result<KnownMap, DriverError> {
    let text = answer
        .get("ResourceDescription")
        .and_then(|description| description.get("Properties"))
        .and_then(KnownValue::expose_str);
    let map = text.and_then(parsed);
    map.ok_or_else(|| {
        let message = "the answer has no properties that can be understood";
        DriverError::new(ErrorKind::UnknownOutcome, operation, message)
    })
}

/// The map in a JSON text.
pub(super) fn parsed(text: &str) -> Option<KnownMap> {
    match KnownValue::from_json(serde_json::from_str(text).ok()?) {
        KnownValue::Map(map) => Some(map),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_) => None,
    }
}

/// The identifier that Cloud Control writes so: the parts of one that has several are joined by `|`.
/// Where a part has a `|` of its own, the model tells the parts apart.
pub(super) fn identifier(schema: &TypeSchema, text: &str, model: &KnownMap) -> Identifier {
    let primary = schema.primary_identifier();
    if primary.len() < 2 {
        return Identifier::from(text);
    }
    let parts: Option<Vec<String>> = primary.iter().map(|path| text_at(model, path)).collect();
    match parts.filter(|parts| parts.join("|") == text) {
        Some(parts) => Identifier::new(parts),
        None => Identifier::parse(text),
    }
}

/// The identifier that properties declare; `None` if the service chooses a part of it.
pub(super) fn declared_identifier(schema: &TypeSchema, declared: &KnownMap) -> Option<Identifier> {
    let primary = schema.primary_identifier();
    let parts: Option<Vec<String>> = primary
        .iter()
        .map(|path| {
            let set_by_service = path.concrete().is_none_or(|path| schema.is_read_only(&path));
            if set_by_service { None } else { text_at(declared, path) }
        })
        .collect();
    parts.filter(|parts| !parts.is_empty()).map(Identifier::new)
}

/// The object with this identifier and model. `declared` are the properties last declared for it.
pub(super) fn object(
    schema: &TypeSchema,
    identifier: Identifier,
    model: KnownMap,
    declared: &KnownMap,
) -> Object {
    let physical_id = physical_id(schema, &identifier, &model);
    let mut attributes = KnownMap::new();
    let beside = schema.property_attributes().map(str::to_owned);
    for name in schema.attributes().into_iter().chain(beside) {
        let path = SchemaPath::parse(&name.replace('.', "/"));
        let value = value_at(&model, &path).cloned();
        let value = value.or_else(|| part(schema, &identifier, &path).map(KnownValue::from));
        if let Some(value) = value.filter(|value| *value != KnownValue::Null) {
            let secret = schema.is_secret_attribute(&name);
            attributes.insert(name, if secret { hidden(value) } else { value });
        }
    }
    let mut properties = readable(schema, &PropertyPath::root(), model);
    defaults::fill(schema, declared, &mut properties);
    Object { identifier, physical_id, properties, attributes }
}

/// The value of `Ref`.
fn physical_id(schema: &TypeSchema, identifier: &Identifier, model: &KnownMap) -> PhysicalId {
    let parts: Option<Vec<String>> = schema
        .ref_identifier()
        .iter()
        .map(|path| part(schema, identifier, path).or_else(|| text_at(model, path)))
        .collect();
    match parts.filter(|parts| !parts.is_empty()) {
        Some(parts) => PhysicalId::new(parts.join("|")),
        None => PhysicalId::new(identifier.to_string()),
    }
}

/// The part of an identifier that is the value at a path.
fn part(schema: &TypeSchema, identifier: &Identifier, path: &SchemaPath) -> Option<String> {
    let at = schema.primary_identifier().iter().position(|known| known == path)?;
    identifier.parts().get(at).cloned()
}

/// A model without write-only properties, which some providers return nevertheless, and without what
/// only the service sets.
fn readable(schema: &TypeSchema, path: &PropertyPath, map: KnownMap) -> KnownMap {
    let mut out = KnownMap::new();
    for (name, value) in map {
        let path = path.name(&name);
        if !schema.is_write_only(&path) && schema.takes(&path) {
            out.insert(name, readable_value(schema, &path, value));
        }
    }
    out
}

fn readable_value(schema: &TypeSchema, path: &PropertyPath, value: KnownValue) -> KnownValue {
    match value {
        KnownValue::Map(map) => KnownValue::Map(readable(schema, path, map)),
        KnownValue::List(items) => {
            let items = items.into_iter().enumerate();
            let items = items.map(|(at, item)| readable_value(schema, &path.index(at), item));
            KnownValue::List(items.collect())
        }
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => value,
    }
}

/// A value whose texts may not be shown.
fn hidden(value: KnownValue) -> KnownValue {
    match value {
        KnownValue::String(text) => KnownValue::Secret(SecretString::new(text)),
        KnownValue::List(items) => KnownValue::List(items.into_iter().map(hidden).collect()),
        KnownValue::Map(map) => {
            KnownValue::Map(map.into_iter().map(|(name, value)| (name, hidden(value))).collect())
        }
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::Secret(_) => {
            value
        }
    }
}

fn value_at<'a>(map: &'a KnownMap, path: &SchemaPath) -> Option<&'a KnownValue> {
    let (first, rest) = path.segments().split_first()?;
    rest.iter().try_fold(map.get(first)?, |value, segment| value.get(segment))
}

/// The scalar at a path, as text. A secret is none: nothing is named by one.
fn text_at(map: &KnownMap, path: &SchemaPath) -> Option<String> {
    match value_at(map, path)? {
        KnownValue::String(text) if !text.is_empty() => Some(text.clone()),
        KnownValue::Number(number) => Some(number.to_string()),
        KnownValue::Bool(it) => Some(it.to_string()),
        KnownValue::Null
        | KnownValue::String(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_)
        | KnownValue::Map(_) => None,
    }
}
