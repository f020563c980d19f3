//! Faults and latency, drawn from the seed for each attempt of each operation on each object.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rstack_driver::ErrorKind;

use crate::SandboxOptions;
use crate::derive::Derivation;
use crate::rules::Refusal;

/// The faults and the latency of a sandbox, and how often each operation was attempted.
#[derive(Debug)]
pub(crate) struct FaultInjector {
    options: SandboxOptions,
    attempts: Mutex<BTreeMap<String, u32>>,
}

/// The answer of a call that has its effect: lost if true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost(bool);

impl FaultInjector {
    pub(crate) fn new(options: SandboxOptions) -> Self {
        Self { options, attempts: Mutex::default() }
    }

    fn attempt(&self, key: &str) -> u32 {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = attempts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// Begins a call: it takes its time, and it may end here.
    pub(crate) async fn begin(&self, operation: &str, object: &str) -> Result<Lost, Refusal> {
        let options = &self.options;
        let attempt = self.attempt(&format!("{operation} {object}")).to_string();
        // The label is a part of what is drawn: another one would draw other faults from a seed.
        let parts = [&options.seed.to_string(), "weather", operation, object, &attempt];
        let mut derived = Derivation::new(&parts);
        if !options.latency.is_zero() {
            let part = u32::try_from(derived.below(1000)).unwrap_or(0);
            tokio::time::sleep(options.latency.saturating_mul(part) / 1000).await;
        }
        if derived.happens(options.faults.throttle.0) {
            let message = "rate exceeded".to_owned();
            return Err(Refusal::new(ErrorKind::Throttled, "ThrottlingException", message));
        }
        if derived.happens(options.faults.server_error.0) {
            let message = "an internal error occurred".to_owned();
            return Err(Refusal::new(ErrorKind::Transient, "InternalFailure", message));
        }
        Ok(Lost(derived.happens(options.faults.lost_answer.0)))
    }

    /// The number of calls that name a new object and find it not yet visible.
    pub(crate) fn unseen(&self, nonce: &str) -> u32 {
        let seed = self.options.seed.to_string();
        let mut derived = Derivation::new(&[&seed, "visibility", nonce]);
        u32::from(derived.happens(self.options.faults.late_visibility.0))
    }
}

impl Lost {
    /// The answer, or what is left when it is lost.
    pub(crate) fn answer<T>(self, answer: T) -> Result<T, Refusal> {
        if self.0 {
            let message = "the connection was closed before the answer came".to_owned();
            return Err(Refusal::without_code(ErrorKind::UnknownOutcome, message));
        }
        Ok(answer)
    }
}
