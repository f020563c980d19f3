//! Functions whose result follows from their arguments' form: `Fn::Length`, `Fn::ToJsonString`.
//!
//! Source: "AWS::LanguageExtensions transform", AWS CloudFormation User Guide.

use rstack_model::value::{Text, TextPart, function};
use rstack_model::{Code, Diagnostic, Value};

use super::expression::Evaluator;
use super::external;
use super::finding::Reported;
use crate::template::{Expression, ExpressionKind};

/// The number of elements in a list. The elements need not be known.
pub(super) fn length(evaluator: &mut Evaluator<'_>, list: &Expression) -> Result<Value, Reported> {
    let value = evaluator.needed(list)?;
    let message = match value {
        Value::List(items) => return Ok(Value::Number(items.len().into())),
        Value::Deferred(_) if let Some(lookup) = external::waits(&value) => {
            return Ok(Value::lookup(lookup));
        }
        Value::Deferred(_) => "the list of `Fn::Length` must be known before apply".to_owned(),
        other => format!("`Fn::Length`: expected a list, found {}", function::kind(&other)),
    };
    let error = Diagnostic::error(Code::FunctionValue, message).at(list.span, "");
    Err(evaluator.findings.report(error))
}

/// A list or a map as JSON text, in the order of the source.
pub(super) fn to_json(
    evaluator: &mut Evaluator<'_>,
    inner: &Expression,
) -> Result<Value, Reported> {
    let mut writer = Writer { evaluator, parts: Vec::new() };
    if !writer.expression(inner)? {
        let message = "`AWS::NoValue` cannot stand here";
        let error = Diagnostic::error(Code::NoValue, message).at(inner.span, "");
        return Err(writer.evaluator.findings.report(error));
    }
    Ok(Text::concat(writer.parts))
}

struct Writer<'a, 'e> {
    evaluator: &'a mut Evaluator<'e>,
    parts: Vec<TextPart>,
}

impl Writer<'_, '_> {
    fn push(&mut self, text: impl Into<String>) {
        self.parts.push(TextPart::Literal(text.into()));
    }

    /// Writes an expression; `false` if it is `AWS::NoValue`.
    fn expression(&mut self, expression: &Expression) -> Result<bool, Reported> {
        if let ExpressionKind::List(items) = &expression.kind {
            let items = items.iter().map(|item| (None, item));
            self.members(["[", "]"], items)?;
        } else if let ExpressionKind::Map(entries) = &expression.kind {
            let entries = entries.iter().map(|(key, value)| (Some(key.value.as_str()), value));
            self.members(["{", "}"], entries)?;
        } else {
            let Some(value) = self.evaluator.value(expression)? else { return Ok(false) };
            self.value(&value, expression)?;
        }
        Ok(true)
    }

    /// Writes the members of a list or, with keys, of a map.
    fn members<'m>(
        &mut self,
        [open, close]: [&str; 2],
        members: impl Iterator<Item = (Option<&'m str>, &'m Expression)>,
    ) -> Result<(), Reported> {
        self.push(open);
        let mut empty = true;
        for (key, member) in members {
            let before = self.parts.len();
            let comma = if empty { "" } else { "," };
            self.push(key.map_or_else(|| comma.to_owned(), |k| format!("{comma}{}:", quoted(k))));
            if self.expression(member)? {
                empty = false;
            } else {
                self.parts.truncate(before);
            }
        }
        self.push(close);
        Ok(())
    }

    fn value(&mut self, value: &Value, at: &Expression) -> Result<(), Reported> {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(b) => self.push(b.to_string()),
            Value::Number(n) => self.push(n.to_string()),
            Value::String(text) => self.push(quoted(text)),
            Value::List(items) => {
                self.push("[");
                for (i, item) in items.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," });
                    self.value(item, at)?;
                }
                self.push("]");
            }
            Value::Map(map) => {
                self.push("{");
                for (i, (key, item)) in map.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    self.push(format!("{comma}{}:", quoted(key)));
                    self.value(item, at)?;
                }
                self.push("}");
            }
            Value::Text(text) if text.has_secret() => {
                let message = "`Fn::ToJsonString` cannot be applied to a secret parameter";
                let error = Diagnostic::error(Code::FunctionValue, message).at(at.span, "");
                return Err(self.evaluator.findings.report(error));
            }
            // As CloudFormation does, an attribute's text is put between quotes as it is.
            Value::Text(text) => {
                self.push("\"");
                for part in text.parts() {
                    self.parts.push(match part {
                        TextPart::Literal(literal) => TextPart::Literal(inside(literal)),
                        TextPart::Deferred(_) | TextPart::Secret(_) => part.clone(),
                    });
                }
                self.push("\"");
            }
            Value::Deferred(deferred) => {
                self.push("\"");
                self.parts.push(TextPart::Deferred((**deferred).clone()));
                self.push("\"");
            }
        }
        Ok(())
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as JSON, without the quotes around it.
fn inside(text: &str) -> String {
    let quoted = quoted(text);
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}
