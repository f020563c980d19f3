//! Refusals of recovery, and answers that it must not rely on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rstack_apply::{ApplyError, ApplyOptions, Decision, RecoverError, StepError};
use rstack_driver::{DriverError, ErrorKind};
use rstack_journal::{Entry, Intent, IntentAction, OperationId, base_of, fold};
use rstack_model::event::RunEnd;
use rstack_model::state::ObjectStatus;
use rstack_model::{Digest, ObjectKey};
use rstack_sandbox::{SandboxCloud, SandboxOptions};

use crate::bench::{Bench, Wanted, run, small};
use crate::probe::{Call, Crash, Probe, Probed, Refuse, Side, error};

fn wanted() -> Wanted {
    small("one", "one", "6")
}

/// Dies at the first call that `is_it`, after its effect.
fn die(bench: &Bench, is_it: fn(&Call) -> bool) {
    struct Only(Arc<Crash>, fn(&Call) -> bool);
    #[async_trait]
    impl Probe for Only {
        async fn before(&self, call: &Call) -> Result<(), DriverError> {
            if self.1(call) { self.0.before(call).await } else { Ok(()) }
        }
        async fn after(&self, call: &Call) -> Result<(), DriverError> {
            self.0.after(call).await
        }
    }
    let crash = Crash::new(1, Side::After, false);
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, &wanted()).await;
        let probe = Arc::new(Only(crash.clone(), is_it));
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), probe));
        let options = ApplyOptions { rollback: true };
        let applying = engine.apply(&locked, &plan, &bench.parameters, options);
        assert!(crash.during(applying).await.is_none());
    });
}

/// There, no object would be found, and all would be forgotten.
#[test]
fn another_region_is_not_asked() {
    let bench = Bench::new();
    die(&bench, |call| call.of == "Channel" && call.verb == "create");
    run(async {
        let options = SandboxOptions::default();
        let other = SandboxCloud::open(None, "us-east-1".into(), options).unwrap();
        let locked = bench.lock();
        let engine = bench.engine_on(Arc::new(other));
        let recovered = engine.recover(&locked, &bench.parameters).await;
        assert!(matches!(recovered, Err(ApplyError::Environment { .. })), "{recovered:?}");
        let state = bench.recovered(&bench.engine(), &locked).await;
        assert_eq!(state.resources["Channel"].status, ObjectStatus::Ready);
        bench.check_known();
    });
}

/// An object is not incomplete because it cannot be read.
#[test]
fn a_network_that_fails_leaves_the_question_open() {
    let bench = Bench::new();
    die(&bench, |call| call.of == "Channel" && call.verb == "create");
    run(async {
        let locked = bench.lock();
        for verb in ["find", "update"] {
            let refuse =
                move |call: &Call| (call.verb == verb).then(|| error(ErrorKind::Unreachable));
            let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)));
            let recovered = bench.engine_on(cloud).recover(&locked, &bench.parameters).await;
            let Err(ApplyError::Recover(RecoverError::Step { source, .. })) = recovered else {
                panic!("{recovered:?}")
            };
            assert!(matches!(source, StepError::Driver(_)));
            assert!(locked.read().unwrap().journal.is_some());
        }
        let state = bench.recovered(&bench.engine(), &locked).await;
        assert_eq!(state.resources["Channel"].status, ObjectStatus::Ready);
    });
}

/// The properties in a record decide which object is looked for and taken for ours.
#[test]
fn a_record_that_does_not_fit_its_digest_is_not_acted_on() {
    let bench = Bench::new();
    die(&bench, |call| call.of == "Channel" && call.verb == "create");
    run(async {
        let locked = bench.lock();
        let stored = locked.read().unwrap();
        let entries = stored.journal.unwrap();
        let base = base_of(stored.state, entries.first()).unwrap();
        let intent = fold(&base, &entries).unwrap().open.remove(0).intent;
        let input_digest = Digest::of(b"another action");
        let forged = Intent { operation: OperationId(7), input_digest, ..intent };
        locked.resume().unwrap().append(&Entry::Intent(Box::new(forged))).unwrap();
        let recovered = bench.engine().recover(&locked, &bench.parameters).await;
        let Err(ApplyError::Recover(RecoverError::InputDigest { address, operation })) = recovered
        else {
            panic!("{recovered:?}")
        };
        assert_eq!((address.as_str(), operation), ("Channel", OperationId(7)));
        assert!(locked.read().unwrap().journal.is_some());
    });
}

/// Throttling is waited out; an object is not replaced because of it.
#[test]
fn throttling_is_waited_out() {
    let bench = Bench::new();
    die(&bench, |call| call.of == "Channel" && call.verb == "create");
    run(async {
        let asked = AtomicUsize::new(0);
        let refuse = move |_: &Call| {
            let asked = asked.fetch_add(1, Ordering::SeqCst);
            (asked % 4 != 3).then(|| error(ErrorKind::Throttled))
        };
        let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)));
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine_on(cloud), &locked).await;
        assert_eq!(state.resources["Channel"].status, ObjectStatus::Ready);
    });
}

/// A distribution that still deploys is not ready, and is not waited for before the next plan.
#[test]
fn an_object_that_has_not_stabilized_is_left_to_the_next_apply() {
    let bench = Bench::new();
    die(&bench, |call| call.of == "Distribution" && call.verb == "create");
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let distribution = &state.resources["Distribution"];
        assert_eq!(distribution.status, ObjectStatus::PartlyUpdated);
        drop(locked);
        let reached = bench.reach(&wanted()).await.unwrap();
        assert_eq!(reached.resources["Distribution"].physical_id, distribution.physical_id);
    });
}

/// A run that cannot find out the outcome of a step says so at its end, and the next run finds out.
#[test]
fn an_unknown_outcome_is_asked_about_again_at_the_end_of_the_run() {
    run(async {
        let bench = Bench::new();
        let asked = AtomicUsize::new(0);
        let refuse = move |call: &Call| {
            let create = call.of == "Channel" && call.verb == "create";
            let find = call.verb == "find" && asked.fetch_add(1, Ordering::SeqCst) == 0;
            match (create, find) {
                (true, _) => Some(error(ErrorKind::UnknownOutcome)),
                (_, true) => Some(error(ErrorKind::AccessDenied { action: None })),
                _ => None,
            }
        };
        let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)));
        let outcome = bench.apply(&bench.engine_on(cloud), &wanted(), true).await;
        assert_eq!(outcome.end, RunEnd::Failed);
        assert!(outcome.rollback.unwrap().is_empty());
        assert!(bench.existing().is_empty());
    });
}

/// A foreign channel has the name, and the process died before it could notice.
fn ambiguous() -> Bench {
    let other = Bench::new();
    run(other.reach(&wanted()));
    let bench = other.beside();
    let crash = Crash::new(1, Side::Before, false);
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, &wanted()).await;
        let mut engine = bench.engine_on(Probed::new(bench.sandbox.clone(), crash.clone()));
        engine.parallelism = crate::bench::count(1);
        let applying =
            engine.apply(&locked, &plan, &bench.parameters, ApplyOptions { rollback: true });
        assert!(crash.during(applying).await.is_none());
        let recovered = bench.engine().recover(&locked, &bench.parameters).await;
        let Err(ApplyError::Recover(RecoverError::Ambiguous { address, why, .. })) = recovered
        else {
            panic!("{recovered:?}")
        };
        assert_eq!(address.as_str(), "Channel");
        assert!(why.contains("`one`"), "{why}");
    });
    bench
}

#[test]
fn what_the_user_says_is_not_ours_is_left_alone() {
    let bench = ambiguous();
    let existing = bench.existing();
    run(async {
        let locked = bench.lock();
        let engine = bench.engine();
        let id = "Channel".into();
        assert_eq!(engine.resolve_ambiguous(&locked, &id, &Decision::NotOurs).await.unwrap(), 1);
        assert_eq!(engine.resolve_ambiguous(&locked, &id, &Decision::NotOurs).await.unwrap(), 0);
        let state = engine.recover(&locked, &bench.parameters).await.unwrap().unwrap();
        assert!(state.resources.is_empty());
        drop(locked);
        let outcome = bench.apply(&bench.engine(), &wanted(), true).await;
        let [(_, StepError::Driver(error)), ..] = &outcome.failures[..] else {
            panic!("{:?}", outcome.failures)
        };
        assert_eq!(error.kind, ErrorKind::AlreadyExists);
        assert_eq!(bench.existing(), existing);
    });
}

#[test]
fn what_the_user_says_is_ours_is_in_the_state() {
    let bench = ambiguous();
    run(async {
        let locked = bench.lock();
        let engine = bench.engine();
        let decision = Decision::Ours("one".into());
        assert_eq!(
            engine.resolve_ambiguous(&locked, &"Channel".into(), &decision).await.unwrap(),
            1
        );
        let state = engine.recover(&locked, &bench.parameters).await.unwrap().unwrap();
        assert_eq!(state.resources["Channel"].physical_id.as_str(), "one");
        assert_eq!(state.resources["Channel"].status, ObjectStatus::Ready);
    });
}

/// A decision of the user is about one resource, and about those of its creations that are open.
#[test]
fn nothing_else_is_decided_by_what_the_user_says() {
    let bench = ambiguous();
    run(async {
        let (locked, engine) = (bench.lock(), bench.engine());
        let open = || {
            let stored = locked.read().unwrap();
            let entries = stored.journal.unwrap();
            let base = base_of(stored.state, entries.first()).unwrap();
            fold(&base, &entries).unwrap().open
        };
        let intent = open().remove(0).intent;
        let other = Intent { operation: OperationId(7), address: "Other".into(), ..intent };
        locked.resume().unwrap().append(&Entry::Intent(Box::new(other.clone()))).unwrap();
        let decide = async |id: &str, decision| {
            engine.resolve_ambiguous(&locked, &id.into(), &decision).await.unwrap()
        };
        assert_eq!(decide("Channel", Decision::Ours("one".into())).await, 1);
        assert_eq!(decide("Channel", Decision::NotOurs).await, 0, "it is said already");
        let delete = IntentAction::Delete {
            key: ObjectKey::new("AWS::MediaPackage::Channel".into(), "one".into()),
            snapshot: None,
        };
        let delete = Intent {
            operation: OperationId(8),
            address: "Channel".into(),
            action: delete,
            ..other.clone()
        };
        locked.resume().unwrap().append(&Entry::Intent(Box::new(delete))).unwrap();
        assert_eq!(decide("Channel", Decision::NotOurs).await, 0, "a deletion makes nothing");
        let left = open().into_iter().map(|open| (open.intent.operation.0, open.effect.is_some()));
        assert_eq!(left.collect::<Vec<_>>(), [(0, true), (7, false), (8, false)]);
    });
}
