//! Reads that are not answered, in virtual time: each ends within a minute, a look-up as a whole too,
//! and what goes on is not cut off.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{CancellationToken, Engine, StepError, TokioClock};
use rstack_driver::{CallInFlight, DriverError, ErrorKind};
use rstack_model::event::RunEnd;
use rstack_model::state::ObjectStatus;
use rstack_model::value::Lookup;
use rstack_plan::{Observation, Observations, PlanOptions};
use rstack_sandbox::SandboxOptions;
use tokio::time::Instant;

use crate::bench::{Bench, Wanted, count, small, streaming};
use crate::probe::{Call, Probe, Probed, error};

/// The limit of a read.
const MINUTE: Duration = Duration::from_secs(60);

/// The way in which a service answers a call.
#[derive(Clone, Copy)]
enum Manner {
    Answers,
    /// It answers after this time.
    After(Duration),
    /// It fails after this time, in a way that passes.
    FailsAfter(Duration),
    Silent,
}

type Rule = Box<dyn Fn(&Call) -> Manner + Send + Sync>;

/// A cloud whose services are slow. The host of a call is its verb.
struct Slow {
    rule: Rule,
    open: Arc<Mutex<Vec<CallInFlight>>>,
    calls: Mutex<Vec<Call>>,
}

impl Slow {
    fn new(rule: impl Fn(&Call) -> Manner + Send + Sync + 'static) -> Arc<Self> {
        let (open, calls) = (Arc::default(), Mutex::default());
        Arc::new(Self { rule: Box::new(rule), open, calls })
    }

    fn calls(&self, verb: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| call.verb == verb).count()
    }
}

/// A call, until it is answered or dropped.
struct Open(Arc<Mutex<Vec<CallInFlight>>>, CallInFlight);

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.0.lock().unwrap();
        let index = open.iter().position(|call| *call == self.1).unwrap();
        open.remove(index);
    }
}

#[async_trait]
impl Probe for Slow {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.calls.lock().unwrap().push(call.clone());
        let operation = format!("{}:{}", call.resource_type, call.of);
        let host = format!("{}.example", call.verb);
        let flight = CallInFlight { operation, host, elapsed: Duration::ZERO };
        self.open.lock().unwrap().push(flight.clone());
        let _open = Open(Arc::clone(&self.open), flight);
        match (self.rule)(call) {
            Manner::Answers => Ok(()),
            Manner::After(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Manner::FailsAfter(time) => {
                tokio::time::sleep(time).await;
                Err(error(ErrorKind::Transient))
            }
            Manner::Silent => std::future::pending().await,
        }
    }

    fn in_flight(&self) -> Vec<CallInFlight> {
        self.open.lock().unwrap().clone()
    }
}

/// An engine on a cloud of this kind, in the time of the test.
fn engine(bench: &Bench, slow: &Arc<Slow>) -> Engine {
    let cloud = Probed::new(bench.sandbox.clone(), slow.clone());
    Engine { clock: Arc::new(TokioClock), ..bench.engine_on(cloud) }
}

/// Runs a test in virtual time.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// Why an object is unchecked.
fn reason<'a>(seen: &'a Observations, id: &str) -> &'a str {
    match &seen.objects[id] {
        Observation::Unchecked { reason } => reason,
        other => panic!("{id}: {other:?}"),
    }
}

fn is_read(seen: &Observations, id: &str) -> bool {
    matches!(seen.objects[id], Observation::Present { .. })
}

#[test]
fn a_question_that_is_not_answered_ends_after_a_minute_and_names_operation_and_host() {
    run(async {
        let bench = Bench::new();
        let slow = Slow::new(|call| match call.of.contains("us-east-1") {
            true => Manner::Silent,
            false => Manner::Answers,
        });
        let questions = ["eu-west-1", "us-east-1"].map(|region| Lookup::Zones(region.into()));
        let begun = Instant::now();
        let answers = engine(&bench, &slow).look_up(&questions).await.unwrap();
        assert_eq!(begun.elapsed(), MINUTE);
        let of = |region| &answers.iter().find(|(it, _)| it == region).unwrap().1;
        assert!(of(&questions[0]).is_ok());
        assert_eq!(
            of(&questions[1]).as_ref().unwrap_err().to_string(),
            ":Availability Zones of us-east-1: no complete answer of lookup.example came within 60 s"
        );
        assert!(slow.in_flight().is_empty());
    });
}

#[test]
fn a_cloud_that_answers_nothing_takes_a_minute_however_many_objects_there_are() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&small("one", "one", "6")).await.unwrap();
        let slow = Slow::new(|call| match call.verb {
            "read" => Manner::Silent,
            _ => Manner::Answers,
        });
        for parallelism in [1, 2, 32] {
            let engine = Engine { parallelism: count(parallelism), ..engine(&bench, &slow) };
            let (begun, before) = (Instant::now(), slow.calls("read"));
            let seen = engine.observe(None, &state, &bench.parameters).await.unwrap();
            assert_eq!(begun.elapsed(), MINUTE, "{parallelism} at once");
            let asked = slow.calls("read") - before;
            assert_eq!(asked, parallelism.min(state.resources.len()));
            for (id, object) in &state.resources {
                let reason = reason(&seen, id.as_str());
                assert!(reason.contains("no complete answer of read.example came"), "{reason}");
                let own = format!("{}:{}", object.resource_type, object.identifier);
                assert!(reason.starts_with(&own) || reason.contains("not asked"), "{reason}");
            }
        }
    });
}

#[test]
fn a_silent_service_takes_no_answers_of_others_away_and_is_not_asked_again() {
    run(async {
        let bench = Bench::new();
        let wanted = Wanted::Stack(Box::new(streaming(&[])), PlanOptions::default());
        let state = bench.reach(&wanted).await.unwrap();
        let is_silent = |resource_type: &str| resource_type.starts_with("AWS::MediaPackage::");
        let slow =
            Slow::new(move |call| match call.verb == "read" && is_silent(&call.resource_type) {
                true => Manner::Silent,
                false => Manner::After(Duration::from_secs(1)),
            });
        let begun = Instant::now();
        let seen = engine(&bench, &slow).observe(None, &state, &bench.parameters).await.unwrap();
        assert!(begun.elapsed() < MINUTE + Duration::from_secs(10), "{:?}", begun.elapsed());
        let mut not_asked = 0;
        for (id, object) in &state.resources {
            if is_silent(object.resource_type.as_str()) {
                let reason = reason(&seen, id.as_str());
                assert!(reason.contains("no complete answer of read.example came"), "{reason}");
                not_asked += usize::from(reason.contains("not asked"));
            } else {
                assert!(is_read(&seen, id.as_str()), "{id}");
            }
        }
        assert_eq!(not_asked, 1, "the fifth of four at once");
    });
}

#[test]
fn a_look_up_in_which_answers_come_is_not_cut_off() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&small("one", "one", "6")).await.unwrap();
        let slow = Slow::new(|_| Manner::After(Duration::from_secs(50)));
        let engine = Engine { parallelism: count(1), ..engine(&bench, &slow) };
        let begun = Instant::now();
        let seen = engine.observe(None, &state, &bench.parameters).await.unwrap();
        assert!(state.resources.keys().all(|id| is_read(&seen, id.as_str())), "{:?}", seen.objects);
        assert!(begun.elapsed() > 4 * MINUTE, "{:?}", begun.elapsed());
    });
}

#[test]
fn retries_do_not_make_a_read_longer_than_its_minute() {
    run(async {
        let bench = Bench::new();
        let slow = Slow::new(|_| Manner::FailsAfter(Duration::from_secs(25)));
        let begun = Instant::now();
        let question = [Lookup::Zones("eu-west-1".into())];
        let answers = engine(&bench, &slow).look_up(&question).await.unwrap();
        assert_eq!(begun.elapsed(), MINUTE);
        let error = answers[0].1.as_ref().unwrap_err();
        assert!(error.message.contains("of lookup.example"), "{error}");
        assert_eq!(slow.calls("lookup"), 3);
        // Between two attempts there is none in flight: the last failure is the reason.
        let slow = Slow::new(|_| Manner::FailsAfter(Duration::from_millis(59_900)));
        let answers = engine(&bench, &slow).look_up(&question).await.unwrap();
        assert_eq!(answers[0].1.as_ref().unwrap_err(), &error_of_the_test());
        assert_eq!(slow.calls("lookup"), 1);
    });
}

fn error_of_the_test() -> DriverError {
    error(ErrorKind::Transient)
}

#[test]
fn a_wish_to_stop_ends_a_look_up_at_once() {
    run(async {
        let bench = Bench::new();
        let state = bench.reach(&small("one", "one", "6")).await.unwrap();
        let slow = Slow::new(|_| Manner::Silent);
        let cancel = CancellationToken::new();
        let engine = Engine { cancel: cancel.clone(), ..engine(&bench, &slow) };
        let begun = Instant::now();
        let wish = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            cancel.cancel();
        };
        let question = [Lookup::Zones("eu-west-1".into())];
        let (answers, ()) = tokio::join!(engine.look_up(&question), wish);
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        let error = answers.unwrap().swap_remove(0).1.unwrap_err();
        assert!(error.message.contains("asked to stop"), "{error}");
        // What is read after it serves to record what was done: it has some seconds.
        let begun = Instant::now();
        let seen = engine.observe(None, &state, &bench.parameters).await.unwrap();
        assert!(!state.resources.keys().any(|id| is_read(&seen, id.as_str())));
        assert!(begun.elapsed() <= Duration::from_secs(20), "{:?}", begun.elapsed());
        assert!(begun.elapsed() >= Duration::from_secs(5), "{:?}", begun.elapsed());
    });
}

/// A distribution that takes twenty minutes is waited for; each question has a minute of its own.
#[test]
fn a_deployment_that_goes_on_is_not_cut_off_and_one_that_is_silent_is() {
    let options = SandboxOptions {
        ask_again_in: Duration::from_secs(20),
        deploy_polls: 60,
        ..SandboxOptions::default()
    };
    run(async {
        let bench = Bench::with(options);
        let slow = Slow::new(|call| match call.verb {
            "stabilized" => Manner::After(Duration::from_secs(30)),
            _ => Manner::Answers,
        });
        let begun = Instant::now();
        let outcome = bench.apply(&engine(&bench, &slow), &small("one", "one", "6"), true).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        assert!(begun.elapsed() > 20 * MINUTE, "{:?}", begun.elapsed());
    });
    run(async {
        let bench = Bench::with(options);
        let slow = Slow::new(|call| match (call.verb, call.resource_type.as_str()) {
            ("stabilized", "AWS::CloudFront::Distribution") => Manner::Silent,
            _ => Manner::Answers,
        });
        let begun = Instant::now();
        let outcome = bench.apply(&engine(&bench, &slow), &small("one", "one", "6"), false).await;
        let [(id, StepError::Driver(error))] = &outcome.failures[..] else {
            panic!("{:?}", outcome.failures)
        };
        assert!(error.message.contains("no complete answer of stabilized.example came"), "{error}");
        assert!(begun.elapsed() < 3 * MINUTE, "{:?}", begun.elapsed());
        let object = &outcome.state.unwrap().resources[id];
        assert_eq!(object.status, ObjectStatus::PartlyUpdated);
        bench.check_known();
    });
}
