//! How long the engine waits, and that every wait has an end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{Clock, Engine, StepError};
use rstack_model::state::ObjectStatus;
use rstack_sandbox::{Faults, PerMille, SandboxOptions};

use crate::bench::{Bench, count, run, small};

/// Remembers what it was asked to wait.
#[derive(Default)]
struct Waits(Mutex<Vec<Duration>>);

#[async_trait]
impl Clock for Waits {
    async fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
        tokio::task::yield_now().await;
    }
}

fn waits(options: SandboxOptions) -> Vec<Duration> {
    let waits = Arc::new(Waits::default());
    run(async {
        let bench = Bench::with(options);
        let (clock, parallelism) = (waits.clone(), count(1));
        let engine = Engine { clock, parallelism, ..bench.engine() };
        bench.apply(&engine, &small("one", "one", "6"), true).await;
    });
    let waits = waits.0.lock().unwrap();
    waits.clone()
}

#[test]
fn retries_are_spread_bounded_and_the_same_for_the_same_seed() {
    let faults = Faults { throttle: PerMille(700), ..Faults::none() };
    let options = SandboxOptions { seed: 3, faults, deploy_polls: 0, ..SandboxOptions::default() };
    let first = waits(options);
    assert!(first.len() > 5, "{first:?}");
    assert!(first.iter().all(|w| (500..=15_000).contains(&w.as_millis())), "{first:?}");
    assert!(first.iter().any(|w| w.subsec_millis() % 250 != 0), "{first:?}");
    assert_eq!(first, waits(options));
}

/// The object is as declared and recorded so, but not as ready.
#[test]
fn an_object_that_never_settles_is_given_up_and_kept() {
    let polls = SandboxOptions { deploy_polls: u32::MAX, ..SandboxOptions::default() };
    for ask_again_in in [Duration::from_secs(60), Duration::ZERO] {
        let waits = Arc::new(Waits::default());
        run(async {
            let bench = Bench::with(SandboxOptions { ask_again_in, ..polls });
            let engine = Engine { clock: waits.clone(), ..bench.engine() };
            let outcome = bench.apply(&engine, &small("one", "one", "6"), false).await;
            let [(id, StepError::Unsettled { minutes: 90, .. })] = &outcome.failures[..] else {
                panic!("{:?}", outcome.failures)
            };
            let object = &outcome.state.unwrap().resources[id];
            assert_eq!(object.status, ObjectStatus::PartlyUpdated);
            bench.check_known();
        });
        let waits = waits.0.lock().unwrap();
        assert!(waits.iter().sum::<Duration>() < Duration::from_secs(92 * 60));
        assert!(waits.len() < 60_000);
    }
}
