//! Values from outside of the template: answers of the cloud, exports and outputs of other stacks.
//!
//! A question that has no answer yet is noted, and its value is not known. The caller of the
//! evaluation asks the cloud and evaluates again; without a cloud the value stays unknown, which is
//! no error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rstack_model::value::{Answers, Lookup};
use rstack_model::{AccountId, Code, Diagnostic, Region, Span, Value};

use super::expression::Evaluator;
use super::finding::Reported;
use crate::template::Expression;

/// Values from outside of a template that it may refer to.
#[derive(Clone, Debug, Default)]
pub struct ExternalValues {
    /// The exports of other stacks, by name.
    pub exports: BTreeMap<String, Value>,
    /// The outputs of other stacks of the account, by stack and Region.
    pub outputs: BTreeMap<(String, Region), BTreeMap<String, Value>>,
    /// The outputs of the stacks of every account, by account, stack and Region: for references that name
    /// a role of another account.
    pub accounts: BTreeMap<(AccountId, String, Region), BTreeMap<String, Value>>,
    /// True if there is an account that can be asked for exports and outputs that are not here: of
    /// stacks that CloudFormation manages.
    pub asks_account: bool,
    /// The answers of the cloud so far.
    pub answers: Answers,
    /// The texts of the templates of nested stacks, and of the files that these include, by location:
    /// relative to the stack's own template, or an address.
    pub templates: BTreeMap<String, Arc<str>>,
    /// The addresses whose templates were fetched. They may come from anywhere: such a template names no file
    /// of this machine.
    pub fetched: BTreeSet<String>,
    /// The addresses whose templates are not fetched. What is in these nested stacks is not known, and neither
    /// are their outputs.
    pub not_fetched: BTreeSet<String>,
}

/// The question that the cloud has to be asked first before a value is known, if there is one.
pub(super) fn waits(value: &Value) -> Option<Lookup> {
    let mut found = None;
    value.visit_lookups(&mut |lookup| {
        found.get_or_insert_with(|| lookup.clone());
    });
    found
}

impl Evaluator<'_> {
    /// The answer to a question; a value that is not known while there is none.
    pub(super) fn lookup(&mut self, lookup: Lookup, at: Span) -> Value {
        match self.inputs.external.answers.get(&lookup) {
            Some(answer) => answer.clone(),
            None => {
                self.lookups.entry(lookup.clone()).or_insert(at);
                Value::lookup(lookup)
            }
        }
    }

    /// Notes the questions in a value.
    pub(super) fn note_lookups(&mut self, value: &Value, at: Span) {
        value.visit_lookups(&mut |lookup| {
            self.lookups.entry(lookup.clone()).or_insert(at);
        });
    }

    /// The Availability Zones of a Region; an empty text is the stack's own.
    pub(super) fn zones(&mut self, region: &Expression) -> Result<Value, Reported> {
        let value = self.needed(region)?;
        let value = if value == Value::Null { Value::from("") } else { value };
        let name = match self.known_text(&value, "the Region of `Fn::GetAZs`", region.span)? {
            Ok(name) => name,
            Err(waiting) => return Ok(waiting),
        };
        let region_of = if name.is_empty() {
            self.inputs.environment.region.clone()
        } else {
            Region::new(name)
        };
        Ok(self.lookup(Lookup::Zones(region_of), region.span))
    }

    /// The value that another stack exports under a name.
    pub(super) fn import(&mut self, name: &Expression) -> Result<Value, Reported> {
        let value = self.needed(name)?;
        let text = match self.known_text(&value, "the name of an export", name.span)? {
            Ok(text) => text,
            Err(waiting) => return Ok(waiting),
        };
        if let Some(value) = self.own_exports.get(&text) {
            return Ok(value.clone());
        }
        let external: &ExternalValues = self.inputs.external;
        let exports = &external.exports;
        if let Some(value) = exports.get(&text) {
            let places = self.imports.entry(text).or_default();
            places.insert(self.importer.clone());
            return Ok(value.clone());
        }
        let managed = external.answers.get(&Lookup::Exports);
        if managed.is_none() && external.asks_account {
            return Ok(self.lookup(Lookup::Exports, name.span));
        }
        let managed = managed.and_then(Value::as_map);
        if let Some(value) = managed.and_then(|exports| exports.get(&text)) {
            let places = self.imports.entry(text).or_default();
            places.insert(self.importer.clone());
            return Ok(value.clone());
        }
        let message = format!("no stack exports `{text}`");
        let error = Diagnostic::error(Code::UnknownExport, message).at(name.span, "");
        let names = exports.keys().chain(managed.into_iter().flat_map(|exports| exports.keys()));
        let near = self.findings.list().suggestion(&text, names.map(String::as_str));
        let otherwise = || "apply the stack that exports it first, or take a parameter".to_owned();
        Err(self.report(error.help(near.unwrap_or_else(otherwise))))
    }

    /// An output of another stack.
    pub(super) fn stack_output(
        &mut self,
        stack: &Expression,
        output: &Expression,
        (region, role): (Option<&Expression>, Option<&Expression>),
        at: Span,
    ) -> Result<Value, Reported> {
        let role = match role {
            None => None,
            Some(part) => {
                let value = self.needed(part)?;
                match self.known_text(&value, "`RoleArn` of `Fn::GetStackOutput`", part.span)? {
                    Ok(arn) => Some(self.role_of_another_account(arn, part.span)?),
                    Err(waiting) => return Ok(waiting),
                }
            }
        };
        let mut names = Vec::new();
        for part in [Some(stack), Some(output), region].into_iter().flatten() {
            let value = self.needed(part)?;
            match self.known_text(&value, "an argument of `Fn::GetStackOutput`", part.span)? {
                Ok(text) => names.push(text),
                Err(waiting) => return Ok(waiting),
            }
        }
        let mut names = names.into_iter();
        let (stack, output) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let region = names.next().map(Region::new);
        let region = region.unwrap_or_else(|| self.inputs.environment.region.clone());
        let external: &ExternalValues = self.inputs.external;
        let known = match &role {
            None => external.outputs.get(&(stack.clone(), region.clone())),
            Some((_, account)) => {
                external.accounts.get(&(account.clone(), stack.clone(), region.clone()))
            }
        };
        let outputs = match known {
            Some(outputs) => Some(outputs),
            None => {
                let (stack, region) = (stack.clone(), region.clone());
                let role = role.as_ref().map(|(arn, _)| arn.clone());
                let lookup = Lookup::StackOutputs { stack, region, role };
                match external.answers.get(&lookup) {
                    Some(answer) => answer.as_map(),
                    None if external.asks_account => return Ok(self.lookup(lookup, at)),
                    None => None,
                }
            }
        };
        if let Some(value) = outputs.and_then(|outputs| outputs.get(&output)) {
            return Ok(value.clone());
        }
        let (message, help) = match outputs {
            Some(outputs) => {
                let names = outputs.keys().map(String::as_str);
                let near = self.findings.list().suggestion(&output, names);
                let message = format!("the stack `{stack}` has no output `{output}`");
                (message, near)
            }
            None => {
                let help = "apply that stack first, or take a parameter".to_owned();
                let place = match &role {
                    None => region.to_string(),
                    Some((_, account)) => format!("account {account}, {region}"),
                };
                (format!("no stack `{stack}` is known in {place}"), Some(help))
            }
        };
        let error = Diagnostic::error(Code::UnknownStackOutput, message).at(at, "");
        Err(self.report(match help {
            Some(help) => error.help(help),
            None => error,
        }))
    }

    /// The ARN of a role, and its account.
    fn role_of_another_account(
        &mut self,
        arn: String,
        at: Span,
    ) -> Result<(String, AccountId), Reported> {
        let account = arn.split(':').nth(4).filter(|account| {
            arn.starts_with("arn:")
                && arn.contains(":role/")
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
        });
        if let Some(account) = account.map(AccountId::from) {
            return Ok((arn, account));
        }
        let message = "`RoleArn` of `Fn::GetStackOutput` must be the ARN of a role";
        let error = Diagnostic::error(Code::FunctionValue, message).at(at, "");
        Err(self.report(error.help("write `arn:aws:iam::ACCOUNT:role/NAME`")))
    }

    /// A text that must be known, or the value that stands for all that depends on it while the
    /// cloud has not been asked.
    pub(super) fn known_text(
        &mut self,
        value: &Value,
        what: &str,
        at: Span,
    ) -> Result<Result<String, Value>, Reported> {
        if let Some(lookup) = waits(value) {
            return Ok(Err(Value::lookup(lookup)));
        }
        if let Value::Number(_) | Value::Bool(_) = value {
            return Ok(Ok(value.to_string()));
        }
        let text = value.as_str().map(str::to_owned);
        text.map(Ok).ok_or_else(|| {
            let message = format!("{what} must be known before apply");
            let error = Diagnostic::error(Code::FunctionValue, message).at(at, "");
            self.report(error)
        })
    }
}
