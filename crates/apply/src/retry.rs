//! When to try again, and after how long.

use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::event::Event;

use crate::Engine;

/// The number of attempts of a call, at most. The SDK's own retries come on top: these here are for
/// throttling beyond them and for what needs time to become visible, such as a new IAM role (2 to
/// 30 seconds).
pub(crate) const ATTEMPTS: u32 = 8;

/// The attempt from which on it is reported, where no step is running that shows it: some three
/// seconds have passed.
const REPORTED_FROM: u32 = 3;

/// The time that passes before a creation is believed to have no effect. A request that was
/// on its way when its sender died is still carried out, and takes the service some seconds.
pub(crate) const QUIET: Duration = Duration::from_secs(5);

/// True if a call that may be repeated can succeed a little later. An unknown outcome passes, too:
/// all calls may be repeated but a create, which is looked for before. So does a network that is
/// gone for a moment: nothing was changed, and a run that has begun does not end for it.
pub(crate) fn may_pass(error: &DriverError) -> bool {
    let lost = matches!(error.kind, ErrorKind::UnknownOutcome | ErrorKind::Unreachable);
    error.is_retryable() || lost
}

/// The wait after the failed attempt with this number (from 1), or `None` to give up:
/// 1, 2, 4, … seconds and at most 15, some 76 seconds in all.
fn wait_after(error: &DriverError, attempt: u32) -> Option<Duration> {
    if !may_pass(error) || attempt >= ATTEMPTS {
        return None;
    }
    let seconds = 1u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX).min(15);
    Some(Duration::from_secs(seconds))
}

/// Some time from half of `wait` to the whole of it: operations that were refused together do not
/// come back together.
fn jittered(wait: Duration, bits: u128) -> Duration {
    let part = u32::try_from(bits % 1001).unwrap_or_default();
    wait / 2 + wait.saturating_mul(part) / 2000
}

/// True if a failed create may nevertheless have made the object.
pub(crate) fn may_have_happened(error: &DriverError) -> bool {
    match error.kind {
        ErrorKind::UnknownOutcome | ErrorKind::Transient | ErrorKind::AlreadyExists => true,
        ErrorKind::NotFound
        | ErrorKind::Throttled
        | ErrorKind::DependencyNotReady
        | ErrorKind::AccessDenied { .. }
        | ErrorKind::Credentials
        | ErrorKind::Invalid { .. }
        | ErrorKind::Handler(_)
        | ErrorKind::Conflict
        | ErrorKind::Unreachable
        | ErrorKind::Unsupported => false,
    }
}

impl Engine {
    /// The wait before the next attempt, as the error says if it knows; `None` if there is to be none: the
    /// error does not pass, it was tried often enough, or the user asked to stop.
    pub(crate) fn next_attempt(&self, error: &DriverError, attempt: u32) -> Option<Duration> {
        let wait = wait_after(error, attempt).filter(|_| !self.cancel.is_cancelled())?;
        Some(error.retry_after.unwrap_or_else(|| jittered(wait, self.entropy.bits())))
    }

    /// Makes a call that may be repeated until it succeeds or is given up. `failed` hears of every
    /// attempt that is followed by another.
    pub(crate) async fn persist<T, F>(
        &self,
        mut call: impl FnMut() -> F,
        failed: impl Fn(&DriverError, u32),
    ) -> Result<T, DriverError>
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        let mut attempt = 1;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(wait) = self.next_attempt(&error, attempt) else { return Err(error) };
            failed(&error, attempt);
            if self.sleep_or_stop(wait).await {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// As [`Self::persist`], before anything has begun: a cloud that cannot be reached is reported at
    /// once.
    pub(crate) async fn ask<T, F>(
        &self,
        mut call: impl FnMut() -> F,
        failed: impl Fn(&DriverError, u32),
    ) -> Result<T, DriverError>
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        let asked = self.persist(
            || {
                let answer = call();
                async {
                    match answer.await {
                        Err(error) if error.kind == ErrorKind::Unreachable => Ok(Err(error)),
                        other => other.map(Ok),
                    }
                }
            },
            failed,
        );
        asked.await?
    }

    /// Tells of a question that is asked again, if it has been for some time.
    pub(crate) fn asking_again(&self, error: &DriverError, attempt: u32) {
        if attempt >= REPORTED_FROM {
            let reason = error.to_string();
            self.events.emit(Event::AskingAgain { reason, attempt });
        }
    }

    /// Waits; says whether the user asked to stop meanwhile.
    pub(crate) async fn sleep_or_stop(&self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => true,
            () = self.clock.sleep(wait) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_end() {
        let throttled = DriverError::new(ErrorKind::Throttled, "x:Y", "slow down");
        let waits: Vec<u64> =
            (1..).map_while(|n| wait_after(&throttled, n)).map(|w| w.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
        let gone = DriverError::new(ErrorKind::Unreachable, "x:Y", "no route");
        assert!(wait_after(&gone, 1).is_some());
        assert_eq!(wait_after(&DriverError::new(ErrorKind::Conflict, "x:Y", "in use"), 1), None);
    }

    #[test]
    fn jitter_stays_between_half_and_whole() {
        let wait = Duration::from_secs(8);
        assert_eq!(jittered(wait, 0), Duration::from_secs(4));
        assert_eq!(jittered(wait, 1000), Duration::from_secs(8));
        assert_eq!(jittered(wait, u128::MAX), jittered(wait, u128::MAX % 1001));
    }
}
