//! Evaluates the rules of a rule set.
//!
//! Rules are evaluated in their order; the first one that applies has the outcome. A value that is
//! not there is `None`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Condition, EndpointError, Expression, Outcome, Part, Rule, ServiceEndpoint, functions,
};

/// Parameters and assigned values by name.
type Scope<'a> = BTreeMap<&'a str, Value>;

/// The endpoint of the first rule that applies; `None` if none does.
///
/// # Errors
/// [`EndpointError::Refused`] if the outcome is a refusal.
pub(super) fn rules<'a>(
    rules: &'a [Rule],
    scope: &Scope<'a>,
) -> Result<Option<ServiceEndpoint>, EndpointError> {
    for rule in rules {
        let mut inner = scope.clone();
        if !rule.conditions.iter().all(|condition| holds(condition, &mut inner)) {
            continue;
        }
        return match &rule.outcome {
            Outcome::Rules(below) => self::rules(below, &inner),
            Outcome::Refusal(reason) => {
                Err(EndpointError::Refused { reason: text(reason, &inner)? })
            }
            Outcome::Endpoint { url, properties } => {
                let properties = match value(properties, &inner) {
                    Some(Value::Object(properties)) => properties,
                    Some(_) | None => Map::new(),
                };
                Ok(Some(ServiceEndpoint { url: text(url, &inner)?, properties }))
            }
        };
    }
    Ok(None)
}

fn holds<'a>(condition: &'a Condition, scope: &mut Scope<'a>) -> bool {
    let found = value(&condition.value, scope).filter(|found| *found != Value::Bool(false));
    match (found, &condition.assign) {
        (Some(found), Some(name)) => {
            scope.insert(name, found);
            true
        }
        (found, _) => found.is_some(),
    }
}

/// The text of a URL or a reason. Rule sets give one wherever one is wanted.
fn text(expression: &Expression, scope: &Scope<'_>) -> Result<String, EndpointError> {
    match value(expression, scope) {
        Some(Value::String(text)) => Ok(text),
        Some(_) | None => Err(EndpointError::NoRule),
    }
}

fn value(expression: &Expression, scope: &Scope<'_>) -> Option<Value> {
    match expression {
        Expression::Literal(literal) => Some(literal.clone()),
        Expression::Reference(name) => scope.get(name.as_str()).cloned(),
        Expression::Template(parts) => {
            let parts: Option<String> = parts.iter().map(|part| filled(part, scope)).collect();
            parts.map(Value::String)
        }
        Expression::Call(function, arguments) => {
            let arguments: Vec<Option<Value>> =
                arguments.iter().map(|argument| value(argument, scope)).collect();
            functions::call(*function, &arguments)
        }
        Expression::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| value(item, scope)).collect();
            items.map(Value::Array)
        }
        Expression::Map(entries) => {
            let entries =
                entries.iter().map(|(key, item)| Some((key.clone(), value(item, scope)?)));
            entries.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
    }
}

fn filled(part: &Part, scope: &Scope<'_>) -> Option<String> {
    match part {
        Part::Text(text) => Some(text.clone()),
        Part::Reference(name, path) => {
            let held = scope.get(name.as_str())?;
            let found = match path {
                Some(path) => functions::attribute(held, path)?,
                None => held.clone(),
            };
            found.as_str().map(str::to_owned)
        }
    }
}
