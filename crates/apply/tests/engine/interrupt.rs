//! The user asks to stop: what runs is finished and recorded, and the next apply goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rstack_apply::{Events, Stop};
use rstack_model::event::{Event, RunEnd};
use rstack_model::state::ObjectStatus;

use crate::bench::{Bench, Wanted, count, run, small, streaming};

/// Asks to stop at the event with this number.
struct StopsAt {
    number: usize,
    seen: AtomicUsize,
    stop: Stop,
}

impl Events for StopsAt {
    fn emit(&self, _: Event) {
        if self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.number {
            self.stop.request();
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
                let (seen, stop) = (AtomicUsize::new(0), engine.stop.clone());
                engine.events = Arc::new(StopsAt { number, seen, stop });
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
struct StopsWaiting(Stop);

impl Events for StopsWaiting {
    fn emit(&self, event: Event) {
        if matches!(event, Event::StepWaiting { .. }) {
            self.0.request();
        }
    }
}

#[test]
fn a_distribution_that_still_deploys_is_kept_and_not_taken_for_ready() {
    run(async {
        let bench = Bench::new();
        let mut engine = bench.engine();
        engine.events = Arc::new(StopsWaiting(engine.stop.clone()));
        let wanted = streaming(&[]).into();
        let outcome = bench.apply(&engine, &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Interrupted);
        let distribution = &outcome.state.unwrap().resources["Distribution"];
        assert_eq!(distribution.status, ObjectStatus::PartlyUpdated);
        let state = bench.reach(&wanted).await.unwrap();
        assert_eq!(state.resources["Distribution"].physical_id, distribution.physical_id);
    });
}
