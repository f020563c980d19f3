//! Fault injection: faults of calls to the cloud, drawn from a seed.

use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::ResourceType;

use crate::rng::Rng;

/// The rates of faults of a call, in a hundred, and the time that calls take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FaultRates {
    /// It is refused as one too many.
    pub(crate) throttle: usize,
    /// It fails before or after its effect, and the service says so.
    pub(crate) server_error: usize,
    /// It has its effect, and the answer is lost.
    pub(crate) lost_answer: usize,
    /// It has its effect only after the answer was lost.
    pub(crate) late_effect: usize,
    /// No answer comes for minutes, whether it had its effect or not.
    pub(crate) hang: usize,
    /// The longest it takes: calls are overtaken by later ones.
    pub(crate) longest: Duration,
}

/// The fault that one call suffers, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InjectedFault {
    /// It is made and answered.
    Answered,
    /// It is not made; the cloud says so.
    Refused(FaultKind),
    /// It is made and not answered.
    Unanswered(FaultKind),
    /// It is not answered, and made after this time.
    Late(Duration),
}

/// The kind of the error that is returned in the place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Throttled,
    ServerError,
    Lost,
    Hung,
}

/// Where a late effect comes at the latest, after its call.
pub(crate) const LATEST: Duration = Duration::from_secs(3);
const HANGS: Duration = Duration::from_secs(300);

/// The faults that the calls of one process suffer.
#[derive(Debug)]
pub(crate) struct FaultInjector {
    rates: FaultRates,
    rng: Rng,
    /// Calls that are refused for good: a verb and a type.
    pub(crate) refused: Option<(&'static str, ResourceType)>,
}

impl FaultKind {
    pub(crate) fn error(self, operation: &str) -> DriverError {
        let (kind, message) = match self {
            Self::Throttled => (ErrorKind::Throttled, "rate exceeded"),
            Self::ServerError => (ErrorKind::Transient, "an internal error occurred"),
            Self::Lost => (ErrorKind::UnknownOutcome, "the connection was closed"),
            Self::Hung => (ErrorKind::UnknownOutcome, "no answer came in time"),
        };
        DriverError::new(kind, operation, message)
    }

    pub(crate) fn takes(self) -> Duration {
        match self {
            Self::Throttled | Self::ServerError | Self::Lost => Duration::ZERO,
            Self::Hung => HANGS,
        }
    }
}

impl FaultInjector {
    pub(crate) fn new(rates: FaultRates, seed: u64) -> Self {
        Self { rates, rng: Rng::new(seed), refused: None }
    }

    /// Somewhat less than the longest time a call takes.
    pub(crate) fn pause(&self) -> Duration {
        let longest = usize::try_from(self.rates.longest.as_millis()).unwrap_or(usize::MAX);
        Duration::from_millis(self.rng.below(longest) as u64)
    }

    pub(crate) fn next_fault(&self) -> InjectedFault {
        let rates = &self.rates;
        if *rates == FaultRates::default() {
            return InjectedFault::Answered;
        }
        let either = |fault| {
            let made = self.rng.happens(50);
            if made { InjectedFault::Unanswered(fault) } else { InjectedFault::Refused(fault) }
        };
        if self.rng.happens(rates.throttle) {
            InjectedFault::Refused(FaultKind::Throttled)
        } else if self.rng.happens(rates.server_error) {
            either(FaultKind::ServerError)
        } else if self.rng.happens(rates.hang) {
            either(FaultKind::Hung)
        } else if self.rng.happens(rates.lost_answer) {
            InjectedFault::Unanswered(FaultKind::Lost)
        } else if self.rng.happens(rates.late_effect) {
            let latest = usize::try_from(LATEST.as_millis()).unwrap_or(usize::MAX);
            InjectedFault::Late(Duration::from_millis(self.rng.below(latest) as u64))
        } else {
            InjectedFault::Answered
        }
    }

    /// The answer to a call that is refused for good.
    pub(crate) fn refusal(&self, verb: &str, resource_type: &ResourceType) -> Option<DriverError> {
        let (refused, of) = self.refused.as_ref()?;
        (*refused == verb && of == resource_type).then(|| {
            let kind = ErrorKind::AccessDenied { action: None };
            DriverError::new(kind, verb, "refused by the scenario")
        })
    }
}
