//! Answers to what templates ask before anything is planned: Availability Zones, parameters, and
//! attributes of objects that parameters name.
//!
//! A parameter that does not exist is an error. An object that is not of the sandbox may be one that
//! another tool made: what is asked of it is invented, always in the same way.

use rstack_driver::ErrorKind;
use rstack_model::value::Lookup;
use rstack_model::{Value, ValueMap};
use serde_json::Value as Json;

use crate::derive::Derivation;
use crate::inventory::{StoredObject, View};
use crate::rules::Refusal;
use crate::{defaults, parameter};

/// Answers a question in an account that is bootstrapped or not.
pub(crate) fn answer(
    view: &View<'_>,
    lookup: &Lookup,
    bootstrapped: bool,
) -> Result<Value, Refusal> {
    match lookup {
        Lookup::Zones(region) => {
            let zones = defaults::zones(region).iter();
            Ok(Value::List(zones.map(|zone| format!("{region}{zone}").into()).collect()))
        }
        Lookup::Parameter(parameter) => parameter::plain(view, parameter, bootstrapped),
        // CloudFormation manages no stack of the sandbox.
        Lookup::Exports => Ok(Value::Map(ValueMap::new())),
        Lookup::StackOutputs { .. } => Ok(Value::Null),
        Lookup::Attribute { resource_type, id, attribute } => {
            let keys = view.keys(resource_type, id);
            let object = keys.first().and_then(|key| view.get(resource_type, key));
            let default = || defaults::attribute(view.region, resource_type, id, attribute);
            let answer = object.is_none().then(default).flatten();
            answer.or_else(|| attribute_of(view, object, id, attribute)).ok_or_else(|| {
                Refusal::new(ErrorKind::NotFound, "NotFound", format!("there is no {lookup}"))
            })
        }
    }
}

fn text_of(json: Option<&Json>) -> Option<Value> {
    json?.as_str().map(Value::from)
}

fn id(prefix: &str, of: &str) -> String {
    format!("{prefix}-{}", Derivation::new(&["lookup", prefix, of]).hex(17))
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
