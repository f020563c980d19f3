//! Deciding conditions. Each is decided once; a circle of conditions is an error.

use rstack_model::{Diagnostic, Value};

use super::expression::Evaluator;
use crate::syntax::Spanned;
use crate::template::{Expression, ExpressionKind};

/// How far a condition has been decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is being decided: meeting it again is a circle.
    Open,
    /// It holds or does not.
    Decided(bool),
    /// It cannot be decided, and that has been reported.
    Failed,
}

impl Evaluator<'_> {
    /// Whether what has this condition exists. What cannot be decided (reported elsewhere) does
    /// not.
    pub(super) fn holds(&mut self, condition: Option<&Spanned<String>>) -> bool {
        condition.is_none_or(|name| self.decide(name) == Some(true))
    }

    /// Whether a condition holds; `None` if that cannot be decided, which has been reported.
    pub(super) fn decide(&mut self, name: &Spanned<String>) -> Option<bool> {
        match self.decisions.get(&name.value) {
            Some(Decision::Decided(holds)) => return Some(*holds),
            Some(Decision::Failed) => return None,
            Some(Decision::Open) => {
                let message = format!("the condition `{}` depends on itself", name.value);
                self.diagnostics.push(Diagnostic::error("cycle", message).at(name.span, ""));
                return None;
            }
            None => {}
        }
        // A condition that does not exist has been reported by the reference check.
        let expression = self.template.conditions.get(&name.value)?.expression.as_ref()?;
        self.decisions.insert(name.value.clone(), Decision::Open);
        let outer = std::mem::replace(&mut self.in_condition, true);
        let holds = self.boolean(expression);
        self.in_condition = outer;
        let decision = holds.map_or(Decision::Failed, Decision::Decided);
        self.decisions.insert(name.value.clone(), decision);
        holds
    }

    fn boolean(&mut self, expression: &Expression) -> Option<bool> {
        match &expression.kind {
            ExpressionKind::Condition(name) => self.decide(name),
            ExpressionKind::Not(inner) => self.boolean(inner).map(|holds| !holds),
            ExpressionKind::And(parts) => {
                let parts: Vec<Option<bool>> = parts.iter().map(|p| self.boolean(p)).collect();
                parts.into_iter().try_fold(true, |all, part| Some(all & part?))
            }
            ExpressionKind::Or(parts) => {
                let parts: Vec<Option<bool>> = parts.iter().map(|p| self.boolean(p)).collect();
                parts.into_iter().try_fold(false, |any, part| Some(any | part?))
            }
            ExpressionKind::Equals(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                Some(text(a.ok()??) == text(b.ok()??))
            }
            ExpressionKind::Literal(Value::Bool(holds)) => Some(*holds),
            _ => {
                let message = "a condition must be a function that gives true or false";
                let error = Diagnostic::error("condition-kind", message).at(expression.span, "");
                let help = "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition";
                self.diagnostics.push(error.help(help));
                None
            }
        }
    }
}

/// Values are compared as the texts that CloudFormation makes of them.
fn text(value: Value) -> Value {
    match value {
        Value::Bool(b) => Value::String(b.to_string()),
        Value::Number(n) => Value::String(n.to_string()),
        Value::List(items) => Value::List(items.into_iter().map(text).collect()),
        other @ (Value::Null
        | Value::String(_)
        | Value::Text(_)
        | Value::Deferred(_)
        | Value::Map(_)) => other,
    }
}
