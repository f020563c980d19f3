//! References that lead nowhere: to resources, parameters, attributes, conditions, maps, types.

use rstack_catalog::Registry;
use rstack_model::{Code, Diagnostic, LogicalId, ResourceType, Value};

use crate::diagnostics::Diagnostics;
use crate::serverless::{TYPES, is_serverless};
use crate::syntax::Spanned;
use crate::template::{Expression, ExpressionKind, SERVERLESS, SubPart, Template};

/// The pseudo parameters. Source: "Get AWS values using pseudo parameters", AWS CloudFormation
/// User Guide.
pub(crate) const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(crate) fn check(template: &Template, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { template, diagnostics };
    for condition in template.conditions.values() {
        if let Some(expression) = &condition.expression {
            expression.visit(&mut |part| checker.expression(part, true));
        }
    }
    for rule in template.rules.values() {
        let assertions = rule.assertions.iter().map(|assertion| &assertion.assert);
        for expression in rule.condition.iter().chain(assertions) {
            expression.visit(&mut |part| checker.expression(part, true));
        }
    }
    for resource in template.resources.values() {
        checker.resource_type(&resource.resource_type.value, resource.resource_type.span);
        if let Some(properties) = &resource.properties {
            properties.visit(&mut |part| checker.expression(part, false));
        }
        let policies = [&resource.deletion_policy, &resource.update_replace_policy];
        for policy in policies.into_iter().flatten() {
            policy.visit(&mut |part| checker.expression(part, true));
        }
        for dependency in &resource.depends_on {
            if !template.resources.contains_key(dependency.value.as_str()) {
                checker.no_resource(dependency);
            }
        }
        if let Some(condition) = &resource.condition {
            checker.condition(condition);
        }
    }
    for output in template.outputs.values() {
        output.value.visit(&mut |part| checker.expression(part, false));
        if let Some(export) = &output.export {
            export.visit(&mut |part| checker.expression(part, false));
        }
        if let Some(condition) = &output.condition {
            checker.condition(condition);
        }
    }
}

/// Checks one attribute.
pub(super) fn attribute(
    template: &Template,
    id: &Spanned<String>,
    attribute: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    Checker { template, diagnostics }.attribute(id, attribute, false);
}

/// Checks one name that `Ref` takes.
pub(super) fn reference(
    template: &Template,
    name: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    Checker { template, diagnostics }.reference(name, false);
}

struct Checker<'a> {
    template: &'a Template,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn push(&mut self, code: Code, message: String, at: &Spanned<String>, help: Option<String>) {
        let error = Diagnostic::error(code, message).at(at.span, "");
        self.diagnostics.push(match help {
            Some(help) => error.help(help),
            None => error,
        });
    }

    fn expression(&mut self, part: &Expression, in_condition: bool) {
        match &part.kind {
            ExpressionKind::Ref(name) => self.reference(name, in_condition),
            ExpressionKind::GetAtt { logical_id, attribute } => {
                self.attribute(logical_id, attribute, in_condition);
            }
            ExpressionKind::Sub { parts, variables } => {
                for name in SubPart::names(parts, variables) {
                    match name.value.split_once('.') {
                        Some((id, attribute)) => self.attribute(
                            &Spanned::new(id.to_owned(), name.span),
                            &Spanned::new(attribute.to_owned(), name.span),
                            in_condition,
                        ),
                        None => self.reference(name, in_condition),
                    }
                }
            }
            ExpressionKind::If { condition, .. } | ExpressionKind::Condition(condition) => {
                self.condition(condition);
            }
            // With a default nothing has to be there.
            ExpressionKind::FindInMap { default: Some(_), .. } => {}
            ExpressionKind::FindInMap { map, default: None, .. } => self.mapping(map),
            ExpressionKind::GetAttBy { logical_id, .. } => {
                if let ExpressionKind::Literal(Value::String(id)) = &logical_id.kind
                    && !self.template.resources.contains_key(id.as_str())
                {
                    self.no_resource(&Spanned::new(id.clone(), logical_id.span));
                }
            }
            ExpressionKind::ValueOf { parameter, .. } => self.parameter(parameter),
            ExpressionKind::Literal(_)
            | ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::RefBy(_)
            | ExpressionKind::Join { .. }
            | ExpressionKind::Select { .. }
            | ExpressionKind::Split { .. }
            | ExpressionKind::Base64(_)
            | ExpressionKind::Cidr { .. }
            | ExpressionKind::ImportValue(_)
            | ExpressionKind::Length(_)
            | ExpressionKind::ToJsonString(_)
            | ExpressionKind::Contains(..)
            | ExpressionKind::EachMemberEquals(..)
            | ExpressionKind::EachMemberIn(..)
            | ExpressionKind::Implies(..)
            | ExpressionKind::GetAzs(_)
            | ExpressionKind::GetStackOutput { .. }
            | ExpressionKind::RefAll(_)
            | ExpressionKind::ValueOfAll { .. }
            | ExpressionKind::Unread
            | ExpressionKind::Equals(..)
            | ExpressionKind::And(_)
            | ExpressionKind::Or(_)
            | ExpressionKind::Not(_) => {}
        }
    }

    fn reference(&mut self, name: &Spanned<String>, in_condition: bool) {
        let text = name.value.as_str();
        if PSEUDO.contains(&text) || self.template.parameters.contains_key(text) {
            return;
        }
        if self.template.resources.contains_key(text) {
            if in_condition {
                let message = format!(
                    "conditions, rules and policies cannot depend on the resource `{text}`"
                );
                self.push(Code::ConditionReference, message, name, None);
            }
            return;
        }
        let names = self.template.resources.keys().map(LogicalId::as_str);
        let names = names.chain(self.template.parameters.keys().map(String::as_str)).chain(PSEUDO);
        let near = self.other(text).or_else(|| self.diagnostics.suggestion(text, names));
        let message = format!("`{text}` is neither a resource nor a parameter of this template");
        self.push(Code::UnresolvedReference, message, name, near);
    }

    fn parameter(&mut self, name: &Spanned<String>) {
        if self.template.parameters.contains_key(&name.value) {
            return;
        }
        let names = self.template.parameters.keys().map(String::as_str);
        let near = self.diagnostics.suggestion(&name.value, names);
        let message = format!("there is no parameter `{}` in this template", name.value);
        self.push(Code::UnresolvedReference, message, name, near);
    }

    /// The text to write instead, if the name is that of something else.
    fn other(&self, name: &str) -> Option<String> {
        let (id, attribute) = name.split_once('.').unwrap_or((name, ""));
        if self.template.conditions.contains_key(name) {
            Some(format!("`{name}` is a condition: use it with `Fn::If` or `Condition`"))
        } else if self.template.mappings.contains_key(name) {
            Some(format!("`{name}` is a mapping: use it with `Fn::FindInMap`"))
        } else if !attribute.is_empty() && self.template.resources.contains_key(id) {
            Some(format!("`Fn::GetAtt` gives attributes: `!GetAtt {name}`"))
        } else {
            None
        }
    }

    fn no_resource(&mut self, name: &Spanned<String>) {
        let names = self.template.resources.keys().map(LogicalId::as_str);
        let near = self.diagnostics.suggestion(&name.value, names);
        let message = format!("there is no resource `{}` in this template", name.value);
        self.push(Code::UnresolvedReference, message, name, near);
    }

    fn attribute(&mut self, id: &Spanned<String>, attribute: &Spanned<String>, in_condition: bool) {
        let Some(resource) = self.template.resources.get(id.value.as_str()) else {
            return self.no_resource(id);
        };
        if in_condition {
            let message = format!(
                "conditions, rules and policies cannot depend on the resource `{}`",
                id.value
            );
            return self.push(Code::ConditionReference, message, id, None);
        }
        let resource_type = resource.resource_type.value.as_str();
        if is_custom(resource_type) || is_serverless(resource_type) {
            return;
        }
        let Ok(Some(schema)) = Registry::embedded().get(resource_type) else { return };
        if schema.has_attribute(&attribute.value) {
            return;
        }
        let known = schema.attributes();
        let names = known.iter().map(String::as_str);
        let help = match self.diagnostics.suggestion(&attribute.value, names) {
            Some(near) => Some(near),
            None if known.is_empty() => None,
            None => Some(format!("its attributes are {}", known.join(", "))),
        };
        let message = format!("`{resource_type}` has no attribute `{}`", attribute.value);
        self.push(Code::UnknownAttribute, message, attribute, help);
    }

    fn condition(&mut self, name: &Spanned<String>) {
        if self.template.conditions.contains_key(&name.value) {
            return;
        }
        let names = self.template.conditions.keys().map(String::as_str);
        let near = self.diagnostics.suggestion(&name.value, names);
        let message = format!("there is no condition `{}` in this template", name.value);
        self.push(Code::UnresolvedReference, message, name, near);
    }

    fn mapping(&mut self, map: &Expression) {
        let ExpressionKind::Literal(Value::String(name)) = &map.kind else { return };
        if self.template.mappings.contains_key(name) {
            return;
        }
        let names = self.template.mappings.keys().map(String::as_str);
        let near = self.diagnostics.suggestion(name, names);
        let message = format!("there is no mapping `{name}` in this template");
        let at = Spanned::new(name.clone(), map.span);
        self.push(Code::UnresolvedReference, message, &at, near);
    }

    /// A type of a serverless template, in one that is none or in what AWS's translator has left.
    fn serverless(&mut self, name: &Spanned<String>) {
        let text = &name.value;
        if TYPES.contains(&text.as_str()) {
            let message = format!("`{text}` needs the transform `{SERVERLESS}`");
            let help = format!("add `Transform: {SERVERLESS}` to the template");
            return self.push(Code::Serverless, message, name, Some(help));
        }
        let near = self.diagnostics.suggestion(text, TYPES.into_iter());
        self.push(Code::UnknownType, format!("no resource type `{text}` exists"), name, near);
    }

    fn resource_type(&mut self, name: &rstack_model::ResourceType, span: rstack_model::Span) {
        let text = name.as_str();
        let registry = Registry::embedded();
        if is_serverless(text) {
            return self.serverless(&Spanned::new(text.to_owned(), span));
        }
        // A resource without a type has been reported.
        if text.is_empty()
            || registry.contains(text)
            || is_custom(text)
            || STANDS_FOR_NOTHING.contains(&text)
        {
            return;
        }
        let at = Spanned::new(text.to_owned(), span);
        if text.ends_with(MODULE) {
            let message = format!("`{text}` is a module, and modules are not supported");
            let help =
                "only CloudFormation has the account's modules; write out what it stands for";
            return self.push(Code::Unsupported, message, &at, Some(help.to_owned()));
        }
        let near = self.diagnostics.suggestion(text, registry.names());
        if near.is_none() && is_third_party(text) {
            let message = format!("`{text}` is not a type of AWS: its properties are not checked");
            let warning = Diagnostic::warning(Code::UnknownType, message).at(span, "");
            return self.diagnostics.push(warning);
        }
        self.push(Code::UnknownType, format!("no resource type `{text}` exists"), &at, near);
    }
}

/// The end of the names of module types.
const MODULE: &str = "::MODULE";

/// True if a type has the form of those that others than AWS register.
fn is_third_party(text: &str) -> bool {
    let mut parts = text.split("::");
    let well_formed = parts.clone().count() == 3
        && parts.all(|part| part.len() >= 2 && part.chars().all(|c| c.is_ascii_alphanumeric()));
    let own = ["AWS", "Alexa"].iter().any(|owner| text.split("::").next() == Some(owner));
    well_formed && !own
}

/// Types that the registry does not list and that stand for no object.
const STANDS_FOR_NOTHING: [&str; 2] =
    ["AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle"];

/// True if a type's objects and attributes are whatever code of the template's own makes of them.
pub(crate) fn is_custom(resource_type: &str) -> bool {
    ResourceType::from(resource_type).is_custom()
}
