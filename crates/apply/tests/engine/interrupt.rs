//! The user asks to stop: what runs is finished and recorded, and the next apply goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{CancellationToken, Clock, Events};
use rstack_driver::ErrorKind;
use rstack_model::event::{Event, RunEnd};
use rstack_model::state::ObjectStatus;

use crate::bench::{Bench, Wanted, count, run, small, streaming};
use crate::probe::{Probed, Refuse, error};

/// Asks to stop at the event with this number.
struct StopsAt {
    number: usize,
    seen: AtomicUsize,
    cancel: CancellationToken,
}

impl Events for StopsAt {
    fn emit(&self, _: Event) {
        if self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.number {
            self.cancel.cancel();
        }
    }
}

/// Interrupts an apply at every event it tells, until one runs to its end.
fn interrupt_everywhere(there: &Wanted, back: &Wanted) {
    let bench = Bench::new();
    run(async {
        bench.reach(back).await;
        for number in 1.. {
            let mut interrupted = false;
            for to in [there, back] {
                let mut engine = bench.engine();
                engine.parallelism = count(2);
                let (seen, cancel) = (AtomicUsize::new(0), engine.cancel.clone());
                engine.events = Arc::new(StopsAt { number, seen, cancel });
                let outcome = bench.apply(&engine, to, true).await;
                assert_eq!(bench.store.read(&crate::bench::stack()).unwrap().journal, None);
                assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
                bench.check_known();
                match outcome.end {
                    RunEnd::Interrupted => interrupted = true,
                    // The request came too late to keep anything from being done.
                    RunEnd::Succeeded => bench.check_reached(to).await,
                    RunEnd::Failed => panic!("event {number}: {:?}", outcome.failures),
                }
                bench.reach(to).await;
            }
            if !interrupted {
                assert!(number > 10, "only {number} events");
                break;
            }
        }
    });
}

#[test]
fn a_creation_and_a_destruction_that_are_interrupted_anywhere() {
    interrupt_everywhere(&small("one", "one", "6"), &Wanted::Nothing);
}

#[test]
fn a_replacement_that_is_interrupted_anywhere() {
    interrupt_everywhere(&small("two", "two", "6"), &small("one", "one", "6"));
}

/// Asks to stop while a distribution deploys.
struct StopsWaiting(CancellationToken);

impl Events for StopsWaiting {
    fn emit(&self, event: Event) {
        if matches!(event, Event::StepWaiting { .. }) {
            self.0.cancel();
        }
    }
}

#[test]
fn a_distribution_that_still_deploys_is_kept_and_not_taken_for_ready() {
    run(async {
        let bench = Bench::new();
        let mut engine = bench.engine();
        engine.events = Arc::new(StopsWaiting(engine.cancel.clone()));
        let wanted = streaming(&[]).into();
        let outcome = bench.apply(&engine, &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Interrupted);
        let distribution = &outcome.state.unwrap().resources["Distribution"];
        assert_eq!(distribution.status, ObjectStatus::PartlyUpdated);
        let state = bench.reach(&wanted).await.unwrap();
        assert_eq!(state.resources["Distribution"].physical_id, distribution.physical_id);
    });
}

/// A clock on which every wait lasts for ever. The user asks to stop during the first.
struct StandsStill(CancellationToken);

#[async_trait]
impl Clock for StandsStill {
    async fn sleep(&self, _: Duration) {
        self.0.cancel();
        std::future::pending().await
    }
}

/// No wait outlasts a request to stop: not for a busy service, not for an object that stabilizes or is
/// deleted.
#[test]
fn no_wait_outlasts_the_wish_to_stop() {
    run(async {
        for busy in ["create", "update", "delete", "stabilized", "resolve", "nothing"] {
            let bench = Bench::new();
            for wanted in [streaming(&[]), streaming(&[("SegmentSeconds", "4")])] {
                let wanted = wanted.into();
                bench.reach(&wanted).await;
                let refuse = move |call: &crate::probe::Call| {
                    (call.verb == busy).then(|| error(ErrorKind::Throttled))
                };
                for to in [streaming(&[("StreamName", "two")]).into(), Wanted::Nothing] {
                    let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)));
                    let mut engine = bench.engine_on(cloud);
                    engine.clock = Arc::new(StandsStill(engine.cancel.clone()));
                    let outcome = bench.apply(&engine, &to, true).await;
                    assert!(outcome.failures.is_empty(), "{busy}: {:?}", outcome.failures);
                    assert_ne!(outcome.end, RunEnd::Failed, "{busy}");
                    bench.check_known();
                }
            }
            bench.reach(&Wanted::Nothing).await;
        }
    });
}
