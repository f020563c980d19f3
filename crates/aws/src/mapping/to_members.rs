//! From properties to members.

use std::collections::BTreeMap;

use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::rules::ShapeRules;
use super::{Mapper, MappingError, scalar};
use crate::model::{Member, Shape, ShapeKind};

type Members = BTreeMap<String, Member>;

/// The members of a structure.
pub(super) fn structure(
    mapper: &Mapper<'_>,
    shape: &str,
    properties: &KnownMap,
    path: &PropertyPath,
) -> Result<KnownMap, MappingError> {
    let Some(members) = shape_of(mapper, shape, path)?.members() else {
        return Err(MappingError::new(path, "cannot be given as a map"));
    };
    let rules = mapper.rules.of(shape);
    let mut out = KnownMap::new();
    let mut nested = Vec::new();
    for (property, given) in properties {
        if rules.omits(property) || *given == KnownValue::Null {
            continue;
        }
        let path = path.name(property);
        if let Some(row) = rules.nested.iter().find(|row| row.property == property) {
            nested.push((row, given, path));
            continue;
        }
        let Some((name, member)) = find(members, &rules, property) else {
            return Err(MappingError::new(&path, "is not a setting that the service has"));
        };
        let given = if rules.is_single(property) { only(given, &path)? } else { given };
        out.insert(name.clone(), value(mapper, &member.shape, given, &path)?);
    }
    complete(mapper, members, &rules, &mut out, path)?;
    for (row, given, path) in nested {
        let Some(KnownValue::Map(outer)) = out.get_mut(row.outer) else {
            let problem = format!("can be given only beside `{}`", row.outer);
            return Err(MappingError::new(&path, problem));
        };
        let shape = members.get(row.outer).map(|member| member.shape.as_str());
        let inner = shape
            .and_then(|shape| mapper.model.shape(shape).and_then(Shape::members)?.get(row.inner));
        let Some(inner) = inner else {
            return Err(MappingError::new(&path, "is not a setting that the service has"));
        };
        outer.insert(row.inner.to_owned(), value(mapper, &inner.shape, given, &path)?);
    }
    Ok(out)
}

/// The member of a property: by rule, by name, or by name but for the case of its letters.
fn find<'m>(
    members: &'m Members,
    rules: &ShapeRules,
    property: &str,
) -> Option<(&'m String, &'m Member)> {
    let name = rules.member_of(property).unwrap_or(property);
    members
        .get_key_value(name)
        .or_else(|| members.iter().find(|(member, _)| member.eq_ignore_ascii_case(name)))
}

/// The one element of a list.
fn only<'a>(given: &'a KnownValue, path: &PropertyPath) -> Result<&'a KnownValue, MappingError> {
    match given.as_list() {
        Some([only]) => Ok(only),
        Some(_) | None => Err(MappingError::new(path, "must be a list of one element")),
    }
}

/// Adds what a request must spell out: defaults, and the count of a wrapped list.
fn complete(
    mapper: &Mapper<'_>,
    members: &Members,
    rules: &ShapeRules,
    out: &mut KnownMap,
    path: &PropertyPath,
) -> Result<(), MappingError> {
    for row in rules.fills {
        let Some(member) = members.get(row.member).filter(|_| row.applies(out)) else { continue };
        let given = match row.value.value(out) {
            Some(given) => given,
            None => empty(shape_of(mapper, &member.shape, path)?),
        };
        let filled = value(mapper, &member.shape, &given, &path.name(row.member))?;
        out.insert(row.member.to_owned(), filled);
    }
    if members.contains_key("Quantity") && members.contains_key("Items") {
        let count = out.get("Items").and_then(KnownValue::as_list).map_or(0, <[_]>::len);
        if count == 0 {
            out.remove("Items");
        }
        out.insert("Quantity".to_owned(), KnownValue::Number(count.into()));
        if members.contains_key("Enabled") {
            out.insert("Enabled".to_owned(), KnownValue::from(count > 0));
        }
    }
    Ok(())
}

fn empty(shape: &Shape) -> KnownValue {
    match &shape.kind {
        ShapeKind::List { .. } => KnownValue::List(Vec::new()),
        ShapeKind::Structure { .. }
        | ShapeKind::Map { .. }
        | ShapeKind::String
        | ShapeKind::Boolean
        | ShapeKind::Integer
        | ShapeKind::Long
        | ShapeKind::Float
        | ShapeKind::Double
        | ShapeKind::Timestamp
        | ShapeKind::Blob => KnownValue::Map(KnownMap::new()),
    }
}

fn shape_of<'a>(
    mapper: &Mapper<'a>,
    shape: &str,
    path: &PropertyPath,
) -> Result<&'a Shape, MappingError> {
    let found = mapper.model.shape(shape);
    found.ok_or_else(|| MappingError::new(path, format!("has no shape `{shape}` in the model")))
}

fn value(
    mapper: &Mapper<'_>,
    shape_name: &str,
    given: &KnownValue,
    path: &PropertyPath,
) -> Result<KnownValue, MappingError> {
    let shape = shape_of(mapper, shape_name, path)?;
    match (&shape.kind, given) {
        (ShapeKind::Structure { .. }, KnownValue::Map(map)) => {
            Ok(KnownValue::Map(structure(mapper, shape_name, map, path)?))
        }
        (ShapeKind::Structure { members }, KnownValue::List(_))
            if members.contains_key("Items") =>
        {
            wrapped(mapper, shape_name, members, given, path)
        }
        (ShapeKind::List { member }, KnownValue::List(items)) => {
            let items = items.iter().enumerate();
            let converted =
                items.map(|(i, item)| value(mapper, &member.shape, item, &path.index(i)));
            Ok(KnownValue::List(converted.collect::<Result<_, _>>()?))
        }
        (ShapeKind::Map { value: member, .. }, KnownValue::Map(map)) => {
            let entries = map.iter().filter(|(_, given)| **given != KnownValue::Null);
            let converted = entries.map(|(key, given)| {
                Ok((key.clone(), value(mapper, &member.shape, given, &path.name(key))?))
            });
            Ok(KnownValue::Map(converted.collect::<Result<_, _>>()?))
        }
        (ShapeKind::Map { value: member, .. }, KnownValue::List(items)) => {
            pairs(mapper, member, items, path)
        }
        (kind, _) => scalar::to_shape(kind, given)
            .map_err(|expected| MappingError::new(path, format!("must be {expected}"))),
    }
}

/// A list becomes `{Quantity, Items}`, and what else the wrapper has.
fn wrapped(
    mapper: &Mapper<'_>,
    shape: &str,
    members: &Members,
    list: &KnownValue,
    path: &PropertyPath,
) -> Result<KnownValue, MappingError> {
    let mut out = KnownMap::new();
    if let Some(items) = members.get("Items") {
        out.insert("Items".to_owned(), value(mapper, &items.shape, list, path)?);
    }
    complete(mapper, members, &mapper.rules.of(shape), &mut out, path)?;
    Ok(KnownValue::Map(out))
}

/// A list of `Key` and `Value` becomes a map.
fn pairs(
    mapper: &Mapper<'_>,
    member: &Member,
    items: &[KnownValue],
    path: &PropertyPath,
) -> Result<KnownValue, MappingError> {
    let mut out = KnownMap::new();
    for (i, item) in items.iter().enumerate() {
        let path = path.index(i);
        let key = item.get("Key").and_then(KnownValue::as_str);
        let (Some(key), Some(given)) = (key, item.get("Value")) else {
            return Err(MappingError::new(&path, "must have a `Key` and a `Value`"));
        };
        out.insert(key.to_owned(), value(mapper, &member.shape, given, &path.name("Value"))?);
    }
    Ok(KnownValue::Map(out))
}
