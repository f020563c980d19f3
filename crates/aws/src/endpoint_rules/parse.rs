//! Reads a rule set from its JSON.

use serde_json::{Map, Value};

use super::{Condition, Expression, Function, Outcome, Parameter, Part, Rule, RuleSet};

/// Reads a rule set.
///
/// # Errors
/// The first part that the language does not have, or a function that is not known here.
pub(super) fn rule_set(json: &Value) -> Result<RuleSet, String> {
    let parameters = member(json, "parameters")?.as_object().ok_or("parameters are a map")?;
    let parameters = parameters.iter().map(|(name, json)| {
        let parameter = Parameter {
            built_in: json.get("builtIn").and_then(Value::as_str).map(str::to_owned),
            default: json.get("default").cloned(),
            required: json.get("required") == Some(&Value::Bool(true)),
        };
        (name.clone(), parameter)
    });
    Ok(RuleSet { parameters: parameters.collect(), rules: list(json, "rules", rule)? })
}

fn member<'a>(json: &'a Value, name: &str) -> Result<&'a Value, String> {
    json.get(name).ok_or_else(|| format!("`{name}` is missing"))
}

fn list<T>(
    json: &Value,
    name: &str,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let items = member(json, name)?.as_array();
    items.ok_or_else(|| format!("`{name}` is no list"))?.iter().map(read).collect()
}

fn rule(json: &Value) -> Result<Rule, String> {
    let outcome = match member(json, "type")?.as_str() {
        Some("tree") => Outcome::Rules(list(json, "rules", rule)?),
        Some("endpoint") => {
            let endpoint = member(json, "endpoint")?;
            if endpoint.get("headers").and_then(Value::as_object).is_some_and(|h| !h.is_empty()) {
                return Err("an endpoint has headers, which are not sent".to_owned());
            }
            let properties = endpoint.get("properties").cloned();
            Outcome::Endpoint {
                url: expression(member(endpoint, "url")?)?,
                properties: expression(&properties.unwrap_or_else(|| Map::new().into()))?,
            }
        }
        Some("error") => Outcome::Refusal(expression(member(json, "error")?)?),
        Some(_) | None => return Err("a rule has an unknown type".to_owned()),
    };
    Ok(Rule { conditions: list(json, "conditions", condition)?, outcome })
}

fn condition(json: &Value) -> Result<Condition, String> {
    let assign = json.get("assign").and_then(Value::as_str).map(str::to_owned);
    Ok(Condition { value: expression(json)?, assign })
}

fn expression(json: &Value) -> Result<Expression, String> {
    Ok(match json {
        Value::String(text) => template(text)?,
        Value::Array(items) => {
            Expression::List(items.iter().map(expression).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => match (map.get("ref"), map.get("fn")) {
            (Some(Value::String(name)), _) => Expression::Reference(name.clone()),
            (_, Some(Value::String(name))) => {
                Expression::Call(function(name)?, list(json, "argv", expression)?)
            }
            _ => {
                let entries = map.iter().map(|(key, value)| Ok((key.clone(), expression(value)?)));
                Expression::Map(entries.collect::<Result<_, String>>()?)
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => Expression::Literal(json.clone()),
    })
}

fn function(name: &str) -> Result<Function, String> {
    Ok(match name {
        "isSet" => Function::IsSet,
        "not" => Function::Not,
        "getAttr" => Function::GetAttr,
        "booleanEquals" => Function::BooleanEquals,
        "stringEquals" => Function::StringEquals,
        "substring" => Function::Substring,
        "uriEncode" => Function::UriEncode,
        "parseURL" => Function::ParseUrl,
        "isValidHostLabel" => Function::IsValidHostLabel,
        "aws.partition" => Function::Partition,
        "aws.parseArn" => Function::ParseArn,
        "aws.isVirtualHostableS3Bucket" => Function::IsVirtualHostableS3Bucket,
        _ => return Err(format!("the function `{name}` is not known")),
    })
}

/// A text: `{Name}` and `{Name#attribute}` are references, doubled braces stand for themselves.
fn template(text: &str) -> Result<Expression, String> {
    let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            literal.extend(from.chars().next());
            rest = after;
            continue;
        }
        let inner = from.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (reference, after) = inner.ok_or_else(|| format!("braces do not match in `{text}`"))?;
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal)));
        }
        parts.push(match reference.split_once('#') {
            Some((name, path)) => Part::Reference(name.to_owned(), Some(path.to_owned())),
            None => Part::Reference(reference.to_owned(), None),
        });
        rest = after;
    }
    literal.push_str(rest);
    if parts.is_empty() {
        return Ok(Expression::Literal(Value::String(literal)));
    }
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(Expression::Template(parts))
}
