//! The preflight: what a valid template asks for that rstack does not support is found before anything
//! is planned, and not half-way through apply.

use rstack_catalog::{EndedService, Registry, Unserved, ended_service};
use rstack_driver::custom::{
    HandlerArn, MAX_TIMEOUT, MIN_TIMEOUT, SERVICE_TIMEOUT, SERVICE_TOKEN, service_timeout,
};
use rstack_driver::signals::{CONDITION_TYPE, HANDLE, LONGEST_WAIT, TIMEOUT, WaitProperties};
use rstack_driver::{Cloud, UnsupportedProperty};
use rstack_model::desired::{Desired, DesiredResource};
use rstack_model::state::Environment;
use rstack_model::value::{Attribute, AttributeRef};
use rstack_model::{Address, Code, Diagnostic, KnownMap, Span, Value};
use rstack_template::{ExpressionKind, Resource, Templates};

use crate::home_regions::wrong_regions;

/// The name of the drivers of the sandbox, which plays services that have ended, too.
const SANDBOX: &str = "sandbox";

/// The diagnostics of what cannot be carried out. Outputs that are secrets of the cloud are left out of
/// `desired`, with a warning.
pub fn preflight(
    cloud: &dyn Cloud,
    environment: &Environment,
    templates: Templates<'_>,
    desired: &mut Desired,
) -> Vec<Diagnostic> {
    let resources = &desired.resources;
    let secret = |attribute: &AttributeRef| {
        let Attribute::Named(name) = &attribute.attribute else { return false };
        resources
            .get(&attribute.address)
            .and_then(|of| Registry::embedded().get(of.resource_type.as_str()).ok().flatten())
            .is_some_and(|schema| schema.is_secret_attribute(name))
    };
    let mut out = wrong_regions(environment, templates, resources);
    for (id, resource) in resources {
        let Some(declared) = templates.resource(id) else { continue };
        let driver = cloud.driver(&resource.resource_type);
        let in_account = driver.as_ref().is_none_or(|driver| driver.name() != SANDBOX);
        let ended = ended_service(resource.resource_type.as_str()).filter(|_| in_account);
        if let Some(ended) = ended {
            out.push(of_the_past(id, resource, ended, declared.resource_type.span));
            continue;
        }
        match driver {
            None => out.push(unserved(id, resource, declared.resource_type.span)),
            Some(driver) => {
                if resource.resource_type.is_custom() {
                    out.extend(custom(id, resource, declared));
                }
                if resource.resource_type.as_str() == CONDITION_TYPE {
                    out.extend(wait_condition(id, resource, declared));
                }
                let declares = |it: &&UnsupportedProperty| {
                    resource.properties.get(it.property).is_some_and(|v| *v != Value::Null)
                };
                let refused = driver.unsupported().iter().filter(declares);
                out.extend(refused.map(|it| {
                    let span = property_span(declared, it.property);
                    unsupported(id, it, span.unwrap_or(declared.name_span))
                }));
            }
        }
    }
    let kept: Vec<String> = desired
        .outputs
        .iter()
        .filter(|(_, output)| secrets(&output.value, &secret).next().is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for name in kept {
        desired.outputs.remove(&name);
        let declared = templates.output(&name);
        let message = format!("the output `{name}` is left out: its value is a secret of AWS");
        let warning = Diagnostic::warning(Code::Unsupported, message);
        let help = "let a resource take it, such as the `SecretString` of a secret of Secrets Manager: no \
                    state, plan or log has it";
        let span = declared.map_or_else(Span::default, |output| output.value.span);
        out.push(warning.at(span, "").help(help));
    }
    out
}

/// The attributes in a value that are secrets of the cloud.
fn secrets<'a>(
    value: &'a Value,
    secret: &impl Fn(&AttributeRef) -> bool,
) -> impl Iterator<Item = &'a AttributeRef> {
    let mut found = Vec::new();
    value.visit_attributes(&mut |attribute| found.push(attribute));
    found.retain(|attribute| secret(attribute));
    found.into_iter()
}

/// The mistakes in the properties of a custom resource that every handler has.
fn custom(id: &Address, resource: &DesiredResource, declared: &Resource) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let given = |name: &str| resource.properties.get(name).filter(|it| **it != Value::Null);
    let at = |name: &str| property_span(declared, name).unwrap_or(declared.name_span);
    match given(SERVICE_TOKEN).map(Value::as_str) {
        None => {
            let message = format!("`{id}` has no `{SERVICE_TOKEN}`");
            let error = Diagnostic::error(Code::MissingProperty, message);
            let help = "give the ARN of the Lambda function, or of the SNS topic, that handles it";
            out.push(error.at(declared.name_span, "").help(help));
        }
        Some(Some(text)) if HandlerArn::parse(text).is_none() => {
            let message =
                format!("`{text}` is not the ARN of a Lambda function or of an SNS topic");
            out.push(Diagnostic::error(Code::PropertyValue, message).at(at(SERVICE_TOKEN), ""));
        }
        Some(Some(_) | None) => {}
    }
    let limit = given(SERVICE_TIMEOUT).and_then(|limit| limit.known_without_secrets().ok());
    let limit = limit.map(|limit| KnownMap::from([(SERVICE_TIMEOUT.to_owned(), limit)]));
    if let Some(Err(text)) = limit.map(|limit| service_timeout(&limit)) {
        let rule = format!("a whole number of seconds from {MIN_TIMEOUT} to {MAX_TIMEOUT}");
        let message = format!("`{SERVICE_TIMEOUT}` is {text}, not {rule}");
        out.push(Diagnostic::error(Code::PropertyBounds, message).at(at(SERVICE_TIMEOUT), ""));
    }
    out
}

/// The mistakes in the properties of a wait condition that every one has.
fn wait_condition(
    id: &Address,
    resource: &DesiredResource,
    declared: &Resource,
) -> Vec<Diagnostic> {
    let at = |name: &str| property_span(declared, name).unwrap_or(declared.name_span);
    let mut out = Vec::new();
    match resource.properties.get(HANDLE) {
        None | Some(Value::Null) => {
            let message = format!("`{id}` has no `{HANDLE}`");
            let error = Diagnostic::error(Code::MissingProperty, message);
            let help = "refer to a resource of the type `AWS::CloudFormation::WaitConditionHandle`, whose \
                        URL takes the signals; those of `cfn-signal` cannot be received";
            out.push(error.at(declared.name_span, "").help(help));
        }
        // The `Ref` of a handle is known only after apply, or is the identifier that it got.
        Some(value) if value.has_unknown() => {}
        Some(_) => {
            let message = format!("`{HANDLE}` is not the `Ref` of a wait condition handle");
            let error = Diagnostic::error(Code::PropertyValue, message).at(at(HANDLE), "");
            out.push(error.help("a URL that another stack or tool has made cannot be read"));
        }
    }
    if resource.properties.get(TIMEOUT).is_none_or(|value| *value == Value::Null) {
        let message = format!("`{id}` has no `{TIMEOUT}`");
        let error = Diagnostic::error(Code::MissingProperty, message);
        let help = format!("give a number of seconds, at most {LONGEST_WAIT}");
        out.push(error.at(declared.name_span, "").help(help));
        return out;
    }
    let known = resource.properties.iter();
    let known =
        known.filter_map(|(name, it)| Some((name.clone(), it.known_without_secrets().ok()?)));
    let known: KnownMap = known.collect();
    if known.contains_key(TIMEOUT)
        && let Err(error) = WaitProperties::of(&known)
    {
        let found = Diagnostic::error(Code::PropertyBounds, error.to_string());
        out.push(found.at(at(error.property), ""));
    }
    out
}

fn unserved(id: &Address, resource: &DesiredResource, span: Span) -> Diagnostic {
    let resource_type = resource.resource_type.as_str();
    let why = reason(resource_type).map_or_else(String::new, |why| format!(": {why}"));
    let error =
        Diagnostic::error(Code::NoDriver, format!("no driver serves `{resource_type}`{why}"));
    error.at(span, format!("the type of `{id}`")).help(unserved_help(resource_type))
}

/// A type whose service has ended.
fn of_the_past(
    id: &Address,
    resource: &DesiredResource,
    ended: &EndedService,
    span: Span,
) -> Diagnostic {
    let message = format!("no driver serves `{}`: {ended}", resource.resource_type);
    let error = Diagnostic::error(Code::NoDriver, message);
    let help = match ended.instead {
        Some(instead) => {
            format!("AWS recommends {instead} instead: take `{id}` out of the template")
        }
        None => format!("no account can make it any more: take `{id}` out of the template"),
    };
    error.at(span, format!("the type of `{id}`")).help(format!("{help}; see {}", ended.source))
}

/// The reason for which the generic driver does not serve a type of the registry.
fn reason(resource_type: &str) -> Option<String> {
    let schema = Registry::embedded().get(resource_type).ok().flatten()?;
    Some(match schema.unserved_by_cloud_control()? {
        Unserved::NoHandlers => {
            "the registry has no handlers for it, so Cloud Control cannot make its objects"
                .to_owned()
        }
        Unserved::Template => {
            "it stands for a template, whose resources are made in its place".to_owned()
        }
        Unserved::Lacks(handler) => {
            format!("its provider has no {} handler, which Cloud Control needs", handler.name())
        }
    })
}

/// The help for a type without a driver. The sandbox itself serves all that it is advised for.
fn unserved_help(resource_type: &str) -> &'static str {
    if resource_type == "AWS::CloudFormation::Macro" {
        "it stands for code of your own that transforms templates, which rstack does not run"
    } else if Registry::embedded().contains(resource_type) {
        "move it to a stack that CloudFormation applies and take its outputs as parameters, or try it \
         with `--sandbox`"
    } else {
        "rstack serves the types of AWS; another publisher registered this one"
    }
}

/// Where a top-level property is declared, if it is declared by its name.
pub(crate) fn property_span(resource: &Resource, property: &str) -> Option<Span> {
    let properties = &resource.properties.as_ref()?.kind;
    let ExpressionKind::Map(entries) = properties else { return None };
    entries.iter().find(|(name, _)| name.value == property).map(|(name, _)| name.span)
}

/// A property that the type's driver cannot carry out.
fn unsupported(id: &Address, it: &UnsupportedProperty, span: Span) -> Diagnostic {
    let message = format!("`{id}` declares `{}`, which is not supported yet", it.property);
    Diagnostic::error(Code::Unsupported, message).at(span, "").help(it.instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_its_driver_cannot_carry_out_says_what_to_declare_instead() {
        let it = UnsupportedProperty { property: "Far", instead: "declare `Near`" };
        let found = unsupported(&"It".into(), &it, Span::default());
        assert_eq!(found.code, Code::Unsupported);
        assert_eq!(found.message, "`It` declares `Far`, which is not supported yet");
        assert_eq!(found.help.as_deref(), Some("declare `Near`"));
    }

    #[test]
    fn a_type_of_a_service_that_has_ended_says_when_and_what_to_use_instead() {
        let desired = |resource_type: &str| DesiredResource {
            resource_type: resource_type.into(),
            properties: Default::default(),
            dependencies: Default::default(),
            deletion_policy: Default::default(),
            update_replace_policy: Default::default(),
            delete_first: false,
        };
        let told = |resource_type: &str| {
            let ended = ended_service(resource_type).unwrap();
            of_the_past(&"It".into(), &desired(resource_type), ended, Span::default())
        };
        let ledger = told("AWS::QLDB::Ledger");
        assert_eq!(ledger.code, Code::NoDriver);
        let message = "no driver serves `AWS::QLDB::Ledger`: Amazon QLDB ended on July 31, 2025";
        assert_eq!(ledger.message, message);
        let help = ledger.help.unwrap();
        assert!(
            help.starts_with("AWS recommends Amazon Aurora PostgreSQL instead: take `It`"),
            "{help}"
        );
        let help = told("AWS::OpsWorks::Stack").help.unwrap();
        assert!(help.contains("no account can make it") && help.contains("https://"), "{help}");
    }

    #[test]
    fn a_type_without_handlers_says_which_are_missing_and_what_can_be_done() {
        let reason = |name: &str| reason(name).unwrap_or_default();
        assert!(reason("AWS::MediaLive::Channel").contains("no handlers"));
        assert!(reason("AWS::SQS::QueuePolicy").contains("no read handler"));
        assert!(reason("AWS::SNS::Topic").is_empty());
        assert!(reason("AWS::None::Such").is_empty());
        let mut lacking = 0;
        for name in Registry::embedded().names() {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            if let Some(Unserved::Lacks(handler)) = schema.unserved_by_cloud_control() {
                assert!(reason(name).contains(handler.name()), "{name}");
                lacking += 1;
            }
        }
        assert!(lacking > 0);
        assert!(unserved_help("AWS::DAX::Cluster").contains("CloudFormation applies"));
        assert!(unserved_help("AWS::CloudFormation::Macro").contains("transforms templates"));
    }
}
