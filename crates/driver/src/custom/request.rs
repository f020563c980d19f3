//! The request to a handler.

use rstack_model::{BuiltIn, KnownMap, KnownValue, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Delivery, MAX_TIMEOUT, MIN_TIMEOUT, SERVICE_TIMEOUT, SERVICE_TOKEN};

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestType {
    /// A resource is created.
    Create,
    /// A resource is changed, or replaced if the handler answers with another physical ID.
    Update,
    /// A resource is deleted.
    Delete,
}

impl RequestType {
    /// The name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

/// The time limit in seconds that properties declare, or the default.
///
/// # Errors
/// The text of a time limit that is not a whole number of seconds from 1 to 3,600.
pub fn service_timeout(properties: &KnownMap) -> Result<u64, String> {
    let text = match properties.get(SERVICE_TIMEOUT) {
        None | Some(KnownValue::Null) => return Ok(MAX_TIMEOUT),
        Some(KnownValue::Number(number)) => number.to_string(),
        Some(KnownValue::String(text)) => text.clone(),
        Some(KnownValue::Secret(_)) => "a secret".to_owned(),
        Some(KnownValue::Bool(_) | KnownValue::List(_) | KnownValue::Map(_)) => {
            "no number".to_owned()
        }
    };
    match text.parse() {
        Ok(seconds) if (MIN_TIMEOUT..=MAX_TIMEOUT).contains(&seconds) => Ok(seconds),
        Ok(_) | Err(_) => Err(text),
    }
}

/// The text of a request. `old` are the properties before an update.
pub(super) fn body(
    delivery: &Delivery,
    url: &SecretString,
    old: Option<&KnownMap>,
) -> SecretString {
    let mut request = Map::new();
    let mut put = |name: &str, value: Json| request.insert(name.to_owned(), value);
    put("RequestType", delivery.request_type.name().into());
    put(SERVICE_TOKEN, delivery.handler.as_str().into());
    put("ResponseURL", url.expose().into());
    put("StackId", delivery.stack_id.as_str().into());
    put("RequestId", delivery.token.as_str().into());
    put("LogicalResourceId", delivery.logical_id.as_str().into());
    put("ResourceType", delivery.resource_type.as_str().into());
    if let Some(physical_id) = &delivery.physical_id {
        put("PhysicalResourceId", physical_id.as_str().into());
    }
    put("ResourceProperties", texts(&delivery.properties));
    if let Some(old) = old {
        put("OldResourceProperties", texts(old));
    }
    SecretString::new(Json::Object(request).to_string())
}

/// Properties as a handler gets them.
fn texts(properties: &KnownMap) -> Json {
    let present = properties
        .iter()
        .filter(|(name, value)| **value != KnownValue::Null && *name != BuiltIn::PROPERTY);
    Json::Object(present.map(|(name, value)| (name.clone(), text(value))).collect())
}

/// A value with every scalar as text. Nulls are left out.
fn text(value: &KnownValue) -> Json {
    match value {
        KnownValue::Null => Json::from(""),
        KnownValue::Bool(value) => Json::from(value.to_string()),
        KnownValue::Number(value) => Json::from(value.to_string()),
        KnownValue::String(value) => Json::from(value.as_str()),
        KnownValue::Secret(value) => Json::from(value.expose()),
        KnownValue::List(items) => {
            Json::Array(items.iter().filter(|it| **it != KnownValue::Null).map(text).collect())
        }
        KnownValue::Map(map) => texts(map),
    }
}
