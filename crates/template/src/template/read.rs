//! Reading a tree as a template: the sections and what they hold.

use std::collections::BTreeMap;

use rstack_model::{Diagnostic, Digest, LogicalId, ResourceType, Value};

use super::function::Reader;
use super::section::Section;
use super::{
    Condition, Expression, ExpressionKind, Mappings, Output, Parameter, Resource, Template,
};
use crate::check::is_custom;
use crate::syntax::{Entry, Node, NodeKind, Spanned, scalar};

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
    "Rules",
    "Transform",
    "Hooks",
];
const RESOURCE_KEYS: [&str; 9] = [
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
];
const PARAMETER_KEYS: [&str; 11] = [
    "Type",
    "Default",
    "Description",
    "NoEcho",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
];
const OUTPUT_KEYS: [&str; 4] = ["Value", "Description", "Export", "Condition"];

/// The rule by which the CDK guards the bootstrap stack that its own deployment needs. rstack needs
/// none, so the rule is passed over, and the parameter behind it is never resolved.
const BOOTSTRAP_RULE: &str = "CheckBootstrapVersion";

/// Reads the root of a tree. The template holds what could be read.
pub(crate) fn read(root: &Node, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Template {
    let mut template = Template {
        digest: Digest::of(text.as_bytes()),
        description: None,
        parameters: BTreeMap::new(),
        mappings: Mappings::new(),
        conditions: BTreeMap::new(),
        resources: BTreeMap::new(),
        outputs: BTreeMap::new(),
        has_errors: false,
    };
    let mut section = Section { diagnostics };
    let mut has_resources = false;
    for Entry { key, value } in section.entries(root, "a template") {
        match key.value.as_str() {
            "AWSTemplateFormatVersion" => section.format_version(value),
            "Description" => {
                template.description = section.text(value, "`Description`").map(|t| t.value)
            }
            "Metadata" => {}
            "Parameters" => template.parameters = section.parameters(value),
            "Mappings" => template.mappings = section.mappings(value),
            "Conditions" => template.conditions = section.conditions(value),
            "Resources" => {
                has_resources = true;
                template.resources = section.resources(value);
            }
            "Outputs" => template.outputs = section.outputs(value),
            "Rules" => section.rules(value),
            "Transform" => {}
            "Hooks" => section.unsupported(key, "`Hooks`"),
            _ => section.unknown_key(key, "a template", &SECTIONS),
        }
    }
    if !has_resources && root.as_map().is_some() {
        let error = Diagnostic::error("no-resources", "the template has no `Resources`");
        let start = rstack_model::Span::new(root.span.start, root.span.start);
        section.report(error.at(start, "").help("is this a CloudFormation template?"));
    }
    template
}

impl Section<'_> {
    fn format_version(&mut self, node: &Node) {
        if node.as_text() != Some("2010-09-09") {
            let message = "the only version of the template format is `2010-09-09`";
            self.report(Diagnostic::error("format-version", message).at(node.span, ""));
        }
    }

    fn rules(&mut self, node: &Node) {
        for Entry { key, .. } in self.entries(node, "`Rules`") {
            if key.value != BOOTSTRAP_RULE {
                self.unsupported(key, &format!("the rule `{}`", key.value));
            }
        }
    }

    /// Names of parameters, conditions, resources and outputs are letters and digits.
    fn check_name(&mut self, key: &Spanned<String>, what: &str) {
        let legal = !key.value.is_empty() && key.value.chars().all(|c| c.is_ascii_alphanumeric());
        if !legal {
            let message = format!("`{}` cannot be {what}", key.value);
            let error = Diagnostic::error("name", message).at(key.span, "");
            self.report(error.help("use letters and digits only"));
        }
    }

    fn parameters(&mut self, node: &Node) -> BTreeMap<String, Parameter> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Parameters`") {
            self.check_name(key, "the name of a parameter");
            if let Some(parameter) = self.parameter(key, value) {
                out.insert(key.value.clone(), parameter);
            }
        }
        out
    }

    fn parameter(&mut self, name: &Spanned<String>, node: &Node) -> Option<Parameter> {
        let what = format!("the parameter `{}`", name.value);
        let mut kind = None;
        let mut out = Parameter {
            name_span: name.span,
            kind: Spanned::new(String::new(), name.span),
            default: None,
            description: None,
            no_echo: false,
            allowed_values: None,
            allowed_pattern: None,
            length: (None, None),
            range: (None, None),
            constraint_description: None,
        };
        for Entry { key, value } in self.entries(node, &what) {
            let label = format!("`{}`", key.value);
            match key.value.as_str() {
                "Type" => kind = self.text(value, &label),
                "Default" => out.default = self.scalar_text(value, &label),
                "Description" => out.description = self.text(value, &label).map(|t| t.value),
                "NoEcho" => {
                    out.no_echo = self.text(value, &label).is_some_and(|text| {
                        scalar(&text.value.to_ascii_lowercase(), true) == Value::Bool(true)
                    });
                }
                "AllowedValues" => {
                    let items = value.as_list().unwrap_or_else(|| std::slice::from_ref(value));
                    let texts = items.iter().filter_map(|item| self.scalar_text(item, &label));
                    out.allowed_values = Some(texts.map(|text| text.value).collect());
                }
                "AllowedPattern" => {
                    out.allowed_pattern = self.text(value, &label);
                }
                "MinLength" => out.length.0 = self.number(value, &label),
                "MaxLength" => out.length.1 = self.number(value, &label),
                "MinValue" => out.range.0 = self.number(value, &label),
                "MaxValue" => out.range.1 = self.number(value, &label),
                "ConstraintDescription" => {
                    out.constraint_description = self.text(value, &label).map(|t| t.value);
                }
                _ => self.unknown_key(key, "a parameter", &PARAMETER_KEYS),
            }
        }
        let Some(kind) = kind else {
            self.missing(name, "Type");
            return None;
        };
        out.kind = kind;
        Some(out)
    }

    fn number<T: std::str::FromStr>(&mut self, node: &Node, what: &str) -> Option<T> {
        let text = self.text(node, what)?;
        let number = text.value.parse().ok();
        if number.is_none() {
            let message = format!("{what} must be a number, found `{}`", text.value);
            self.report(Diagnostic::error("shape", message).at(text.span, ""));
        }
        number
    }

    fn missing(&mut self, name: &Spanned<String>, key: &str) {
        let message = format!("`{}` has no `{key}`", name.value);
        self.report(Diagnostic::error("missing-key", message).at(name.span, ""));
    }

    fn mappings(&mut self, node: &Node) -> Mappings {
        let mut out = Mappings::new();
        for Entry { key, value } in self.entries(node, "`Mappings`") {
            let map = out.entry(key.value.clone()).or_default();
            for Entry { key, value } in self.entries(value, "a mapping") {
                let level = map.entry(key.value.clone()).or_default();
                for Entry { key, value } in self.entries(value, "a mapping's key") {
                    if let Some(value) = self.mapped(value) {
                        level.insert(key.value.clone(), value);
                    }
                }
            }
        }
        out
    }

    /// A value of a mapping: a scalar or a list of scalars.
    fn mapped(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            NodeKind::Scalar { text, plain } if node.tag.is_none() => Some(scalar(text, *plain)),
            NodeKind::List(items) if node.tag.is_none() => {
                let values: Vec<Value> =
                    items.iter().filter_map(|item| self.mapped(item)).collect();
                Some(Value::List(values))
            }
            NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => {
                let message = format!("a mapping holds texts and lists, found {}", node.words());
                self.report(Diagnostic::error("shape", message).at(node.span, ""));
                None
            }
        }
    }

    fn expression(&mut self, node: &Node, in_condition: bool) -> Option<Expression> {
        Reader { diagnostics: self.diagnostics, in_condition }.read(node).ok()
    }

    fn conditions(&mut self, node: &Node) -> BTreeMap<String, Condition> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Conditions`") {
            self.check_name(key, "the name of a condition");
            let expression = self.expression(value, true);
            out.insert(key.value.clone(), Condition { name_span: key.span, expression });
        }
        out
    }

    fn resources(&mut self, node: &Node) -> BTreeMap<LogicalId, Resource> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Resources`") {
            if key.value.starts_with("Fn::ForEach") {
                self.unsupported(key, "`Fn::ForEach`");
                continue;
            }
            self.check_name(key, "the logical ID of a resource");
            out.insert(LogicalId::new(key.value.as_str()), self.resource(key, value));
        }
        out
    }

    fn resource(&mut self, name: &Spanned<String>, node: &Node) -> Resource {
        let what = format!("the resource `{}`", name.value);
        let (mut kind, mut version) = (None, None);
        let mut out = Resource {
            name_span: name.span,
            resource_type: Spanned::new(ResourceType::new(""), name.span),
            properties: Some(Expression { kind: ExpressionKind::Map(Vec::new()), span: name.span }),
            depends_on: Vec::new(),
            condition: None,
            deletion_policy: None,
            update_replace_policy: None,
            delete_first: false,
        };
        for Entry { key, value } in self.entries(node, &what) {
            match key.value.as_str() {
                "Type" => kind = self.text(value, "`Type`"),
                "Properties" if value.is_null() => {}
                "Properties" => out.properties = self.properties(value),
                "DependsOn" => out.depends_on = self.texts(value, "`DependsOn`"),
                "Condition" => out.condition = self.text(value, "`Condition`"),
                "DeletionPolicy" => out.deletion_policy = self.policy(key, value),
                "UpdateReplacePolicy" => out.update_replace_policy = self.policy(key, value),
                "Metadata" => out.delete_first = self.delete_first(value),
                "CreationPolicy" | "UpdatePolicy" => {
                    self.unsupported(key, &format!("`{}`", key.value));
                }
                "Version" => version = Some(key),
                _ => self.unknown_key(key, "a resource", &RESOURCE_KEYS),
            }
        }
        // Only custom resources have a version.
        let custom = kind.as_ref().is_some_and(|kind| is_custom(&kind.value));
        if let Some(key) = version.filter(|_| !custom) {
            self.unknown_key(key, "a resource", &RESOURCE_KEYS);
        }
        match kind {
            Some(kind) => {
                out.resource_type = Spanned::new(ResourceType::new(kind.value), kind.span);
            }
            None => {
                self.missing(name, "Type");
                out.properties = None;
            }
        }
        out
    }

    fn properties(&mut self, node: &Node) -> Option<Expression> {
        let expression = self.expression(node, false)?;
        if matches!(expression.kind, ExpressionKind::Map(_) | ExpressionKind::If { .. }) {
            return Some(expression);
        }
        let message = format!("`Properties` must be a map, found {}", node.words());
        self.report(Diagnostic::error("shape", message).at(node.span, ""));
        None
    }

    fn policy(&mut self, key: &Spanned<String>, node: &Node) -> Option<Expression> {
        let text = self.text(node, &format!("`{}`", key.value))?;
        let kind = ExpressionKind::Literal(Value::from(text.value));
        Some(Expression { kind, span: text.span })
    }

    /// `Metadata: {rstack: {Replacement: DeleteFirst}}`; all other metadata are somebody else's.
    fn delete_first(&mut self, metadata: &Node) -> bool {
        let ours = metadata.as_map().into_iter().flatten().find(|e| e.key.value == "rstack");
        let mut delete_first = false;
        for Entry { key, value } in ours.map_or(&[][..], |e| self.entries(&e.value, "`rstack`")) {
            match (key.value.as_str(), value.as_text()) {
                ("Replacement", Some("DeleteFirst")) => delete_first = true,
                ("Replacement", Some("CreateFirst")) => {}
                ("Replacement", _) => {
                    let message = "`Replacement` is `CreateFirst` or `DeleteFirst`";
                    self.report(Diagnostic::error("metadata", message).at(value.span, ""));
                }
                _ => self.unknown_key(key, "the metadata for rstack", &["Replacement"]),
            }
        }
        delete_first
    }

    fn outputs(&mut self, node: &Node) -> BTreeMap<String, Output> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Outputs`") {
            if key.value.starts_with("Fn::ForEach") {
                self.unsupported(key, "`Fn::ForEach`");
                continue;
            }
            self.check_name(key, "the name of an output");
            if let Some(output) = self.output(key, value) {
                out.insert(key.value.clone(), output);
            }
        }
        out
    }

    fn output(&mut self, name: &Spanned<String>, node: &Node) -> Option<Output> {
        let what = format!("the output `{}`", name.value);
        let (mut value, mut has_value) = (None, false);
        let (mut description, mut export, mut condition) = (None, None, None);
        for Entry { key, value: node } in self.entries(node, &what) {
            match key.value.as_str() {
                "Value" => {
                    has_value = true;
                    value = self.expression(node, false);
                }
                "Description" => {
                    description = self.text(node, "`Description`").map(|t| t.value);
                }
                "Condition" => condition = self.text(node, "`Condition`"),
                "Export" => {
                    for Entry { key, value } in self.entries(node, "`Export`") {
                        match key.value.as_str() {
                            "Name" => export = self.expression(value, false),
                            _ => self.unknown_key(key, "an export", &["Name"]),
                        }
                    }
                }
                _ => self.unknown_key(key, "an output", &OUTPUT_KEYS),
            }
        }
        if !has_value {
            self.missing(name, "Value");
        }
        Some(Output { name_span: name.span, value: value?, description, export, condition })
    }
}
