//! What calls to the cloud suffer.

use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::ResourceType;

use crate::chance::Chance;

/// How often something happens to a call, in a hundred, and how long calls take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Odds {
    /// It is refused as one too many.
    pub(crate) throttle: usize,
    /// It fails before or after its effect, and the service says so.
    pub(crate) server_error: usize,
    /// It has its effect, and the answer is lost.
    pub(crate) lost_answer: usize,
    /// It has its effect only after the answer was lost.
    pub(crate) late_effect: usize,
    /// Nobody answers for minutes, whether it had its effect or not.
    pub(crate) hang: usize,
    /// The longest it takes: calls are overtaken by later ones.
    pub(crate) longest: Duration,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// It is made and answered.
    Answered,
    /// It is not made; the cloud says so.
    Refused(Trouble),
    /// It is made and not answered.
    Unanswered(Trouble),
    /// It is not answered, and made after this time.
    Late(Duration),
}

/// What is answered in the place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Throttled,
    ServerError,
    Lost,
    Hung,
}

/// Where a late effect comes at the latest, after its call.
pub(crate) const LATEST: Duration = Duration::from_secs(3);
const HANGS: Duration = Duration::from_secs(300);

/// The weather of one process.
#[derive(Debug)]
pub(crate) struct Weather {
    odds: Odds,
    chance: Chance,
    /// Calls that are refused for good: a verb and a type.
    pub(crate) refused: Option<(&'static str, ResourceType)>,
}

impl Trouble {
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

impl Weather {
    pub(crate) fn new(odds: Odds, seed: u64) -> Self {
        Self { odds, chance: Chance::new(seed), refused: None }
    }

    /// Somewhat less than the longest time a call takes.
    pub(crate) fn pause(&self) -> Duration {
        let longest = usize::try_from(self.odds.longest.as_millis()).unwrap_or(usize::MAX);
        Duration::from_millis(self.chance.below(longest) as u64)
    }

    pub(crate) fn happening(&self) -> Happening {
        let odds = &self.odds;
        if *odds == Odds::default() {
            return Happening::Answered;
        }
        let either = |trouble| {
            let made = self.chance.happens(50);
            if made { Happening::Unanswered(trouble) } else { Happening::Refused(trouble) }
        };
        if self.chance.happens(odds.throttle) {
            Happening::Refused(Trouble::Throttled)
        } else if self.chance.happens(odds.server_error) {
            either(Trouble::ServerError)
        } else if self.chance.happens(odds.hang) {
            either(Trouble::Hung)
        } else if self.chance.happens(odds.lost_answer) {
            Happening::Unanswered(Trouble::Lost)
        } else if self.chance.happens(odds.late_effect) {
            let latest = usize::try_from(LATEST.as_millis()).unwrap_or(usize::MAX);
            Happening::Late(Duration::from_millis(self.chance.below(latest) as u64))
        } else {
            Happening::Answered
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
