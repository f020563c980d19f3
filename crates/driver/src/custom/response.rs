//! The response of a handler, which is trusted in nothing.

use rstack_model::{KnownMap, KnownValue, SecretString};
use serde_json::{Map, Value as Json};

/// The bytes of the longest response.
pub const MAX_RESPONSE: usize = 4096;
/// The bytes of the longest physical ID.
const MAX_PHYSICAL_ID: usize = 1024;

/// The reason of a handler that gives none.
const NO_REASON: &str = "the handler reported FAILED and gave no reason";

/// The identity of the request that a response has to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered<'a> {
    /// The ARN of the stack.
    pub stack_id: &'a str,
    /// The ID of the request.
    pub request_id: &'a str,
    /// The logical ID of the resource.
    pub logical_id: &'a str,
}

/// A response that answers its request.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The request was carried out.
    Success {
        /// The physical ID, if it was given.
        physical_id: Option<String>,
        /// The attributes. Those of a `NoEcho` response are secrets without their texts.
        data: KnownMap,
    },
    /// It was not.
    Failed {
        /// The physical ID, if it was given.
        physical_id: Option<String>,
        /// The reason in the handler's words.
        reason: String,
    },
    /// It answers the request and breaks the contract in another way.
    Malformed {
        /// The physical ID, if it was given. The object is known by it, and is not left behind.
        physical_id: Option<String>,
        /// The way in which it breaks the contract.
        error: ResponseError,
    },
}

/// The way in which a response breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// It is too long.
    #[error("the response is longer than {MAX_RESPONSE} bytes")]
    TooLong,
    /// It is not a JSON object.
    #[error("the response is not a JSON object")]
    NotJson,
    /// It answers another request.
    #[error("the response has another `{0}` than the request")]
    OtherRequest(&'static str),
    /// Its status is no status.
    #[error("the `Status` of the response is neither `SUCCESS` nor `FAILED`")]
    Status,
    /// Its physical ID is not one.
    #[error(
        "the `PhysicalResourceId` of the response is not a text of 1 to {MAX_PHYSICAL_ID} bytes"
    )]
    PhysicalId,
    /// A create has no physical ID.
    #[error("the response has no `PhysicalResourceId`, which a create must return")]
    NoPhysicalId,
    /// Its data is not an object.
    #[error("the `Data` of the response is not a JSON object")]
    Data,
}

impl Response {
    /// Reads a response.
    ///
    /// # Errors
    /// If it breaks the contract.
    pub fn parse(bytes: &[u8], to: Answered<'_>) -> Result<Self, ResponseError> {
        if bytes.len() > MAX_RESPONSE {
            return Err(ResponseError::TooLong);
        }
        let Ok(Json::Object(response)) = serde_json::from_slice(bytes) else {
            return Err(ResponseError::NotJson);
        };
        let named = [
            ("StackId", to.stack_id),
            ("RequestId", to.request_id),
            ("LogicalResourceId", to.logical_id),
        ];
        for (name, wanted) in named {
            if response.get(name).and_then(Json::as_str) != Some(wanted) {
                return Err(ResponseError::OtherRequest(name));
            }
        }
        let physical_id = physical_id(&response)?;
        match response.get("Status").and_then(Json::as_str) {
            Some("SUCCESS") => Ok(match data(&response) {
                Ok(data) => Self::Success { physical_id, data },
                Err(error) => Self::Malformed { physical_id, error },
            }),
            Some("FAILED") => {
                let reason = response.get("Reason").and_then(Json::as_str).map(str::trim);
                let reason = reason.filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or(NO_REASON).to_owned();
                Ok(Self::Failed { physical_id, reason })
            }
            Some(_) | None => Ok(Self::Malformed { physical_id, error: ResponseError::Status }),
        }
    }
}

fn physical_id(response: &Map<String, Json>) -> Result<Option<String>, ResponseError> {
    match response.get("PhysicalResourceId") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(id)) if (1..=MAX_PHYSICAL_ID).contains(&id.len()) => Ok(Some(id.clone())),
        Some(_) => Err(ResponseError::PhysicalId),
    }
}

/// The attributes. The texts of a `NoEcho` response are secrets; what is no text is dropped.
fn data(response: &Map<String, Json>) -> Result<KnownMap, ResponseError> {
    let data = match response.get("Data") {
        None | Some(Json::Null) => return Ok(KnownMap::new()),
        Some(Json::Object(data)) => data,
        Some(_) => return Err(ResponseError::Data),
    };
    let hidden = match response.get("NoEcho") {
        None | Some(Json::Null | Json::Bool(false)) => false,
        Some(Json::String(text)) => !text.eq_ignore_ascii_case("false"),
        // What is not understood hides: nothing secret is shown by mistake.
        Some(_) => true,
    };
    let value = |value: &Json| match hidden {
        true => KnownValue::Secret(SecretString::new(text_of(value))),
        false => KnownValue::from_json(value.clone()),
    };
    Ok(data.iter().map(|(name, it)| (name.clone(), value(it))).collect())
}

/// The text of a scalar.
fn text_of(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(value) => value.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
    }
}
