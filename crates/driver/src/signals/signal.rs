//! One signal, which is trusted in nothing.
//!
//! Source: "Wait condition signal JSON format", AWS CloudFormation User Guide.

use serde_json::{Map, Value as Json};

/// The bytes of the longest signal.
pub const MAX_SIGNAL: usize = 4096;

/// The outcome that a signal reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalStatus {
    /// The sender has succeeded.
    Success,
    /// The sender has failed.
    Failure,
}

/// A signal of the documented form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The outcome.
    pub status: SignalStatus,
    /// The ID of the signal: two with the same one are the same signal.
    pub unique_id: String,
    /// The data of the sender.
    pub data: String,
    /// The reason for the outcome.
    pub reason: String,
}

impl Signal {
    /// Reads a signal; `None` if it does not have the documented form.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_SIGNAL {
            return None;
        }
        let Ok(Json::Object(members)) = serde_json::from_slice(bytes) else { return None };
        let status = match members.get("Status").and_then(Json::as_str)? {
            "SUCCESS" => SignalStatus::Success,
            "FAILURE" => SignalStatus::Failure,
            _ => return None,
        };
        let unique_id = text(&members, "UniqueId")?;
        if unique_id.is_empty() {
            return None;
        }
        let other = |name: &str| text(&members, name).unwrap_or_default();
        Some(Self { status, unique_id, data: other("Data"), reason: other("Reason") })
    }
}

/// A member that is text, or a scalar that scripts write in its place.
fn text(members: &Map<String, Json>, name: &str) -> Option<String> {
    match members.get(name)? {
        Json::String(text) => Some(text.clone()),
        scalar @ (Json::Number(_) | Json::Bool(_)) => Some(scalar.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}
