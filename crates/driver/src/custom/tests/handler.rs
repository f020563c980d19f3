//! A scripted handler: what was delivered to it, and what it answers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll as TaskPoll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::state::Environment;
use rstack_model::{
    AccountId, Cursor, Identifier, KnownMap, KnownValue, Partition, PhysicalId, Region,
    ResourceType, SecretString, StackName, Token,
};
use serde_json::{Value as Json, json};

use crate::custom::{CustomResource, CustomTransport, Delivery, HandlerArn, ResponseKey};
use crate::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, Object, OperationKind, Poll, Removal,
    SinkError, UpdateRequest,
};

pub(super) const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:handler";
pub(super) const TYPE: &str = "Custom::Thing";

/// The answer to a delivery.
pub(super) enum Answer {
    /// These members beside those that name the request; `null` takes one away.
    Says(Json),
    /// These bytes.
    Bytes(Vec<u8>),
    /// None.
    Nothing,
    /// The delivery fails like this.
    Undelivered(DriverError),
}

/// The handler and the box of its responses.
#[derive(Default)]
pub(super) struct Handler {
    answers: Mutex<VecDeque<Answer>>,
    /// The requests that were delivered.
    pub(super) delivered: Mutex<Vec<Json>>,
    pub(super) responses: Mutex<Vec<(String, Vec<u8>)>>,
    pub(super) time: AtomicU64,
    /// The lines of its log.
    pub(super) log: Mutex<Vec<String>>,
    /// The reason for which it cannot take the next request yet.
    pub(super) unready: Mutex<Option<DriverError>>,
    /// The order of what was made durable and what was delivered.
    pub(super) journal: Mutex<Vec<String>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handler {
    pub(super) fn answering(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let handler = Self::default();
        lock(&handler.answers).extend(answers);
        Arc::new(handler)
    }

    pub(super) fn driver(self: &Arc<Self>) -> CustomResource {
        let transport = Arc::clone(self) as Arc<dyn CustomTransport>;
        CustomResource::new(ResourceType::from(TYPE), transport)
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.time.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(super) fn put(&self, token: &str, response: &Json) {
        lock(&self.responses).push((token.to_owned(), response.to_string().into_bytes()));
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.delivered).len()
    }

    pub(super) fn last(&self) -> Json {
        lock(&self.delivered).last().cloned().unwrap_or_default()
    }
}

/// The response to a request, with these members.
pub(super) fn response(request: &Json, says: &Json) -> Json {
    let mut response = json!({
        "Status": "SUCCESS",
        "PhysicalResourceId": "thing-1",
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": request["LogicalResourceId"],
    });
    for (name, value) in says.as_object().into_iter().flatten() {
        let members = response.as_object_mut().unwrap();
        match value {
            Json::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    response
}

#[async_trait]
impl CustomTransport for Handler {
    async fn environment(&self) -> Result<Environment, DriverError> {
        Ok(Environment {
            account: AccountId::from("111122223333"),
            partition: Partition::from("aws"),
            region: Region::from("eu-west-1"),
            sandbox: false,
        })
    }

    fn now(&self) -> u64 {
        1000 + self.time.load(Ordering::Relaxed)
    }

    async fn ready(&self, _: &HandlerArn, _: &Token) -> Result<(), DriverError> {
        lock(&self.unready).take().map_or(Ok(()), Err)
    }

    async fn bucket(&self) -> Result<Option<String>, DriverError> {
        Ok(Some("box".to_owned()))
    }

    async fn log_tail(&self, _: &HandlerArn, since: u64, _: &Token) -> Vec<String> {
        assert!(since >= 1000, "{since}");
        lock(&self.log).clone()
    }

    async fn url(
        &self,
        key: ResponseKey<'_>,
        valid: Duration,
    ) -> Result<SecretString, DriverError> {
        let ResponseKey { bucket, token } = key;
        let bucket = bucket.unwrap_or_default();
        let url = format!("https://{bucket}.example/{token}?seconds={}", valid.as_secs());
        Ok(SecretString::new(url))
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError> {
        let request: Json = serde_json::from_str(delivery.body.expose()).unwrap();
        let answer = lock(&self.answers).pop_front().unwrap_or(Answer::Says(json!({})));
        if let Answer::Undelivered(error) = answer {
            if error.kind == crate::ErrorKind::UnknownOutcome {
                lock(&self.delivered).push(request);
            }
            return Err(error);
        }
        let bytes = match &answer {
            Answer::Says(says) => Some(response(&request, says).to_string().into_bytes()),
            Answer::Bytes(bytes) => Some(bytes.clone()),
            Answer::Nothing | Answer::Undelivered(_) => None,
        };
        lock(&self.delivered).push(request);
        lock(&self.journal).push("delivered".to_owned());
        if let Some(bytes) = bytes {
            lock(&self.responses).push((delivery.token.to_string(), bytes));
        }
        Ok(())
    }

    async fn response(&self, key: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError> {
        assert_eq!(key.bucket, Some("box"));
        let token = key.token;
        // A later response takes the place of an earlier one, as in a bucket.
        let responses = lock(&self.responses);
        let found = responses.iter().rev().find(|(of, _)| of == token.as_str());
        Ok(found.map(|(_, bytes)| bytes.clone()))
    }

    async fn discard(&self, token: &Token) -> Result<(), DriverError> {
        lock(&self.responses).retain(|(of, _)| of != token.as_str());
        Ok(())
    }
}

/// A sink that keeps the last cursor.
pub(super) struct Durable<'a> {
    pub(super) handler: &'a Handler,
    pub(super) cursor: Mutex<Option<Cursor>>,
}

impl<'a> Durable<'a> {
    pub(super) fn new(handler: &'a Handler) -> Self {
        Self { handler, cursor: Mutex::default() }
    }
}

#[async_trait]
impl EffectSink for Durable<'_> {
    async fn created(&self, _: &Identifier, _: &PhysicalId) -> Result<(), SinkError> {
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn begins(&self, cursor: &Cursor) -> Result<(), SinkError> {
        let refused = if cursor.as_str().contains("refused") { "refused" } else { "begins" };
        lock(&self.handler.journal).push(refused.to_owned());
        *lock(&self.cursor) = Some(cursor.clone());
        Ok(())
    }

    fn begun(&self) -> Option<Cursor> {
        lock(&self.cursor).clone()
    }
}

pub(super) fn known(json: Json) -> KnownMap {
    let KnownValue::Map(map) = KnownValue::from_json(json) else { panic!("not a map") };
    map
}

pub(super) fn create(properties: Json) -> CreateRequest {
    let mut properties = known(properties);
    properties.entry("ServiceToken".to_owned()).or_insert_with(|| FUNCTION.into());
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "Thing".into(),
        token: Token::from("request-1"),
        properties,
        absence_proven: false,
        begun: None,
    }
}

pub(super) fn update(object: &Object, prior: Json, properties: Json) -> UpdateRequest {
    UpdateRequest {
        identifier: object.identifier.clone(),
        token: Token::from("request-2"),
        prior: create(prior).properties,
        properties: create(properties).properties,
    }
}

pub(super) fn delete(object: &Object) -> DeleteRequest {
    DeleteRequest {
        identifier: object.identifier.clone(),
        token: Token::from("request-3"),
        prior: create(json!({"A": 1})).properties,
        removal: Removal::Recoverable,
    }
}

pub(super) fn poll(
    kind: OperationKind,
    token: &str,
    cursor: &Cursor,
    identifier: Option<&Identifier>,
) -> Poll {
    Poll {
        kind,
        cursor: cursor.clone(),
        identifier: identifier.cloned(),
        token: Token::from(token),
        declared: create(json!({})).properties,
    }
}

/// The output of a future that waits for nothing.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        TaskPoll::Ready(output) => output,
        TaskPoll::Pending => panic!("it waits"),
    }
}
