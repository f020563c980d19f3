//! The cursor of a request to a handler. It is durable before the request is delivered.

use rstack_model::{Cursor, Token};
use serde::{Deserialize, Serialize};

use super::{RequestType, ResponseKey};

/// A request, as the journal keeps it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RequestCursor {
    /// The kind of the request.
    pub(super) request: RequestType,
    /// The ARN of the stack.
    pub(super) stack: String,
    /// The logical ID of the resource.
    pub(super) resource: String,
    /// The bucket of its response, if the cloud keeps it in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<String>,
    /// The time at which it is sent, in seconds since 1970.
    pub(super) sent: u64,
    /// The time until which a response is waited for.
    pub(super) until: u64,
    /// True if it is certain that it was not delivered. Otherwise it may have been, and is not
    /// delivered again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) refused: bool,
}

impl RequestCursor {
    /// The request that a cursor stands for; `None` for a cursor of another driver.
    pub(super) fn parse(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(cursor.as_str()).ok()
    }

    /// The cursor.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(serde_json::to_string(self).unwrap_or_default())
    }

    /// The place of the response.
    pub(super) fn key<'a>(&'a self, token: &'a Token) -> ResponseKey<'a> {
        ResponseKey { bucket: self.bucket.as_deref(), token }
    }

    /// The seconds for which a response is waited for.
    pub(super) fn limit(&self) -> u64 {
        self.until.saturating_sub(self.sent)
    }
}
