//! Waits of the engine, and the end of every wait.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{Clock, Engine, Events, StepError, Wait, Waiting};
use rstack_model::event::{Event, RunEnd};
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
fn an_object_that_never_stabilizes_is_given_up_and_kept() {
    let polls = SandboxOptions { deploy_polls: u32::MAX, ..SandboxOptions::default() };
    for ask_again_in in [Duration::from_secs(60), Duration::ZERO] {
        let waits = Arc::new(Waits::default());
        run(async {
            let bench = Bench::with(SandboxOptions { ask_again_in, ..polls });
            let engine = Engine { clock: waits.clone(), ..bench.engine() };
            let outcome = bench.apply(&engine, &small("one", "one", "6"), false).await;
            let [(id, StepError::NotStabilized { within, .. })] = &outcome.failures[..] else {
                panic!("{:?}", outcome.failures)
            };
            assert_eq!(*within, Duration::from_mins(60));
            let object = &outcome.state.unwrap().resources[id];
            assert_eq!(object.status, ObjectStatus::PartlyUpdated);
            bench.check_known();
        });
        let waits = waits.0.lock().unwrap();
        assert!(waits.iter().sum::<Duration>() < Duration::from_mins(61));
        assert!(waits.len() < 60_000);
    }
}

/// An object that may be ready at once is asked soon, and then at the driver's pace; one that takes long is not.
#[test]
fn brief_pauses_grow_to_what_the_driver_asks_for() {
    let of = |seconds| {
        let ask_again_in = Duration::from_secs(seconds);
        waits(SandboxOptions { ask_again_in, deploy_polls: 7, ..SandboxOptions::default() })
    };
    let milliseconds = |waits: Vec<Duration>| -> Vec<u128> {
        waits.iter().map(Duration::as_millis).filter(|wait| *wait > 0).collect()
    };
    assert_eq!(milliseconds(of(2)), [250, 250, 500, 1000, 2000, 2000, 2000]);
    assert_eq!(milliseconds(of(20)), [20_000; 7]);
}

/// Keeps what is reported of objects that still stabilize.
#[derive(Default)]
struct StillStabilizing(Mutex<Vec<String>>);

impl Events for StillStabilizing {
    fn emit(&self, event: Event) {
        if let Event::StillStabilizing { waits_for, .. } = event {
            self.0.lock().unwrap().push(waits_for);
        }
    }
}

fn slow() -> Bench {
    let ask_again_in = Duration::from_secs(20);
    Bench::with(SandboxOptions { ask_again_in, deploy_polls: 1000, ..SandboxOptions::default() })
}

#[test]
fn what_is_not_waited_for_is_recorded_and_no_change() {
    for wait in [Wait::Ready, Wait::None] {
        run(async {
            let bench = slow();
            let waiting = Waiting { wait, ..Waiting::default() };
            let stabilizing = Arc::new(StillStabilizing::default());
            let engine = Engine { waiting, events: stabilizing.clone(), ..bench.engine() };
            let wanted = small("one", "one", "6");
            let outcome = bench.apply(&engine, &wanted, true).await;
            assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
            let state = outcome.state.unwrap();
            assert_eq!(state.resources["Distribution"].status, ObjectStatus::Stabilizing);
            assert!(stabilizing.0.lock().unwrap().is_empty());
            let plan = bench.planned(&engine, &state, &wanted).await;
            assert!(plan.is_noop());
            assert!(stabilizing.0.lock().unwrap()[0].ends_with("to be deployed"));
            // It is changed as any other, and waited for by who wants to.
            let other = small("one", "one", "7");
            bench.apply(&engine, &other, true).await;
            bench.check_known();
        });
    }
}

/// The state does not say for ever that something still settles: the next apply records it.
#[test]
fn a_stabilized_object_is_recorded() {
    run(async {
        let options = SandboxOptions { deploy_polls: 3, ..SandboxOptions::default() };
        let bench = Bench::with(options);
        let waiting = Waiting { wait: Wait::Ready, ..Waiting::default() };
        let engine = Engine { waiting, ..bench.engine() };
        let wanted = small("one", "one", "6");
        let made = bench.apply(&engine, &wanted, true).await.state.unwrap();
        let locked = bench.lock();
        let same = engine.record_stabilized(&locked, made.clone()).await.unwrap();
        assert_eq!(same, made, "it still settles");
        let mut now = made.clone();
        for _ in 0..3 {
            now = engine.record_stabilized(&locked, now).await.unwrap();
        }
        assert_eq!(now.resources["Distribution"].status, ObjectStatus::Ready);
        assert_eq!((now.serial, now), (made.serial.next(), bench.state()));
        drop(locked);
        bench.check_reached(&wanted).await;
    });
}

#[test]
fn old_objects_are_deleted_when_their_replacements_have_stabilized() {
    run(async {
        let options = SandboxOptions { deploy_polls: 5, ..SandboxOptions::default() };
        let bench = Bench::with(options);
        bench.reach(&small("one", "one", "6")).await;
        let waiting = Waiting { wait: Wait::None, ..Waiting::default() };
        let engine = Engine { waiting, ..bench.engine() };
        let outcome = bench.apply(&engine, &small("two", "two", "6"), true).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        let state = outcome.state.unwrap();
        assert!(state.resources.values().all(|object| object.status == ObjectStatus::Ready));
    });
}

#[test]
fn a_timeout_is_for_one_object_or_for_all() {
    let minute = Duration::from_secs(60);
    let own = Waiting { timeouts: [("Distribution".into(), minute)].into(), ..Waiting::default() };
    let all = Waiting { timeout: Some(minute), ..Waiting::default() };
    for waiting in [own, all] {
        let waits = Arc::new(Waits::default());
        run(async {
            let bench = slow();
            let engine = Engine { waiting, clock: waits.clone(), ..bench.engine() };
            let outcome = bench.apply(&engine, &small("one", "one", "6"), true).await;
            let [(_, error @ StepError::NotStabilized { .. })] = &outcome.failures[..] else {
                panic!("{:?}", outcome.failures)
            };
            assert!(outcome.rollback.is_none(), "it is as declared, and goes on by itself");
            bench.check_known();
            assert!(error.to_string().starts_with("it was not ready within 60 seconds"), "{error}");
        });
        assert_eq!(waits.0.lock().unwrap().iter().sum::<Duration>(), minute);
    }
}
