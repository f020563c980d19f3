//! A resource's properties: evaluated, dynamic references found, checked against the schema.

use std::collections::BTreeSet;

use rstack_catalog::{Registry, Violation, ViolationKind, takes_empty_name, validate};
use rstack_model::value::{AttributeRef, SecretReference};
use rstack_model::{Address, Code, Diagnostic, PathSegment, PropertyPath, Span, Value, ValueMap};

use super::arn_as_name;
use super::condition::{Decision, Undecided};
use super::depth;
use super::expression::{Evaluated, Evaluator};
use super::external;
use super::finding::Reported;
use super::key_case;
use super::wait_condition;
use crate::serverless::is_serverless;
use crate::template::{Expression, ExpressionKind, Resource, key_place, value_place};

/// The properties of a resource.
pub(super) fn properties(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
) -> Result<ValueMap, Reported> {
    let Some(declared) = &resource.properties else {
        return Err(evaluator.findings.told_before("a resource", resource.name_span));
    };
    let mut failed = None;
    let map = match tree(evaluator, declared, &mut failed)? {
        None => ValueMap::new(),
        Some(Value::Map(map)) => map,
        // Which properties there are hangs on an answer of the cloud.
        Some(other) if external::waits(&other).is_some() => ValueMap::new(),
        Some(other) => {
            let found = rstack_model::value::function::kind(&other);
            let message = format!("`Properties` must be a map, found {found}");
            let error = Diagnostic::error(Code::Shape, message).at(declared.span, "");
            let help = "a map has entries `Name: value`, without dashes";
            return Err(evaluator.findings.report(error.help(help)));
        }
    };
    let mut properties = ValueMap::new();
    let mut unread = BTreeSet::new();
    for (name, value) in map {
        let path = PropertyPath::root().name(&name);
        match value.with_dynamic_references(&path, &evaluator.inputs.external.answers) {
            Ok(value) => {
                properties.insert(name, value);
            }
            Err(error) => {
                let place = place(evaluator, resource, error.path(), false);
                let error = Diagnostic::error(Code::DynamicReference, error.to_string());
                failed = Some(evaluator.findings.report(error.at(place, "")));
                // The property is there, whatever it refers to.
                properties.insert(name.clone(), Value::secret(SecretReference::Hidden));
                unread.insert(name);
            }
        }
    }
    key_case::correct(evaluator, resource, &mut properties);
    leave_out_empty_names(evaluator, resource, &mut properties);
    wait_condition::name_handle(&resource.resource_type.value, &mut properties);
    for (name, value) in &properties {
        note_lookups(evaluator, resource, &PropertyPath::root().name(name), value);
    }
    let resource_type = resource.resource_type.value.as_str();
    // Only AWS's translator knows the properties of its types.
    if !is_serverless(resource_type)
        && let Ok(Some(schema)) = Registry::embedded().get(resource_type)
    {
        let found = validate(&schema, &properties);
        for violation in found.iter().filter(|v| !v.path.top().is_some_and(|t| unread.contains(t)))
        {
            let place = violation_place(evaluator, resource, violation);
            // What stands deeper is not sent; at the top it is refused.
            let is_read_only = matches!(violation.kind, ViolationKind::ReadOnly { .. });
            if is_read_only && violation.path.segments().len() > 1 {
                let message = format!("`{}` is not sent: {}", violation.path, violation.kind);
                let warning = Diagnostic::warning(Code::ReadOnlyProperty, message);
                evaluator.findings.warn(warning.at(place, "").help("leave it out"));
                remove(&mut properties, &violation.path);
                continue;
            }
            let error = diagnostic(resource_type, violation, place);
            failed = Some(evaluator.findings.report(error));
        }
        for error in arn_as_name::check(evaluator, resource, &schema, &properties) {
            failed = Some(evaluator.findings.report(error));
        }
    }
    if properties.values().any(|value| !depth::fits(value)) {
        let message = "the functions in these properties are nested too deeply";
        let error = Diagnostic::error(Code::Depth, message).at(resource.name_span, "");
        failed = Some(evaluator.findings.report(error));
    }
    match failed {
        Some(reported) => Err(reported),
        None => Ok(properties),
    }
}

/// Takes a value out of the properties.
fn remove(properties: &mut ValueMap, path: &PropertyPath) {
    let [PathSegment::Name(top), between @ .., PathSegment::Name(last)] = path.segments() else {
        return;
    };
    let mut at = properties.get_mut(top);
    for segment in between {
        at = match (segment, at) {
            (PathSegment::Name(name), Some(Value::Map(map))) => map.get_mut(name),
            (PathSegment::Index(index), Some(Value::List(items))) => items.get_mut(*index),
            _ => None,
        };
    }
    if let Some(Value::Map(map)) = at {
        map.remove(last);
    }
}

/// Evaluates properties as far as possible: a value that cannot be evaluated becomes unknown, so that
/// the rest is checked nevertheless.
///
/// # Errors
/// If the whole cannot be evaluated.
fn tree(
    evaluator: &mut Evaluator<'_>,
    expression: &Expression,
    failed: &mut Option<Reported>,
) -> Evaluated {
    let mut part = |expression: &Expression| {
        tree(evaluator, expression, failed).unwrap_or_else(|reported| {
            *failed = Some(reported);
            Some(unknown())
        })
    };
    if let ExpressionKind::Map(entries) = &expression.kind {
        let entries = entries.iter().filter_map(|(key, e)| Some((key.value.clone(), part(e)?)));
        return Ok(Some(Value::Map(entries.collect())));
    }
    if let ExpressionKind::List(items) = &expression.kind {
        return Ok(Some(Value::List(items.iter().filter_map(part).collect())));
    }
    if let ExpressionKind::If { condition, then, otherwise } = &expression.kind {
        return match evaluator.decide(condition) {
            Ok(true) => tree(evaluator, then, failed),
            Ok(false) => tree(evaluator, otherwise, failed),
            Err(Undecided::Told(reported)) => Err(reported),
            Err(Undecided::Waits(lookup)) => {
                tree(evaluator, then, failed)?;
                tree(evaluator, otherwise, failed)?;
                Ok(Some(Value::lookup(lookup)))
            }
        };
    }
    evaluator.value(expression)
}

/// Leaves out empty names in whose place CloudFormation makes up others.
fn leave_out_empty_names(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    properties: &mut ValueMap,
) {
    let resource_type = resource.resource_type.value.as_str();
    let is_empty = |name: &str, value: &Value| {
        value.as_str() == Some("") && takes_empty_name(resource_type, name)
    };
    let empty = properties.iter().filter(|(name, value)| is_empty(name, value));
    let empty: Vec<String> = empty.map(|(name, _)| name.clone()).collect();
    for name in empty {
        properties.remove(&name);
        let path = PropertyPath::root().name(&name);
        let message = format!("the empty `{name}` is taken as none: the object gets a name");
        let warning = Diagnostic::warning(Code::NoEffect, message);
        let at = place(evaluator, resource, &path, false);
        evaluator.findings.list().push(warning.at(at, ""));
    }
}

/// A value that stands for one that is not known, in an evaluation of which nothing is planned.
pub(super) fn unknown() -> Value {
    Value::attribute(AttributeRef::reference(Address::new("")))
}

/// Notes what a value waits for, each at the innermost place that it is in.
fn note_lookups(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    path: &PropertyPath,
    value: &Value,
) {
    match value {
        Value::List(items) => items.iter().enumerate().for_each(|(index, item)| {
            note_lookups(evaluator, resource, &path.index(index), item);
        }),
        Value::Map(map) => map.iter().for_each(|(name, item)| {
            note_lookups(evaluator, resource, &path.name(name), item);
        }),
        Value::Text(_) | Value::Deferred(_) => {
            let at = place(evaluator, resource, path, false);
            evaluator.note_lookups(value, at);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub(super) fn place(
    evaluator: &Evaluator<'_>,
    resource: &Resource,
    path: &PropertyPath,
    key: bool,
) -> Span {
    let decide = |name: &str| match evaluator.decisions.get(name) {
        Some(Decision::Made(decision)) => decision.clone().ok(),
        Some(Decision::Open) | None => None,
    };
    match &resource.properties {
        Some(properties) if key => key_place(properties, path, &decide),
        Some(properties) => value_place(properties, path, &decide),
        None => resource.name_span,
    }
}

/// A missing property is shown at the key of the map that lacks it; at the resource's name where
/// the whole property tree lacks it.
fn violation_place(evaluator: &Evaluator<'_>, resource: &Resource, violation: &Violation) -> Span {
    match violation.kind {
        ViolationKind::Unknown { .. } => place(evaluator, resource, &violation.path, true),
        ViolationKind::Missing { .. } if violation.path.segments().is_empty() => resource.name_span,
        ViolationKind::Together { .. } if violation.path.segments().is_empty() => {
            resource.name_span
        }
        ViolationKind::Missing { .. }
        | ViolationKind::ReadOnly { .. }
        | ViolationKind::Together { .. } => place(evaluator, resource, &violation.path, true),
        ViolationKind::Kind { .. }
        | ViolationKind::NotAllowed { .. }
        | ViolationKind::Pattern { .. }
        | ViolationKind::Bounds { .. }
        | ViolationKind::Form { .. } => place(evaluator, resource, &violation.path, false),
    }
}

/// True if a property takes an object in a bucket, in whose place `aws cloudformation package` takes a path.
///
/// Source: `package`, AWS CLI Command Reference.
fn takes_an_object(resource_type: &str, path: &PropertyPath) -> bool {
    let property = path.to_string();
    let known = [
        ("AWS::ApiGateway::RestApi", "BodyS3Location"),
        ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"),
        ("AWS::Lambda::Function", "Code"),
        ("AWS::Lambda::LayerVersion", "Content"),
        ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
    ];
    known.contains(&(resource_type, property.as_str()))
}

fn diagnostic(resource_type: &str, violation: &Violation, place: Span) -> Diagnostic {
    let code = match violation.kind {
        ViolationKind::Unknown { .. } => Code::UnknownProperty,
        ViolationKind::ReadOnly { .. } => Code::ReadOnlyProperty,
        ViolationKind::Missing { .. } => Code::MissingProperty,
        ViolationKind::Kind { .. } => Code::PropertyKind,
        ViolationKind::NotAllowed { .. } => Code::PropertyValue,
        ViolationKind::Pattern { .. } | ViolationKind::Form { .. } => Code::PropertyPattern,
        ViolationKind::Together { .. } => Code::PropertyCombination,
        ViolationKind::Bounds { .. } => Code::PropertyBounds,
    };
    let inside = match violation.path.segments() {
        [] => resource_type.to_owned(),
        _ => format!("{resource_type}, `{}`", violation.path),
    };
    let unknown = matches!(violation.kind, ViolationKind::Unknown { .. });
    let label =
        if unknown { format!("not a property of {resource_type}") } else { format!("in {inside}") };
    let error = Diagnostic::error(code, violation.kind.to_string()).at(place, label);
    let is_text = matches!(violation.kind, ViolationKind::Kind { found: "text", .. });
    if is_text && takes_an_object(resource_type, &violation.path) {
        return error.help(
            "local code is uploaded in serverless templates only: `aws cloudformation package` uploads it and \
             writes a template that names the object",
        );
    }
    match violation.kind.help() {
        Some(help) => error.help(help),
        None if unknown => {
            error.help(format!("`rstack docs {resource_type}` lists its properties"))
        }
        None => error,
    }
}
