//! Parameter values: given, default, checked.

use std::collections::BTreeMap;

use rstack_catalog::nearest;
use rstack_model::value::{Lookup, SecretReference, TextPart};
use rstack_model::{Address, Code, Diagnostic, SecretString, Span, Value, ValueMap};

use super::constraint::Constraints;
use super::finding::{Findings, Reported};
use super::{Inputs, stored};
use crate::syntax::scalar;
use crate::template::{Parameter, Template};

/// The values of a template's parameters.
pub(super) struct ParameterValues {
    /// The return values of `Ref`; secret ones as references.
    pub(super) values: BTreeMap<String, Result<Value, Reported>>,
    /// The secret ones' texts, by the names of their references.
    pub(super) secrets: BTreeMap<String, SecretString>,
    /// The texts of parameters whose whole value is a secret.
    texts: BTreeMap<String, SecretString>,
}

/// The values that a parent passes to the template of a nested stack; none for a stack's own template.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    /// The texts of those that are known.
    pub(super) texts: BTreeMap<String, String>,
    /// The others: unknown or secret.
    values: BTreeMap<String, Value>,
    secrets: BTreeMap<String, SecretString>,
    /// The nested stack.
    stack: Option<Address>,
}

impl Passed {
    /// No values yet, for a nested stack.
    pub(super) fn of(stack: &Address) -> Self {
        Self { stack: Some(stack.clone()), ..Self::default() }
    }

    /// Takes a value that is unknown or secret, with its text if it is a secret whose text is known.
    pub(super) fn take(&mut self, name: &str, value: Value, secret: Option<SecretString>) {
        self.values.insert(name.to_owned(), value);
        self.secrets.extend(secret.map(|text| (name.to_owned(), text)));
    }

    /// The name of the reference to a secret parameter.
    fn reference(&self, name: &str) -> String {
        match &self.stack {
            Some(stack) => format!("{stack}/{name}"),
            None => name.to_owned(),
        }
    }
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

    /// The text of a parameter whose whole value is a secret.
    pub(super) fn secret(&self, name: &str) -> Option<&SecretString> {
        self.texts.get(name)
    }

    /// The text of a value that is one secret parameter and nothing else.
    pub(super) fn text_of(&self, value: &Value) -> Option<SecretString> {
        let Value::Text(text) = value else { return None };
        let [TextPart::Secret(SecretReference::Parameter(name))] = text.parts() else {
            return None;
        };
        let own = self.secrets.get(name);
        own.or_else(|| {
            let passed = self.values.iter().find(|(_, known)| known.as_ref() == Ok(value));
            self.texts.get(passed?.0)
        })
        .cloned()
    }
}

/// Takes given values and defaults, and checks them.
pub(super) fn values(
    template: &Template,
    inputs: &Inputs<'_>,
    passed: &Passed,
    lookups: &mut BTreeMap<Lookup, Span>,
    findings: &mut Findings,
) -> ParameterValues {
    let given = inputs.parameters;
    for name in given.keys().filter(|name| !template.parameters.contains_key(*name)) {
        findings.report(unknown(template, name));
    }
    let used = template.used_parameters();
    let mut out = ParameterValues {
        values: BTreeMap::new(),
        secrets: BTreeMap::new(),
        texts: passed.secrets.clone(),
    };
    for (name, parameter) in &template.parameters {
        let from_store = stored::inner(&parameter.kind.value).is_some();
        if from_store && !used.contains(name.as_str()) {
            // A reference into the Parameter Store that nothing uses is never looked up.
            continue;
        }
        if let Some(value) = passed.values.get(name) {
            out.values.insert(name.clone(), Ok(value.clone()));
            continue;
        }
        let reference = passed.reference(name);
        let text = given.get(name).or(parameter.default.as_ref().map(|d| &d.value));
        let value = match text.map(String::as_str) {
            Some(text) if from_store => {
                let answers = &inputs.external.answers;
                stored::value(name, parameter, text, answers, lookups, findings)
            }
            _ if !is_kind(&parameter.kind.value) => Err(findings.report(no_kind(parameter))),
            Some(text) => value((name, &reference), parameter, text, findings),
            None => Err(findings.report(missing(name, parameter))),
        };
        if let (true, Ok(_), Some(text)) = (parameter.no_echo, &value, text) {
            out.secrets.insert(reference, SecretString::new(text.clone()));
            out.texts.insert(name.clone(), SecretString::new(text.clone()));
        }
        out.values.insert(name.clone(), value);
    }
    out
}

fn value(
    (name, reference): (&str, &str),
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
        (true, _) => Value::secret(SecretReference::Parameter(reference.to_owned())),
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
