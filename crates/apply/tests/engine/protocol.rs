//! Operations that go on in the cloud: they are polled to their end, by the next process too, and
//! are never begun twice; and an update that ends in another object.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rstack_apply::ApplyOptions;
use rstack_driver::{
    Cloud, CreateRequest, DriverError, EffectSink, ErrorKind, Found, Identity, Observed, Poll,
    Request, ResourceDriver, SecretStore, Step,
};
use rstack_model::event::RunEnd;
use rstack_model::value::Lookup;
use rstack_model::{Identifier, KnownMap, ResourceType, Token, Value};
use rstack_sandbox::SandboxOptions;

use crate::bench::{Bench, Wanted, desired_of, run, small};
use crate::probe::{Call, Calls, Crash, Probe, Probed, Refuse, Side, error};

/// An API that answers three times that it works on a request.
fn deferred() -> Bench {
    Bench::with(SandboxOptions { api_polls: 3, ..SandboxOptions::default() })
}

/// Counts what is begun, and dies at one call.
struct Counted(Arc<Calls>, Arc<Crash>);

#[async_trait]
impl Probe for Counted {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        self.1.before(call).await?;
        self.0.before(call).await
    }

    async fn after(&self, call: &Call) -> Result<(), DriverError> {
        self.1.after(call).await
    }
}

#[test]
fn what_goes_on_in_the_cloud_is_polled_to_its_end() {
    run(async {
        let bench = deferred();
        bench.reach(&small("one", "one", "6")).await;
        bench.reach(&small("one", "one", "4")).await;
        bench.reach(&small("two", "one", "4")).await;
        bench.reach(&Wanted::Nothing).await;
        assert!(bench.existing().is_empty());
    });
}

/// A process dies before or after each call of a creation. Wherever the cursor was durable, the next
/// process polls on: each object is created once, whatever happened.
#[test]
fn a_process_that_dies_while_it_polls_is_followed_by_one_that_polls_on() {
    let wanted = small("one", "one", "6");
    let mut died = 0;
    for at in 1..200 {
        for side in [Side::Before, Side::After] {
            let bench = deferred();
            let (calls, crash) = (Arc::new(Calls::default()), Crash::new(at, side, false));
            let ended = run(async {
                let probe = Arc::new(Counted(calls.clone(), crash.clone()));
                let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), probe));
                crash.during(bench.apply(&engine, &wanted, true)).await.is_some()
            });
            if ended {
                assert!(died > 50, "{died} deaths");
                return;
            }
            died += 1;
            let begun = calls.of("create");
            run(async {
                let later = Arc::new(Calls::default());
                let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), later.clone()));
                let outcome = bench.apply(&engine, &wanted, true).await;
                assert_eq!(outcome.end, RunEnd::Succeeded, "{at} {side:?}: {:?}", outcome.failures);
                bench.check_reached(&wanted).await;
                // The call at which the process died before it was made is not among the begun.
                for of in later.of("create") {
                    assert!(!begun.contains(&of), "{at} {side:?}: `{of}` is created again");
                }
                bench.reach(&Wanted::Nothing).await;
                assert!(bench.existing().is_empty(), "{at} {side:?}");
            });
        }
    }
    panic!("the run never completed");
}

/// A cloud in which updates of topics make new objects, as those of custom resources may.
struct Swapping(Arc<dyn Cloud>);

struct SwappingDriver(Arc<dyn ResourceDriver>);

#[async_trait]
impl Cloud for Swapping {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.0.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        let inner = self.0.driver(resource_type)?;
        match resource_type.as_str() {
            "AWS::SNS::Topic" => Some(Arc::new(SwappingDriver(inner))),
            _ => Some(inner),
        }
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.0.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.0.secrets()
    }
}

#[async_trait]
impl ResourceDriver for SwappingDriver {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        self.0.read(id, declared).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let Request::Update(update) = request else { return self.0.begin(request, effects).await };
        let create = CreateRequest {
            stack: crate::bench::stack(),
            address: "Topic".into(),
            token: Token::from(format!("{}-new", update.token)),
            properties: update.properties.clone(),
            absence_proven: false,
            begun: None,
        };
        self.0.begin(&Request::Create(create), effects).await
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        self.0.poll(poll).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.0.find(request).await
    }
}

fn topic(name: &str, value: &str) -> Wanted {
    const TEXT: &str = "
Parameters: { Name: { Type: String }, Value: { Type: String } }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref Name } }
  User:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: !Ref Value }
    DependsOn: Topic
";
    desired_of(TEXT, &[("Name", name), ("Value", value)]).into()
}

async fn swap(bench: &Bench, wanted: &Wanted, refuses: bool) -> RunEnd {
    // The user of the topic is updated after it, and back again.
    let refuses = AtomicBool::new(refuses);
    let refuse = move |call: &Call| {
        let user = call.verb == "update" && call.resource_type == "AWS::SSM::Parameter";
        (user && refuses.swap(false, Ordering::Relaxed))
            .then(|| error(ErrorKind::Invalid { property: None }))
    };
    let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)));
    let engine = bench.engine_on(Arc::new(Swapping(cloud)));
    let locked = bench.lock();
    let state = bench.recovered(&engine, &locked).await;
    let plan = bench.planned(&engine, &state, wanted).await;
    let options = ApplyOptions { rollback: true };
    engine.apply(&locked, &plan, &bench.parameters, options).await.unwrap().end
}

#[test]
fn the_old_object_of_an_update_that_ends_in_another_one_is_removed() {
    run(async {
        let bench = Bench::new();
        assert_eq!(swap(&bench, &topic("one", "a"), false).await, RunEnd::Succeeded);
        let before = bench.state().resources["Topic"].key();
        assert_eq!(swap(&bench, &topic("two", "a"), false).await, RunEnd::Succeeded);
        let state = bench.state();
        assert_ne!(state.resources["Topic"].key(), before);
        assert_eq!(state.deposed, []);
        bench.check_known();
        bench.reach(&Wanted::Nothing).await;
        assert!(bench.existing().is_empty());
    });
}

#[test]
fn a_rollback_takes_the_old_object_of_such_an_update_back() {
    run(async {
        let bench = Bench::new();
        assert_eq!(swap(&bench, &topic("one", "a"), false).await, RunEnd::Succeeded);
        let before = bench.state();
        assert_eq!(swap(&bench, &topic("two", "b"), true).await, RunEnd::Failed);
        let after = bench.state();
        assert_eq!(after.resources["Topic"].key(), before.resources["Topic"].key());
        assert_eq!(after.deposed, []);
        bench.check_known();
    });
}

/// The process is refused every poll of a pending creation: nothing is concluded from that, and the
/// object is known when it may ask again.
#[test]
fn a_poll_that_is_refused_concludes_nothing() {
    for kind in [ErrorKind::AccessDenied { action: None }, ErrorKind::Conflict, ErrorKind::NotFound]
    {
        run(async {
            let bench = deferred();
            let wanted = topic("one", "a");
            let refuse = {
                let kind = kind.clone();
                move |call: &Call| (call.verb == "stabilized").then(|| error(kind.clone()))
            };
            let cloud = Probed::new(bench.sandbox.clone(), Arc::new(Refuse(refuse)));
            let outcome = bench.apply(&bench.engine_on(cloud), &wanted, true).await;
            assert_ne!(outcome.end, RunEnd::Succeeded, "{kind:?}");
            bench.reach(&wanted).await;
            assert_eq!(bench.existing().len(), 2, "{kind:?}");
            bench.reach(&Wanted::Nothing).await;
            assert!(bench.existing().is_empty(), "{kind:?}");
        });
    }
}
