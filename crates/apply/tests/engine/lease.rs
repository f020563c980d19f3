//! The lease of a stack from the acquisition to the release: while the user thinks, while objects are
//! observed, and when it is lost meanwhile.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{CancellationToken, SecretParameters, Waiting};
use rstack_driver::{Cloud, DriverError, ErrorKind};
use rstack_journal::Entry;
use rstack_model::StackName;
use rstack_model::event::RunEnd;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_ops::{
    Applied, Deploy, Destroy, FrontEnd, Holder, Operations, OpsError, Review, Rollback, RolledBack,
    Verdict, hold,
};
use rstack_plan::{DestroyOptions, PlanOptions};
use rstack_store::{JournalWriter, Lease, StateBackend, StoreError, Stored};

use crate::bench::{Bench, desired_of, run, stack};
use crate::object_store::{LEASE, Shared};
use crate::probe::{Call, Calls, Probe, Probed, Refuse, error};

fn holder() -> Holder {
    let (host, user) = ("host".into(), "user".into());
    let (command, since) = ("test".into(), "now".into());
    Holder { id: "one".into(), pid: 1, host, user, command, since }
}

fn operations(shared: &Shared, bench: &Bench, cloud: Arc<dyn Cloud>) -> Operations {
    let engine = shared.engine(bench.engine_on(cloud));
    let environment = bench.sandbox.environment().clone();
    let digests = rstack_ops::DigestSettings::least();
    Operations { engine, environment, backend: Arc::new(shared.backend()), digests }
}

fn topics(names: &[&str]) -> String {
    let topic = |(number, name): (usize, &&str)| {
        format!("  T{number}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: {name}}}}}\n")
    };
    format!("Resources:\n{}", names.iter().enumerate().map(topic).collect::<String>())
}

async fn apply<F: FrontEnd>(
    ops: &Operations,
    names: &[&str],
    front: &F,
) -> Result<Applied, F::Error> {
    let (desired, parameters) = (desired_of(&topics(names), &[]), SecretParameters::default());
    let options = PlanOptions::default();
    let (desired, parameters, options) = (&desired, &parameters, &options);
    let deploy =
        Deploy { desired, parameters, options, refresh: true, last_given: None, imported: None };
    rstack_ops::apply(ops, &deploy, &holder(), front).await
}

fn succeeded(applied: Result<Applied, OpsError>) {
    match applied {
        Ok(Applied::Ran(outcome)) if outcome.end == RunEnd::Succeeded => {}
        other => panic!("{other:?}"),
    }
}

/// A user who agrees, after longer than a lease lasts.
struct Thinks {
    shared: Shared,
    /// The number of times that the lease was refused to another process meanwhile.
    refused: Cell<u64>,
    rollback: bool,
}

impl Thinks {
    fn new(shared: &Shared) -> Self {
        Self { shared: shared.clone(), refused: Cell::new(0), rollback: true }
    }
}

impl FrontEnd for Thinks {
    type Error = OpsError;

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, OpsError> {
        self.refused.set(self.refused.get() + self.shared.linger().await);
        Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: self.rollback })
    }
}

#[test]
fn the_lease_is_renewed_while_the_user_thinks() {
    let (bench, shared) = (Bench::new(), Shared::new());
    let refuses = |call: &Call| {
        let second = call.verb == "create" && call.of == "T1";
        second.then(|| error(ErrorKind::Invalid { property: None }))
    };
    run(async {
        let ops = || operations(&shared, &bench, bench.sandbox.clone());
        let front = Thinks::new(&shared);
        succeeded(apply(&ops(), &["one"], &front).await);
        assert_eq!(front.refused.take(), 10, "apply");

        let (desired, parameters) = (desired_of(&topics(&["two"]), &[]), Default::default());
        let options = &PlanOptions::default();
        let deploy = Deploy {
            desired: &desired,
            parameters: &parameters,
            options,
            refresh: true,
            last_given: None,
            imported: None,
        };
        let plan = rstack_ops::plan(&ops(), &deploy, &holder(), &front).await.unwrap();
        succeeded(rstack_ops::apply_saved(&ops(), &plan, &[], &holder(), &front).await);
        assert_eq!(front.refused.take(), 10, "apply of a saved plan");

        let refusing = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuses)));
        let refusing = operations(&shared, &bench, refusing);
        let failed = Thinks { rollback: false, ..Thinks::new(&shared) };
        let applied = apply(&refusing, &["three", "new"], &failed).await;
        assert!(matches!(applied, Ok(Applied::Ran(outcome)) if outcome.end == RunEnd::Failed));
        let (name, secrets) = (stack(), &[][..]);
        let asked = Rollback { stack: &name, secrets };
        let back = rstack_ops::rollback(&ops(), &asked, &holder(), &front).await;
        let Ok(RolledBack::Planned(applied)) = back else { panic!("{back:?}") };
        succeeded(Ok(applied));
        assert_eq!(front.refused.take(), 10, "rollback");

        let options = DestroyOptions::default();
        let asked = Destroy { stack: &name, secrets, options };
        succeeded(rstack_ops::destroy(&ops(), &asked, &holder(), &front).await);
        assert_eq!(front.refused.take(), 10, "destroy");
        assert!(bench.existing().is_empty());
    });
}

/// A cloud that takes longer than a lease lasts to read an object.
struct ReadsSlowly(Shared, AtomicU64);

#[async_trait]
impl Probe for ReadsSlowly {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        if call.verb == "read" {
            self.1.fetch_add(self.0.linger().await, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[test]
fn the_lease_is_renewed_while_objects_are_observed() {
    let (bench, shared) = (Bench::new(), Shared::new());
    run(async {
        let front = Thinks::new(&shared);
        let ops = operations(&shared, &bench, bench.sandbox.clone());
        succeeded(apply(&ops, &["one"], &front).await);
        let slow = Arc::new(ReadsSlowly(shared.clone(), AtomicU64::new(0)));
        let ops = operations(&shared, &bench, Probed::new(bench.sandbox.clone(), slow.clone()));
        let unchanged = apply(&ops, &["one"], &front).await;
        assert!(matches!(unchanged, Ok(Applied::Unchanged(_))), "{unchanged:?}");
        assert_eq!(slow.1.swap(0, Ordering::SeqCst), 10, "apply");
        let (name, options) = (stack(), DestroyOptions::default());
        let asked = Destroy { stack: &name, secrets: &[], options };
        succeeded(rstack_ops::destroy(&ops, &asked, &holder(), &front).await);
        assert_eq!(slow.1.load(Ordering::SeqCst), 10, "destroy");
    });
}

/// A moment at which the process sleeps until another one has its lease, and is then never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loses {
    AtTheQuestion,
    AtARead,
}

struct Taken {
    shared: Shared,
    loses: Loses,
    calls: Calls,
    other: Mutex<Option<Box<dyn Lease>>>,
}

impl Taken {
    async fn over(&self) {
        self.shared.time.pass(LEASE);
        let other = self.shared.acquire("two").await.unwrap();
        *self.other.lock().unwrap() = Some(other);
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Probe for Taken {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        if self.loses == Loses::AtARead && call.verb == "read" {
            self.over().await;
        }
        self.calls.before(call).await
    }
}

impl FrontEnd for &Taken {
    type Error = OpsError;

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, OpsError> {
        if self.loses == Loses::AtTheQuestion {
            self.over().await;
        }
        Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: true })
    }
}

#[test]
fn a_lease_that_is_lost_ends_what_waits() {
    for loses in [Loses::AtTheQuestion, Loses::AtARead] {
        let (bench, shared) = (Bench::new(), Shared::new());
        run(async {
            let ops = operations(&shared, &bench, bench.sandbox.clone());
            succeeded(apply(&ops, &["one"], &Thinks::new(&shared)).await);
            let (shared, calls, other) = (shared.clone(), Calls::default(), Mutex::default());
            let taken = Arc::new(Taken { shared: shared.clone(), loses, calls, other });
            let cloud = Probed::new(bench.sandbox.clone(), taken.clone());
            let ops = operations(&shared, &bench, cloud);
            let applied = apply(&ops, &["two"], &taken.as_ref()).await;
            let Err(OpsError::State(StoreError::LeaseLost { .. })) = applied else {
                panic!("{loses:?}: {applied:?}")
            };
            assert!(ops.engine.cancel.is_cancelled(), "{loses:?}");
            assert!(taken.calls.made().iter().all(|call| call.verb == "read"), "{loses:?}");
            let other = taken.other.lock().unwrap().take().unwrap();
            other.verify().await.unwrap();
            assert_eq!(other.read().await.unwrap().journal, None, "{loses:?}");
        });
    }
}

/// A lease whose first renewal fails for a reason that passes.
#[derive(Debug)]
struct Flaky {
    lease: Box<dyn Lease>,
    failed: Arc<AtomicU64>,
}

#[async_trait]
impl Lease for Flaky {
    fn stack(&self) -> &StackName {
        self.lease.stack()
    }

    fn dead_holder(&self) -> Option<&Holder> {
        self.lease.dead_holder()
    }

    fn fencing_token(&self) -> Option<u64> {
        self.lease.fencing_token()
    }

    fn renew_within(&self) -> Option<Duration> {
        self.lease.renew_within()
    }

    async fn renew(&self) -> Result<(), StoreError> {
        if self.failed.fetch_add(1, Ordering::SeqCst) == 0 {
            let (location, source) = ("memory:".into(), std::io::ErrorKind::TimedOut.into());
            return Err(StoreError::Io { operation: "write", location, source });
        }
        self.lease.renew().await
    }

    async fn verify(&self) -> Result<(), StoreError> {
        self.lease.verify().await
    }

    async fn read(&self) -> Result<Stored, StoreError> {
        self.lease.read().await
    }

    async fn state_without_run(&self) -> Result<Option<State>, StoreError> {
        self.lease.state_without_run().await
    }

    async fn begin(&self, begin: &Entry) -> Result<Box<dyn JournalWriter>, StoreError> {
        self.lease.begin(begin).await
    }

    async fn resume(&self) -> Result<Box<dyn JournalWriter>, StoreError> {
        self.lease.resume().await
    }

    async fn publish(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        self.lease.publish(state, base).await
    }

    async fn revise(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        self.lease.revise(state, base).await
    }

    async fn replace(&self, state: State) -> Result<State, StoreError> {
        self.lease.replace(state).await
    }

    async fn retire(&self, state: State, base: &PlanBase) -> Result<(), StoreError> {
        self.lease.retire(state, base).await
    }

    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        self.lease.release().await
    }
}

/// Half of a lease's time is left when its first renewal fails: there is time for more than one.
#[test]
fn a_renewal_that_failed_is_tried_again_before_the_lease_expires() {
    let shared = Shared::new();
    run(async {
        let lease = shared.acquire("one").await.unwrap();
        let failed = Arc::new(AtomicU64::new(0));
        let lease = Flaky { lease, failed: failed.clone() };
        let (clock, cancel) = (shared.time.clone(), CancellationToken::new());
        let refused = hold(&lease, &clock, &cancel, async |_| shared.linger().await).await;
        assert_eq!((refused, cancel.is_cancelled()), (10, false));
        assert!(failed.load(Ordering::SeqCst) > 2);
        Box::new(lease).release().await.unwrap();
        shared.backend().acquire(&stack(), &holder()).await.unwrap();
    });
}
