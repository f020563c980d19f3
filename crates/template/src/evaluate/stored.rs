//! Parameters whose values are in the Parameter Store: what is given for them is a name there.
//!
//! Source: "Specify existing resources at runtime with CloudFormation-supplied parameter types",
//! AWS CloudFormation User Guide.

use std::collections::BTreeMap;

use rstack_model::value::{Answers, FunctionError, Lookup, ParameterReference, function};
use rstack_model::{Code, Diagnostic, Span, Value};

use super::constraint::Constraints;
use super::external::waits;
use super::finding::{Findings, Reported};
use super::parameter::{is_list, items, refusal};
use crate::template::Parameter;

/// The beginning of a dynamic reference; nothing that the cloud answers is read as one.
const REFERENCE: &str = "{{resolve:";

/// The type that a value from the store has; `None` for parameters whose value is given itself.
pub(super) fn inner(kind: &str) -> Option<&str> {
    kind.strip_prefix("AWS::SSM::Parameter::Value<")?.strip_suffix('>')
}

fn is_inner(kind: &str) -> bool {
    matches!(kind, "String" | "CommaDelimitedList" | "List<String>")
        || kind.starts_with("AWS::")
        || kind.starts_with("List<AWS::")
}

/// The value behind a name in the store.
pub(super) fn value(
    name: &str,
    parameter: &Parameter,
    text: &str,
    answers: &Answers,
    lookups: &mut BTreeMap<Lookup, Span>,
    findings: &mut Findings,
) -> Result<Value, Reported> {
    let (kind, at) = (&parameter.kind, parameter.name_span);
    let Some(inner) = inner(&kind.value).filter(|inner| is_inner(inner)) else {
        let message = format!("`{}` is not a type of parameters", kind.value);
        let error = Diagnostic::error(Code::ParameterType, message).at(kind.span, "");
        return Err(findings.report(error));
    };
    if parameter.no_echo {
        let message =
            format!("`NoEcho` is not supported for `{name}`, whose value is in the store");
        let error = Diagnostic::error(Code::Unsupported, message).at(kind.span, "");
        let help = "use `{{resolve:ssm-secure:NAME}}` where the secret is needed";
        return Err(findings.report(error.help(help)));
    }
    // The rules are those of the name.
    let constraints = Constraints::of(parameter, text, findings.matching_steps());
    if let Err(problem) = constraints.check(&[text]) {
        return Err(findings.report(refusal(name, parameter, &problem)));
    }
    let reference = ParameterReference::parse(text)
        .map_err(|error| findings.report(refusal(name, parameter, &error.to_string())))?;
    let lookup = Lookup::Parameter(reference);
    let Some(answer) = answers.get(&lookup) else {
        lookups.entry(lookup.clone()).or_insert(at);
        return Ok(Value::lookup(lookup));
    };
    if answer.has_unknown() && waits(answer).is_none() {
        return later(inner, answer.clone()).map_err(|error| {
            let message = format!("the value of {lookup} cannot be used: {error}");
            findings.report(Diagnostic::error(Code::Lookup, message).at(at, ""))
        });
    }
    let Some(found) = answer.as_str().filter(|text| !text.contains(REFERENCE)) else {
        let message = format!("the value of {lookup} cannot be used: it is a dynamic reference");
        let error = Diagnostic::error(Code::Lookup, message).at(at, "");
        return Err(findings.report(error.help("put the value itself into the Parameter Store")));
    };
    if is_list(inner) {
        return Ok(Value::List(items(inner, found).into_iter().map(Value::from).collect()));
    }
    Ok(Value::from(found))
}

/// A value that is known only after apply: of a parameter that another stack of the same run makes.
fn later(inner: &str, answer: Value) -> Result<Value, FunctionError> {
    if is_list(inner) { function::split(",", answer) } else { Ok(answer) }
}
