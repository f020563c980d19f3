//! Reading `Parameters` and `Mappings`.

use std::collections::BTreeMap;

use rstack_model::{Code, Diagnostic, Value};

use super::section::Section;
use super::{Mappings, Parameter};
use crate::syntax::{Entry, Node, NodeKind, Spanned, scalar};

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

impl Section<'_> {
    pub(super) fn parameters(&mut self, node: &Node) -> BTreeMap<String, Parameter> {
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
        let (mut kind, mut has_type) = (None, false);
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
                "Type" => (kind, has_type) = (self.text(value, &label), true),
                "Default" => out.default = self.scalar_text(value, &label),
                "Description" => out.description = self.text(value, &label).map(|t| t.value),
                "NoEcho" => {
                    out.no_echo = self.text(value, &label).is_some_and(|text| is_true(&text.value));
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
            if !has_type && !node.is_null() {
                self.missing(name, "Type");
            }
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
            self.report(Diagnostic::error(Code::Shape, message).at(text.span, ""));
        }
        number
    }

    pub(super) fn mappings(&mut self, node: &Node) -> Mappings {
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
            NodeKind::Scalar { text, plain } => Some(scalar(text, *plain)),
            NodeKind::List(items) => {
                let values: Vec<Value> =
                    items.iter().filter_map(|item| self.mapped(item)).collect();
                Some(Value::List(values))
            }
            NodeKind::Map(_) | NodeKind::Tagged(_) => {
                let message = format!("a mapping holds texts and lists, found {}", node.words());
                self.report(Diagnostic::error(Code::Shape, message).at(node.span, ""));
                None
            }
        }
    }
}

/// True if the text of `NoEcho` makes a parameter a secret: in every form and case of true.
pub(crate) fn is_true(text: &str) -> bool {
    scalar(&text.to_ascii_lowercase(), true) == Value::Bool(true)
}
