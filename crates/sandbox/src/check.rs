//! Checking what a call sends against the type's schema, and comparing it with what is there.

use rstack_catalog::{
    TypeSchema, Violation, ViolationKind, normal_text, service_default, validate,
};
use rstack_driver::ErrorKind;
use rstack_model::value::redacted_map;
use rstack_model::{KnownMap, KnownValue, PathSegment, PropertyPath};
use serde_json::Value as Json;

use crate::custom;
use crate::inventory::View;
use crate::redaction::{JsonMap, Redactor, is_secret};
use crate::rules::Refusal;

/// The properties without those for which `leave_out` holds, at any depth.
pub(crate) fn without(
    properties: &KnownMap,
    leave_out: &dyn Fn(&PropertyPath) -> bool,
) -> KnownMap {
    map_without(properties, &PropertyPath::root(), leave_out)
}

fn map_without(
    map: &KnownMap,
    path: &PropertyPath,
    leave_out: &dyn Fn(&PropertyPath) -> bool,
) -> KnownMap {
    let kept = map.iter().filter_map(|(key, value)| {
        let path = path.name(key);
        (!leave_out(&path)).then(|| (key.clone(), value_without(value, &path, leave_out)))
    });
    kept.collect()
}

fn value_without(
    value: &KnownValue,
    path: &PropertyPath,
    leave_out: &dyn Fn(&PropertyPath) -> bool,
) -> KnownValue {
    match value {
        KnownValue::Map(map) => KnownValue::Map(map_without(map, path, leave_out)),
        KnownValue::List(list) => {
            let items = list.iter().enumerate();
            KnownValue::List(
                items.map(|(i, item)| value_without(item, &path.index(i), leave_out)).collect(),
            )
        }
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => value.clone(),
    }
}

/// The properties that a call sends, with every name in the clear: a service keeps and shows what
/// identifies an object, also where the template calls it a secret.
pub(crate) fn named(schema: &TypeSchema, mut sent: KnownMap) -> KnownMap {
    for path in schema.identifying() {
        let mut segments = path.segments().iter();
        let Some(PathSegment::Name(top)) = segments.next() else { continue };
        let place = segments.fold(sent.get_mut(top), |place, segment| match (place?, segment) {
            (KnownValue::Map(map), PathSegment::Name(name)) => map.get_mut(name),
            (KnownValue::List(list), PathSegment::Index(index)) => list.get_mut(*index),
            _ => None,
        });
        if let Some(place) = place
            && let KnownValue::Secret(secret) = place
        {
            *place = KnownValue::from(secret.expose());
        }
    }
    sent
}

/// The properties that a call sends, checked and in the form they are kept in. Properties that only
/// the service sets are passed over, as they are by CloudFormation; nulls are as good as absent.
/// Texts of write-only properties are kept as marks: no caller ever reads them again.
///
/// A text that the sandbox has invented for a custom resource is taken in every form: the handler would have
/// returned a better one.
pub(crate) fn accepted(
    schema: &TypeSchema,
    view: &View<'_>,
    properties: &KnownMap,
) -> Result<JsonMap, Refusal> {
    let redactor = Redactor { key: view.key() };
    let mut sent = named(schema, without(properties, &|path| schema.is_read_only(path)));
    sent.retain(|_, value| !matches!(value, KnownValue::Null));
    let mut violations = validate(schema, &redacted_map(&sent)).into_iter();
    if let Some(violation) = violations.find(|it| !is_of_invention(view, &sent, it)) {
        let place = violation.path.to_string();
        let kind = ErrorKind::Invalid { property: Some(violation.path) };
        let help = violation.kind.help().map(|help| format!("; {help}")).unwrap_or_default();
        let message = match place.as_str() {
            "" => format!("{}{help}", violation.kind),
            place => format!("`{place}`: {}{help}", violation.kind),
        };
        return Err(Refusal::new(kind, "ValidationException", message));
    }
    let mut kept = redactor.redact_map(&sent);
    for (name, value) in &mut kept {
        if schema.is_write_only(&PropertyPath::root().name(name)) {
            *value = redactor.mark(&value.to_string());
        }
    }
    Ok(kept)
}

/// True if the form of a text is at fault, and the text, or a part of it, was invented.
fn is_of_invention(view: &View<'_>, sent: &KnownMap, violation: &Violation) -> bool {
    let of_form = match violation.kind {
        ViolationKind::Kind { .. }
        | ViolationKind::NotAllowed { .. }
        | ViolationKind::Pattern { .. }
        | ViolationKind::Bounds { .. }
        | ViolationKind::Form { .. } => true,
        ViolationKind::Unknown { .. }
        | ViolationKind::ReadOnly { .. }
        | ViolationKind::Missing { .. }
        | ViolationKind::Together { .. } => false,
    };
    let text = at(sent, &violation.path).and_then(KnownValue::as_str).filter(|_| of_form);
    text.is_some_and(|text| custom::is_invented(view, text))
}

/// The value at a path.
fn at<'a>(map: &'a KnownMap, path: &PropertyPath) -> Option<&'a KnownValue> {
    let mut segments = path.segments().iter();
    let Some(PathSegment::Name(first)) = segments.next() else { return None };
    segments.try_fold(map.get(first)?, |value, segment| match (value, segment) {
        (KnownValue::Map(map), PathSegment::Name(name)) => map.get(name),
        (KnownValue::List(list), PathSegment::Index(index)) => list.get(*index),
        _ => None,
    })
}

/// The first path that cannot be changed in place and that these properties change. What they
/// leave out is not a change: it stays as it is.
pub(crate) fn changed_create_only(
    schema: &TypeSchema,
    before: &JsonMap,
    after: &JsonMap,
) -> Option<PropertyPath> {
    let root = PropertyPath::root();
    after.iter().find_map(|(key, value)| {
        let before = before.get(key).unwrap_or(&Json::Null);
        changed(schema, &root.name(key), before, value)
    })
}

fn changed(
    schema: &TypeSchema,
    path: &PropertyPath,
    before: &Json,
    after: &Json,
) -> Option<PropertyPath> {
    if same(schema, path, before, after) {
        return None;
    }
    if schema.is_fixed(path) {
        // What is declared as it is without being declared is no change.
        let default = service_default(schema.name(), path).filter(|_| before.is_null());
        let stays = default.is_some_and(|default| same(schema, path, &default, after));
        return (!stays).then(|| path.clone());
    }
    match (before, after) {
        (Json::Object(b), Json::Object(a)) if !is_secret(before) && !is_secret(after) => {
            a.iter().find_map(|(key, after)| {
                changed(schema, &path.name(key), b.get(key).unwrap_or(&Json::Null), after)
            })
        }
        // A list that grows or shrinks, or whose order has no meaning, changes as a whole.
        (Json::Array(b), Json::Array(a)) if a.len() == b.len() && !schema.is_set(path) => {
            a.iter().enumerate().find_map(|(i, after)| {
                changed(schema, &path.index(i), b.get(i).unwrap_or(&Json::Null), after)
            })
        }
        _ => None,
    }
}

/// True if two values are the same to the type: scalars by their text, sets in any order, a JSON
/// document given as text or as a tree.
fn same(schema: &TypeSchema, path: &PropertyPath, a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(x), Json::Array(y)) if x.len() == y.len() => {
            if !schema.is_set(path) {
                let pairs = x.iter().zip(y).enumerate();
                return pairs.into_iter().all(|(i, (x, y))| same(schema, &path.index(i), x, y));
            }
            let mut left: Vec<&Json> = y.iter().collect();
            x.iter().all(|x| {
                let found = left.iter().position(|y| same(schema, &path.index(0), x, y));
                found.map(|at| left.swap_remove(at)).is_some()
            })
        }
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len()
                && x.iter()
                    .all(|(key, x)| y.get(key).is_some_and(|y| same(schema, &path.name(key), x, y)))
        }
        (Json::String(text), tree @ Json::Object(_))
        | (tree @ Json::Object(_), Json::String(text)) => {
            serde_json::from_str::<Json>(text).is_ok_and(|parsed| parsed == *tree)
        }
        (Json::String(x), Json::String(y)) => {
            let normal = |text: &String| normal_text(schema.name(), path, text);
            x == y || normal(x).is_some_and(|x| normal(y) == Some(x))
        }
        _ => a == b || scalar(a).is_some_and(|text| scalar(b) == Some(text)),
    }
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::Bool(b) => Some(b.to_string()),
        Json::Number(n) => Some(n.to_string()),
        Json::String(s) => Some(s.clone()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Puts a value at a path of kept properties; `None` takes it away. Says whether there is such a
/// place.
pub(crate) fn set(properties: &mut JsonMap, path: &PropertyPath, value: Option<Json>) -> bool {
    let Some((last, rest)) = path.segments().split_last() else { return false };
    let Some((PathSegment::Name(top), inner)) = rest.split_first() else {
        return match (last, value) {
            (PathSegment::Name(name), Some(value)) => {
                properties.insert(name.clone(), value);
                true
            }
            (PathSegment::Name(name), None) => properties.remove(name).is_some(),
            (PathSegment::Index(_), _) => false,
        };
    };
    let mut place = properties.get_mut(top);
    for segment in inner {
        place = match segment {
            PathSegment::Name(name) => place.and_then(|place| place.get_mut(name)),
            PathSegment::Index(index) => place.and_then(|place| place.get_mut(index)),
        };
    }
    match (place, last, value) {
        (Some(Json::Object(map)), PathSegment::Name(name), Some(value)) => {
            map.insert(name.clone(), value);
            true
        }
        (Some(Json::Object(map)), PathSegment::Name(name), None) => map.remove(name).is_some(),
        (Some(Json::Array(list)), PathSegment::Index(index), Some(value)) => {
            list.get_mut(*index).map(|item| *item = value).is_some()
        }
        (Some(Json::Array(list)), PathSegment::Index(index), None) if *index < list.len() => {
            list.remove(*index);
            true
        }
        _ => false,
    }
}
