//! The check of an input before it is sent: unknown, missing and wrong members, by path.

use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::schemas::Schemas;
use super::{CodecError, present, scalar};
use crate::model::ShapeKind;

/// Checks the members of a structure.
pub(super) fn structure(
    schemas: &Schemas,
    shape: &str,
    values: &KnownMap,
    path: &PropertyPath,
) -> Result<(), CodecError> {
    let (_, shape) = schemas.shape(shape)?;
    let Some(members) = shape.members() else {
        return Err(CodecError::Kind { path: path.clone(), expected: "a scalar or a list" });
    };
    for (name, value) in present(values) {
        let path = path.name(name);
        match members.get(name) {
            None => return Err(CodecError::Unknown { path }),
            Some(member) => self::value(schemas, &member.shape, value, &path)?,
        }
    }
    for (name, member) in members.iter().filter(|(_, member)| member.required) {
        if matches!(values.get(name), None | Some(KnownValue::Null)) {
            return Err(CodecError::Missing { path: path.name(name) });
        }
        // An empty label would change which resource the path names.
        let empty = values.get(name).and_then(scalar::text).is_some_and(|text| text.is_empty());
        if member.location == crate::model::Location::Uri && empty {
            return Err(CodecError::Missing { path: path.name(name) });
        }
    }
    Ok(())
}

fn value(
    schemas: &Schemas,
    shape: &str,
    value: &KnownValue,
    path: &PropertyPath,
) -> Result<(), CodecError> {
    let (_, found) = schemas.shape(shape)?;
    let wrong = |expected| CodecError::Kind { path: path.clone(), expected };
    let (right, expected) = match &found.kind {
        ShapeKind::Structure { .. } => match value.as_map() {
            Some(values) => return structure(schemas, shape, values, path),
            None => (false, "a map"),
        },
        ShapeKind::List { member } => {
            let items = value.as_list().ok_or_else(|| wrong("a list"))?;
            for (index, item) in items.iter().enumerate() {
                self::value(schemas, &member.shape, item, &path.index(index))?;
            }
            (true, "a list")
        }
        ShapeKind::Map { value: member, .. } => {
            for (key, item) in value.as_map().ok_or_else(|| wrong("a map"))? {
                self::value(schemas, &member.shape, item, &path.name(key))?;
            }
            (true, "a map")
        }
        ShapeKind::String => (scalar::text(value).is_some(), "text"),
        ShapeKind::Blob if found.binary => (scalar::bytes(value, true).is_some(), "base64"),
        ShapeKind::Blob => (scalar::text(value).is_some(), "text"),
        ShapeKind::Boolean => (scalar::boolean(value).is_some(), "true or false"),
        ShapeKind::Integer => (scalar::integer(value).is_some(), "a whole number of 32 bits"),
        ShapeKind::Long => (scalar::long(value).is_some(), "a whole number"),
        ShapeKind::Float | ShapeKind::Double => (scalar::double(value).is_some(), "a number"),
        ShapeKind::Timestamp => {
            (scalar::time(value).is_some(), "a time such as 2026-01-02T03:04:05Z")
        }
    };
    if right { Ok(()) } else { Err(wrong(expected)) }
}
