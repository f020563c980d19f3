//! A step that fails, and what becomes of the rest.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_apply::{Engine, Events, Outcome, StepError};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::event::{Event, RunEnd};
use rstack_model::plan::PlanMode;
use rstack_model::state::{ObjectStatus, State};

use crate::bench::{Bench, Wanted, desired_of, other_channel, run, small, streaming};
use crate::probe::{Call, Calls, Probe, Probed, Refuse, error};

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

fn is(call: &Call, verb: &str, resource_type: &str) -> bool {
    call.verb == verb && call.resource_type == resource_type
}

/// A cloud that refuses these calls for good.
fn refusing(bench: &Bench, refused: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Arc<Probed> {
    let refuse = move |call: &Call| {
        refused(call).then(|| error(ErrorKind::AccessDenied { action: Some("x:Y".into()) }))
    };
    Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)))
}

fn rolled_back(outcome: &Outcome) {
    assert_eq!(outcome.end, RunEnd::Failed);
    let failures = outcome.rollback.as_ref().unwrap();
    assert!(failures.is_empty(), "{failures:?} after {:?}", outcome.failures);
}

/// The state that a rollback restores: everything but its serial.
fn without_serial(state: &State) -> State {
    State { serial: rstack_model::Serial(0), ..state.clone() }
}

#[test]
fn a_failed_creation_leaves_nothing() {
    run(async {
        let bench = Bench::new();
        let engine = bench.engine_on(refusing(&bench, |call| is(call, "create", DISTRIBUTION)));
        let outcome = bench.apply(&engine, &streaming(&[]).into(), true).await;
        assert_eq!((outcome.end, outcome.made), (RunEnd::Failed, false));
        rolled_back(&outcome);
        assert_eq!(outcome.state, None);
        assert!(bench.existing().is_empty());
        bench.check_reached(&Wanted::Nothing).await;
    });
}

#[test]
fn a_failed_update_gives_every_object_its_properties_back() {
    run(async {
        let bench = Bench::new();
        let before = bench.reach(&streaming(&[]).into()).await.unwrap();
        let failed = AtomicBool::new(false);
        let cloud = refusing(&bench, move |call| {
            call.of.ends_with("-mss")
                && call.verb == "update"
                && !failed.swap(true, Ordering::SeqCst)
        });
        let engine = bench.engine_on(cloud);
        let wanted = streaming(&[("SegmentSeconds", "4")]).into();
        let outcome = bench.apply(&engine, &wanted, true).await;
        rolled_back(&outcome);
        assert_eq!(without_serial(&outcome.state.unwrap()), without_serial(&before));
        bench.check_reached(&streaming(&[]).into()).await;
    });
}

#[test]
fn a_failed_replacement_restores_the_objects_it_was_to_replace() {
    run(async {
        let bench = Bench::new();
        let before = bench.reach(&streaming(&[]).into()).await.unwrap();
        let cloud =
            refusing(&bench, |call| is(call, "create", "AWS::MediaPackage::OriginEndpoint"));
        let wanted = streaming(&[("StreamName", "two")]).into();
        let outcome = bench.apply(&bench.engine_on(cloud), &wanted, true).await;
        rolled_back(&outcome);
        assert_eq!(without_serial(&outcome.state.unwrap()), without_serial(&before));
        bench.check_reached(&streaming(&[]).into()).await;
    });
}

/// The old endpoints are gone when the new ones cannot be made: the rollback makes them again. What
/// was known of their attributes is not known any more, and the next apply says so.
#[test]
fn a_failed_replacement_that_deleted_first_makes_the_old_objects_again() {
    run(async {
        let bench = Bench::new();
        bench.reach(&streaming(&[]).into()).await;
        let before = bench.existing();
        let failed = AtomicBool::new(false);
        let cloud = refusing(&bench, move |call| {
            let is_it = call.of == "MssEndpoint" && call.verb == "create";
            is_it && !failed.swap(true, Ordering::SeqCst)
        });
        let (desired, options) = other_channel();
        let wanted = Wanted::Stack(Box::new(desired), options);
        let outcome = bench.apply(&bench.engine_on(cloud), &wanted, true).await;
        rolled_back(&outcome);
        bench.check_known();
        assert_eq!(bench.existing(), before);
        let state = outcome.state.unwrap();
        let plan = bench.planned(&bench.engine(), &state, &streaming(&[]).into()).await;
        assert_eq!(plan.steps, []);
        assert!(plan.outputs["MssUrl"].differs());
    });
}

#[test]
fn without_rollback_the_next_apply_goes_on() {
    run(async {
        let bench = Bench::new();
        let wanted: Wanted = streaming(&[]).into();
        let engine = bench.engine_on(refusing(&bench, |call| is(call, "create", DISTRIBUTION)));
        let outcome = bench.apply(&engine, &wanted, false).await;
        assert!(outcome.rollback.is_none());
        let kept = bench.existing();
        assert!(kept.len() >= 3, "{kept:?}");
        bench.check_known();
        bench.reach(&wanted).await;
        assert!(kept.is_subset(&bench.existing()), "nothing that was made is made again");
    });
}

#[test]
fn a_failed_clean_up_is_not_rolled_back_and_finished_later() {
    run(async {
        let bench = Bench::new();
        bench.reach(&streaming(&[]).into()).await;
        let cloud = refusing(&bench, |call| call.verb == "delete" && call.of.ends_with("-dash"));
        let wanted = streaming(&[("StreamName", "two")]).into();
        let outcome = bench.apply(&bench.engine_on(cloud), &wanted, true).await;
        assert_eq!((outcome.end, outcome.made), (RunEnd::Failed, true));
        assert!(outcome.rollback.is_none());
        let state = outcome.state.unwrap();
        assert!(state.deposed.iter().any(|deposed| deposed.address.as_str() == "DashEndpoint"));
        assert!(state.outputs["HlsOrigin"].value.to_string().contains("https://"));
        bench.check_known();
        bench.reach(&wanted).await;
    });
}

/// Fails the last call of every creation once, and keeps what was called.
#[derive(Default)]
struct Parts(Calls);

#[async_trait]
impl Probe for Parts {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.0.before(call).await?;
        if call.verb == "finish" { Err(error(ErrorKind::Throttled)) } else { Ok(()) }
    }

    fn creates_in_parts(&self) -> bool {
        true
    }
}

/// The object exists: it is never created again, and an update makes the calls that are missing.
#[test]
fn a_creation_that_fails_half_way_is_finished_and_not_begun_again() {
    run(async {
        let bench = Bench::new();
        let parts = Arc::new(Parts::default());
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), parts.clone()));
        let wanted = small("one", "one", "6");
        let outcome = bench.apply(&engine, &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        for verb in ["create", "finish", "update"] {
            assert_eq!(parts.0.of(verb).len(), 5, "{verb}");
        }
        assert_eq!(parts.0.of("find").len(), 0, "the cloud is not searched for it");
        bench.check_reached(&wanted).await;
    });
}

/// The most usual failure of all: a foreign object has the name.
#[test]
fn a_name_that_is_taken_fails_the_step_and_leaves_no_question_open() {
    const QUEUE: &str = "
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: { QueueName: taken }
";
    run(async {
        let bench = Bench::new();
        let wanted: Wanted = desired_of(QUEUE, &[]).into();
        bench.reach(&wanted).await;
        let other = bench.beside();
        let engine = other.engine();
        let outcome = other.apply(&engine, &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Failed);
        let [(_, StepError::Driver(error))] = &outcome.failures[..] else {
            panic!("{:?}", outcome.failures)
        };
        assert_eq!(error.kind, ErrorKind::AlreadyExists);
        assert_eq!(bench.existing().len(), 1);
        assert_eq!(outcome.state, None);
    });
}

/// A deletion that cannot go on after the distribution was disabled: the next apply enables it.
#[test]
fn a_distribution_that_was_disabled_and_not_deleted_is_not_taken_for_ready() {
    run(async {
        let bench = Bench::new();
        bench.reach(&streaming(&[]).into()).await;
        let asked = Mutex::new(0);
        let cloud = refusing(&bench, move |call| {
            let mut asked = asked.lock().unwrap();
            *asked += usize::from(is(call, "delete", DISTRIBUTION));
            *asked > 1
        });
        let outcome = bench.apply(&bench.engine_on(cloud), &Wanted::Nothing, true).await;
        let state = outcome.state.unwrap();
        assert_eq!(state.resources["Distribution"].status, ObjectStatus::PartlyUpdated);
        bench.reach(&streaming(&[]).into()).await;
    });
}

/// Stops the engine when a rollback has begun.
struct StopsRollback(rstack_apply::CancellationToken);

impl Events for StopsRollback {
    fn emit(&self, event: Event) {
        if matches!(event, Event::RunStarted { mode: PlanMode::Rollback, .. }) {
            self.0.cancel();
        }
    }
}

#[test]
fn an_interrupted_rollback_reports_what_it_did_not_roll_back() {
    run(async {
        let bench = Bench::new();
        let mut engine = bench.engine_on(refusing(&bench, |call| is(call, "create", DISTRIBUTION)));
        engine.events = Arc::new(StopsRollback(engine.cancel.clone()));
        let outcome = bench.apply(&engine, &streaming(&[]).into(), true).await;
        let failures = outcome.rollback.unwrap();
        assert!(failures.iter().all(|(_, error)| matches!(error, StepError::Interrupted(_))));
        assert_eq!(failures.len(), bench.existing().len());
        bench.check_known();
        bench.reach(&Wanted::Nothing).await;
    });
}

/// The answer to a creation is lost, and then the cloud cannot be asked for its outcome. The
/// failure is reported as one, nothing is rolled back over an unknown outcome, and the next command
/// asks again.
#[test]
fn what_cannot_be_asked_at_the_end_of_a_run_is_asked_by_the_next_command() {
    struct Lost;
    #[async_trait]
    impl Probe for Lost {
        async fn before(&self, call: &Call) -> Result<(), DriverError> {
            if call.verb == "find" { Err(error(ErrorKind::Credentials)) } else { Ok(()) }
        }

        async fn after(&self, call: &Call) -> Result<(), DriverError> {
            let lost = call.verb == "create" && call.of == "Channel";
            if lost { Err(error(ErrorKind::UnknownOutcome)) } else { Ok(()) }
        }
    }
    run(async {
        let bench = Bench::new();
        let wanted = small("one", "one", "6");
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), Arc::new(Lost)));
        let outcome = bench.apply(&engine, &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Failed);
        assert_eq!(outcome.failures[0].0.as_str(), "Channel");
        assert!(outcome.open.is_some() && outcome.rollback.is_none());
        assert!(bench.store.read(&crate::bench::stack()).unwrap().journal.is_some());
        bench.reach(&wanted).await;
    });
}

/// The steps that begin in the plan's own run, and `stopping` where it says so.
#[derive(Default)]
struct Begun(Mutex<Vec<String>>);

impl Events for Begun {
    fn emit(&self, event: Event) {
        let text = match event {
            Event::StepStarted { label } => label.address.to_string(),
            Event::Stopping { .. } => "stopping".to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

/// Steps that were ready together with the one that fails do not begin any more.
#[test]
fn no_step_begins_after_a_failure() {
    const TEXT: &str = r#"
Resources:
  Queue: {Type: AWS::SQS::Queue}
  First: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Queue.Arn}}
  Second:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Select [9, !Split [":", !GetAtt Queue.Arn]]}
  Third: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Queue.Arn}}
"#;
    run(async {
        let (bench, begun) = (Bench::new(), Arc::new(Begun::default()));
        let engine = Engine { events: Arc::<Begun>::clone(&begun), ..bench.engine() };
        let outcome = bench.apply(&engine, &desired_of(TEXT, &[]).into(), false).await;
        assert_eq!(outcome.end, RunEnd::Failed);
        assert_eq!(outcome.failures.len(), 1, "{:?}", outcome.failures);
        assert_eq!(*begun.0.lock().unwrap(), ["Queue", "Second", "stopping"]);
    });
}

/// A retained object stays in the cloud after a rollback, and the outcome names it.
#[test]
fn a_rollback_names_what_it_leaves() {
    const TEXT: &str = r#"
Resources:
  Kept: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {TopicName: kept}}
  Made: {Type: AWS::SNS::Topic, Properties: {TopicName: made}}
  Failing:
    Type: AWS::SNS::Topic
    DependsOn: Made
    Properties: {DisplayName: !Select [9, !Split [":", !Ref Kept]]}
"#;
    run(async {
        let bench = Bench::new();
        let outcome = bench.apply(&bench.engine(), &desired_of(TEXT, &[]).into(), true).await;
        rolled_back(&outcome);
        assert_eq!(outcome.state, None);
        let kept: Vec<_> = outcome.kept.iter().map(|(address, _)| address.as_str()).collect();
        assert_eq!(kept, ["Kept"]);
        assert_eq!(bench.existing().len(), 1);
    });
}
