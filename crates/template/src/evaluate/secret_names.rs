//! Secrets in what identifies an object: refused, because an identifier is in every plan, state, log
//! and message.

use std::collections::BTreeMap;

use rstack_catalog::Registry;
use rstack_model::desired::DesiredResource;
use rstack_model::value::redact::has_secret;
use rstack_model::value::{Attribute, AttributeRef};
use rstack_model::{Address, Code, Diagnostic, PathSegment, PropertyPath, Value, ValueMap};

use super::expression::Evaluator;
use super::properties::place;

/// The properties that identify an object and are declared with a secret, as findings.
pub(super) fn check(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (address, resource) in resources {
        let declared = evaluator.template.resources.get(address.as_str());
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
            let span = place(evaluator, declared, &path, false);
            let help = "a name is shown in plans, states, logs and by the service: take the secret out \
                        of it, or show it with `--allow secret-in-name`";
            let error = Diagnostic::error(Code::SecretInName, message).at(span, "");
            out.push(error.help(help));
        }
    }
    out
}

/// An attribute in a value that repeats a property with a secret.
fn secret_attribute<'a>(
    value: &'a Value,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Option<&'a AttributeRef> {
    let mut found = None;
    value.visit_attributes(&mut |reference| {
        let Attribute::Named(name) = &reference.attribute else { return };
        let Some(resource) = resources.get(&reference.address) else { return };
        let path = name.split('.').fold(PropertyPath::root(), |path, segment| path.name(segment));
        if value_at(&resource.properties, &path).is_some_and(has_secret) {
            found = Some(reference);
        }
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
