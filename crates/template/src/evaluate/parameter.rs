//! Parameter values: given, default, checked.

use std::collections::BTreeMap;

use rstack_model::value::SecretReference;
use rstack_model::{Diagnostic, SecretString, Value, ValueMap};
use rstack_schema::nearest;

use crate::syntax::scalar;
use crate::template::{Parameter, Template};

/// The values of a template's parameters.
pub(super) struct ParameterValues {
    /// What `Ref` gives; secret ones as references.
    pub(super) values: ValueMap,
    /// What a state or a plan keeps: the same, for parameters that have a value.
    pub(super) shown: ValueMap,
    /// The secret ones' texts.
    pub(super) secrets: BTreeMap<String, SecretString>,
}

/// Takes given values and defaults, and checks them.
pub(super) fn values(
    template: &Template,
    given: &BTreeMap<String, String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> ParameterValues {
    let mut out = ParameterValues {
        values: ValueMap::new(),
        shown: ValueMap::new(),
        secrets: BTreeMap::new(),
    };
    for name in given.keys().filter(|name| !template.parameters.contains_key(*name)) {
        let message = format!("the template has no parameter `{name}`");
        let error = Diagnostic::error("unknown-parameter", message);
        let known = template.parameters.keys().map(String::as_str);
        diagnostics.push(match nearest(name, known) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if template.parameters.is_empty() => error.help("it takes no parameters"),
            None => {
                let names: Vec<&str> = template.parameters.keys().map(String::as_str).collect();
                error.help(format!("it takes {}", names.join(", ")))
            }
        });
    }
    let used = template.used_parameters();
    for (name, parameter) in &template.parameters {
        let value = given.get(name).or(parameter.default.as_ref().map(|d| &d.value));
        let kind = parameter.kind.value.as_str();
        if kind.starts_with("AWS::SSM::Parameter::Value<") {
            // A reference into the Parameter Store that nothing uses is never looked up.
            if used.contains(name.as_str()) {
                let message = format!("the parameter `{name}` of type `{kind}` cannot be resolved");
                let error = Diagnostic::error("unsupported", message);
                let help = "parameters from the Parameter Store are not supported yet";
                diagnostics.push(error.at(parameter.kind.span, "").help(help));
            }
            continue;
        }
        let Some(text) = value else {
            let message = format!("the parameter `{name}` has no value");
            let error = Diagnostic::error("missing-parameter", message);
            let help = format!("give one with `--parameter {name}=VALUE`");
            diagnostics.push(error.at(parameter.name_span, "").help(help));
            continue;
        };
        if let Err(problem) = check(parameter, kind, text) {
            diagnostics.push(refusal(name, parameter, &problem));
            continue;
        }
        let value = if parameter.no_echo {
            out.secrets.insert(name.clone(), SecretString::new(text.clone()));
            Value::secret(SecretReference::Parameter(name.clone()))
        } else {
            typed(kind, text)
        };
        out.shown.insert(name.clone(), value.clone());
        out.values.insert(name.clone(), value);
    }
    out
}

/// A value that breaks a rule. The value of a secret parameter is not repeated.
fn refusal(name: &str, parameter: &Parameter, problem: &str) -> Diagnostic {
    let message = format!("the value of the parameter `{name}` is not allowed: {problem}");
    let error = Diagnostic::error("parameter-value", message).at(parameter.name_span, "");
    match &parameter.constraint_description {
        Some(text) => error.help(text.clone()),
        None => error,
    }
}

fn is_list(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.starts_with("List<")
}

fn typed(kind: &str, text: &str) -> Value {
    if is_list(kind) {
        let items = text.split(',').map(str::trim);
        return Value::List(match text.trim() {
            "" => Vec::new(),
            _ if kind == "List<Number>" => items.map(|item| scalar(item, true)).collect(),
            _ => items.map(Value::from).collect(),
        });
    }
    match kind {
        "Number" => scalar(text, true),
        _ => Value::from(text),
    }
}

/// Checks a value against its parameter's rules; the problem does not repeat the value.
fn check(parameter: &Parameter, kind: &str, text: &str) -> Result<(), String> {
    let known = matches!(kind, "String" | "Number" | "List<Number>" | "CommaDelimitedList")
        || kind.starts_with("AWS::")
        || kind.starts_with("List<AWS::");
    if !known {
        return Err(format!("`{kind}` is not a type of parameters"));
    }
    let items: Vec<&str> =
        if is_list(kind) { text.split(',').map(str::trim).collect() } else { vec![text] };
    let numeric = matches!(kind, "Number" | "List<Number>");
    for item in &items {
        let number = item.parse::<f64>().ok().filter(|number| number.is_finite());
        if numeric && number.is_none() {
            return Err("it must be a number".to_owned());
        }
        if let Some(allowed) = &parameter.allowed_values
            && !allowed.iter().any(|value| value == item)
        {
            let allowed: Vec<String> = allowed.iter().map(|value| format!("`{value}`")).collect();
            return Err(format!("it must be one of {}", allowed.join(", ")));
        }
        if let Some(number) = number.filter(|_| numeric) {
            if parameter.range.0.is_some_and(|low| number < low) {
                let low = parameter.range.0.unwrap_or_default();
                return Err(format!("it must be at least {low}"));
            }
            if parameter.range.1.is_some_and(|high| number > high) {
                let high = parameter.range.1.unwrap_or_default();
                return Err(format!("it must be at most {high}"));
            }
        }
    }
    let length = text.chars().count();
    if let Some(min) = parameter.length.0.filter(|min| length < *min) {
        return Err(format!("it must have at least {min} characters"));
    }
    if let Some(max) = parameter.length.1.filter(|max| length > *max) {
        return Err(format!("it must have at most {max} characters"));
    }
    if let Some(pattern) = &parameter.allowed_pattern {
        let whole = format!("^(?:{pattern})$");
        let regex = regex_lite::RegexBuilder::new(&whole).size_limit(1 << 20).build();
        match regex {
            Ok(regex) if regex.is_match(text) => {}
            Ok(_) => return Err(format!("it must match the pattern `{pattern}`")),
            Err(_) => {
                return Err(format!("its `AllowedPattern` `{pattern}` cannot be understood"));
            }
        }
    }
    Ok(())
}
