//! The pace of a service: calls begin one after another at a rate that adapts to what it takes.
//!
//! All drivers of a service share its client, and with it the pace. It stands below the drivers and
//! beside the SDK's retries, which wait as well: no driver sleeps.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind};
use tokio::time::{Instant, sleep_until};

/// The calls that may begin at once after a pause.
const BURST: f64 = 10.0;
/// The least rate, in calls a second.
const LEAST: f64 = 1.0;
/// The calls that must succeed for the rate to grow by one call a second.
const CALM: f64 = 20.0;

/// The rate at which calls begin: halved when the service throttles, raised while it does not.
#[derive(Debug)]
pub(super) struct Pace {
    most: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Calls a second.
    rate: f64,
    /// The time at which the next call may begin.
    next: Option<Instant>,
}

impl Pace {
    /// A pace that begins at this rate and never exceeds it.
    pub(super) fn new(per_second: u32) -> Self {
        let most = f64::from(per_second).max(LEAST);
        Self { most, state: Mutex::new(State { rate: most, next: None }) }
    }

    /// Returns when the next call may begin.
    pub(super) async fn turn(&self) {
        let at = self.reserve(Instant::now());
        sleep_until(at).await;
    }

    fn reserve(&self, now: Instant) -> Instant {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = Duration::from_secs_f64(1.0 / state.rate);
        let saved = now.checked_sub(gap.mul_f64(BURST - 1.0)).unwrap_or(now);
        let at = state.next.map_or(saved, |next| next.max(saved));
        state.next = Some(at + gap);
        at
    }

    /// Takes the outcome of a call into account.
    pub(super) fn heard<T>(&self, outcome: &Result<T, DriverError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let throttled = matches!(outcome, Err(error) if error.kind == ErrorKind::Throttled);
        state.rate = match throttled {
            true => (state.rate / 2.0).max(LEAST),
            false => (state.rate + 1.0 / CALM).min(self.most),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time that a number of calls takes to begin.
    fn time_of(pace: &Pace, calls: u32) -> Duration {
        let now = Instant::now();
        let last = (0..calls).map(|_| pace.reserve(now)).last().unwrap();
        last.saturating_duration_since(now)
    }

    fn throttled() -> Result<(), DriverError> {
        Err(DriverError::new(ErrorKind::Throttled, "x:Y", "slow down"))
    }

    #[test]
    fn a_burst_is_free_and_the_rest_keeps_the_rate() {
        let pace = Pace::new(25);
        assert_eq!(time_of(&pace, 10), Duration::ZERO);
        let second = time_of(&pace, 25);
        assert!((990..=1010).contains(&second.as_millis()), "{second:?}");
    }

    #[test]
    fn throttling_halves_the_rate_and_success_restores_it() {
        let pace = Pace::new(16);
        let rate = || pace.state.lock().unwrap().rate;
        for expected in [8.0, 4.0, 2.0, 1.0, 1.0] {
            pace.heard(&throttled());
            assert!((rate() - expected).abs() < 1e-9, "{}", rate());
        }
        for _ in 0..10_000 {
            pace.heard(&Ok(()));
        }
        assert!((rate() - 16.0).abs() < 1e-9, "{}", rate());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_waited_for() {
        let (pace, begin) = (Pace::new(10), Instant::now());
        for _ in 0..30 {
            pace.turn().await;
        }
        let waited = begin.elapsed();
        assert!((1900..=2100).contains(&waited.as_millis()), "{waited:?}");
    }
}
