//! From a service's description of an object to what the engine sees of it.

use rstack_catalog::TypeSchema;
use rstack_driver::{DriverError, ErrorKind, Object};
use rstack_model::{KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::identity::identifier;
use super::tags;
use crate::definition::{Attribute, TypeDefinition};
use crate::mapping::Mapper;

/// An answer without what is never kept.
pub(super) fn without_withheld(kind: &TypeDefinition, mut members: KnownMap) -> KnownMap {
    let names: Vec<&str> =
        kind.file.withheld.iter().flat_map(|entry| &entry.members).map(String::as_str).collect();
    withhold(&mut members, &names);
    members
}

fn withhold(members: &mut KnownMap, names: &[&str]) {
    members.retain(|name, _| !names.contains(&name.as_str()));
    members.values_mut().for_each(|value| withhold_in(value, names));
}

fn withhold_in(value: &mut KnownValue, names: &[&str]) {
    match value {
        KnownValue::Map(map) => withhold(map, names),
        KnownValue::List(items) => items.iter_mut().for_each(|item| withhold_in(item, names)),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => {}
    }
}

/// The object that an answer describes.
///
/// # Errors
/// If the answer does not name the object.
pub(super) fn object(
    kind: &TypeDefinition,
    mapper: &Mapper<'_>,
    schema: &TypeSchema,
    members: KnownMap,
    operation: &str,
) -> Result<Object, DriverError> {
    let identifier = identifier(kind, &members).ok_or_else(|| {
        let names: Vec<_> = kind.file.identifier.names().map(String::as_str).collect();
        let message = format!("the answer lacks `{}`", names.join("` or `"));
        DriverError::new(ErrorKind::UnknownOutcome, operation, message)
    })?;
    // `Ref` of every type that is data returns the identifier, parts joined.
    let physical_id = PhysicalId::new(identifier.to_string());
    let members = match kind.tags {
        Some(tags) => tags::without_hidden(tags, members),
        None => members,
    };
    let mut properties = mapper.from_members(&members, schema, schema.root());
    let mut attributes = KnownMap::new();
    for attribute in &kind.file.attributes {
        let value = match &attribute.member {
            Some(place) => every(&members, place),
            None => places(attribute).find_map(|place| at(&properties, place)).cloned(),
        };
        attributes.extend(value.map(|value| (attribute.name.clone(), value)));
    }
    properties.retain(|name, _| !schema.is_read_only(&PropertyPath::root().name(name)));
    properties.retain(|name, _| !kind.file.attributes.iter().any(|it| it.hides(name)));
    Ok(Object { identifier, physical_id, properties, attributes })
}

/// The value at a place of a description. With a step `*` it is the list of the values below every
/// element that has one; `None` if there is no such value.
fn every(members: &KnownMap, place: &str) -> Option<KnownValue> {
    let mut found = vec![KnownValue::Map(members.clone())];
    let mut is_list = false;
    for step in place.split('/') {
        let below = found.iter().flat_map(|value| match (step, value) {
            ("*", KnownValue::List(items)) => items.clone(),
            _ => value.get(step).cloned().into_iter().collect(),
        });
        found = below.filter(|value| *value != KnownValue::Null).collect();
        is_list |= step == "*";
    }
    if is_list && !found.is_empty() { Some(KnownValue::List(found)) } else { found.pop() }
}

/// The places of an attribute.
fn places(attribute: &Attribute) -> impl Iterator<Item = &str> {
    let own = attribute.from.is_empty().then_some(attribute.name.as_str());
    attribute.from.iter().map(String::as_str).chain(own)
}

/// The value at a place of the tree, if there is one.
fn at<'a>(properties: &'a KnownMap, place: &str) -> Option<&'a KnownValue> {
    let mut steps = place.split('/');
    let first = properties.get(steps.next()?)?;
    let found = steps.try_fold(first, |value, step| match value.as_list() {
        Some(items) => items.get(step.parse::<usize>().ok()?),
        None => value.get(step),
    })?;
    let empty = matches!(found, KnownValue::Null) || found.as_str() == Some("");
    (!empty).then_some(found)
}
