//! The driver of one type behind Cloud Control.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use rstack_catalog::TypeSchema;
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Object,
    Observed, OperationKind, Pending, Poll, Request, ResourceDriver, SinkError, Step,
    UpdateRequest,
};
use rstack_model::{Digest, Identifier, KnownMap, KnownValue, Token};

use super::cursor::RequestCursor;
use super::event::{Event, Progress};
use super::object::{self, declared_identifier, model, object};
use super::patch::patch;
use super::{desired, find};
use crate::api::Api;
use crate::mapping::json_text;

/// The shortest and the longest time between two questions.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(30);
/// The time in seconds for which an object that was just created may not be found.
const APPEARS_WITHIN: u64 = 120;
/// The most requests of one deletion, which may fail for a reason that passes, such as an object
/// that is still in use.
const DELETIONS: u32 = 6;

/// The driver of one resource type.
pub(crate) struct CloudControl {
    pub(super) api: Arc<dyn Api>,
    pub(super) schema: Arc<TypeSchema>,
}

impl CloudControl {
    /// The name of the driver in states.
    pub(crate) const NAME: &'static str = "cloud-control";

    /// The driver of the type; `None` if Cloud Control cannot serve it.
    pub(crate) fn of(api: Arc<dyn Api>, schema: Arc<TypeSchema>) -> Option<Self> {
        schema.unserved_by_cloud_control().is_none().then_some(Self { api, schema })
    }

    /// The time by the service's clock, in seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        self.api.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// The input that names an object, or only the type.
    pub(super) fn input(&self, identifier: Option<&Identifier>) -> KnownMap {
        let mut input = KnownMap::from([("TypeName".to_owned(), self.schema.name().into())]);
        let identifier = identifier.map(|identifier| identifier.to_string().into());
        input.extend(identifier.map(|text: KnownValue| ("Identifier".to_owned(), text)));
        input
    }

    /// The model of an object; `None` if there is no such object.
    pub(super) async fn look(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<KnownMap>, DriverError> {
        let answer = self.api.call_if_exists("GetResource", self.input(Some(identifier))).await?;
        answer.map(|answer| model(&answer, "cloudcontrolapi:GetResource")).transpose()
    }

    /// The object with this identifier; `None` if there is none.
    pub(super) async fn object(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Option<Object>, DriverError> {
        let model = self.look(identifier).await?;
        Ok(model.map(|model| object(&self.schema, identifier.clone(), model, declared)))
    }

    /// The call that begins a creation. It may be made again as long as its token is valid.
    pub(super) async fn send_create(&self, request: &CreateRequest) -> Result<Event, DriverError> {
        let properties = desired::sent(&self.schema, &request.properties);
        let mut input = self.input(None);
        input.insert("DesiredState".to_owned(), written(&properties.into())?);
        input.insert("ClientToken".to_owned(), request.token.as_str().into());
        let answer = self.api.call("CreateResource", input).await?;
        Event::of(&answer, action(OperationKind::Create))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let absent = request.absence_proven || self.prove_absence(request, effects).await?;
        let cursor = RequestCursor { sent: self.now(), absent, ..RequestCursor::default() };
        // A request that is sent again keeps the time of the first: the token's time runs from it.
        let cursor = request.begun.as_ref().and_then(RequestCursor::parse).unwrap_or(cursor);
        if request.begun.is_none() {
            effects.begins(&cursor.cursor()).await.map_err(not_durable)?;
        }
        let event = self.send_create(request).await?;
        self.step(OperationKind::Create, &cursor, event, None, &request.properties).await
    }

    /// Makes durable that nothing has the identifier that a template chose. False if the service
    /// chooses it, or cannot tell.
    async fn prove_absence(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<bool, DriverError> {
        let Some(identifier) = declared_identifier(&self.schema, &request.properties) else {
            return Ok(false);
        };
        match self.look(&identifier).await {
            Ok(None) => {
                effects.absent().await.map_err(not_durable)?;
                Ok(true)
            }
            Ok(Some(_)) => {
                let message = format!("`{identifier}` exists already");
                let operation = action(OperationKind::Create);
                Err(DriverError::new(ErrorKind::AlreadyExists, operation, message))
            }
            // Some read handlers refuse an object whose parent is not there.
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::Invalid { .. } | ErrorKind::Unsupported | ErrorKind::Conflict
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Step, DriverError> {
        let identifier = &request.identifier;
        let operation = action(OperationKind::Update);
        let Some(current) = self.look(identifier).await? else {
            let message = format!("`{identifier}` does not exist");
            return Err(DriverError::new(ErrorKind::NotFound, operation, message));
        };
        let desired = desired::sent(&self.schema, &request.properties);
        let prior = desired::sent(&self.schema, &request.prior);
        let Some(patch) = patch(&self.schema, &current, &prior, &desired) else {
            let object = object(&self.schema, identifier.clone(), current, &request.properties);
            return Ok(Step::made(object));
        };
        let text = written(&patch)?;
        let mut input = self.input(Some(identifier));
        input.insert("ClientToken".to_owned(), update_token(&request.token, &text).into());
        input.insert("PatchDocument".to_owned(), text);
        let sent = self.now();
        let answer = self.api.call("UpdateResource", input).await?;
        let event = Event::of(&answer, operation)?;
        let cursor = RequestCursor { sent, ..RequestCursor::default() };
        let declared = &request.properties;
        self.step(OperationKind::Update, &cursor, event, Some(identifier), declared).await
    }

    async fn delete(
        &self,
        identifier: &Identifier,
        token: &Token,
        cursor: &RequestCursor,
    ) -> Result<Step, DriverError> {
        let mut input = self.input(Some(identifier));
        // A request with the token of one that failed is answered with that failure.
        let token = match cursor.attempt {
            0 => token.to_string(),
            attempt => format!("{token}-{attempt}"),
        };
        input.insert("ClientToken".to_owned(), token.into());
        let answer = match self.api.call("DeleteResource", input).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Step::Done(Finish::Gone)),
            answer => answer?,
        };
        let kind = OperationKind::Delete;
        let event = Event::of(&answer, action(kind))?;
        self.step(kind, cursor, event, Some(identifier), &KnownMap::new()).await
    }

    /// The step that an event stands for. `told` is the object, as far as the engine knows it.
    async fn step(
        &self,
        kind: OperationKind,
        cursor: &RequestCursor,
        event: Event,
        told: Option<&Identifier>,
        declared: &KnownMap,
    ) -> Result<Step, DriverError> {
        match (event.progress, kind) {
            (Progress::Going, _) => Ok(Step::Pending(self.going(kind, cursor, &event))),
            (Progress::Succeeded, OperationKind::Delete) => Ok(Step::Done(Finish::Gone)),
            (Progress::Succeeded, OperationKind::Create | OperationKind::Update) => {
                self.succeeded(kind, cursor, &event, told, declared).await
            }
            (Progress::Failed, OperationKind::Delete) => Ok(self.undeleted(cursor, &event)),
            (Progress::Failed, OperationKind::Create) if told.is_none() => {
                self.uncreated(cursor, &event, declared).await
            }
            (Progress::Failed, OperationKind::Create) => Ok(failed(event.error(action(kind)))),
            // A change may be requested again, whatever it has changed.
            (Progress::Failed, OperationKind::Update) => {
                Ok(unmade(&event, event.error(action(kind))))
            }
        }
    }

    /// The step of a request that goes on. It is asked for again when the event says so; else after
    /// a quarter of the time since it was sent, so that the waits grow.
    pub(super) fn going(
        &self,
        kind: OperationKind,
        cursor: &RequestCursor,
        event: &Event,
    ) -> Pending {
        let now = self.now();
        let wait = match event.retry_after {
            Some(time) => Duration::from_secs(time.saturating_sub(now)),
            None => Duration::from_secs(now.saturating_sub(cursor.sent) / 4),
        };
        Pending {
            object: None,
            usable: false,
            cursor: cursor.answered(event.request.clone()).cursor(),
            repeatable: false,
            waits_for: format!("its {} to be complete", noun(kind)),
            ask_again_in: wait.clamp(SOONEST, LATEST),
        }
    }

    async fn succeeded(
        &self,
        kind: OperationKind,
        cursor: &RequestCursor,
        event: &Event,
        told: Option<&Identifier>,
        declared: &KnownMap,
    ) -> Result<Step, DriverError> {
        let operation = action(kind);
        let named = || {
            let text = event.identifier.as_deref()?;
            Some(object::identifier(&self.schema, text, declared))
        };
        let Some(identifier) = told.cloned().or_else(named) else {
            let message = "the request succeeded and names no object";
            return Err(DriverError::new(ErrorKind::UnknownOutcome, operation, message));
        };
        if let Some(object) = self.object(&identifier, declared).await? {
            return Ok(Step::made(object));
        }
        let message = format!("`{identifier}` is not found, although the request succeeded");
        if !self.is_past(cursor) {
            return Err(DriverError::new(ErrorKind::DependencyNotReady, operation, message));
        }
        Ok(failed(DriverError::new(ErrorKind::NotFound, operation, message)))
    }

    /// True if what a request has made is visible everywhere.
    pub(super) fn is_past(&self, cursor: &RequestCursor) -> bool {
        self.now().saturating_sub(cursor.sent) >= APPEARS_WITHIN
    }

    /// The step of a creation that failed. An object that it has left behind is named first, if it
    /// is certain that nothing else can have made it.
    async fn uncreated(
        &self,
        cursor: &RequestCursor,
        event: &Event,
        declared: &KnownMap,
    ) -> Result<Step, DriverError> {
        let mut error = event.error(action(OperationKind::Create));
        // What is not found while an object is made is something that it refers to.
        if error.kind == ErrorKind::NotFound {
            error.kind = ErrorKind::DependencyNotReady;
        }
        let Some(text) = event.identifier.as_deref().filter(|_| !event.has_code("AlreadyExists"))
        else {
            return Ok(unmade(event, error));
        };
        let identifier = object::identifier(&self.schema, text, declared);
        let chosen = declared_identifier(&self.schema, declared).is_some();
        let left = match self.object(&identifier, declared).await {
            Ok(left) => left,
            Err(unread) if unread.is_retryable() => return Err(unread),
            Err(_) => return Ok(failed(error)),
        };
        let Some(object) = left else { return Ok(unmade(event, error)) };
        if chosen && !cursor.absent {
            let message = format!(
                "{}; `{identifier}` exists, and rstack leaves it alone: it cannot tell whether this \
                 request made it",
                error.message
            );
            return Ok(failed(DriverError { message, ..error }));
        }
        Ok(Step::Pending(Pending {
            object: Some(Box::new(object)),
            ask_again_in: Duration::ZERO,
            ..self.going(OperationKind::Create, cursor, event)
        }))
    }

    /// The step of a deletion that failed: for a reason that passes, it is requested again.
    fn undeleted(&self, cursor: &RequestCursor, event: &Event) -> Step {
        if event.has_code("NotFound") {
            return Step::Done(Finish::Gone);
        }
        let error = event.error(action(OperationKind::Delete));
        let attempt = cursor.attempt + 1;
        if !error.is_retryable() || attempt >= DELETIONS {
            return failed(error);
        }
        let next = RequestCursor { sent: self.now(), attempt, ..RequestCursor::default() };
        Step::Pending(Pending {
            object: None,
            usable: false,
            cursor: next.cursor(),
            repeatable: false,
            waits_for: format!("another attempt to delete it: {}", error.message),
            ask_again_in: Duration::from_secs(2u64.saturating_pow(attempt)).clamp(SOONEST, LATEST),
        })
    }
}

/// The action of an operation, as errors name it.
pub(super) fn action(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "cloudcontrolapi:CreateResource",
        OperationKind::Update => "cloudcontrolapi:UpdateResource",
        OperationKind::Delete => "cloudcontrolapi:DeleteResource",
    }
}

fn noun(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "creation",
        OperationKind::Update => "update",
        OperationKind::Delete => "deletion",
    }
}

fn failed(error: DriverError) -> Step {
    Step::Done(Finish::Failed(Box::new(error)))
}

/// The step of a request that failed and has made nothing. It is made anew if the reason may pass, as
/// CloudFormation does; a handler that has waited in vain for its object has waited long enough.
fn unmade(event: &Event, error: DriverError) -> Step {
    if error.is_retryable() && !event.has_code("NotStabilized") {
        return Step::Done(Finish::FailedForNow(Box::new(error)));
    }
    failed(error)
}

fn not_durable(error: SinkError) -> DriverError {
    let operation = action(OperationKind::Create);
    DriverError::new(ErrorKind::UnknownOutcome, operation, error.to_string())
}

/// A tree as the JSON text that the API takes.
fn written(tree: &KnownValue) -> Result<KnownValue, DriverError> {
    json_text(tree).ok_or_else(|| {
        let message = "the properties cannot be written as JSON";
        let kind = ErrorKind::Invalid { property: None };
        DriverError::new(kind, "cloudcontrolapi", message)
    })
}

/// The client token of an update. An update that is begun again may find an object that is changed
/// in part: its patch is another request, which the token of the first would refuse.
fn update_token(token: &Token, patch: &KnownValue) -> String {
    let digest = Digest::of(patch.expose_str().unwrap_or_default().as_bytes()).to_string();
    let end = digest.rsplit(':').next().unwrap_or_default();
    format!("{token}-{}", end.get(..16).unwrap_or(end))
}

#[async_trait]
impl ResourceDriver for CloudControl {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let object = self.object(identifier, declared).await?;
        Ok(object.map_or(Observed::Absent, Observed::Present))
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request, effects).await,
            Request::Update(request) => self.update(request).await,
            Request::Delete(DeleteRequest { identifier, token, .. }) => {
                let cursor = RequestCursor { sent: self.now(), ..RequestCursor::default() };
                self.delete(identifier, token, &cursor).await
            }
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        const STATUS: &str = "cloudcontrolapi:GetResourceRequestStatus";
        let unknown = || {
            let message = "the request is not known";
            DriverError::new(ErrorKind::NotFound, STATUS, message)
        };
        let cursor = RequestCursor::parse(&poll.cursor).ok_or_else(unknown)?;
        let told = poll.identifier.as_ref();
        let Some(request) = &cursor.request else {
            return match (poll.kind, told) {
                (OperationKind::Delete, Some(identifier)) => {
                    self.delete(identifier, &poll.token, &cursor).await
                }
                (_, Some(identifier)) => {
                    let object = self.object(identifier, &poll.declared).await?;
                    Ok(object.map_or(Step::Done(Finish::Gone), Step::made))
                }
                (_, None) => Err(unknown()),
            };
        };
        let input = KnownMap::from([("RequestToken".to_owned(), request.as_str().into())]);
        let answer = self.api.call("GetResourceRequestStatus", input).await?;
        let event = Event::of(&answer, STATUS)?;
        self.step(poll.kind, &cursor, event, told, &poll.declared).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        find::find(self, request).await
    }
}
