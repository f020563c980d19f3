//! Parameter values: given, default, checked.

use std::collections::BTreeMap;

use rstack_catalog::nearest;
use rstack_model::value::{Lookup, SecretReference};
use rstack_model::{Code, Diagnostic, SecretString, Span, Value, ValueMap};

use super::constraint::Constraints;
use super::finding::{Findings, Reported};
use super::{Inputs, stored};
use crate::syntax::scalar;
use crate::template::{Parameter, Template};

/// The values of a template's parameters.
pub(super) struct ParameterValues {
    /// The return values of `Ref`; secret ones as references.
    pub(super) values: BTreeMap<String, Result<Value, Reported>>,
    /// The secret ones' texts.
    pub(super) secrets: BTreeMap<String, SecretString>,
}

impl ParameterValues {
    /// The parameters as a state or a plan keeps them: those that have a value, secret ones as
    /// references.
    pub(super) fn shown(&self) -> ValueMap {
        let known = |(name, value): (&String, &Result<Value, Reported>)| {
            Some((name.clone(), value.as_ref().ok()?.clone()))
        };
        self.values.iter().filter_map(known).collect()
    }
}

/// Takes given values and defaults, and checks them.
pub(super) fn values(
    template: &Template,
    inputs: &Inputs<'_>,
    lookups: &mut BTreeMap<Lookup, Span>,
    findings: &mut Findings,
) -> ParameterValues {
    let given = inputs.parameters;
    for name in given.keys().filter(|name| !template.parameters.contains_key(*name)) {
        findings.report(unknown(template, name));
    }
    let used = template.used_parameters();
    let mut out = ParameterValues { values: BTreeMap::new(), secrets: BTreeMap::new() };
    for (name, parameter) in &template.parameters {
        let from_store = stored::inner(&parameter.kind.value).is_some();
        if from_store && !used.contains(name.as_str()) {
            // A reference into the Parameter Store that nothing uses is never looked up.
            continue;
        }
        let text = given.get(name).or(parameter.default.as_ref().map(|d| &d.value));
        let value = match text.map(String::as_str) {
            Some(text) if from_store => {
                let answers = &inputs.external.answers;
                stored::value(name, parameter, text, answers, lookups, findings)
            }
            _ if !is_kind(&parameter.kind.value) => Err(findings.report(no_kind(parameter))),
            Some(text) => value(name, parameter, text, findings),
            None => Err(findings.report(missing(name, parameter))),
        };
        if let (true, Ok(_), Some(text)) = (parameter.no_echo, &value, text) {
            out.secrets.insert(name.clone(), SecretString::new(text.clone()));
        }
        out.values.insert(name.clone(), value);
    }
    out
}

fn value(
    name: &str,
    parameter: &Parameter,
    text: &str,
    findings: &mut Findings,
) -> Result<Value, Reported> {
    let kind = parameter.kind.value.as_str();
    if parameter.no_echo && is_list(kind) {
        let message = format!("`NoEcho` is not supported for the list `{name}`");
        let error = Diagnostic::error(Code::Unsupported, message).at(parameter.kind.span, "");
        return Err(findings.report(error.help("take each secret as a parameter of its own")));
    }
    let items = items(kind, text);
    let constraints = Constraints::of(parameter, text, findings.matching_steps());
    if let Err(problem) = constraints.check(&items) {
        return Err(findings.report(refusal(name, parameter, &problem)));
    }
    if let Some(pattern) = &parameter.allowed_pattern
        && constraints.has_strange_pattern()
    {
        let message = format!("the value of `{name}` is not checked against this pattern");
        let warning = Diagnostic::warning(Code::PatternNotChecked, message).at(pattern.span, "");
        let help = "look-around, back references and very large patterns are not understood";
        findings.warn(warning.help(help));
    }
    Ok(match (parameter.no_echo, is_list(kind)) {
        (true, _) => Value::secret(SecretReference::Parameter(name.to_owned())),
        (false, true) => Value::List(items.into_iter().map(|item| typed(kind, item)).collect()),
        (false, false) => typed(kind, text),
    })
}

/// The types of parameters that are not AWS's own.
const PLAIN_KINDS: [&str; 5] =
    ["String", "Number", "List<Number>", "List<String>", "CommaDelimitedList"];

fn is_kind(kind: &str) -> bool {
    PLAIN_KINDS.contains(&kind) || kind.starts_with("AWS::") || kind.starts_with("List<AWS::")
}

pub(crate) fn is_list(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.starts_with("List<")
}

/// The values a text gives: one, or those of a list. An empty text is a list of one empty text:
/// templates in use compare `Fn::Select: [0, …]` of it with `''`.
pub(crate) fn items<'a>(kind: &str, text: &'a str) -> Vec<&'a str> {
    if is_list(kind) { text.split(',').map(str::trim).collect() } else { vec![text] }
}

fn typed(kind: &str, text: &str) -> Value {
    match kind {
        "Number" | "List<Number>" => scalar(text, true),
        _ => Value::from(text),
    }
}

fn no_kind(parameter: &Parameter) -> Diagnostic {
    let kind = parameter.kind.value.as_str();
    let message = format!("`{kind}` is not a type of parameters");
    let error = Diagnostic::error(Code::ParameterType, message).at(parameter.kind.span, "");
    match nearest(kind, PLAIN_KINDS.into_iter()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("it is `String`, `Number`, `CommaDelimitedList` or a type of AWS's"),
    }
}

fn unknown(template: &Template, name: &str) -> Diagnostic {
    let message = format!("the template has no parameter `{name}`");
    let error = Diagnostic::error(Code::UnknownParameter, message);
    let known = template.parameters.keys().map(String::as_str);
    match nearest(name, known) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if template.parameters.is_empty() => error.help("it takes no parameters"),
        None => {
            let names: Vec<&str> = template.parameters.keys().map(String::as_str).collect();
            error.help(format!("it takes {}", names.join(", ")))
        }
    }
}

fn missing(name: &str, parameter: &Parameter) -> Diagnostic {
    let message = format!("the parameter `{name}` has no value");
    let error = Diagnostic::error(Code::MissingParameter, message);
    let help = match parameter.no_echo {
        true => format!(
            "it is secret: give it in the variable `RSTACK_PARAMETER_{name}`, or with \
             `--parameter-from {name}=FILE`"
        ),
        false => format!("give one with `--parameter {name}=VALUE`"),
    };
    error.at(parameter.name_span, "").help(help)
}

/// A value that breaks a rule. The value is not repeated: it may be a secret.
pub(super) fn refusal(name: &str, parameter: &Parameter, problem: &str) -> Diagnostic {
    let message = format!("the value of the parameter `{name}` is not allowed: {problem}");
    let error = Diagnostic::error(Code::ParameterValue, message).at(parameter.name_span, "");
    match &parameter.constraint_description {
        Some(text) => error.help(text.clone()),
        None => error,
    }
}
