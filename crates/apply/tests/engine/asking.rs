//! Questions to the cloud before anything is planned, and the consequences of an answer that fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_apply::{CancellationToken, Engine, Events, Wait, Waiting};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::KnownMap;
use rstack_model::event::Event;
use rstack_model::value::Lookup;
use rstack_plan::{Observation, Observations};
use rstack_sandbox::SandboxOptions;

use crate::bench::{Bench, run, small};
use crate::probe::{Call, Probe, Probed, Refuse, error};

/// A cloud that refuses the calls of this verb that are about `of`, or all of them.
fn refusing(bench: &Bench, verb: &'static str, of: &'static str, kind: ErrorKind) -> Engine {
    let refuse =
        move |call: &Call| (call.verb == verb && call.of.contains(of)).then(|| error(kind.clone()));
    bench.engine_on(Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse))))
}

/// One question that is not answered does not take the others' answers away; no connection does.
#[test]
fn each_question_of_a_template_has_its_own_answer() {
    run(async {
        let bench = Bench::new();
        let questions = ["eu-west-1", "us-east-1"].map(|region| Lookup::Zones(region.into()));
        let denied = ErrorKind::AccessDenied { action: None };
        let engine = refusing(&bench, "lookup", "us-east-1", denied.clone());
        let answers: BTreeMap<_, _> =
            engine.look_up(&questions).await.unwrap().into_iter().collect();
        let zones = answers[&questions[0]].as_ref().unwrap();
        assert!(format!("{zones:?}").contains("eu-west-1a"), "{zones:?}");
        assert_eq!(answers[&questions[1]].as_ref().unwrap_err().kind, denied);
        let engine = refusing(&bench, "lookup", "us-east-1", ErrorKind::Unreachable);
        let failed = engine.look_up(&questions).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::Unreachable);
    });
}

/// With what objects are read: the names of the properties.
#[derive(Default)]
struct Declared(Mutex<BTreeMap<String, BTreeSet<String>>>);

#[async_trait]
impl Probe for Declared {
    fn read(&self, call: &Call, declared: &KnownMap) {
        let names = declared.keys().cloned().collect();
        self.0.lock().unwrap().insert(call.of.clone(), names);
    }
}

/// A driver finds by them what has no identity of its own, and tells only of what is declared.
#[test]
fn objects_are_read_with_what_was_declared_of_them() {
    run(async {
        let bench = Bench::new();
        let wanted = small("one", "one", "6");
        let state = bench.reach(&wanted).await.unwrap();
        let declared = Arc::new(Declared::default());
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), declared.clone()));
        bench.planned(&engine, &state, &wanted).await;
        let properties = state.resources.values().map(|object| {
            let names = object.properties.keys().cloned().collect();
            (object.physical_id.to_string(), names)
        });
        assert_eq!(*declared.0.lock().unwrap(), properties.collect());
    });
}

/// An object that cannot be read is neither present nor absent.
#[test]
fn an_object_that_cannot_be_read_is_unchecked() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&small("one", "one", "6")).await.unwrap();
        let is_unchecked = |seen: &Observations| -> Vec<String> {
            let unchecked = seen.objects.iter().filter(|(_, object)| {
                matches!(object, Observation::Unchecked { reason } if !reason.is_empty())
            });
            unchecked.map(|(id, _)| id.to_string()).collect()
        };
        let denied = ErrorKind::AccessDenied { action: None };
        let engine = refusing(&bench, "read", "one-hls", denied);
        let seen = engine.observe(None, &state, &bench.parameters).await.unwrap();
        assert_eq!(is_unchecked(&seen), ["Hls"]);
        let engine = refusing(&bench, "read", "one-hls", ErrorKind::Unreachable);
        let failed = engine.observe(None, &state, &bench.parameters).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::Unreachable);
        let unseen = engine.observe_nothing(&state, &bench.parameters);
        assert!(is_unchecked(&unseen).iter().eq(state.resources.keys().map(|id| id.as_str())));
    });
}

/// The cloud does not say which version a secret has.
struct NoVersion(ErrorKind);

#[async_trait]
impl Probe for NoVersion {
    fn version_error(&self) -> Option<DriverError> {
        Some(error(self.0.clone()))
    }
}

/// Keeps the secrets that are reported as unchecked.
#[derive(Default)]
struct Unchecked(Mutex<Vec<String>>);

impl Events for Unchecked {
    fn emit(&self, event: Event) {
        if let Event::SecretUnchecked { reference, .. } = event {
            self.0.lock().unwrap().push(reference);
        }
    }
}

/// One that is not there may be one that is going to be made.
#[test]
fn a_secret_that_cannot_be_read_is_reported_as_unchecked() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&small("one", "one", "6")).await.unwrap();
        let observed = async |kind| {
            let events = Arc::new(Unchecked::default());
            let cloud = Probed::new(bench.sandbox.clone(), Arc::new(NoVersion(kind)));
            let engine = Engine { events: events.clone(), ..bench.engine_on(cloud) };
            let seen = engine.observe(None, &state, &bench.parameters).await;
            let reported = events.0.lock().unwrap().len();
            (seen.map(|seen| seen.secret_versions.len()).map_err(|error| error.kind), reported)
        };
        assert_eq!(observed(ErrorKind::AccessDenied { action: None }).await, (Ok(0), 1));
        assert_eq!(observed(ErrorKind::NotFound).await, (Ok(0), 0));
        assert_eq!(observed(ErrorKind::Unreachable).await, (Err(ErrorKind::Unreachable), 0));
    });
}

/// An object of which it is not known whether it has stabilized does not keep a plan from being
/// made.
#[test]
fn an_object_that_cannot_be_asked_for_does_not_stop_the_plan() {
    run(async {
        let options = SandboxOptions { deploy_polls: 1000, ..SandboxOptions::default() };
        let bench = Bench::with(options);
        let waiting = Waiting { wait: Wait::None, ..Waiting::default() };
        let wanted = small("one", "one", "6");
        let made = Engine { waiting, ..bench.engine() };
        let state = bench.apply(&made, &wanted, true).await.state.unwrap();
        let denied = ErrorKind::AccessDenied { action: None };
        let engine = refusing(&bench, "stabilized", "", denied);
        assert!(bench.planned(&engine, &state, &wanted).await.is_noop());
        let engine = refusing(&bench, "stabilized", "", ErrorKind::Unreachable);
        let observed = engine.observe(None, &state, &bench.parameters).await;
        assert_eq!(observed.unwrap_err().kind, ErrorKind::Unreachable);
    });
}

/// A service that answers calls of this verb never. The user asks to stop meanwhile.
struct Silence {
    verb: &'static str,
    cancel: CancellationToken,
}

#[async_trait]
impl Probe for Silence {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        if call.verb == self.verb {
            self.cancel.cancel();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[test]
fn a_read_that_is_never_answered_ends_when_the_user_asks_to_stop() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&small("one", "one", "6")).await.unwrap();
        let silent = |verb| {
            let cancel = CancellationToken::new();
            let probe = Arc::new(Silence { verb, cancel: cancel.clone() });
            Engine { cancel, ..bench.engine_on(Probed::new(bench.sandbox.clone(), probe)) }
        };
        let question = [Lookup::Zones("eu-west-1".into())];
        let answers = silent("lookup").look_up(&question).await.unwrap();
        let error = answers[0].1.as_ref().unwrap_err();
        assert!(error.message.contains("asked to stop"), "{error}");
        let seen = silent("read").observe(None, &state, &bench.parameters).await.unwrap();
        let unchecked = |object: &_| matches!(object, Observation::Unchecked { .. });
        assert!(seen.objects.values().all(unchecked), "{:?}", seen.objects);
    });
}
