//! Names that stand in the way of a replacement.

use rstack_catalog::{NamePart, ObjectName, SchemaPath, UniqueName};
use rstack_model::value::Deferred;
use rstack_model::{PathSegment, PropertyPath, Value, ValueMap};

use crate::type_definition::TypeDefinition;

/// The value at a path of a declared tree.
pub(crate) fn value_at<'a>(properties: &'a ValueMap, path: &PropertyPath) -> Option<&'a Value> {
    let mut segments = path.segments().iter();
    let PathSegment::Name(top) = segments.next()? else { return None };
    let mut value = properties.get(top)?;
    for segment in segments {
        value = match (segment, value) {
            (PathSegment::Name(name), Value::Map(map)) => map.get(name)?,
            (PathSegment::Index(index), Value::List(list)) => list.get(*index)?,
            _ => return None,
        };
    }
    Some(value)
}

/// The names that these properties give and no other object may have, and the content of which there
/// may be one object alone, as far as they are known.
pub(crate) fn names(definition: &dyn TypeDefinition, properties: &ValueMap) -> Vec<ObjectName> {
    let rules = [definition.unique_names(), definition.unique_contents()];
    rules.into_iter().flat_map(|rules| values(definition, rules, properties)).collect()
}

/// The names, and the content, that are known before apply.
pub(crate) fn known_names(
    definition: &dyn TypeDefinition,
    properties: &ValueMap,
) -> Vec<ObjectName> {
    let known: ValueMap = properties
        .iter()
        .filter(|(_, value)| !value.has_unknown())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let waits = |path: &SchemaPath| {
        let top = path.concrete().and_then(|path| path.top().map(str::to_owned));
        top.is_some_and(|top| properties.contains_key(&top) && !known.contains_key(&top))
    };
    let rules = [definition.unique_names(), definition.unique_contents()].concat();
    let rules: Vec<UniqueName> = rules
        .into_iter()
        .filter(|rule| !rule.name().iter().chain(rule.scope()).any(waits))
        .collect();
    values(definition, &rules, &known)
}

fn values(
    definition: &dyn TypeDefinition,
    names: &[UniqueName],
    properties: &ValueMap,
) -> Vec<ObjectName> {
    let part = |path: &PropertyPath| match value_at(properties, path) {
        None | Some(Value::Null) => NamePart::Absent,
        Some(Value::List(items)) if items.is_empty() => NamePart::Absent,
        // The same attribute is the same value, whatever it is going to be.
        Some(Value::Text(text)) => NamePart::Known(text.to_string()),
        Some(Value::Deferred(deferred)) if matches!(**deferred, Deferred::Attribute(_)) => {
            NamePart::Known(deferred.to_string())
        }
        Some(value) if value.has_unknown() => NamePart::Unknown,
        Some(value) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            NamePart::Known(definition.normal_text(path, &text).unwrap_or(text))
        }
    };
    names.iter().filter_map(|name| name.of(part)).collect()
}

/// The name that the new object of a replacement would share with the old one, if both are
/// declared and the same. A name that the service may accept twice counts, too: the old object is
/// not put at risk.
pub(crate) fn taken(
    definition: &dyn TypeDefinition,
    prior: &ValueMap,
    desired: &ValueMap,
) -> Option<ObjectName> {
    let unique = [definition.unique_names(), definition.unique_contents()];
    unique.into_iter().chain([definition.likely_names()]).find_map(|names| {
        let wanted = values(definition, names, desired);
        values(definition, names, prior).into_iter().find(|name| wanted.contains(name))
    })
}
