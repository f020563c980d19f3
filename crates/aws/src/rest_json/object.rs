//! From a service's description of an object to what the engine sees of it.

use rstack_catalog::TypeSchema;
use rstack_driver::{DriverError, ErrorKind, Object};
use rstack_model::{KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::{RestType, tags};
use crate::mapping::Mapper;

/// An answer without what is never kept.
pub(super) fn without_withheld(kind: &RestType, mut members: KnownMap) -> KnownMap {
    withhold(&mut members, kind.withheld);
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
    kind: &RestType,
    mapper: &Mapper<'_>,
    schema: &TypeSchema,
    members: KnownMap,
    operation: &str,
) -> Result<Object, DriverError> {
    let id = members.get(kind.identifier).and_then(KnownValue::as_str).ok_or_else(|| {
        let message = format!("the answer lacks `{}`", kind.identifier);
        DriverError::new(ErrorKind::UnknownOutcome, operation, message)
    })?;
    let physical_id = PhysicalId::new(id);
    let members = tags::without_hidden(members);
    let mut properties = mapper.from_members(&members, schema, schema.root());
    let mut attributes = KnownMap::new();
    for row in kind.attributes {
        let held = row.places.iter().find_map(|place| at(&properties, place));
        if let Some(value) = held {
            attributes.insert(row.name.to_owned(), value.clone());
        }
    }
    properties.retain(|name, _| !schema.is_read_only(&PropertyPath::root().name(name)));
    for row in kind.attributes {
        properties.remove(row.name);
    }
    Ok(Object::named(physical_id, properties, attributes))
}

/// What a place of the tree holds, if that is something.
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
