//! The engine with its states in an object store, and a lease that is taken over while it works.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::object_store::memory::InMemory;
use async_trait::async_trait;
use rstack_apply::{ApplyError, ApplyOptions, Engine, Outcome};
use rstack_driver::DriverError;
use rstack_model::event::RunEnd;
use rstack_ops::{Held, hold};
use rstack_store::object::{Clock, Timestamp};
use rstack_store::{Lease, LockHolder, ObjectStateStore, StateBackend, StoreError};

use crate::bench::{Bench, Wanted, count, run, small, stack};
use crate::probe::{Call, Calls, Probe, Probed};

/// The time that a lease lasts: one that nothing else waits for half of.
pub(crate) const LEASE: Duration = Duration::from_millis(61_002);

/// The time that leases expire by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A sleep of the time after which a lease is renewed, or its renewal is tried again, lasts until that
/// time has passed; every other sleep ends at once.
#[async_trait]
impl rstack_apply::Clock for Time {
    async fn sleep(&self, duration: Duration) {
        let until = self.now().after(duration);
        tokio::task::yield_now().await;
        while [LEASE / 2, LEASE / 8].contains(&duration) && self.now() < until {
            tokio::task::yield_now().await;
        }
    }
}

/// Machines that share an object store, and the time.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    store: Arc<InMemory>,
    pub(crate) time: Time,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { store: Arc::new(InMemory::new()), time: Time::default() }
    }

    pub(crate) fn backend(&self) -> ObjectStateStore {
        let (store, time) = (Arc::clone(&self.store), Arc::new(self.time.clone()));
        ObjectStateStore::new(store, "memory:", "stacks", time).leasing_for(LEASE)
    }

    pub(crate) async fn acquire(&self, id: &str) -> Result<Box<dyn Lease>, StoreError> {
        let (host, user) = ("host".into(), "user".into());
        let (command, since) = ("test".into(), "now".into());
        let holder = LockHolder { id: id.into(), pid: 1, host, user, command, since };
        self.backend().acquire(&stack(), &holder).await
    }

    pub(crate) fn engine(&self, engine: Engine) -> Engine {
        Engine { parallelism: count(1), clock: Arc::new(self.time.clone()), ..engine }
    }

    /// Lets time pass until other processes have had ten chances to take the lease; how often it was
    /// refused to them.
    pub(crate) async fn linger(&self) -> u64 {
        let mut refused = 0;
        for _ in 0..10 {
            self.time.pass(LEASE / 4);
            // The renewal has its turn.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            let other = self.acquire("two").await;
            refused += u64::from(matches!(other, Err(StoreError::Locked { .. })));
        }
        refused
    }

    async fn apply(
        &self,
        bench: &Bench,
        engine: &Engine,
        wanted: &Wanted,
    ) -> Result<Outcome, ApplyError> {
        let lease = self.acquire("one").await.unwrap();
        let apply = async |lease: &Held<'_>| {
            let state = bench.recovered(engine, &**lease).await;
            let plan = bench.planned(engine, &state, wanted).await;
            let options = ApplyOptions { rollback: true };
            engine.apply(&**lease, &plan, &bench.parameters, options).await
        };
        let applied = hold(lease.as_ref(), engine.clock.as_ref(), &engine.cancel, apply).await;
        if applied.is_ok() {
            lease.release().await.unwrap();
        }
        applied
    }

    /// Applies undisturbed; nothing is unknown then, and nothing is left to do.
    async fn reach(&self, bench: &Bench, wanted: &Wanted) {
        let engine = self.engine(bench.engine());
        let outcome = self.apply(bench, &engine, wanted).await.unwrap();
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        let stored = self.backend().read(&stack()).await.unwrap();
        assert_eq!(stored.journal, None);
        assert_eq!(bench.known(stored.state.as_ref()), bench.existing());
        if let (Wanted::Stack(..), Some(state)) = (wanted, &stored.state) {
            assert!(bench.planned(&bench.engine(), state, wanted).await.is_noop());
        } else {
            assert_eq!((stored.state, bench.existing().len()), (None, 0));
        }
    }
}

#[test]
fn a_stack_is_kept_in_an_object_store() {
    let (bench, shared) = (Bench::new(), Shared::new());
    run(async {
        for wanted in [small("one", "one", "6"), small("two", "two", "4"), Wanted::Nothing] {
            shared.reach(&bench, &wanted).await;
        }
        assert!(shared.backend().stacks().await.unwrap().is_empty());
        assert_eq!(shared.backend().history(&stack()).await.unwrap().len(), 3);
    });
}

/// At its first call of a verb the process sleeps until its lease has expired, and another one has it.
struct Sleeps {
    calls: Calls,
    verb: &'static str,
    shared: Shared,
    other: Mutex<Option<Box<dyn Lease>>>,
}

#[async_trait]
impl Probe for Sleeps {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.calls.before(call).await
    }

    async fn after(&self, call: &Call) -> Result<(), DriverError> {
        if call.verb == self.verb && self.other.lock().unwrap().is_none() {
            self.shared.time.pass(LEASE);
            let other = self.shared.acquire("two").await.unwrap();
            *self.other.lock().unwrap() = Some(other);
        }
        Ok(())
    }
}

#[test]
fn a_run_whose_lease_was_taken_over_makes_no_further_change() {
    let (from, to) = (small("one", "one", "6"), small("two", "two", "4"));
    for (verb, first, then) in [
        ("create", None, &from),
        ("create", Some(&from), &to),
        ("update", Some(&from), &to),
        ("delete", Some(&from), &Wanted::Nothing),
    ] {
        let (bench, shared) = (Bench::new(), Shared::new());
        run(async {
            if let Some(first) = first {
                shared.reach(&bench, first).await;
            }
            let (calls, other) = (Calls::default(), Mutex::default());
            let sleeps = Arc::new(Sleeps { calls, verb, shared: shared.clone(), other });
            let cloud = Probed::new(bench.sandbox.clone(), sleeps.clone());
            let engine = shared.engine(bench.engine_on(cloud));
            let applied = shared.apply(&bench, &engine, then).await;
            let Err(ApplyError::State(StoreError::LeaseLost { .. })) = applied else {
                panic!("{verb}: {applied:?}")
            };
            let made = sleeps.calls.made();
            let at = made.iter().position(|call| call.verb == verb).unwrap();
            let changes = |call: &&Call| !["read", "resolve", "stabilized"].contains(&call.verb);
            let after: Vec<&Call> = made[at + 1..].iter().filter(changes).collect();
            assert!(after.is_empty(), "{verb}: {after:?}");

            // The other one finds out the outcome of the call, and goes on.
            let other = sleeps.other.lock().unwrap().take().unwrap();
            let engine = shared.engine(bench.engine());
            let state = engine.recover(other.as_ref(), &bench.parameters).await.unwrap();
            bench.check_none_unknown(state.as_ref());
            other.release().await.unwrap();
            shared.reach(&bench, then).await;
        });
    }
}

/// A call that takes longer than a lease lasts, while nothing is recorded.
struct Takes {
    shared: Shared,
    refused: AtomicU64,
}

#[async_trait]
impl Probe for Takes {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        if call.verb != "create" {
            return Ok(());
        }
        self.refused.fetch_add(self.shared.linger().await, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn a_lease_is_renewed_while_a_call_takes_its_time() {
    let (bench, shared) = (Bench::new(), Shared::new());
    let takes = Arc::new(Takes { shared: shared.clone(), refused: AtomicU64::new(0) });
    run(async {
        let cloud = Probed::new(bench.sandbox.clone(), takes.clone());
        let engine = shared.engine(bench.engine_on(cloud));
        let outcome = shared.apply(&bench, &engine, &small("one", "one", "6")).await.unwrap();
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        // Each of the creates was looked at ten times.
        let creates = outcome.state.unwrap().resources.len();
        assert_eq!(takes.refused.load(Ordering::SeqCst), 10 * creates as u64);
    });
}
