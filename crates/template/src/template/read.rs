//! Reading a tree as a template: the sections and what they hold.

use std::collections::BTreeMap;

use rstack_catalog::nearest;
use rstack_model::{Code, Diagnostic, Digest};

use super::function::{Place, Reader};
use super::rules::has_bootstrap_rule;
use super::section::Section;
use super::{Condition, Dialect, Expression, Mappings, Template};
use crate::diagnostics::Diagnostics;
use crate::syntax::{Entry, Node, Spanned};

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

/// Reads the root of a tree whose places are in `text`, which begins at the place `base`. The template holds what could be read.
pub(crate) fn read(
    root: &Node,
    (text, base): (&str, usize),
    dialect: Dialect,
    diagnostics: &mut Diagnostics,
) -> Template {
    let mut template = Template {
        digest: Digest::of(text.as_bytes()),
        description: None,
        parameters: BTreeMap::new(),
        mappings: Mappings::new(),
        conditions: BTreeMap::new(),
        resources: BTreeMap::new(),
        outputs: BTreeMap::new(),
        rules: BTreeMap::new(),
        passes_bootstrap: false,
        end: base + text.len(),
        has_errors: false,
    };
    let mut section = Section { diagnostics, dialect, text, base };
    let mut has_resources = false;
    let (mut meant, mut stray) = (false, Vec::new());
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
            "Rules" => {
                template.passes_bootstrap = has_bootstrap_rule(value);
                template.rules = section.rules(value);
            }
            "Transform" => {}
            "Hooks" => section.unsupported(key, "`Hooks`"),
            // Resources at the top are reported once, below.
            _ if resource_at_top(value) => stray.push(key),
            _ => {
                meant |= nearest(&key.value, SECTIONS.into_iter()) == Some("Resources");
                section.unknown_key(key, "a template", &SECTIONS);
            }
        }
    }
    // A misspelt `Resources` has been reported.
    if !has_resources && !meant && root.as_map().is_some() {
        let error = Diagnostic::error(Code::NoResources, "the template has no `Resources`");
        let start = rstack_model::Span::new(root.span.start, root.span.start);
        section.report(match stray.first() {
            Some(first) => {
                let label = "this is a resource at the top of the file";
                let help = "write `Resources:` above the resources and indent them under it";
                error.at(first.span, label).help(help)
            }
            None => error.at(start, "").help("is this a CloudFormation template?"),
        });
    } else {
        for key in stray {
            let message = format!("the resource `{}` is not under `Resources`", key.value);
            let error = Diagnostic::error(Code::UnknownKey, message).at(key.span, "");
            section.report(error.help("move it there, indented as the other resources are"));
        }
    }
    template
}

/// True if an entry that is no section looks like a resource: it has a type of resources.
fn resource_at_top(node: &Node) -> bool {
    let mut entries = node.as_map().into_iter().flatten();
    entries.any(|entry| {
        entry.key.value == "Type" && entry.value.as_text().is_some_and(|text| text.contains("::"))
    })
}

impl Section<'_> {
    fn format_version(&mut self, node: &Node) {
        if node.as_text() != Some("2010-09-09") && !node.is_null() {
            let message = "the only version of the template format is `2010-09-09`";
            self.report(Diagnostic::error(Code::FormatVersion, message).at(node.span, ""));
        }
    }

    /// Names of parameters, resources and outputs are letters and digits.
    pub(super) fn check_name(&mut self, key: &Spanned<String>, what: &str) {
        let legal = !key.value.is_empty() && key.value.chars().all(|c| c.is_ascii_alphanumeric());
        if !legal {
            let message = format!("`{}` cannot be {what}", key.value);
            let error = Diagnostic::error(Code::Name, message).at(key.span, "");
            self.report(error.help("use letters and digits only"));
        }
    }

    /// Names of rules may hold `_` besides: the template of aws-quickstart/quickstart-linux-bastion, which is
    /// deployed, has the rule `X86_64Instance`.
    pub(super) fn check_rule_name(&mut self, key: &Spanned<String>) {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if key.value.is_empty() || !key.value.chars().all(inside) {
            let message = format!("`{}` cannot be the name of a rule", key.value);
            let error = Diagnostic::error(Code::Name, message).at(key.span, "");
            self.report(error.help("use letters, digits and `_` only"));
        }
    }

    /// Names of conditions may hold `&`, `_` and `-` besides. Sources: the schema of conditions in
    /// cfn-lint 1.58 (`^[a-zA-Z0-9&_]{1,255}$`; issue 4007: "CloudFormation has no issues" with `_`),
    /// and for `-` the templates of marklogic/cloud-enablement-aws, which are deployed (pull request
    /// 275).
    fn check_condition_name(&mut self, key: &Spanned<String>) {
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '&' | '_' | '-');
        if key.value.is_empty() || !key.value.chars().all(inside) {
            let message = format!("`{}` cannot be the name of a condition", key.value);
            let error = Diagnostic::error(Code::Name, message).at(key.span, "");
            self.report(error.help("use letters, digits, `&`, `_` and `-` only"));
        }
    }

    pub(super) fn expression(&mut self, node: &Node, place: Place) -> Option<Expression> {
        let (diagnostics, dialect) = (&mut *self.diagnostics, self.dialect);
        let (text, base) = (self.text, self.base);
        Reader { diagnostics, place, dialect, text, base }.read(node).ok()
    }

    fn conditions(&mut self, node: &Node) -> BTreeMap<String, Condition> {
        let mut out = BTreeMap::new();
        for Entry { key, value } in self.entries(node, "`Conditions`") {
            self.check_condition_name(key);
            let expression = self.expression(value, Place::Condition);
            out.insert(key.value.clone(), Condition { name_span: key.span, expression });
        }
        out
    }
}
