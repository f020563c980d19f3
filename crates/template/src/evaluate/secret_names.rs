//! Secrets in names: refused, because a name is in every plan, state, log and message. The name of an
//! object can be allowed; those of exports and of secrets are no names with a secret in them.

use std::collections::BTreeMap;

use rstack_catalog::Registry;
use rstack_model::desired::{DesiredOutput, DesiredResource};
use rstack_model::value::redact::has_secret;
use rstack_model::value::{Attribute, AttributeRef, SecretReference};
use rstack_model::{Address, Code, Diagnostic, PathSegment, PropertyPath, Span, Value, ValueMap};

use super::expression::Evaluator;
use super::properties::place;
use crate::template::{Resource, value_place};

/// The names that hold a secret, or an attribute that repeats one, as findings: of objects, of exports
/// and of secrets that are referred to. `resources` and `outputs` are those of the stack and of its nested
/// ones: an attribute may come from any of them.
pub(super) fn check(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
    outputs: &BTreeMap<String, DesiredOutput>,
) -> Vec<Diagnostic> {
    let mut out = objects(evaluator, resources);
    for (name, output) in outputs {
        let secret = output.export.as_ref().and_then(|name| secret_attribute(name, resources));
        let declared = evaluator.templates().output(name);
        let export = declared.and_then(|output| output.export.as_ref());
        if let (Some(attribute), Some(export)) = (secret, export) {
            let message =
                format!("the name of an export cannot hold `{attribute}`, which is a secret");
            out.push(Diagnostic::error(Code::ExportName, message).at(export.span, ""));
        }
    }
    for (address, resource) in resources {
        let Some(declared) = evaluator.templates().resource(address) else { continue };
        for (name, value) in &resource.properties {
            let Some(attribute) = secret_in_reference(value, resources) else { continue };
            let message =
                format!("a dynamic reference cannot be named by `{attribute}`, which is a secret");
            let span = place_in(evaluator, (address, declared), &PropertyPath::root().name(name));
            out.push(Diagnostic::error(Code::DynamicReference, message).at(span, ""));
        }
    }
    out
}

/// The place of a property's value, in the template of the resource. In one of a nested stack it is that of
/// a `Fn::If` as a whole: its conditions are decided no longer.
fn place_in(
    evaluator: &Evaluator<'_>,
    (address, declared): (&Address, &Resource),
    path: &PropertyPath,
) -> Span {
    match &declared.properties {
        Some(properties) if address.segments().nth(1).is_some() => {
            value_place(properties, path, &|_| None)
        }
        _ => place(evaluator, declared, path, false),
    }
}

/// The properties that identify an object and hold a secret.
fn objects(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (address, resource) in resources {
        let declared = evaluator.templates().resource(address);
        let schema = Registry::embedded().get(resource.resource_type.as_str());
        let (Some(declared), Ok(Some(schema))) = (declared, schema) else { continue };
        for path in schema.identifying() {
            let Some(value) = value_at(&resource.properties, &path) else { continue };
            let secret = match (has_secret(value), secret_attribute(value, resources)) {
                (true, _) => "a secret".to_owned(),
                (false, Some(attribute)) => format!("`{attribute}`, which is a secret"),
                (false, None) => continue,
            };
            let message =
                format!("`{path}` of `{address}` holds {secret}, and is a part of its name");
            let span = place_in(evaluator, (address, declared), &path);
            let help = "a name is shown in plans, states, logs and by the service: take the secret out \
                        of it, or show it with `--allow secret-in-name`";
            let error = Diagnostic::error(Code::SecretInName, message).at(span, "");
            out.push(error.help(help));
        }
    }
    out
}

/// An attribute in a value that is a secret of its service, or that repeats a property with a secret.
fn secret_attribute<'a>(
    value: &'a Value,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Option<&'a AttributeRef> {
    let mut found = None;
    value.visit_attributes(&mut |reference| {
        let Attribute::Named(name) = &reference.attribute else { return };
        let Some(resource) = resources.get(&reference.address) else { return };
        let path = name.split('.').fold(PropertyPath::root(), |path, segment| path.name(segment));
        let schema = Registry::embedded().get(resource.resource_type.as_str()).ok().flatten();
        let of_service = schema.is_some_and(|schema| schema.is_secret_attribute(name));
        if of_service || value_at(&resource.properties, &path).is_some_and(has_secret) {
            found = Some(reference);
        }
    });
    found
}

/// An attribute in the name of a secret that repeats a property with a secret.
fn secret_in_reference(
    value: &Value,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Option<AttributeRef> {
    let mut found = None;
    value.visit_secrets(&mut |reference| match reference {
        SecretReference::SecretsManager(name) | SecretReference::SecureParameter(name) => {
            found = found.take().or_else(|| secret_attribute(name, resources).cloned());
        }
        SecretReference::Parameter(_)
        | SecretReference::SignalUrl(_)
        | SecretReference::Attribute(_)
        | SecretReference::Hidden => {}
    });
    found
}

fn value_at<'a>(properties: &'a ValueMap, path: &PropertyPath) -> Option<&'a Value> {
    let mut segments = path.segments().iter();
    let PathSegment::Name(top) = segments.next()? else { return None };
    segments.try_fold(properties.get(top)?, |value, segment| match segment {
        PathSegment::Name(name) => value.as_map()?.get(name),
        PathSegment::Index(index) => value.as_list()?.get(*index),
    })
}
