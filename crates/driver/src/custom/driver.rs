//! The driver of custom resources.
//!
//! A request is delivered once: its cursor is durable before that, and what was begun under a cursor is
//! followed and never delivered again. A handler has no read: the object is what the last response said.
//!
//! An object is identified by its physical ID, its logical ID and its stack, which together name it in
//! every request. Handlers may give two resources the same physical ID.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::{
    Cursor, Digest, Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath, ResourceType,
    Token, declaring_stack, stack_id,
};

use super::cursor::RequestCursor;
use super::request::{body, service_timeout};
use super::response::{Answered, Response, ResponseError};
use super::{
    CustomTransport, Delivery, HandlerArn, MAX_TIMEOUT, MIN_TIMEOUT, RequestType, ResponseKey,
    SERVICE_TIMEOUT, SERVICE_TOKEN,
};
use crate::{
    CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, HandlerFailure, Object,
    Observed, OperationKind, Pending, Poll, Request, ResourceDriver, SinkError, Step,
};

/// The time for which a response is accepted after its time limit, in seconds.
const GRACE: u64 = 300;

/// The lines of a handler's log that an error shows.
const LOG_LINES: usize = 10;

/// The words in a URL that lets its holder answer a request.
const SIGNATURES: [&str; 3] = ["X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential"];

/// The driver of one type of custom resources.
pub struct CustomResource {
    resource_type: ResourceType,
    pub(super) transport: Arc<dyn CustomTransport>,
}

/// A request that is going to be sent.
pub(super) struct Call<'a> {
    pub(super) request_type: RequestType,
    pub(super) token: &'a Token,
    /// The stack and the logical ID.
    pub(super) subject: (String, String),
    pub(super) physical_id: Option<String>,
    pub(super) properties: &'a KnownMap,
    pub(super) old: Option<&'a KnownMap>,
    begun: Option<Cursor>,
}

impl CustomResource {
    /// The name of the driver in states.
    pub const NAME: &'static str = "custom";

    /// The driver of a type, which sends its requests this way.
    pub fn new(resource_type: ResourceType, transport: Arc<dyn CustomTransport>) -> Self {
        Self { resource_type, transport }
    }

    fn error(&self, request: RequestType, kind: ErrorKind, message: String) -> DriverError {
        DriverError::new(kind, format!("{} of {}", request.name(), self.resource_type), message)
    }

    /// An error about a property.
    pub(super) fn invalid(
        &self,
        request: RequestType,
        property: &str,
        message: String,
    ) -> DriverError {
        let property = Some(PropertyPath::root().name(property));
        self.error(request, ErrorKind::Invalid { property }, message)
    }

    async fn send(&self, call: Call<'_>, effects: &dyn EffectSink) -> Result<Step, DriverError> {
        let begun = call.begun.as_ref().and_then(RequestCursor::parse);
        if call.begun.is_some() && begun.is_none() {
            let message = "the journal has the request in a form of another version".to_owned();
            return Err(self.error(call.request_type, ErrorKind::Unsupported, message));
        }
        if let Some(cursor) = begun.filter(|cursor| !cursor.refused) {
            // It may have been delivered under this cursor.
            return Ok(Step::Pending(self.waiting(&cursor, None)));
        }
        if let Some(done) = self.built_in(&call).await {
            return done;
        }
        let request = call.request_type;
        let handler = self.handler(&call)?;
        let limit = service_timeout(call.properties).map_err(|text| {
            let rule = format!("a whole number of seconds from {MIN_TIMEOUT} to {MAX_TIMEOUT}");
            self.invalid(request, SERVICE_TIMEOUT, format!("`{text}` is not {rule}"))
        })?;
        let ready = self.transport.ready(&handler, call.token).await;
        ready.map_err(|error| self.undelivered(request, error))?;
        let bucket = self.transport.bucket().await;
        let bucket = bucket.map_err(|error| self.undelivered(request, error))?;
        let key = ResponseKey { bucket: bucket.as_deref(), token: call.token };
        let url = self.transport.url(key, Duration::from_secs(limit + GRACE)).await;
        let url = url.map_err(|error| self.undelivered(request, error))?;
        let (sent, (stack, resource)) = (self.transport.now(), call.subject);
        let until = sent.saturating_add(limit);
        let refused = false;
        let cursor = RequestCursor { request, stack, resource, bucket, sent, until, refused };
        let mut delivery = Delivery {
            handler,
            token: call.token.clone(),
            body: rstack_model::SecretString::new(String::new()),
            request_type: request,
            resource_type: self.resource_type.clone(),
            stack_id: cursor.stack.clone(),
            logical_id: cursor.resource.clone(),
            physical_id: call.physical_id,
            properties: call.properties.clone(),
            wanted: effects.wanted_attributes(),
        };
        delivery.body = body(&delivery, &url, call.old);
        let not_durable =
            |error: SinkError| self.error(request, ErrorKind::UnknownOutcome, error.to_string());
        effects.begins(&cursor.cursor()).await.map_err(not_durable)?;
        match self.transport.deliver(&delivery).await {
            Ok(()) => Ok(Step::Pending(self.waiting(&cursor, None))),
            // It may be with the handler: its response is waited for.
            Err(error)
                if matches!(error.kind, ErrorKind::UnknownOutcome | ErrorKind::Transient) =>
            {
                Ok(Step::Pending(self.waiting(&cursor, None)))
            }
            Err(error) => {
                let refused = RequestCursor { refused: true, ..cursor };
                effects.begins(&refused.cursor()).await.map_err(not_durable)?;
                Err(self.undelivered(request, error))
            }
        }
    }

    /// The handler of a request. It stays the same as long as the object exists.
    fn handler(&self, call: &Call<'_>) -> Result<HandlerArn, DriverError> {
        let token = |of: &KnownMap| {
            of.get(SERVICE_TOKEN).and_then(KnownValue::expose_str).map(str::to_owned)
        };
        let refused =
            |message: &str| self.invalid(call.request_type, SERVICE_TOKEN, message.to_owned());
        let now = token(call.properties);
        if call.old.is_some_and(|old| token(old) != now) {
            return Err(refused(
                "`ServiceToken` cannot be changed: the handler that made the object is asked to \
                 change and delete it",
            ));
        }
        let handler = now.as_deref().and_then(HandlerArn::parse);
        handler.ok_or_else(|| {
            refused("`ServiceToken` is not the ARN of a Lambda function or of an SNS topic")
        })
    }

    /// The error of a request that was not delivered, in no kind that says something of the object.
    fn undelivered(&self, request: RequestType, error: DriverError) -> DriverError {
        let kind = match error.kind {
            ErrorKind::NotFound => {
                ErrorKind::Invalid { property: Some(PropertyPath::root().name(SERVICE_TOKEN)) }
            }
            ErrorKind::AlreadyExists => ErrorKind::Conflict,
            // Nothing was sent, and it is tried again.
            ErrorKind::Transient | ErrorKind::UnknownOutcome => ErrorKind::DependencyNotReady,
            other => other,
        };
        let message = match error.retry_after {
            Some(_) => error.message,
            None => format!("the request was not delivered: {}", error.message),
        };
        let DriverError { operation, retry_after, .. } = error;
        DriverError { operation, retry_after, ..self.error(request, kind, message) }
    }

    fn waiting(&self, cursor: &RequestCursor, object: Option<Object>) -> Pending {
        let waited = Duration::from_secs(self.transport.now().saturating_sub(cursor.sent));
        Pending {
            ask_again_in: match object {
                Some(_) => Duration::ZERO,
                None => self.transport.pace(waited),
            },
            object: object.map(Box::new),
            usable: false,
            cursor: cursor.cursor(),
            repeatable: false,
            waits_for: format!("the handler's response to the {} request", cursor.request.name()),
        }
    }

    fn object(
        &self,
        cursor: &RequestCursor,
        physical_id: String,
        declared: &KnownMap,
        attributes: KnownMap,
    ) -> Object {
        Object {
            identifier: identifier(&physical_id, &cursor.resource, &cursor.stack),
            physical_id: PhysicalId::new(physical_id),
            properties: declared.clone(),
            attributes,
        }
    }

    async fn response(
        &self,
        cursor: &RequestCursor,
        token: &Token,
    ) -> Result<Option<Vec<u8>>, DriverError> {
        self.transport.response(cursor.key(token)).await.map_err(|error| match error.kind {
            // It says nothing of the object, nor of the request.
            ErrorKind::NotFound | ErrorKind::Unsupported | ErrorKind::AlreadyExists => {
                DriverError { kind: ErrorKind::Conflict, ..error }
            }
            _ => error,
        })
    }

    /// The end of a request that was answered.
    fn answered(&self, cursor: &RequestCursor, poll: &Poll, bytes: &[u8]) -> Step {
        let to = Answered {
            stack_id: &cursor.stack,
            request_id: poll.token.as_str(),
            logical_id: &cursor.resource,
        };
        let response = Response::parse(bytes, to);
        let (physical_id, data) = match (response, cursor.request) {
            (Ok(Response::Success { .. }), RequestType::Delete) => return Step::Done(Finish::Gone),
            (Ok(Response::Success { physical_id: Some(id), data }), _) => (id, data),
            (Ok(Response::Success { physical_id: None, data }), RequestType::Update) => {
                (poll.identifier.as_ref().map_or("", Identifier::only).to_owned(), data)
            }
            (Ok(Response::Success { physical_id: None, .. }), RequestType::Create) => {
                return self.malformed(cursor, poll, None, &ResponseError::NoPhysicalId);
            }
            (Ok(Response::Failed { physical_id, reason }), _) => {
                return self.failed(cursor, poll, physical_id, (HandlerFailure::Reported, reason));
            }
            (Ok(Response::Malformed { physical_id, error }), _) => {
                return self.malformed(cursor, poll, physical_id, &error);
            }
            (Err(error), _) => return self.malformed(cursor, poll, None, &error),
        };
        Step::made(self.object(cursor, physical_id, &poll.declared, data))
    }

    /// The step of a request that failed. What a create may have left is deleted under the physical ID of
    /// its response, or under one that follows from the request: it is reported first.
    fn failed(
        &self,
        cursor: &RequestCursor,
        poll: &Poll,
        physical_id: Option<String>,
        (failure, reason): (HandlerFailure, String),
    ) -> Step {
        if cursor.request == RequestType::Create && poll.identifier.is_none() {
            let physical_id = physical_id.unwrap_or_else(|| unnamed(cursor, &poll.token));
            let object = self.object(cursor, physical_id, &poll.declared, KnownMap::new());
            return Step::Pending(self.waiting(cursor, Some(object)));
        }
        let kind = ErrorKind::Handler(failure);
        Step::Done(Finish::Failed(Box::new(self.error(cursor.request, kind, reason))))
    }

    /// The step of a request whose response breaks the contract.
    fn malformed(
        &self,
        cursor: &RequestCursor,
        poll: &Poll,
        physical_id: Option<String>,
        error: &ResponseError,
    ) -> Step {
        self.failed(cursor, poll, physical_id, (HandlerFailure::Response, error.to_string()))
    }

    /// The end of a request without a response in time. The outcome of a create is ambiguous.
    async fn unanswered(&self, cursor: &RequestCursor, poll: &Poll) -> Result<Step, DriverError> {
        match (cursor.request, &poll.identifier) {
            (RequestType::Create, Some(said)) => {
                // The user has said that it made this object.
                let physical_id = said.only().to_owned();
                let none = KnownMap::new();
                Ok(Step::made(self.object(cursor, physical_id, &poll.declared, none)))
            }
            (RequestType::Create, None) => Err(self.silent(cursor, poll).await),
            (RequestType::Update | RequestType::Delete, _) => {
                Ok(Step::Done(Finish::Failed(Box::new(self.silent(cursor, poll).await))))
            }
        }
    }

    /// The error of a request without a response in time.
    async fn silent(&self, cursor: &RequestCursor, poll: &Poll) -> DriverError {
        let (limit, log) = (seconds(cursor.limit()), log_of(&poll.declared));
        let tail = self.log_tail(cursor, poll).await;
        let message = format!("the handler did not respond within {limit}; see {log}{tail}");
        self.error(cursor.request, ErrorKind::Handler(HandlerFailure::Silent), message)
    }

    /// The end of the handler's log, as a part of a message. The log of a request with secrets is not shown,
    /// nor a line with the URL of a response.
    async fn log_tail(&self, cursor: &RequestCursor, poll: &Poll) -> String {
        let token = poll.declared.get(SERVICE_TOKEN).and_then(KnownValue::expose_str);
        let Some(handler) = token.and_then(HandlerArn::parse) else { return String::new() };
        if poll.declared.values().any(has_secret) {
            return String::new();
        }
        let lines = self.transport.log_tail(&handler, cursor.sent, &poll.token).await;
        let shown: Vec<&str> = lines
            .iter()
            .map(|line| line.trim_end())
            .filter(|line| !line.is_empty() && !SIGNATURES.iter().any(|it| line.contains(it)))
            .collect();
        let shown = shown.get(shown.len().saturating_sub(LOG_LINES)..).unwrap_or_default();
        match shown.is_empty() {
            true => String::new(),
            false => format!("\nThe handler's log ends with:\n{}", shown.join("\n")),
        }
    }

    fn is_past(&self, cursor: &RequestCursor) -> bool {
        // Both are whole seconds, and it may have been sent at the end of one.
        self.transport.now() > cursor.until
    }

    /// The logical ID and stack in an identifier.
    fn subject(
        &self,
        request: RequestType,
        identifier: &Identifier,
    ) -> Result<(String, String), DriverError> {
        match identifier.parts() {
            [_, logical_id, stack_id] => Ok((stack_id.clone(), logical_id.clone())),
            _ => {
                let message =
                    format!("`{identifier}` does not name a custom resource: its stack is missing");
                Err(self.error(request, ErrorKind::Unsupported, message))
            }
        }
    }
}

/// A number of seconds in words.
fn seconds(number: u64) -> String {
    format!("{number} second{}", if number == 1 { "" } else { "s" })
}

/// The log of the handler in these properties, in words.
fn log_of(properties: &KnownMap) -> String {
    let token = properties.get(SERVICE_TOKEN).and_then(KnownValue::expose_str);
    match token.and_then(HandlerArn::parse).as_ref().and_then(HandlerArn::log_group) {
        Some(group) => format!("its log (`{group}`, unless the function has another log group)"),
        None => "its log".to_owned(),
    }
}

/// True if a value is a secret or has one in it.
fn has_secret(value: &KnownValue) -> bool {
    match value {
        KnownValue::Secret(_) => true,
        KnownValue::List(items) => items.iter().any(has_secret),
        KnownValue::Map(map) => map.values().any(has_secret),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) => {
            false
        }
    }
}

/// The identifier of an object.
pub(super) fn identifier(physical_id: &str, logical_id: &str, stack_id: &str) -> Identifier {
    Identifier::new([physical_id, logical_id, stack_id].map(str::to_owned))
}

/// The physical ID of a create whose response names none.
fn unnamed(cursor: &RequestCursor, token: &Token) -> String {
    let stack = cursor.stack.split('/').nth(1).unwrap_or_default();
    let unique = Digest::of(token.as_str().as_bytes());
    let unique = unique.as_str().get(..12).unwrap_or_default().to_ascii_uppercase();
    format!("{stack}-{}-{unique}", cursor.resource)
}

#[async_trait]
impl ResourceDriver for CustomResource {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    /// The object as it is recorded: a handler cannot be asked.
    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.subject(RequestType::Update, identifier)?;
        Ok(Observed::Present(Object {
            identifier: identifier.clone(),
            physical_id: PhysicalId::from(identifier.only()),
            properties: declared.clone(),
            attributes: KnownMap::new(),
        }))
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let call = match request {
            Request::Create(create) => {
                let environment = self.transport.environment().await;
                let environment =
                    environment.map_err(|error| self.undelivered(RequestType::Create, error))?;
                let stack = declaring_stack(&create.stack, &create.address);
                let logical_id = create.address.logical_id().to_owned();
                Call {
                    request_type: RequestType::Create,
                    token: &create.token,
                    subject: (stack_id(&environment, &stack), logical_id),
                    physical_id: None,
                    properties: &create.properties,
                    old: None,
                    begun: create.begun.clone().or_else(|| effects.begun()),
                }
            }
            Request::Update(update) => Call {
                request_type: RequestType::Update,
                token: &update.token,
                subject: self.subject(RequestType::Update, &update.identifier)?,
                physical_id: Some(update.identifier.only().to_owned()),
                properties: &update.properties,
                old: Some(&update.prior),
                begun: effects.begun(),
            },
            Request::Delete(delete) => Call {
                request_type: RequestType::Delete,
                token: &delete.token,
                subject: self.subject(RequestType::Delete, &delete.identifier)?,
                physical_id: Some(delete.identifier.only().to_owned()),
                properties: &delete.prior,
                old: None,
                begun: effects.begun(),
            },
            Request::DeleteWithSnapshot { .. } => return Err(Request::takes_no_snapshot()),
        };
        self.send(call, effects).await
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        if let Some(step) = self.poll_built_in(poll).await {
            return step;
        }
        let Some(cursor) = RequestCursor::parse(&poll.cursor) else {
            let request = match poll.kind {
                OperationKind::Create => RequestType::Create,
                OperationKind::Update => RequestType::Update,
                OperationKind::Delete => RequestType::Delete,
            };
            let message = "the request is not known".to_owned();
            return Err(self.error(request, ErrorKind::NotFound, message));
        };
        if cursor.refused {
            let kind = ErrorKind::Invalid { property: None };
            let message = "the request was not delivered".to_owned();
            let error = self.error(cursor.request, kind, message);
            return Ok(Step::Done(Finish::Failed(Box::new(error))));
        }
        match self.response(&cursor, &poll.token).await? {
            Some(bytes) => {
                let mut step = self.answered(&cursor, poll, &bytes);
                if let Step::Done(Finish::Failed(error)) = &mut step {
                    error.message.push_str(&self.log_tail(&cursor, poll).await);
                }
                Ok(step)
            }
            None if self.is_past(&cursor) => self.unanswered(&cursor, poll).await,
            None => Ok(Step::Pending(self.waiting(&cursor, None))),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let Some(begun) = &request.begun else { return Ok(Found::Absent) };
        let Some(cursor) = RequestCursor::parse(begun) else {
            let why = "the journal has the Create request in a form of another version".to_owned();
            return Ok(Found::Ambiguous { why });
        };
        if cursor.refused {
            return Ok(Found::Absent);
        }
        if self.is_past(&cursor) && self.response(&cursor, &request.token).await?.is_none() {
            let why = format!(
                "the handler was sent the Create request {} and did not respond within {}; {} tells \
                 whether it made something, and under which physical ID",
                request.token,
                seconds(cursor.limit()),
                log_of(&request.properties)
            );
            return Ok(Found::Ambiguous { why });
        }
        let waiting = self.waiting(&cursor, None);
        Ok(Found::Begun(Box::new(Pending { ask_again_in: Duration::ZERO, ..waiting })))
    }

    fn identify(&self, request: &CreateRequest, given: &Identifier) -> Identifier {
        let Some(cursor) = request.begun.as_ref().and_then(RequestCursor::parse) else {
            return given.clone();
        };
        // A physical ID may have a `|`, too.
        match given.parts() {
            [_, logical_id, stack_id]
                if *logical_id == cursor.resource && *stack_id == cursor.stack =>
            {
                given.clone()
            }
            _ => identifier(&given.to_string(), &cursor.resource, &cursor.stack),
        }
    }

    async fn recorded(&self, token: &Token) -> Result<(), DriverError> {
        self.transport.discard(token).await
    }
}
