//! The state of a function: what it waits for, and why it failed.
//!
//! Source: Lambda developer guide, Lambda function states.

use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind, Progress};
use rstack_model::KnownMap;

use super::READ;
use super::configuration::name_in;
use crate::iam::text_in;

/// The time between two questions about the state of a function.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Parts of messages about a role or a key that is usable a little later: what was just granted is not
/// yet known everywhere. Those about a role that cannot be assumed are the same for all services.
///
/// Source: issues of users, aws/aws-cdk#7998 and hashicorp/terraform-provider-aws#4633.
const NOT_YET: [&str; 2] =
    ["execution role does not have permissions", "kms key is invalid for creategrant"];

/// The error of a call with a role or a key that may have been made a moment ago.
pub(super) fn not_yet_usable(error: DriverError) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    if NOT_YET.iter().any(|part| message.contains(part)) {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

fn state(configuration: &KnownMap) -> &str {
    text_in(configuration, "State").unwrap_or_default()
}

/// The outcome of the last update.
fn last_update(configuration: &KnownMap) -> &str {
    text_in(configuration, "LastUpdateStatus").unwrap_or_default()
}

fn reason<'a>(configuration: &'a KnownMap, member: &str) -> &'a str {
    let reason = text_in(configuration, member).filter(|reason| !reason.is_empty());
    reason.unwrap_or("Lambda gives no reason")
}

/// True for a function that is being deleted.
pub(super) fn is_going(configuration: &KnownMap) -> bool {
    state(configuration) == "Deleting"
}

/// True if the last update was abandoned: the function has the code and the configuration of before.
pub(super) fn abandoned_update(configuration: &KnownMap) -> bool {
    last_update(configuration) == "Failed"
}

/// The wait of a function, while Lambda takes no change of it.
fn waits_for(configuration: &KnownMap) -> Option<&'static str> {
    match (state(configuration), last_update(configuration)) {
        ("Pending", _) => Some("to be ready"),
        (_, "InProgress") => Some("to be updated"),
        (_, _) => None,
    }
}

/// The function takes a change now.
///
/// # Errors
/// One that passes, while it is made or updated.
pub(super) fn takes_change(configuration: &KnownMap) -> Result<(), DriverError> {
    let Some(waits_for) = waits_for(configuration) else { return Ok(()) };
    let message = format!("the function `{}` has {waits_for} first", name_in(configuration));
    Err(DriverError::new(ErrorKind::DependencyNotReady, READ, message))
}

/// The error of a wait for an update that is made again, with the reason why it was abandoned before.
pub(super) fn with_reason(error: DriverError, before: &KnownMap) -> DriverError {
    if !abandoned_update(before) {
        return error;
    }
    let reason = reason(before, "LastUpdateStatusReason");
    let message = format!("{}: its last update was abandoned: {reason}", error.message);
    DriverError { message, ..error }
}

/// The function is not one that could not be made.
///
/// # Errors
/// With the reason of Lambda, if it is.
pub(super) fn is_made(configuration: &KnownMap) -> Result<(), DriverError> {
    if state(configuration) != "Failed" {
        return Ok(());
    }
    let (name, reason) = (name_in(configuration), reason(configuration, "StateReason"));
    let message = format!(
        "the function `{name}` could not be made ready: {reason}; Lambda changes no such function, \
         replace it"
    );
    Err(DriverError::new(ErrorKind::Invalid { property: None }, READ, message))
}

/// The wait for a function.
pub(super) fn pending(name: &str, waits_for: &str) -> Progress {
    let waits_for = format!("function `{name}` {waits_for}");
    Progress::Pending { waits_for, ask_again_in: ASK_AGAIN }
}

/// The progress of a function towards being as it was made or changed.
///
/// # Errors
/// If it could not be made, or its update was abandoned.
pub(super) fn progress(configuration: &KnownMap) -> Result<Progress, DriverError> {
    is_made(configuration)?;
    let name = name_in(configuration);
    if let Some(waits_for) = waits_for(configuration) {
        return Ok(pending(name, waits_for));
    }
    if abandoned_update(configuration) {
        let reason = reason(configuration, "LastUpdateStatusReason");
        let message = format!("the update of the function `{name}` was abandoned: {reason}");
        return Err(DriverError::new(ErrorKind::Invalid { property: None }, READ, message));
    }
    Ok(Progress::Done)
}
