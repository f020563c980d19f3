//! Deciding conditions. Each is decided once; a circle of conditions is an error.
//!
//! Secret parameters may be compared: as they are, as an operand of `Fn::Equals`, and nowhere
//! else. Their text goes no further than that comparison.

use std::collections::{BTreeSet, HashSet};

use rstack_model::value::{Attribute, AttributeRef, Deferred, Lookup, TextPart};
use rstack_model::{Address, Code, Diagnostic, SecretString, Value};

use super::expression::Evaluator;
use super::external;
use super::finding::Reported;
use super::unresolved::NotResolved;
use crate::syntax::Spanned;
use crate::template::{Expression, ExpressionKind};

/// The progress of the decision of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is being decided: meeting it again is a circle.
    Open,
    /// It holds or does not, or cannot be decided.
    Made(Result<bool, Undecided>),
}

/// The reason why a condition cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// A reason that has been reported.
    Told(Reported),
    /// The cloud has not been asked.
    Waits(Lookup),
}

impl From<Reported> for Undecided {
    fn from(reported: Reported) -> Self {
        Self::Told(reported)
    }
}

/// One side of `Fn::Equals`.
enum Operand {
    Value(Value),
    Secret(SecretString),
}

impl Evaluator<'_> {
    /// True if the thing that has this condition exists. With a condition that cannot be decided
    /// (which has been reported) it does not.
    pub(super) fn holds(&mut self, condition: Option<&Spanned<String>>) -> bool {
        condition.is_none_or(|name| self.may_hold(name) == Ok(true))
    }

    /// True if a condition holds, or may hold as long as the cloud has not been asked.
    pub(super) fn may_hold(&mut self, name: &Spanned<String>) -> Result<bool, Reported> {
        match self.decide(name) {
            Ok(holds) => Ok(holds),
            Err(Undecided::Waits(_)) => Ok(true),
            Err(Undecided::Told(reported)) => Err(reported),
        }
    }

    /// True if a condition holds.
    pub(super) fn decide(&mut self, name: &Spanned<String>) -> Result<bool, Undecided> {
        match self.decisions.get(&name.value) {
            Some(Decision::Made(decision)) => return decision.clone(),
            Some(Decision::Open) => {
                let message = format!("the condition `{}` depends on itself", name.value);
                let error = Diagnostic::error(Code::Cycle, message).at(name.span, "");
                return Err(self.findings.report(error).into());
            }
            None => {}
        }
        let condition = self.template.conditions.get(&name.value);
        let Some(expression) = condition.and_then(|c| c.expression.as_ref()) else {
            let what = format!("the condition `{}`", name.value);
            return Err(self.findings.told_before(&what, name.span).into());
        };
        self.decisions.insert(name.value.clone(), Decision::Open);
        let decision = self.boolean(expression);
        self.decisions.insert(name.value.clone(), Decision::Made(decision.clone()));
        decision
    }

    pub(super) fn boolean(&mut self, expression: &Expression) -> Result<bool, Undecided> {
        match &expression.kind {
            ExpressionKind::Condition(name) => self.decide(name),
            ExpressionKind::Not(inner) => self.boolean(inner).map(|holds| !holds),
            ExpressionKind::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.boolean(part)).collect();
                parts.into_iter().try_fold(true, |all, part| Ok(all & part?))
            }
            ExpressionKind::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.boolean(part)).collect();
                parts.into_iter().try_fold(false, |any, part| Ok(any | part?))
            }
            ExpressionKind::Equals(a, b) => {
                let (left, right) = (self.operand(a), self.operand(b));
                let (left, right) = (left?, right?);
                match known_to_differ(&left, &right, &self.custom) {
                    Some(differ) => Ok(!differ),
                    None => Err(self.unknown(expression).into()),
                }
            }
            ExpressionKind::Implies(first, then) => {
                let (first, then) = (self.boolean(first), self.boolean(then));
                Ok(!first? | then?)
            }
            ExpressionKind::Contains(list, value) => {
                let (list, value) = (self.members(list), self.known(value));
                Ok(list?.contains(&value?))
            }
            ExpressionKind::EachMemberEquals(list, value) => {
                let (list, value) = (self.members(list), self.known(value));
                let value = value?;
                Ok(list?.iter().all(|member| *member == value))
            }
            ExpressionKind::EachMemberIn(list, among) => {
                let (list, among) = (self.members(list), self.members(among));
                Ok(all_among(&list?, &among?))
            }
            ExpressionKind::Unread => {
                Err(self.findings.told_before("a condition", expression.span).into())
            }
            ExpressionKind::Literal(_)
            | ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::Ref(_)
            | ExpressionKind::RefBy(_)
            | ExpressionKind::GetAtt { .. }
            | ExpressionKind::GetAttBy { .. }
            | ExpressionKind::Sub { .. }
            | ExpressionKind::Join { .. }
            | ExpressionKind::Select { .. }
            | ExpressionKind::Split { .. }
            | ExpressionKind::If { .. }
            | ExpressionKind::FindInMap { .. }
            | ExpressionKind::Base64(_)
            | ExpressionKind::Cidr { .. }
            | ExpressionKind::ImportValue(_)
            | ExpressionKind::GetAzs(_)
            | ExpressionKind::GetStackOutput { .. }
            | ExpressionKind::Length(_)
            | ExpressionKind::ToJsonString(_)
            | ExpressionKind::RefAll(_)
            | ExpressionKind::ValueOf { .. }
            | ExpressionKind::ValueOfAll { .. } => {
                let message = "a condition must be a function that gives true or false";
                let error = Diagnostic::error(Code::ConditionKind, message).at(expression.span, "");
                let help = "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition";
                Err(self.findings.report(error.help(help)).into())
            }
        }
    }

    /// Reports a comparison with a value that is known only after apply: one that the parent of a nested
    /// stack passes, or that another stack of the same run makes.
    fn unknown(&mut self, expression: &Expression) -> Reported {
        if self.path.is_none() && self.findings.was_read_with_errors() {
            // Resources are not known yet, and the reference check refuses them here.
            return self.findings.told_before("a condition", expression.span);
        }
        let message = "this condition depends on a value that is known only after apply";
        let error = Diagnostic::error(Code::ConditionReference, message).at(expression.span, "");
        let help = match &self.path {
            Some(_) => {
                "let the parent pass a value that is known before, such as a parameter of its own"
            }
            None => "apply the stack that makes the value first, and then this one",
        };
        self.findings.report(error.help(help))
    }

    fn operand(&mut self, expression: &Expression) -> Result<Operand, Undecided> {
        if let ExpressionKind::Ref(name) = &expression.kind
            && let Some(secret) = self.parameters.secret(&name.value)
        {
            return Ok(Operand::Secret(secret.clone()));
        }
        self.comparable(expression).map(Operand::Value)
    }

    /// A value without secrets, as the text that it is compared by.
    fn comparable(&mut self, expression: &Expression) -> Result<Value, Undecided> {
        let value = self.needed(expression)?;
        if let Some(lookup) = external::waits(&value) {
            return Err(Undecided::Waits(lookup));
        }
        self.note_references(&value, expression.span, NotResolved::Condition);
        let mut secret = false;
        value.visit_secrets(&mut |_| secret = true);
        if secret {
            let message = "a secret parameter cannot be used inside of a condition";
            let error = Diagnostic::error(Code::SecretInCondition, message).at(expression.span, "");
            let help = "compare the parameter itself: `Fn::Equals: [!Ref Parameter, …]`";
            return Err(self.findings.report(error.help(help)).into());
        }
        Ok(text(value))
    }

    /// A value without secrets that is known before apply, as the text that it is compared by.
    fn known(&mut self, expression: &Expression) -> Result<Value, Undecided> {
        let value = self.comparable(expression)?;
        match value.has_unknown() {
            true => Err(self.unknown(expression).into()),
            false => Ok(value),
        }
    }

    /// The members of a list, as the texts that they are compared by.
    fn members(&mut self, expression: &Expression) -> Result<Vec<Value>, Undecided> {
        match self.known(expression)? {
            Value::List(members) => Ok(members),
            other => {
                let found = rstack_model::value::function::kind(&other);
                let message = format!("expected a list, found {found}");
                let error = Diagnostic::error(Code::FunctionValue, message).at(expression.span, "");
                Err(self.findings.report(error).into())
            }
        }
    }
}

/// True if every member of a list is in another one. Nearly all are texts, and lists may be long.
fn all_among(list: &[Value], among: &[Value]) -> bool {
    let texts: HashSet<&str> = among.iter().filter_map(Value::as_str).collect();
    let others = among.iter().filter(|value| value.as_str().is_none());
    list.iter().all(|member| match member.as_str() {
        Some(text) => texts.contains(text),
        None => others.clone().any(|value| value == member),
    })
}

/// True if two operands differ, as far as that is known before apply.
fn known_to_differ(a: &Operand, b: &Operand, custom: &BTreeSet<Address>) -> Option<bool> {
    match (a, b) {
        (Operand::Value(a), Operand::Value(b)) if a == b => Some(false),
        (Operand::Value(a), Operand::Value(b)) => match (a.has_unknown(), b.has_unknown()) {
            (false, false) => Some(true),
            (true, false) => excludes(a, b, custom).then_some(true),
            (false, true) => excludes(b, a, custom).then_some(true),
            (true, true) => None,
        },
        (Operand::Secret(a), Operand::Secret(b)) => Some(a != b),
        (Operand::Secret(secret), Operand::Value(value))
        | (Operand::Value(value), Operand::Secret(secret)) => match value.has_unknown() {
            true => None,
            false => Some(value.as_str() != Some(secret.expose())),
        },
    }
}

/// True if a value that is unknown in part can never be a known one: its known ends are others, or the
/// known one is empty and it names an object. An object's name is never empty, and neither are its ARN and
/// IDs; what the handler of a custom resource returns may be.
fn excludes(unknown: &Value, known: &Value, custom: &BTreeSet<Address>) -> bool {
    let Some(known) = known.as_str() else { return false };
    let names_an_object = |deferred: &Deferred| names_an_object(deferred, custom);
    let parts: &[TextPart] = match unknown {
        Value::Deferred(deferred) => return known.is_empty() && names_an_object(deferred),
        Value::Text(text) => text.parts(),
        _ => return false,
    };
    let literal = |part: Option<&TextPart>| match part {
        Some(TextPart::Literal(text)) => text.clone(),
        _ => String::new(),
    };
    let (start, end) = (literal(parts.first()), literal(parts.last()));
    let named = parts.iter().any(|part| match part {
        TextPart::Deferred(deferred) => names_an_object(deferred),
        TextPart::Literal(text) => !text.is_empty(),
        TextPart::Secret(_) => false,
    });
    !known.starts_with(&start) || !known.ends_with(&end) || known.is_empty() && named
}

/// True if a value that is not known yet is the name, the ARN or an ID of an object.
fn names_an_object(value: &Deferred, custom: &BTreeSet<Address>) -> bool {
    let Deferred::Attribute(reference) = value else { return false };
    match &reference.attribute {
        Attribute::Ref => true,
        Attribute::Named(name) => {
            let names = ["Arn", "ARN", "Id", "Name"].iter().any(|end| name.ends_with(end));
            // A display name is any text, and may be none.
            names && !name.ends_with("DisplayName") && !custom.contains(&reference.address)
        }
    }
}

/// True if a value that is not known yet is one name, ARN or ID, and no list of them. The physical ID of a custom
/// resource is what its handler makes of it.
pub(super) fn is_one(value: &Deferred, custom: &BTreeSet<Address>) -> bool {
    let of_handler = |reference: &AttributeRef| custom.contains(&reference.address);
    let by_handler = matches!(value, Deferred::Attribute(reference) if of_handler(reference));
    names_an_object(value, custom) && !by_handler
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
