//! Calls that got no answer: what is known of them, and what can be done.

use std::error::Error as StdError;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use rstack_driver::{DriverError, ErrorKind};

use super::answer::ImproperAnswer;
use crate::codec::CodecError;
use crate::service_error::Refusal;

/// The places that are searched for credentials.
pub(super) const CREDENTIAL_SOURCES: &str = "looked for the environment variables \
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile (AWS_PROFILE, --profile) in \
    ~/.aws/config and ~/.aws/credentials, web identity, container and instance credentials";

/// An error of the program's own data.
pub(super) fn not_in_the_program(operation: &str, message: String) -> DriverError {
    DriverError::new(ErrorKind::Unsupported, operation, message)
}

/// An input that was not sent because the service would not take it.
pub(super) fn unwritten(operation: &str, error: &CodecError) -> DriverError {
    let property = match error {
        CodecError::Unknown { path }
        | CodecError::Missing { path }
        | CodecError::Kind { path, .. } => Some(path.clone()),
        CodecError::Model { .. } => {
            return not_in_the_program(operation, error.to_string());
        }
        CodecError::Write | CodecError::Read { .. } => None,
    };
    DriverError::new(ErrorKind::Invalid { property }, operation, error.to_string())
}

/// The error of a call that the SDK gave up.
pub(super) fn failed(
    (name, host): (&str, &str),
    repeatable: bool,
    error: SdkError<Error, HttpResponse>,
) -> DriverError {
    // A read that got no answer can simply be made again; of any other call it is not known what
    // it did.
    let lost = if repeatable { ErrorKind::Transient } else { ErrorKind::UnknownOutcome };
    if let Some(improper) = source_of::<ImproperAnswer>(&error) {
        return DriverError::new(improper_kind(improper, lost), name, not_aws(host, improper));
    }
    match error {
        SdkError::ServiceError(error) => match error.into_err().downcast::<Refusal>() {
            Ok(refusal) => refusal.error(name),
            Err(_) => DriverError::new(lost, name, "the service refused in an unknown way"),
        },
        SdkError::ConstructionFailure(_) => unsent(name, &error),
        SdkError::TimeoutError(_) => DriverError::new(lost, name, late(host)),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) => undelivered((name, host), connector, lost),
            None => DriverError::new(lost, name, format!("the connection to {host} failed")),
        },
        SdkError::ResponseError(_) => {
            let unreadable = source_of::<CodecError>(&error);
            let message = unreadable.map_or_else(|| broken(host), |error| not_aws(host, error));
            DriverError::new(lost, name, message)
        }
        _ => DriverError::new(lost, name, "the call failed in an unknown way"),
    }
}

/// True if the answer leads to another host.
pub(super) fn is_redirect(error: &(dyn StdError + 'static)) -> bool {
    matches!(source_of(error), Some(ImproperAnswer::Redirect { .. }))
}

/// The kind of error: a read is not made again, and what a change did is not known.
fn improper_kind(improper: &ImproperAnswer, lost: ErrorKind) -> ErrorKind {
    match (lost, improper) {
        (ErrorKind::UnknownOutcome, _) => ErrorKind::UnknownOutcome,
        (_, ImproperAnswer::TooLong { .. }) => ErrorKind::Unsupported,
        (_, ImproperAnswer::Redirect { .. } | ImproperAnswer::Page { .. }) => {
            ErrorKind::Unreachable
        }
    }
}

fn not_aws(host: &str, problem: &dyn StdError) -> String {
    format!(
        "the answer of {host} is not one of AWS's: {problem}; is a proxy in between, or another \
         endpoint configured?"
    )
}

fn late(host: &str) -> String {
    format!("no complete answer of {host} came in time")
}

fn broken(host: &str) -> String {
    format!("the connection to {host} broke before the answer was complete")
}

/// A call that got no answer from the connection.
fn undelivered((name, host): (&str, &str), error: &ConnectorError, lost: ErrorKind) -> DriverError {
    if error.is_user() || source_of::<CredentialsError>(error).is_some() {
        return unsent(name, error);
    }
    if never_sent(error) {
        let message = format!("{host} cannot be reached: {}", root_text(error));
        return DriverError::new(ErrorKind::Unreachable, name, message);
    }
    let message = if error.is_timeout() { late(host) } else { broken(host) };
    DriverError::new(lost, name, message)
}

/// A call that was not made: mostly there are no credentials.
fn unsent(name: &str, error: &(dyn StdError + 'static)) -> DriverError {
    if let Some(credentials) = source_of::<CredentialsError>(error) {
        let message = match credentials {
            CredentialsError::CredentialsNotLoaded(_) => {
                format!("there are no AWS credentials; {CREDENTIAL_SOURCES}")
            }
            _ => {
                let reason = text_of_all(credentials);
                let hint =
                    if reason.contains("SSO") { "; `aws sso login` renews them" } else { "" };
                format!("the AWS credentials cannot be used: {reason}{hint}")
            }
        };
        return DriverError::new(ErrorKind::Credentials, name, message);
    }
    let message = format!("the call could not be made: {}", text_of_all(error));
    DriverError::new(ErrorKind::Invalid { property: None }, name, message)
}

/// True if the connection itself failed, so that nothing was sent.
pub(super) fn never_sent(error: &(dyn StdError + 'static)) -> bool {
    sources(error).any(|source| {
        let refused = source.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
            )
        });
        // The HTTP client's own errors are private types; these are the texts of those that come
        // before a connection stands.
        let text = source.to_string();
        refused
            || ["(Connect)", "HTTP connect timeout", "dns error", "failed to resolve"]
                .iter()
                .any(|mark| text.contains(mark))
    })
}

fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

pub(super) fn source_of<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a T> {
    sources(error).find_map(|source| source.downcast_ref::<T>())
}

/// The texts of an error and those behind it, each once.
fn text_of_all(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in sources(error).map(ToString::to_string) {
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// The text of the innermost error.
fn root_text(error: &(dyn StdError + 'static)) -> String {
    sources(error).last().map(ToString::to_string).unwrap_or_default()
}
