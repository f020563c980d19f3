//! When to try again, and after how long.

use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind};

/// How often a call is made at most. The SDK's own retries come on top: these here are for
/// throttling beyond them and for what needs time to become visible, such as a new IAM role (2 to
/// 30 seconds).
const ATTEMPTS: u32 = 8;

/// How long to wait after the failed attempt with this number (from 1), or `None` to give up:
/// 1, 2, 4, … seconds and at most 15, some 76 seconds in all.
pub(crate) fn wait_after(error: &DriverError, attempt: u32) -> Option<Duration> {
    if !error.is_retryable() || attempt >= ATTEMPTS {
        return None;
    }
    let seconds = 1u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX).min(15);
    Some(Duration::from_secs(seconds))
}

/// Whether a failed create may nevertheless have made the object.
pub(crate) fn may_have_happened(error: &DriverError) -> bool {
    match error.kind {
        ErrorKind::UnknownOutcome | ErrorKind::Transient | ErrorKind::AlreadyExists => true,
        ErrorKind::NotFound
        | ErrorKind::Throttled
        | ErrorKind::DependencyNotReady
        | ErrorKind::AccessDenied { .. }
        | ErrorKind::Credentials
        | ErrorKind::Invalid { .. }
        | ErrorKind::Conflict
        | ErrorKind::Unreachable
        | ErrorKind::Unsupported => false,
    }
}
