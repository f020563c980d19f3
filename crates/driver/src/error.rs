//! Errors the engine can act on.

use std::time::Duration;

use rstack_model::{ErrorCode, PropertyPath};

/// The kind of a failure, which decides what the engine does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The object does not exist.
    NotFound,
    /// An object of that name exists.
    AlreadyExists,
    /// Too many requests: the engine tries again, later.
    Throttled,
    /// Something it depends on is not ready or not yet visible: the engine tries again, later.
    DependencyNotReady,
    /// The caller may not do this.
    AccessDenied {
        /// The IAM action, such as `iam:CreateRole`, if the cloud or the driver can say.
        action: Option<String>,
    },
    /// There are no credentials, or they have expired.
    Credentials,
    /// The request is wrong, and will be wrong again.
    Invalid {
        /// The property at fault, if it is known.
        property: Option<PropertyPath>,
    },
    /// The handler of a custom resource did not carry the request out.
    Handler(HandlerFailure),
    /// The object was changed by another process or user meanwhile, or is in use.
    Conflict,
    /// It failed for a reason that passes: the engine tries again, later.
    Transient,
    /// The endpoint cannot be reached: nothing was changed.
    Unreachable,
    /// The request may or may not have been carried out.
    UnknownOutcome,
    /// The driver cannot do what is asked.
    Unsupported,
}

/// The way in which the handler of a custom resource failed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerFailure {
    /// It reports that it failed.
    Reported,
    /// Its response breaks the contract.
    Response,
    /// It did not respond in time.
    Silent,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct DriverError {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// The service's own code for it, such as `DistributionNotDisabled`, if it gave one.
    pub code: Option<String>,
    /// The API operation, such as `mediapackage:CreateChannel`.
    pub operation: String,
    /// The message of the cloud. Never holds a request's or an answer's body.
    pub message: String,
    /// The request ID to give to AWS Support.
    pub request_id: Option<String>,
    /// The time after which the call can succeed, where it is known.
    pub retry_after: Option<Duration>,
}

impl DriverError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        let (operation, message) = (operation.into(), message.into());
        Self { kind, code: None, operation, message, request_id: None, retry_after: None }
    }

    /// The same error of a call that can succeed after this time.
    #[must_use]
    pub fn to_be_retried_after(self, time: Duration) -> Self {
        Self { retry_after: Some(time), ..self }
    }

    /// True if the service answered with this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// True if the same call may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Throttled | ErrorKind::DependencyNotReady | ErrorKind::Transient => true,
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::AccessDenied { .. }
            | ErrorKind::Credentials
            | ErrorKind::Invalid { .. }
            | ErrorKind::Handler(_)
            | ErrorKind::Conflict
            | ErrorKind::Unreachable
            | ErrorKind::UnknownOutcome
            | ErrorKind::Unsupported => false,
        }
    }
}

impl DriverError {
    /// The code that users look the failure up by.
    pub fn error_code(&self) -> ErrorCode {
        match self.kind {
            ErrorKind::NotFound => ErrorCode::ObjectNotFound,
            ErrorKind::AlreadyExists => ErrorCode::ObjectExists,
            ErrorKind::Throttled => ErrorCode::Throttled,
            ErrorKind::DependencyNotReady => ErrorCode::DependencyNotReady,
            ErrorKind::AccessDenied { .. } => ErrorCode::AccessDenied,
            ErrorKind::Credentials if self.operation == "configuration" => ErrorCode::NoRegion,
            ErrorKind::Credentials => ErrorCode::Credentials,
            ErrorKind::Invalid { .. } => ErrorCode::InvalidRequest,
            ErrorKind::Handler(HandlerFailure::Reported) => ErrorCode::HandlerFailed,
            ErrorKind::Handler(HandlerFailure::Response) => ErrorCode::HandlerResponse,
            ErrorKind::Handler(HandlerFailure::Silent) => ErrorCode::HandlerSilent,
            ErrorKind::Conflict => ErrorCode::Conflict,
            ErrorKind::Transient => ErrorCode::Transient,
            ErrorKind::Unreachable => ErrorCode::Unreachable,
            ErrorKind::UnknownOutcome => ErrorCode::UnknownOutcome,
            ErrorKind::Unsupported => ErrorCode::NotSupported,
        }
    }
}
