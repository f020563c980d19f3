//! Operations that the cloud accepts and that fail for a reason that passes: they are begun anew, as
//! other operations, and never leave a second object.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    Cloud, CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Identity, Observed,
    Pending, Poll, Request, ResourceDriver, SecretStore, Step,
};
use rstack_model::event::RunEnd;
use rstack_model::value::Lookup;
use rstack_model::{Cursor, Identifier, KnownMap, ResourceType, Value};

use crate::bench::{Bench, Wanted, desired_of, run};
use crate::probe::{Crash, Probed, Side, error};

/// The cursor of a request that fails.
const FAILS: &str = "fails";

/// The requests that fail: so many creations and updates, each once it is polled.
struct Failing {
    left: AtomicU32,
    kind: ErrorKind,
    tokens: Mutex<Vec<String>>,
}

impl Failing {
    fn new(times: u32, kind: ErrorKind) -> Arc<Self> {
        Arc::new(Self { left: AtomicU32::new(times), kind, tokens: Mutex::default() })
    }

    /// The number of failed requests. Each has a token of its own.
    fn failed(&self) -> usize {
        let mut tokens = self.tokens.lock().unwrap().clone();
        let all = tokens.len();
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), all, "a token is used again");
        all
    }

    fn over(self: &Arc<Self>, cloud: Arc<dyn Cloud>) -> Arc<dyn Cloud> {
        Arc::new(FailingCloud { cloud, failing: Arc::clone(self) })
    }
}

struct FailingCloud {
    cloud: Arc<dyn Cloud>,
    failing: Arc<Failing>,
}

struct FailingDriver {
    driver: Arc<dyn ResourceDriver>,
    failing: Arc<Failing>,
}

#[async_trait]
impl Cloud for FailingCloud {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.cloud.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        let driver = self.cloud.driver(resource_type)?;
        Some(Arc::new(FailingDriver { driver, failing: Arc::clone(&self.failing) }))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.cloud.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.cloud.secrets()
    }
}

#[async_trait]
impl ResourceDriver for FailingDriver {
    fn name(&self) -> &'static str {
        self.driver.name()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        self.driver.read(id, declared).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let token = match request {
            Request::Create(request) => &request.token,
            Request::Update(request) => &request.token,
            Request::Delete(_) | Request::DeleteWithSnapshot { .. } => {
                return self.driver.begin(request, effects).await;
            }
        };
        let fewer = |left: u32| left.checked_sub(1);
        if self.failing.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_err() {
            return self.driver.begin(request, effects).await;
        }
        self.failing.tokens.lock().unwrap().push(token.to_string());
        Ok(Step::Pending(Pending {
            object: None,
            usable: false,
            cursor: Cursor::from(FAILS),
            repeatable: false,
            waits_for: "the request".to_owned(),
            ask_again_in: Duration::from_secs(1),
        }))
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        if poll.cursor != Cursor::from(FAILS) {
            return self.driver.poll(poll).await;
        }
        let error = error(self.failing.kind.clone());
        Ok(Step::Done(Finish::FailedForNow(Box::new(error))))
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.driver.find(request).await
    }
}

fn topic(name: &str) -> Wanted {
    const TEXT: &str = "
Parameters: { Name: { Type: String } }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref Name } }
";
    desired_of(TEXT, &[("Name", name)]).into()
}

async fn apply(bench: &Bench, failing: &Arc<Failing>, wanted: &Wanted) -> RunEnd {
    let engine = bench.engine_on(failing.over(bench.sandbox.clone()));
    bench.apply(&engine, wanted, true).await.end
}

#[test]
fn a_creation_and_an_update_that_fail_for_now_are_begun_anew() {
    run(async {
        let bench = Bench::new();
        for (name, times) in [("one", 3), ("two", 4)] {
            let failing = Failing::new(times, ErrorKind::DependencyNotReady);
            assert_eq!(apply(&bench, &failing, &topic(name)).await, RunEnd::Succeeded, "{name}");
            assert_eq!(failing.failed(), usize::try_from(times).unwrap());
            bench.check_reached(&topic(name)).await;
            assert_eq!(bench.existing().len(), 1);
        }
    });
}

#[test]
fn what_fails_again_and_again_is_given_up_and_leaves_nothing() {
    for (kind, requests) in [(ErrorKind::Throttled, 5), (ErrorKind::Conflict, 1)] {
        run(async {
            let bench = Bench::new();
            let failing = Failing::new(u32::MAX, kind.clone());
            assert_eq!(apply(&bench, &failing, &topic("one")).await, RunEnd::Failed);
            assert_eq!(failing.failed(), requests, "{kind:?}");
            assert!(bench.existing().is_empty());
            bench.reach(&topic("one")).await;

            // An update that fails is rolled back; the rollback's own update fails in the same way.
            let before = bench.state().resources["Topic"].key();
            let failing = Failing::new(u32::MAX, kind.clone());
            assert_ne!(apply(&bench, &failing, &topic("two")).await, RunEnd::Succeeded);
            assert!(failing.failed() >= requests);
            bench.reach(&topic("two")).await;
            assert_eq!(bench.state().resources["Topic"].key(), before);
        });
    }
}

/// A process dies before or after each call; the next one completes the run with one object.
#[test]
fn a_process_that_dies_between_them_leaves_no_second_object() {
    let mut died = 0;
    for at in 1..100 {
        for side in [Side::Before, Side::After] {
            let bench = Bench::new();
            let failing = Failing::new(2, ErrorKind::Throttled);
            let crash = Crash::new(at, side, false);
            let ended = run(async {
                let engine = bench
                    .engine_on(Probed::new(failing.over(bench.sandbox.clone()), crash.clone()));
                crash.during(bench.apply(&engine, &topic("one"), true)).await.is_some()
            });
            if ended {
                assert!(died > 8, "{died} deaths");
                return;
            }
            died += 1;
            bench.check_none_lost();
            run(async {
                let end = apply(&bench, &failing, &topic("one")).await;
                assert_eq!(end, RunEnd::Succeeded, "{at} {side:?}");
                bench.check_reached(&topic("one")).await;
                assert_eq!(bench.existing().len(), 1, "{at} {side:?}");
                assert_eq!(failing.failed(), 2, "{at} {side:?}");
            });
        }
    }
    panic!("the run never completed");
}
