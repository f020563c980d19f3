//! The sandbox's clock. It reads none by itself: the caller that opens a sandbox passes one.

use std::time::Duration;

/// Tells a sandbox what time it is.
pub trait Time: Send + Sync {
    /// The time since a moment that is the same for all who use the sandbox.
    fn now(&self) -> Duration;

    /// The ratio of the sandbox's own clock to this one.
    fn speed(&self) -> u32 {
        1
    }
}

/// A clock that stands still: nothing that takes time is ever over.
#[derive(Clone, Copy, Debug)]
pub struct StandingTime;

impl Time for StandingTime {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// A moment, in milliseconds of the clock that was given.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub(crate) struct Moment(u64);

/// The time, and the speed at which it passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    at: Moment,
    speed: u32,
}

impl Now {
    pub(crate) fn of(time: &dyn Time) -> Self {
        let at = u64::try_from(time.now().as_millis()).unwrap_or(u64::MAX);
        Self { at: Moment(at), speed: time.speed() }
    }

    /// This moment.
    pub(crate) fn moment(self) -> Moment {
        self.at
    }

    /// The time since a moment, by the sandbox's own clock.
    pub(crate) fn since(self, moment: Moment) -> Duration {
        Duration::from_millis(self.at.0.saturating_sub(moment.0)).saturating_mul(self.speed)
    }

    /// The time since something happened last which happens once in every `period`,
    /// `shift` after its beginning; by the sandbox's own clock.
    pub(crate) fn since_last(self, period: Duration, shift: Duration) -> Duration {
        let (period, shift) = (period.as_millis().max(1), shift.as_millis());
        let now = u128::from(self.at.0) * u128::from(self.speed) + period;
        let past = now.saturating_sub(shift % period) % period;
        Duration::from_millis(u64::try_from(past).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_makes_what_was_a_moment_ago_long_ago() {
        let now = |seconds: u64, speed| Now { at: Moment(seconds * 1000), speed };
        let second = Duration::from_secs;
        assert_eq!(now(20, 60).since(Moment(10_000)), second(600));
        assert_eq!(now(10, 1).since(Moment(20_000)), Duration::ZERO);
        assert_eq!(now(1000, 1).since_last(second(600), second(0)), second(400));
        assert_eq!(now(1000, 1).since_last(second(600), second(500)), second(500));
        assert_eq!(now(100, 1).since_last(second(600), second(500)), second(200));
    }
}
