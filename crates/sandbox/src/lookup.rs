//! Answers to what templates ask before anything is planned: Availability Zones, parameters, and
//! attributes of objects that parameters name.
//!
//! An object of the sandbox answers for itself. What is not there answers, too, always in the same
//! way and in the form that its name lets one expect: a newcomer's template works without an
//! account.

use rstack_driver::ErrorKind;
use rstack_model::value::{Lookup, ParameterReference};
use rstack_model::{ResourceType, SecretString, Value};
use serde_json::Value as Json;

use crate::derive::Derivation;
use crate::inventory::{StoredObject, View};
use crate::rules::Refusal;

const PARAMETER: &str = "AWS::SSM::Parameter";
/// The length of the text of a secret parameter, in characters.
const SECRET_LENGTH: usize = 32;

/// Answers a question.
pub(crate) fn answer(view: &View<'_>, lookup: &Lookup) -> Result<Value, Refusal> {
    match lookup {
        Lookup::Zones(region) => {
            Ok(Value::List(["a", "b", "c"].map(|zone| format!("{region}{zone}").into()).into()))
        }
        Lookup::Parameter(parameter) => match stored(view, parameter) {
            Some(object) => text_of(object.properties.get("Value")).ok_or_else(|| nothing(lookup)),
            None => Ok(Value::from(plain(&parameter.name))),
        },
        Lookup::Attribute { resource_type, id, attribute } => {
            let keys = view.keys(resource_type, id);
            let object = keys.first().and_then(|key| view.get(resource_type, key));
            attribute_of(view, object, id, attribute).ok_or_else(|| nothing(lookup))
        }
    }
}

fn nothing(lookup: &Lookup) -> Refusal {
    Refusal::new(ErrorKind::NotFound, "NotFound", format!("there is no {lookup}"))
}

fn text_of(json: Option<&Json>) -> Option<Value> {
    json?.as_str().map(Value::from)
}

/// The parameter that a stack of the sandbox made under this name.
fn stored<'a>(view: &'a View<'_>, parameter: &ParameterReference) -> Option<&'a StoredObject> {
    let resource_type = ResourceType::from(PARAMETER);
    let key = view.keys(&resource_type, &parameter.name).into_iter().next()?;
    view.get(&resource_type, &key)
}

/// The version of a secret parameter.
pub(crate) fn version(view: &View<'_>, parameter: &ParameterReference) -> Result<String, Refusal> {
    if stored(view, parameter).is_some() {
        let message = format!("the parameter `{}` is not a `SecureString`", parameter.name);
        return Err(Refusal::new(
            ErrorKind::Invalid { property: None },
            "ValidationException",
            message,
        ));
    }
    Ok(parameter.version.unwrap_or(1).to_string())
}

/// The text of a secret parameter, which is kept nowhere, and its version.
pub(crate) fn resolve(
    view: &View<'_>,
    parameter: &ParameterReference,
) -> Result<(SecretString, String), Refusal> {
    let version = version(view, parameter)?;
    let mut derived = Derivation::new(&["secure parameter", view.key(), &parameter.name, &version]);
    let text = derived.text(crate::derive::LOWER, SECRET_LENGTH);
    Ok((SecretString::new(text), version))
}

fn id(prefix: &str, of: &str) -> String {
    format!("{prefix}-{}", Derivation::new(&["lookup", prefix, of]).hex(17))
}

/// A text of the form that the name of a parameter lets one expect.
fn plain(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit('/').next().unwrap_or_default();
    let has = |part: &str| lower.contains(part);
    match last {
        "version" => "21".to_owned(),
        _ if has("subnet") => id("subnet", name),
        _ if has("vpc") => id("vpc", name),
        _ if has("security-group") || has("securitygroup") => id("sg", name),
        _ if has("ami") || has("image_id") => id("ami", name),
        _ => format!("{last}-{}", Derivation::new(&["lookup", name]).hex(8)),
    }
}

fn attribute_of(
    view: &View<'_>,
    object: Option<&StoredObject>,
    of: &str,
    attribute: &str,
) -> Option<Value> {
    if let Some(object) = object {
        let tag = attribute.strip_prefix("Tags.");
        return match tag {
            Some(tag) => Some(Value::from(tag_of(object, tag))),
            None => text_of(object.attributes.get(attribute))
                .or_else(|| text_of(object.properties.get(attribute))),
        };
    }
    match attribute {
        "DefaultSecurityGroup" => Some(id("sg", of).into()),
        "DefaultNetworkAcl" => Some(id("acl", of).into()),
        "VpcId" => Some(id("vpc", of).into()),
        "AvailabilityZone" => Some(format!("{}a", view.region).into()),
        tag if tag.starts_with("Tags.") => Some(Value::from("")),
        _ => None,
    }
}

/// The value of a tag; empty if the object does not have it.
fn tag_of<'a>(object: &'a StoredObject, name: &str) -> &'a str {
    let tags = object.properties.get("Tags").and_then(Json::as_array).into_iter().flatten();
    let mut found = tags.filter(|tag| tag.get("Key").and_then(Json::as_str) == Some(name));
    found.next().and_then(|tag| tag.get("Value")).and_then(Json::as_str).unwrap_or_default()
}
