//! References that return an ARN, in properties whose form takes none: the value is known only after
//! apply, and its kind before.

use rstack_catalog::{Registry, TypeSchema, ViolationKind, validate};
use rstack_model::value::{Attribute, AttributeRef, Deferred};
use rstack_model::{Code, Diagnostic, PathSegment, PropertyPath, Value, ValueMap};

use super::expression::Evaluator;
use super::properties::place;
use crate::template::Resource;

/// ARNs of different forms. A property whose pattern takes none of them, and has no colon, takes no ARN.
const SAMPLES: [&str; 2] = [
    "arn:aws:service:us-east-1:111122223333:name",
    "arn:aws:service:us-east-1:111122223333:type/name",
];

/// The findings about the properties of a resource.
pub(super) fn check(
    evaluator: &Evaluator<'_>,
    resource: &Resource,
    schema: &TypeSchema,
    properties: &ValueMap,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, value) in properties {
        references(&PropertyPath::root().name(name), value, &mut found);
    }
    let findings = found.into_iter().filter_map(|(path, reference)| {
        // What a nested stack returns is in another template.
        let own = evaluator.address(reference.address.logical_id()) == reference.address;
        let other = evaluator.declared(&reference.address).filter(|_| own)?;
        let other_type = other.resource_type.value.as_str();
        let other_schema = Registry::embedded().get(other_type).ok().flatten()?;
        if !returns_arn(&other_schema, reference) || !takes_no_arn(schema, properties, &path) {
            return None;
        }
        let (id, last) = (reference.address.logical_id(), last_name(&path)?.to_owned());
        let message = format!("`{last}` takes a name, and `{}` is an ARN", written(reference));
        let help = if other_schema.has_attribute(&last) {
            format!("write `!GetAtt {id}.{last}`")
        } else {
            format!("write the name that `{id}` has, and `DependsOn: {id}`")
        };
        let at = place(evaluator, resource, &path, false);
        Some(Diagnostic::error(Code::PropertyPattern, message).at(at, "").help(help))
    });
    findings.collect()
}

/// The references in a value that are the whole of a property or an element.
fn references<'a>(
    path: &PropertyPath,
    value: &'a Value,
    found: &mut Vec<(PropertyPath, &'a AttributeRef)>,
) {
    match value {
        Value::Deferred(deferred) => {
            if let Deferred::Attribute(reference) = &**deferred {
                found.push((path.clone(), reference));
            }
        }
        Value::List(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| references(&path.index(index), item, found));
        }
        Value::Map(map) => {
            map.iter().for_each(|(name, item)| references(&path.name(name), item, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Text(_) => {}
    }
}

/// True if a reference returns the ARN of the object itself.
fn returns_arn(schema: &TypeSchema, reference: &AttributeRef) -> bool {
    let is_arn = |name: &str| name.ends_with("Arn") || name.ends_with("ARN");
    match (&reference.attribute, schema.ref_identifier()) {
        (Attribute::Named(name), _) => is_arn(name) && schema.has_attribute(name),
        (Attribute::Ref, [path]) => {
            let read_only = path.concrete().is_some_and(|path| schema.is_read_only(&path));
            read_only && path.segments().last().is_some_and(|last| is_arn(last))
        }
        (Attribute::Ref, _) => false,
    }
}

/// True if the pattern of a property refuses every ARN.
fn takes_no_arn(schema: &TypeSchema, properties: &ValueMap, path: &PropertyPath) -> bool {
    SAMPLES.iter().all(|sample| {
        let mut tried = properties.clone();
        let Some(place) = at(&mut tried, path) else { return false };
        *place = Value::from(*sample);
        validate(schema, &tried).iter().any(|violation| match &violation.kind {
            ViolationKind::Pattern { pattern, .. } => {
                violation.path == *path && !pattern.contains(':')
            }
            _ => false,
        })
    })
}

fn at<'a>(map: &'a mut ValueMap, path: &PropertyPath) -> Option<&'a mut Value> {
    let mut segments = path.segments().iter();
    let Some(PathSegment::Name(top)) = segments.next() else { return None };
    segments.try_fold(map.get_mut(top)?, |value, segment| match (value, segment) {
        (Value::Map(map), PathSegment::Name(name)) => map.get_mut(name),
        (Value::List(list), PathSegment::Index(index)) => list.get_mut(*index),
        _ => None,
    })
}

fn last_name(path: &PropertyPath) -> Option<&str> {
    path.segments().iter().rev().find_map(|segment| match segment {
        PathSegment::Name(name) => Some(name.as_str()),
        PathSegment::Index(_) => None,
    })
}

/// A reference as a template has it.
fn written(reference: &AttributeRef) -> String {
    let id = reference.address.logical_id();
    match &reference.attribute {
        Attribute::Ref => format!("!Ref {id}"),
        Attribute::Named(name) => format!("!GetAtt {id}.{name}"),
    }
}
