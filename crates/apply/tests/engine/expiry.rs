//! Credentials that expire while a run goes on, and cannot be renewed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rstack_apply::StepError;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::event::RunEnd;

use crate::bench::run;
use crate::bench::{Bench, Wanted, small};
use crate::probe::{Call, Probe, Probed};

/// Refuses every call from the one with this number on.
struct Expires {
    after: usize,
    calls: AtomicUsize,
}

#[async_trait]
impl Probe for Expires {
    async fn before(&self, _: &Call) -> Result<(), DriverError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) < self.after {
            return Ok(());
        }
        let message = "the security token has expired";
        Err(DriverError::new(ErrorKind::Credentials, "x:Y", message))
    }
}

/// Wherever they expire: what runs is finished, nothing new begins, nothing is rolled back, what is
/// there is known, and the same apply goes on from there.
fn expire_everywhere(there: &Wanted, from: &Wanted) {
    run(async {
        for after in 0.. {
            let bench = Bench::new();
            bench.reach(from).await;
            let locked = bench.lock();
            let plain = bench.engine();
            let state = bench.recovered(&plain, &locked).await;
            let plan = bench.planned(&plain, &state, there).await;
            let probe = Arc::new(Expires { after, calls: AtomicUsize::new(0) });
            let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), probe.clone()));
            let options = rstack_apply::ApplyOptions { rollback: true };
            let outcome = engine.apply(&locked, &plan, &bench.parameters, options).await.unwrap();
            drop(locked);
            if outcome.end == RunEnd::Succeeded {
                assert!(after > 2, "only {after} calls");
                break;
            }
            assert_eq!(outcome.end, RunEnd::Failed);
            assert!(outcome.rollback.is_none(), "a rollback cannot work either");
            assert!(outcome.failures.iter().all(|(_, error)| StepError::stops_everything(error)));
            // Each of those that ran was refused once, and none tried again.
            let refused = probe.calls.load(Ordering::SeqCst) - after;
            assert_eq!(refused, outcome.failures.len(), "{:?}", outcome.failures);
            assert!(refused <= engine.parallelism.get());
            bench.check_known();
            let left = bench.existing();
            bench.reach(there).await;
            if matches!(from, Wanted::Nothing) {
                assert!(bench.existing().is_superset(&left), "what was made is not made again");
            }
        }
    });
}

#[test]
fn credentials_that_expire_during_a_creation() {
    expire_everywhere(&small("one", "one", "6"), &Wanted::Nothing);
}

#[test]
fn credentials_that_expire_during_a_change() {
    expire_everywhere(&small("one", "one", "7"), &small("one", "one", "6"));
}

#[test]
fn credentials_that_expire_during_a_replacement() {
    expire_everywhere(&small("two", "two", "6"), &small("one", "one", "6"));
}
