//! Dynamic references in the operands of functions that do not resolve them.
//!
//! Source: "Get values stored in other services using dynamic references", AWS CloudFormation User Guide:
//! references are resolved in the properties that functions have made.

use rstack_model::value::TextPart;
use rstack_model::{Code, Diagnostic, Span, Value};

use super::expression::Evaluator;

const OPEN: &str = "{{resolve:";
const CLOSE: &str = "}}";

/// A place where a dynamic reference is text like any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotResolved {
    /// The operand of `Fn::Base64`.
    Base64,
    /// The operand of `Fn::Split`.
    Split,
    /// An operand of a condition.
    Condition,
}

impl NotResolved {
    fn message(self, reference: &str) -> String {
        match self {
            Self::Base64 => {
                format!("`{reference}` is not resolved in `Fn::Base64`, which encodes it as it is")
            }
            Self::Split => format!(
                "`{reference}` is resolved after `Fn::Split`, which does not split its value"
            ),
            Self::Condition => {
                format!("`{reference}` is not resolved in a condition, which compares it as it is")
            }
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Base64 => {
                "take the value as a parameter of the type `AWS::SSM::Parameter::Value<String>`, or read it \
                 where the text is used"
            }
            Self::Split => {
                "take the list as a parameter of the type \
                 `AWS::SSM::Parameter::Value<List<String>>`"
            }
            Self::Condition => {
                "take the value as a parameter of the type `AWS::SSM::Parameter::Value<String>`"
            }
        }
    }
}

impl Evaluator<'_> {
    /// Warns of each dynamic reference in an operand that does not resolve it.
    pub(super) fn note_references(&mut self, operand: &Value, at: Span, place: NotResolved) {
        for reference in references(operand) {
            let message = place.message(&reference);
            let warning = Diagnostic::warning(Code::DynamicReference, message).at(at, "");
            self.findings.warn_once(warning.help(place.help()));
        }
    }
}

/// The dynamic references in a text, as they are written.
fn references(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let mut within = |text: &str| {
        let starts = text.match_indices(OPEN).map(|(at, _)| text.get(at..).unwrap_or_default());
        out.extend(starts.map(|rest| match rest.split_once(CLOSE) {
            Some((body, _)) => format!("{body}{CLOSE}"),
            // The rest of its name is known only after apply.
            None => format!("{OPEN}…{CLOSE}"),
        }));
    };
    match value {
        Value::String(text) => within(text),
        Value::Text(text) => {
            for part in text.parts() {
                if let TextPart::Literal(literal) = part {
                    within(literal);
                }
            }
        }
        Value::List(items) => return items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Deferred(_) | Value::Map(_) => {}
    }
    out
}
