//! Progress events: how far a request has got, and why it failed.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::service_error::denied_action;

/// The progress of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is accepted, or its handler runs.
    Going,
    /// It is complete.
    Succeeded,
    /// Its handler failed, or it was cancelled.
    Failed,
}

/// A progress event, without the model in it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) progress: Progress,
    /// The request token.
    pub(super) request: String,
    /// The type of the object.
    pub(super) type_name: String,
    /// The primary identifier, as soon as the handler names it.
    pub(super) identifier: Option<String>,
    /// The time of the request, in seconds since 1970.
    pub(super) time: Option<u64>,
    /// The time before which it is not to be asked for again, in seconds since 1970.
    pub(super) retry_after: Option<u64>,
    /// The handler's error code.
    pub(super) code: Option<String>,
    message: Option<String>,
}

impl Event {
    /// The event of an answer.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownOutcome`] if the answer has none.
    pub(super) fn of(answer: &KnownMap, operation: &str) -> Result<Self, DriverError> {
        let event = answer.get("ProgressEvent").and_then(KnownValue::as_map);
        event.and_then(Self::read).ok_or_else(|| {
            let message = "the answer has no progress event that can be understood";
            DriverError::new(ErrorKind::UnknownOutcome, operation, message)
        })
    }

    /// The event in this map; `None` if it lacks what every event has.
    pub(super) fn read(map: &KnownMap) -> Option<Self> {
        let text = |name: &str| map.get(name).and_then(KnownValue::as_str).map(str::to_owned);
        let status = text("OperationStatus")?;
        Some(Self {
            progress: match status.as_str() {
                "SUCCESS" => Progress::Succeeded,
                "FAILED" | "CANCEL_COMPLETE" => Progress::Failed,
                "PENDING" | "IN_PROGRESS" | "CANCEL_IN_PROGRESS" => Progress::Going,
                _ => return None,
            },
            request: text("RequestToken")?,
            type_name: text("TypeName").unwrap_or_default(),
            identifier: text("Identifier").filter(|identifier| !identifier.is_empty()),
            time: text("EventTime").and_then(|time| seconds(&time)),
            retry_after: text("RetryAfter").and_then(|time| seconds(&time)),
            code: text("ErrorCode"),
            message: if status == "CANCEL_COMPLETE" {
                Some("the request was cancelled".to_owned())
            } else {
                text("StatusMessage")
            },
        })
    }

    /// True if the handler gave this code.
    pub(super) fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// The error of a failed event of `operation`.
    pub(super) fn error(&self, operation: &str) -> DriverError {
        let code = self.code.as_deref().unwrap_or_default();
        let message = self.message.as_deref().filter(|message| !message.trim().is_empty());
        let shown = match (message, code) {
            (Some(message), _) => message,
            (None, "") => "its handler failed without a reason",
            (None, code) => code,
        };
        let kind = kind(code, message.unwrap_or_default());
        let mut error = DriverError::new(kind, operation, shown);
        error.code.clone_from(&self.code);
        error.request_id = Some(self.request.clone());
        error
    }
}

/// The meaning of a handler's error code.
///
/// Source: "Handler error codes", AWS CloudFormation CLI User Guide; ProgressEvent, Cloud Control API
/// reference.
fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        "NotFound" => ErrorKind::NotFound,
        "AlreadyExists" => ErrorKind::AlreadyExists,
        "Throttling" => ErrorKind::Throttled,
        "AccessDenied" | "UnauthorizedTaggingOperation" => {
            ErrorKind::AccessDenied { action: denied_action(message) }
        }
        "InvalidCredentials" => ErrorKind::Credentials,
        // The object, or one that it depends on, is busy or not ready.
        "ResourceConflict" | "NotStabilized" => ErrorKind::DependencyNotReady,
        "ServiceInternalError" | "ServiceTimeout" | "NetworkFailure" | "InternalFailure" => {
            ErrorKind::Transient
        }
        // A cancelled request has no code.
        "" => ErrorKind::Conflict,
        // InvalidRequest, NotUpdatable, ServiceLimitExceeded, GeneralServiceException.
        _ => ErrorKind::Invalid { property: None },
    }
}

/// A time of an answer in seconds since 1970.
fn seconds(time: &str) -> Option<u64> {
    let time = DateTime::from_str(time, Format::DateTime).ok()?;
    u64::try_from(time.secs()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    fn failed(code: &str, message: &str) -> DriverError {
        let event = json!({
            "OperationStatus": "FAILED", "RequestToken": "r-1", "ErrorCode": code,
            "StatusMessage": message, "ResourceModel": "{\"Password\": \"hunter2\"}",
        });
        Event::read(&known(event)).unwrap().error("cloudcontrolapi:CreateResource")
    }

    #[test]
    fn every_handler_error_code_has_its_kind() {
        use ErrorKind as K;
        let invalid = || K::Invalid { property: None };
        for (code, expected) in [
            ("NotUpdatable", invalid()),
            ("InvalidRequest", invalid()),
            ("AccessDenied", K::AccessDenied { action: None }),
            ("UnauthorizedTaggingOperation", K::AccessDenied { action: None }),
            ("InvalidCredentials", K::Credentials),
            ("AlreadyExists", K::AlreadyExists),
            ("NotFound", K::NotFound),
            ("ResourceConflict", K::DependencyNotReady),
            ("Throttling", K::Throttled),
            ("ServiceLimitExceeded", invalid()),
            ("NotStabilized", K::DependencyNotReady),
            ("GeneralServiceException", invalid()),
            ("ServiceInternalError", K::Transient),
            ("ServiceTimeout", K::Transient),
            ("NetworkFailure", K::Transient),
            ("InternalFailure", K::Transient),
        ] {
            let error = failed(code, "no");
            assert_eq!(error.kind, expected, "{code}");
            assert!(error.has_code(code) && error.request_id.as_deref() == Some("r-1"));
        }
        let denied = failed("AccessDenied", "not authorized to perform: sns:CreateTopic on x");
        assert_eq!(denied.kind, K::AccessDenied { action: Some("sns:CreateTopic".into()) });
        assert_eq!(failed("NotStabilized", " ").message, "NotStabilized");
    }

    #[test]
    fn an_event_keeps_nothing_of_the_model() {
        let event = json!({
            "OperationStatus": "SUCCESS", "RequestToken": "r-1", "Identifier": "i",
            "ResourceModel": "{\"Password\": \"hunter2\"}", "EventTime": "2026-01-02T03:04:05Z",
        });
        let event = Event::read(&known(event)).unwrap();
        assert!(!format!("{event:?}").contains("hunter2"));
        assert_eq!(event.time, Some(1_767_323_045));
        let odd = known(json!({"OperationStatus": "ODD", "RequestToken": "r-1"}));
        assert!(Event::read(&odd).is_none());
        let error = Event::of(&KnownMap::new(), "cloudcontrolapi:CreateResource").unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnknownOutcome);
    }
}
