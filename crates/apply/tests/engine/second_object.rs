//! An operation that has named its object and then names another one: the journal holds one effect for
//! each operation, so the second object is refused, by recovery, too, and the journal stays readable.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{ApplyError, ApplyOptions, CancellationToken, RecoverError};
use rstack_driver::{
    Cloud, CreateRequest, DriverError, EffectSink, Finish, Found, Identity, Object, Observed,
    Pending, Poll, Request, ResourceDriver, SecretStore, Step,
};
use rstack_journal::Entry;
use rstack_model::event::RunEnd;
use rstack_model::value::Lookup;
use rstack_model::{Cursor, Identifier, KnownMap, ResourceType, Token, Value};

use crate::bench::{Bench, Wanted, desired_of, run, stack};
use crate::probe::{Calls, Crash, Probed, Side};

const TOPIC: &str = "AWS::SNS::Topic";

fn topic(name: &str) -> Wanted {
    let text = format!("Resources: {{T: {{Type: {TOPIC}, Properties: {{DisplayName: {name}}}}}}}");
    desired_of(&text, &[]).into()
}

/// The answer to a poll of an update of a topic.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// It goes on.
    Pending,
    /// It has ended in the object that it named when it began.
    Named,
    /// It has ended in an object that it has not named before.
    Another,
}

/// A cloud in which each update of a topic makes a new topic.
struct Replacing {
    inner: Arc<dyn Cloud>,
    answer: Answer,
    /// Requested when an update has begun.
    cancel: CancellationToken,
    named: Arc<Mutex<Option<Object>>>,
}

struct ReplacingDriver {
    inner: Arc<dyn ResourceDriver>,
    answer: Answer,
    cancel: CancellationToken,
    named: Arc<Mutex<Option<Object>>>,
}

#[async_trait]
impl Cloud for Replacing {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        let inner = self.inner.driver(resource_type)?;
        let (answer, cancel, named) = (self.answer, self.cancel.clone(), Arc::clone(&self.named));
        Some(Arc::new(ReplacingDriver { inner, answer, cancel, named }))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.inner.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }
}

fn pending(object: Option<Box<Object>>) -> Step {
    Step::Pending(Pending {
        object,
        usable: false,
        cursor: Cursor::from("replacing"),
        repeatable: false,
        waits_for: "the new topic".to_owned(),
        ask_again_in: Duration::from_secs(1),
    })
}

#[async_trait]
impl ResourceDriver for ReplacingDriver {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        self.inner.read(id, declared).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let Request::Update(update) = request else {
            return self.inner.begin(request, effects).await;
        };
        let mut properties = update.properties.clone();
        // The name of the first object is taken.
        properties.remove("TopicName");
        let create = CreateRequest {
            stack: stack(),
            address: "T".into(),
            token: Token::from(format!("{}-new", update.token)),
            properties,
            absence_proven: false,
            begun: None,
        };
        let begun = self.inner.begin(&Request::Create(create), effects).await?;
        let Step::Pending(Pending { object: Some(object), .. }) = begun else {
            panic!("{begun:?}")
        };
        *self.named.lock().unwrap() = Some((*object).clone());
        self.cancel.cancel();
        Ok(pending(Some(object)))
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        if poll.cursor != Cursor::from("replacing") {
            return self.inner.poll(poll).await;
        }
        let named = self.named.lock().unwrap().clone().unwrap();
        Ok(match self.answer {
            Answer::Pending => pending(None),
            Answer::Named => Step::Done(Finish::Stabilized),
            Answer::Another => {
                let identifier = Identifier::parse("arn:aws:sns:eu-west-1:000000000000:another");
                Step::made(Object { identifier, ..named })
            }
        })
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.inner.find(request).await
    }
}

/// The identifiers in the effects of the open journal.
fn effects(bench: &Bench) -> Vec<Identifier> {
    let entries = bench.store.read(&stack()).unwrap().journal.unwrap();
    let named = |entry: &Entry| match entry {
        Entry::Effect { identifier, .. } => Some(identifier.clone()),
        _ => None,
    };
    entries.iter().filter_map(named).collect()
}

#[test]
fn recovery_refuses_a_second_object_of_an_update() {
    run(async {
        let (bench, named) = (Bench::new(), Arc::new(Mutex::new(None)));
        bench.reach(&topic("one")).await;
        let engine = |answer| {
            let (inner, cancel) = (bench.sandbox.clone(), CancellationToken::new());
            let cloud =
                Replacing { inner, answer, cancel: cancel.clone(), named: Arc::clone(&named) };
            rstack_apply::Engine { cancel, ..bench.engine_on(Arc::new(cloud)) }
        };
        {
            let (engine, locked) = (engine(Answer::Pending), bench.lock());
            let state = bench.recovered(&engine, &locked).await;
            let plan = bench.planned(&engine, &state, &topic("two")).await;
            let options = ApplyOptions { rollback: true };
            let outcome = engine.apply(&locked, &plan, &bench.parameters, options).await.unwrap();
            assert_eq!(outcome.end, RunEnd::Interrupted);
            assert!(outcome.open.is_some(), "it is left open");
        }
        let second = named.lock().unwrap().clone().unwrap().identifier;
        assert_eq!(effects(&bench), std::slice::from_ref(&second));
        for _ in 0..2 {
            let locked = bench.lock();
            let refused = engine(Answer::Another).recover(&locked, &bench.parameters).await;
            let Err(ApplyError::Recover(RecoverError::Ambiguous { why, .. })) = refused else {
                panic!("{refused:?}")
            };
            assert!(why.contains("another") && why.contains(&second.to_string()), "{why}");
            assert_eq!(effects(&bench), std::slice::from_ref(&second), "the journal can be folded");
        }
        {
            let locked = bench.lock();
            let recovered = engine(Answer::Named).recover(&locked, &bench.parameters).await;
            let state = recovered.unwrap().unwrap();
            assert_eq!(state.resources["T"].identifier, second);
            assert_eq!(state.deposed.len(), 1, "the object before it is known");
        }
        bench.check_known();
        bench.reach(&Wanted::Nothing).await;
        assert!(bench.existing().is_empty());
    });
}

/// The remaining calls of a create are made by an update, which may not name another object either.
#[test]
fn recovery_refuses_a_second_object_of_a_create() {
    let bench = Bench::new();
    run(async {
        let crash = Crash::new(2, Side::Before, false);
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), crash.clone()));
        assert!(crash.during(bench.apply(&engine, &topic("one"), true)).await.is_none());
    });
    run(async {
        let first = effects(&bench);
        assert_eq!(first.len(), 1, "the object was named, and not waited for");
        let (inner, cancel, named) =
            (bench.sandbox.clone(), CancellationToken::new(), Arc::default());
        let cloud = Replacing { inner, answer: Answer::Pending, cancel, named };
        {
            let locked = bench.lock();
            let engine = bench.engine_on(Arc::new(cloud));
            let refused = engine.recover(&locked, &bench.parameters).await;
            let Err(ApplyError::Recover(RecoverError::Ambiguous { .. })) = refused else {
                panic!("{refused:?}")
            };
        }
        assert_eq!(effects(&bench), first, "the journal can be folded");
        let calls = Arc::new(Calls::default());
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), calls.clone()));
        let locked = bench.lock();
        let state = bench.recovered(&engine, &locked).await;
        assert_eq!(state.resources["T"].identifier, first[0]);
        assert!(calls.of("create").is_empty());
    });
}
