//! The fake as a service, and operations that are followed to their end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rstack_catalog::Registry;
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Object,
    OperationKind, Poll, Removal, Request, ResourceDriver, SinkError, Step, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, PhysicalId, StackName, Token};
use serde_json::Value;

use crate::api::Api;
use crate::cloud_control::CloudControl;
use crate::test::fake::CloudControl as Fake;
use crate::test::fake::wire::plain_map;
use crate::test::scripted_api::known;

/// A type whose identifier the service chooses.
pub(super) const UNNAMED: &str = "AWS::SNS::Topic";
/// A type whose identifier the template chooses.
pub(super) const NAMED: &str = "AWS::Logs::LogGroup";
/// A type with a property that is never read.
pub(super) const SECRETIVE: &str = "AWS::RDS::DBInstance";

/// The fake, its calls, and the answers that are lost.
#[derive(Default)]
pub(super) struct Service {
    pub(super) fake: Mutex<Fake>,
    calls: Mutex<Vec<(&'static str, Value)>>,
    /// An operation whose next answer is lost, after it was carried out.
    lost: Mutex<Option<&'static str>>,
}

impl Service {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(super) fn driver(self: &Arc<Self>, type_name: &str) -> CloudControl {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        CloudControl::of(Arc::<Self>::clone(self), schema).unwrap()
    }

    /// The number of calls of an operation.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|(name, _)| *name == operation).count()
    }

    /// The input of the last call of an operation.
    pub(super) fn last(&self, operation: &str) -> Value {
        let calls = self.calls.lock().unwrap();
        calls.iter().rfind(|(name, _)| *name == operation).unwrap().1.clone()
    }

    pub(super) fn lose(&self, operation: &'static str) {
        *self.lost.lock().unwrap() = Some(operation);
    }

    /// Lets time pass, in which every request is carried out.
    pub(super) fn pass(&self, hours: u64) {
        self.fake.lock().unwrap().pass(hours);
    }

    /// Makes the next request of an operation fail with this code; `made` if its handler has done
    /// its work nevertheless.
    pub(super) fn fail(&self, operation: &'static str, code: &'static str, made: bool) {
        self.fake.lock().unwrap().failures.push_back((operation, code, made));
    }

    /// The identifiers of all objects.
    pub(super) fn objects(&self) -> Vec<String> {
        self.fake.lock().unwrap().objects.keys().map(|(_, id)| id.clone()).collect()
    }

    /// Changes the model of an object behind rstack's back.
    pub(super) fn change(
        &self,
        key: &(&'static str, String),
        change: impl FnOnce(&mut serde_json::Map<String, Value>),
    ) {
        let mut fake = self.fake.lock().unwrap();
        change(fake.objects.get_mut(key).unwrap().as_object_mut().unwrap());
    }

    pub(super) fn model(&self, type_name: &'static str, identifier: &str) -> Value {
        self.fake.lock().unwrap().objects[&(type_name, identifier.to_owned())].clone()
    }
}

#[async_trait]
impl Api for Service {
    async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        crate::test::scripted_api::assert_sendable(operation, &input);
        let plain = plain_map(&input);
        self.calls.lock().unwrap().push((operation, plain.clone()));
        let reply = self.fake.lock().unwrap().carry_out(operation, &plain);
        let lost = self.lost.lock().unwrap().take_if(|lost| *lost == operation).is_some();
        let name = format!("cloudcontrolapi:{operation}");
        if lost {
            return Err(DriverError::new(ErrorKind::UnknownOutcome, name, "no answer"));
        }
        reply.map(known).map_err(|refusal| refusal.error(&name))
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.fake.lock().unwrap().now)
    }
}

/// The records that were made durable, in order, each with the number of calls that had begun
/// something by then.
#[derive(Default)]
pub(super) struct Journal(pub(super) Mutex<Vec<String>>, pub(super) Mutex<Option<Cursor>>);

impl Journal {
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.1.lock().unwrap().clone()
    }
}

#[async_trait]
impl EffectSink for Journal {
    async fn created(&self, identifier: &Identifier, _: &PhysicalId) -> Result<(), SinkError> {
        self.0.lock().unwrap().push(format!("created {identifier}"));
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        self.0.lock().unwrap().push("absent".to_owned());
        Ok(())
    }

    async fn begins(&self, cursor: &Cursor) -> Result<(), SinkError> {
        self.0.lock().unwrap().push("begins".to_owned());
        *self.1.lock().unwrap() = Some(cursor.clone());
        Ok(())
    }
}

pub(super) fn creation(properties: Value) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: Token::from("11111111-2222-4333-8444-555555555555"),
        properties: known(properties),
        absence_proven: false,
        begun: None,
    }
}

pub(super) fn update(identifier: &Identifier, prior: Value, properties: Value) -> UpdateRequest {
    UpdateRequest {
        identifier: identifier.clone(),
        token: Token::from("22222222-2222-4333-8444-555555555555"),
        prior: known(prior),
        properties: known(properties),
    }
}

pub(super) fn deletion(identifier: &Identifier) -> DeleteRequest {
    DeleteRequest {
        identifier: identifier.clone(),
        token: Token::from("33333333-2222-4333-8444-555555555555"),
        prior: KnownMap::new(),
        removal: Removal::Recoverable,
    }
}

/// The end of an operation.
#[derive(Debug)]
pub(super) enum End {
    Object(Box<Object>),
    Gone,
    /// It failed; the object that it named before, if it did.
    Failed(DriverError, Option<Box<Object>>),
    /// It failed, has made nothing, and may be begun anew.
    FailedForNow(DriverError),
}

impl End {
    #[track_caller]
    pub(super) fn object(self) -> Object {
        match self {
            Self::Object(object) => *object,
            other => panic!("{other:?}"),
        }
    }
}

/// Follows an operation from its first step to its end, as the engine does.
pub(super) async fn follow(
    driver: &CloudControl,
    kind: OperationKind,
    request: (&Token, &KnownMap, Option<&Identifier>),
    mut at: Step,
) -> End {
    let (token, declared, identifier) = request;
    let mut poll = Poll {
        kind,
        cursor: Cursor::from(""),
        identifier: identifier.cloned(),
        token: token.clone(),
        declared: declared.clone(),
    };
    let mut named = None;
    for _ in 0..200 {
        let pending = match at {
            Step::Done(Finish::Object(object)) => return End::Object(object),
            Step::Done(Finish::Gone) => return End::Gone,
            Step::Done(Finish::Stabilized | Finish::Snapshotted(_)) => {
                panic!("the driver never says so")
            }
            Step::Done(Finish::Failed(error)) => return End::Failed(*error, named),
            Step::Done(Finish::FailedForNow(error)) => return End::FailedForNow(*error),
            Step::Pending(pending) => pending,
        };
        assert!(!pending.repeatable && !pending.usable);
        if let Some(object) = pending.object {
            poll.identifier = Some(object.identifier.clone());
            named = Some(object);
        }
        poll.cursor = pending.cursor;
        at = driver.poll(&poll).await.unwrap();
    }
    panic!("it never ends")
}

pub(super) async fn create(driver: &CloudControl, request: &CreateRequest) -> End {
    let step = driver.begin(&Request::Create(request.clone()), &Journal::default()).await.unwrap();
    let about = (&request.token, &request.properties, None);
    follow(driver, OperationKind::Create, about, step).await
}

pub(super) async fn change(driver: &CloudControl, request: &UpdateRequest) -> End {
    let step = driver.begin(&Request::Update(request.clone()), &Journal::default()).await.unwrap();
    let about = (&request.token, &request.properties, Some(&request.identifier));
    follow(driver, OperationKind::Update, about, step).await
}

pub(super) async fn delete(driver: &CloudControl, request: &DeleteRequest) -> End {
    let step = driver.begin(&Request::Delete(request.clone()), &Journal::default()).await.unwrap();
    let about = (&request.token, &request.prior, Some(&request.identifier));
    follow(driver, OperationKind::Delete, about, step).await
}
