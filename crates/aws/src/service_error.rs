//! The meaning of a failed call: the service's answer as a [`DriverError`].
//!
//! Codes that many services have are here; a code of one service is in its `service.yaml`.

use rstack_driver::{DriverError, ErrorKind};

use crate::definition::{ErrorMeaning, Service};

/// A service's answer that is not a success.
#[derive(Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("the service refused the call")]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The service's code for it.
    pub(crate) code: Option<String>,
    /// The service's message about it.
    pub(crate) message: Option<String>,
    /// The ID of the request.
    pub(crate) request_id: Option<String>,
}

/// The SDK traces it: without the message, which is for the user alone.
impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refusal").field("status", &self.status).field("code", &self.code).finish()
    }
}

const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidCredentialsException",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

const ACCESS_DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "Forbidden",
    "ForbiddenException",
    "NotAuthorized",
    "OptInRequired",
    "UnauthorizedException",
    "UnauthorizedOperation",
];

const TRANSIENT: &[&str] = &[
    "ConcurrentModification",
    "ConcurrentModificationException",
    "InternalError",
    "InternalFailure",
    "InternalServerErrorException",
    "InternalServiceError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

const CONFLICT: &[&str] = &["ConflictException"];

/// Parts of messages of services while something that was just made, mostly a role, is not yet
/// known everywhere.
const NOT_READY: &[&str] = &[
    "cannot assume",
    "cannot be assumed",
    "can't be assumed",
    "could not assume",
    "could not be assumed",
    "unable to assume",
    "not able to assume",
    "failed to assume",
];

impl Refusal {
    /// True if the service asks to be called less often.
    pub(crate) fn is_throttling(&self) -> bool {
        self.status == 429 || self.code().is_some_and(|code| THROTTLED.contains(&code))
    }

    /// True if the service failed for a reason of its own.
    pub(crate) fn is_transient(&self) -> bool {
        self.status >= 500 || self.code().is_some_and(|code| TRANSIENT.contains(&code))
    }

    /// The code without a namespace before it and an address behind it.
    fn code(&self) -> Option<&str> {
        let code = self.code.as_deref()?;
        let code = code.rsplit('#').next().unwrap_or(code);
        let code = code.split(':').next().unwrap_or(code).trim();
        (!code.is_empty()).then_some(code)
    }

    /// The error of the call `service:Operation`.
    pub(crate) fn error(&self, operation: &str) -> DriverError {
        let message = match (&self.message, self.code()) {
            (Some(message), _) if !message.trim().is_empty() => message.clone(),
            (_, Some(code)) => code.to_owned(),
            (_, None) => format!("the service answered HTTP {} without a reason", self.status),
        };
        let mut error = DriverError::new(self.kind(operation), operation, message);
        error.code = self.code().map(str::to_owned);
        error.request_id.clone_from(&self.request_id);
        error
    }

    /// The meaning of the code that is the service's own.
    fn meaning(&self, operation: &str) -> Option<ErrorMeaning> {
        let (service, code) = (Service::of_action(operation)?.file().ok()?, self.code()?);
        let mut errors = service.errors.iter();
        errors.find(|entry| entry.codes.iter().any(|known| known == code)).map(|e| e.meaning)
    }

    fn kind(&self, operation: &str) -> ErrorKind {
        let code = self.code().unwrap_or_default();
        let message = self.message.as_deref().unwrap_or_default();
        if self.is_throttling() {
            return ErrorKind::Throttled;
        }
        let lower = message.to_ascii_lowercase();
        let not_ready = NOT_READY.iter().any(|mark| lower.contains(mark));
        match self.meaning(operation) {
            Some(ErrorMeaning::Refused) if not_ready => return ErrorKind::DependencyNotReady,
            Some(ErrorMeaning::Refused | ErrorMeaning::Invalid) => {
                return ErrorKind::Invalid { property: None };
            }
            Some(ErrorMeaning::AlreadyExists) => return ErrorKind::AlreadyExists,
            Some(ErrorMeaning::Conflict) => return ErrorKind::Conflict,
            Some(ErrorMeaning::NotReady) => return ErrorKind::DependencyNotReady,
            Some(ErrorMeaning::NotFound) => return ErrorKind::NotFound,
            Some(ErrorMeaning::Transient) => return ErrorKind::Transient,
            None => {}
        }
        if CREDENTIALS.contains(&code) {
            return ErrorKind::Credentials;
        }
        if not_ready {
            return ErrorKind::DependencyNotReady;
        }
        if ACCESS_DENIED.contains(&code) {
            return ErrorKind::AccessDenied { action: denied_action(message) };
        }
        if CONFLICT.contains(&code) || code.contains("InUse") {
            return ErrorKind::Conflict;
        }
        if self.is_transient() {
            return ErrorKind::Transient;
        }
        if code.starts_with("LimitExceeded") || code.starts_with("TooMany") {
            return ErrorKind::Invalid { property: None };
        }
        if code.contains("AlreadyExists") {
            return ErrorKind::AlreadyExists;
        }
        if code.starts_with("NoSuch") || code.contains("NotFound") {
            return ErrorKind::NotFound;
        }
        match self.status {
            401 | 403 => ErrorKind::AccessDenied { action: denied_action(message) },
            409 | 412 => ErrorKind::Conflict,
            // A service names what it does not find; a bare 404 means that no service there knows
            // the operation.
            404 if code.is_empty() => ErrorKind::Unsupported,
            _ => ErrorKind::Invalid { property: None },
        }
    }
}

/// The action in `… is not authorized to perform: iam:CreateRole on resource: …`.
pub(crate) fn denied_action(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("not authorized to perform")?;
    let rest = rest.trim_start_matches([':', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '-' | '*'));
    let action = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches(':');
    action.contains(':').then(|| action.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, code: &str, message: &str) -> ErrorKind {
        kind_of("service", status, code, message)
    }

    fn kind_of(service: &str, status: u16, code: &str, message: &str) -> ErrorKind {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (code, message) = (some(code), some(message));
        let refusal = Refusal { status, code, message, request_id: None };
        refusal.error(&format!("{service}:Operation")).kind
    }

    #[test]
    fn a_code_means_what_its_service_says() {
        use ErrorKind as K;
        let invalid = K::Invalid { property: None };
        let unprocessable = "UnprocessableEntityException";
        for (service, status, code, message, expected) in [
            ("cloudfront", 409, "CNAMEAlreadyExists", "", K::Conflict),
            ("cloudfront", 409, "DistributionAlreadyExists", "", K::AlreadyExists),
            ("cloudfront", 400, "IllegalUpdate", "", K::Conflict),
            ("cloudfront", 412, "PreconditionFailed", "", K::Conflict),
            ("iam", 409, "DeleteConflict", "", K::Conflict),
            ("iam", 409, "EntityTemporarilyUnmodifiable", "", K::DependencyNotReady),
            ("secretsmanager", 400, "ResourceExistsException", "", K::AlreadyExists),
            ("cloudcontrolapi", 400, "AlreadyExistsException", "", K::AlreadyExists),
            ("cloudcontrolapi", 400, "ResourceNotFoundException", "", K::NotFound),
            ("cloudcontrolapi", 400, "RequestTokenNotFoundException", "", K::NotFound),
            ("cloudcontrolapi", 400, "ConcurrentOperationException", "", K::DependencyNotReady),
            ("cloudcontrolapi", 400, "ResourceConflictException", "", K::DependencyNotReady),
            ("cloudcontrolapi", 400, "ClientTokenConflictException", "", invalid.clone()),
            ("cloudcontrolapi", 400, "ServiceLimitExceededException", "", invalid.clone()),
            ("cloudcontrolapi", 400, "TypeNotFoundException", "", invalid.clone()),
            ("cloudcontrolapi", 400, "NetworkFailureException", "", K::Transient),
            ("cloudcontrolapi", 400, "HandlerFailureException", "", K::Transient),
            ("cloudcontrolapi", 400, "InvalidCredentialsException", "", K::Credentials),
            ("mediapackage", 422, unprocessable, "wrong", invalid.clone()),
            ("mediapackage", 422, unprocessable, "cannot assume it", K::DependencyNotReady),
            // Without the service's own word, it is one of the codes of all.
            ("service", 400, "IllegalUpdate", "", invalid),
        ] {
            assert_eq!(kind_of(service, status, code, message), expected, "{service} {code}");
        }
    }

    #[test]
    fn every_kind_of_refusal_is_distinguished() {
        use ErrorKind as K;
        let invalid = || K::Invalid { property: None };
        let denied = |action: Option<&str>| K::AccessDenied { action: action.map(str::to_owned) };
        let not_allowed = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: \
                           iam:CreateRole on resource: arn:aws:iam::111122223333:role/y";
        let rows = [
            (404, "NoSuchDistribution", "", K::NotFound),
            (404, "NoSuchEntity", "", K::NotFound),
            (404, "NotFoundException", "", K::NotFound),
            (400, "ResourceNotFoundException", "", K::NotFound),
            (400, "com.amazonaws.x#ResourceNotFoundException:http://internal/", "", K::NotFound),
            (409, "EntityAlreadyExists", "", K::AlreadyExists),
            (409, "DistributionAlreadyExists", "", K::AlreadyExists),
            (400, "Throttling", "", K::Throttled),
            (429, "", "", K::Throttled),
            (403, "AccessDenied", not_allowed, denied(Some("iam:CreateRole"))),
            (403, "", "", denied(None)),
            (403, "ExpiredToken", "", K::Credentials),
            (403, "InvalidClientTokenId", "", K::Credentials),
            (403, "SignatureDoesNotMatch", "", K::Credentials),
            (400, "UnrecognizedClientException", "", K::Credentials),
            (400, "ValidationException", "1 validation error", invalid()),
            (422, "UnprocessableEntityException", "", invalid()),
            (400, "MalformedPolicyDocument", "Invalid principal in policy", invalid()),
            (412, "PreconditionFailed", "", K::Conflict),
            (409, "DeleteConflict", "", K::Conflict),
            (409, "CachePolicyInUse", "", K::Conflict),
            (500, "InternalFailure", "", K::Transient),
            (503, "", "", K::Transient),
            (
                400,
                "InvalidParameterValueException",
                "The role cannot be assumed by x",
                K::DependencyNotReady,
            ),
            (404, "", "", K::Unsupported),
            (409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", invalid()),
            (400, "TooManyDistributions", "", invalid()),
        ];
        for (status, code, message, expected) in rows {
            assert_eq!(kind(status, code, message), expected, "{status} {code}");
        }
    }

    #[test]
    fn an_error_carries_code_message_and_request_but_debug_not_the_message() {
        let refusal = Refusal {
            status: 404,
            code: Some("NoSuchEntity".into()),
            message: Some("no role x".into()),
            request_id: Some("r-1".into()),
        };
        let error = refusal.error("iam:GetRole");
        assert_eq!(error.to_string(), "iam:GetRole: no role x");
        assert!(error.has_code("NoSuchEntity"));
        assert_eq!(error.request_id.as_deref(), Some("r-1"));
        assert!(!format!("{refusal:?}").contains("no role"));
    }
}
