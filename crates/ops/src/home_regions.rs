//! Objects that exist in one Region only, and are declared in another one.

use std::collections::BTreeMap;

use rstack_catalog::{home_region, taken};
use rstack_model::desired::DesiredResource;
use rstack_model::state::Environment;
use rstack_model::{Address, Code, Diagnostic, Span, Value};
use rstack_template::{Resource, Templates};

use crate::preflight::property_span;

/// The partition whose Regions the rules name.
const COMMERCIAL: &str = "aws";

/// The warnings of objects that cannot be in the Region of the stack: AWS refuses them there. The sandbox makes them.
pub(crate) fn wrong_regions(
    environment: &Environment,
    templates: Templates<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    if environment.partition.as_str() != COMMERCIAL {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (id, resource) in resources {
        let Some(declared) = templates.resource(id) else { continue };
        let (kind, properties) = (resource.resource_type.as_str(), &resource.properties);
        if let Some((home, property)) = home_region(kind, properties)
            && environment.region.as_str() != home
        {
            let here = environment.region.as_str();
            let message = format!("AWS makes `{id}` in {home} only, and the stack is in {here}");
            out.push(warning(message, place(declared, property), home));
        }
        for it in taken(kind, properties) {
            let Some(found) = other_region(environment, resources, it.value, it.of_type, it.region)
            else {
                continue;
            };
            let message = format!(
                "`{}` of `{id}` takes an object of {} only, and gets one of {found}",
                it.path.join("."),
                it.region
            );
            out.push(warning(message, place(declared, it.path.first().copied()), it.region));
        }
    }
    out
}

fn warning(message: String, span: Span, home: &str) -> Diagnostic {
    let help = format!(
        "declare it in a stack of {home}, and hand its ARN over: a stack has one Region, and an app of the CDK \
         can have stacks in several"
    );
    Diagnostic::warning(Code::PropertyValue, message).at(span, "").help(help)
}

fn place(declared: &Resource, property: Option<&str>) -> Span {
    let span = property.and_then(|property| property_span(declared, property));
    span.unwrap_or(declared.name_span)
}

/// The Region of an object that a value names, if it is known and is not the one that it has to be.
fn other_region(
    environment: &Environment,
    resources: &BTreeMap<Address, DesiredResource>,
    value: &Value,
    of_type: &str,
    home: &str,
) -> Option<String> {
    let mut found = None;
    value.visit_attributes(&mut |attribute| {
        let made = resources.get(&attribute.address);
        if made.is_some_and(|made| made.resource_type.as_str() == of_type) {
            found = Some(environment.region.as_str().to_owned());
        }
    });
    let found = found.or_else(|| arns(value).into_iter().find(|region| region != home));
    found.filter(|region| region != home)
}

/// The Regions of the ARNs in a value.
fn arns(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with("arn:") => {
            let region = text.split(':').nth(3).filter(|region| !region.is_empty());
            region.map(str::to_owned).into_iter().collect()
        }
        Value::List(items) => items.iter().flat_map(arns).collect(),
        Value::Map(map) => map.values().flat_map(arns).collect(),
        _ => Vec::new(),
    }
}
