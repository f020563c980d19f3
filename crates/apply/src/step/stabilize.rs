//! Following an operation that goes on in the cloud until it is complete, and recording it.

use std::time::Duration;

use rstack_driver::{
    DriverError, ErrorKind, Finish, Object, Observed, OperationKind, Pending, Poll, Step,
};
use rstack_journal::{Entry, FailedEffect, OperationId, Outcome, PolledKind};
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::Phase;
use rstack_model::state::{ObjectStatus, ResourceState};
use rstack_model::{Address, Cursor, Identifier, PhysicalId, Token};
use rstack_plan::Handler;

use super::{Context, Failure, Work, resource_state};
use crate::observe::without_secrets;
use crate::{StepError, Wait};

/// The shortest time between two questions, whatever a driver says: it bounds their number.
const SHORTEST: Duration = Duration::from_millis(100);

/// The time before the first question about an object that may be ready at once.
const FIRST: Duration = Duration::from_millis(250);

/// The longest pause that a driver asks for where an object may be ready at once: one that asks for more
/// knows that it takes long.
const BRIEF: Duration = Duration::from_secs(5);

/// The patience of one operation.
pub(crate) struct Patience {
    waited: Duration,
    limit: Duration,
}

impl Patience {
    /// A patience that ends after this time.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { waited: Duration::ZERO, limit }
    }

    /// The time to wait now, when the driver asks for this time.
    ///
    /// # Errors
    /// [`StepError::NotStabilized`] when it was waited long enough.
    pub(crate) fn wait(&mut self, wait: Duration, waits_for: &str) -> Result<Duration, StepError> {
        if self.waited >= self.limit {
            let waits_for = waits_for.to_owned();
            return Err(StepError::NotStabilized { within: self.limit, waits_for });
        }
        let wait = wait.min(self.limit - self.waited).max(SHORTEST);
        self.waited = self.waited.saturating_add(wait);
        Ok(wait)
    }

    /// The time to wait before an operation is polled. Much of what takes seconds on some days is
    /// complete at once on others: where the driver asks for a brief pause, the first questions come
    /// sooner, each after as much time as was waited before. An operation that is not repeatable has a
    /// request, and its service says when to ask for that.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub(crate) fn before_poll(
        &mut self,
        pending: &Pending,
        waits_for: &str,
    ) -> Result<Duration, StepError> {
        let asked = pending.ask_again_in;
        let brief = pending.repeatable && asked <= BRIEF;
        let wait = if brief { asked.min(self.waited.max(FIRST)) } else { asked };
        self.wait(wait, waits_for)
    }
}

/// True if an error says that the object itself failed, and not only that it is not yet known to
/// have stabilized.
fn tells_of_object(error: &StepError) -> bool {
    match error {
        StepError::Interrupted(_) | StepError::NotStabilized { .. } => false,
        StepError::Driver(error) => match error.kind {
            ErrorKind::Throttled
            | ErrorKind::AccessDenied { .. }
            | ErrorKind::Credentials
            | ErrorKind::Transient
            | ErrorKind::Unreachable
            | ErrorKind::UnknownOutcome => false,
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::DependencyNotReady
            | ErrorKind::Invalid { .. }
            | ErrorKind::Handler(_)
            | ErrorKind::Conflict
            | ErrorKind::Unsupported => true,
        },
        StepError::NoDriver(_)
        | StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::SecretAttribute(_)
        | StepError::SecretLost(_)
        | StepError::SecretInName(_)
        | StepError::NoAttribute(_)
        | StepError::NotGiven(_)
        | StepError::Reference(_)
        | StepError::ParameterName(_)
        | StepError::Secret { .. }
        | StepError::Parameter(_)
        | StepError::Digest(_)
        | StepError::OldParameter(_)
        | StepError::Ambiguous(_)
        | StepError::CreationTimeout { .. }
        | StepError::KeepsRotating(_)
        | StepError::Journal(_) => true,
    }
}

/// The number of operations that are begun, at most, where each fails for now: some 15 seconds of
/// waiting beside the time that they take themselves.
const ATTEMPTS_ANEW: u32 = 5;

/// The end of an operation that was followed.
pub(super) enum Followed {
    /// It has led to this object.
    To(PhysicalId),
    /// It failed, is recorded as failed, and may be begun anew.
    FailedForNow(DriverError),
}

/// An operation that was begun.
pub(super) struct Begun {
    pub(super) operation: OperationId,
    /// True for a create, also while an update makes its remaining calls.
    pub(super) creates: bool,
    /// The kind of operation that is polled.
    pub(super) kind: OperationKind,
    pub(super) token: Token,
    /// The object that it was begun on, or that it has made, as far as this is durable.
    pub(super) identifier: Option<Identifier>,
}

/// The end of following an operation whose object is as declared, or will be.
enum Left {
    /// It is complete.
    Ready,
    /// It was not waited for.
    Stabilizing(Cursor),
    /// It was waited for, and in vain.
    Waiting(StepError),
}

/// The kind of an operation, as the journal has it.
pub(crate) fn polled(kind: OperationKind) -> PolledKind {
    match kind {
        OperationKind::Create => PolledKind::Create,
        OperationKind::Update => PolledKind::Update,
        OperationKind::Delete => PolledKind::Delete,
    }
}

/// True if a poll may change something: a deletion is polled by the next of its calls.
pub(crate) fn may_change(kind: OperationKind) -> bool {
    match kind {
        OperationKind::Delete => true,
        OperationKind::Create | OperationKind::Update => false,
    }
}

/// The provider's handler of a kind of operation.
pub(crate) fn handler(kind: OperationKind) -> Handler {
    match kind {
        OperationKind::Create => Handler::Create,
        OperationKind::Update => Handler::Update,
        OperationKind::Delete => Handler::Delete,
    }
}

impl Context<'_> {
    /// Follows an operation until it is complete, and records it.
    ///
    /// One that failed for now is recorded as failed, and may be begun anew.
    ///
    /// An object that is not complete in time, or before the user asked to stop, or of which the
    /// cloud does not tell whether it is, is as declared and recorded so; that it is not ready yet
    /// is recorded, too, and the next plan goes on from there. Its users are not made before. An
    /// operation that may not be begun again is left open, and the next process polls on.
    pub(super) async fn follow(
        &self,
        work: &Work<'_>,
        begun: Begun,
        first: Step,
    ) -> Result<Followed, StepError> {
        let (operation, token) = (begun.operation, begun.token.clone());
        let followed = self.follow_on(work, begun, first).await;
        let driver = work.driver.as_ref();
        self.engine.acknowledge(self.ledger, driver, operation, &token).await;
        followed
    }

    async fn follow_on(
        &self,
        work: &Work<'_>,
        mut begun: Begun,
        first: Step,
    ) -> Result<Followed, StepError> {
        let (address, resource_type) = (&work.change.address, &work.change.resource_type);
        let limit = self.engine.time_limit(address, resource_type, handler(begun.kind));
        let mut patience = Patience::new(limit);
        let (mut at, mut made, mut cursor) = (first, None, None);
        loop {
            let pending = match at {
                // A creation that has named an object has made it.
                Step::Done(Finish::FailedForNow(error))
                    if made.is_none() && !(begun.creates && begun.identifier.is_some()) =>
                {
                    let error = work.secrets.redact(*error);
                    return self.failed_for_now(&begun, error).await;
                }
                Step::Done(finish) => {
                    let made = match self.finished(work, &begun, finish, made).await {
                        Ok(made) => made,
                        Err(error) => {
                            return self.failed(begun.operation, error).await.map(Followed::To);
                        }
                    };
                    if let Err(error) = self.tell(&work.change.address, &mut begun, &made).await {
                        return self.failed(begun.operation, error).await.map(Followed::To);
                    }
                    let made = self.record_made(work, &begun, &made, Left::Ready);
                    return made.await.map(Followed::To);
                }
                Step::Pending(pending) => pending,
            };
            if let Some(object) = &pending.object {
                if let Err(error) = self.tell(&work.change.address, &mut begun, object).await {
                    return self.failed(begun.operation, error).await.map(Followed::To);
                }
                made = Some((**object).clone());
            }
            if !pending.repeatable && cursor.as_ref() != Some(&pending.cursor) {
                let (operation, cursor) = (begun.operation, pending.cursor.clone());
                let kind = polled(begun.kind);
                self.ledger.append(Entry::Cursor { operation, kind, cursor }).await?;
            }
            // What has just been begun may be complete already.
            let at_once = cursor.is_none() && pending.ask_again_in.is_zero();
            cursor = Some(pending.cursor.clone());
            if !at_once {
                if let Some(made) = made.as_ref().filter(|_| !self.is_waited_for(work, &pending)) {
                    let left = Left::Stabilizing(pending.cursor);
                    let made = self.record_made(work, &begun, made, left);
                    return made.await.map(Followed::To);
                }
                if let Err(error) = self.wait(work, &mut patience, &pending).await {
                    let left = self.left(work, &begun, (made, &pending), error);
                    return left.await.map(Followed::To);
                }
            }
            let poll = Poll {
                kind: begun.kind,
                cursor: pending.cursor.clone(),
                identifier: begun.identifier.clone(),
                token: begun.token.clone(),
                declared: without_secrets(&work.object.properties),
            };
            let on_retry = |error: &_, attempt| self.retrying(work.label, error, attempt);
            let ask = || async {
                work.driver.poll(&poll).await.map_err(|error| work.secrets.redact(error))
            };
            let polled = if may_change(poll.kind) {
                self.engine.persist(ask, on_retry).await
            } else {
                self.engine.persist_read(ask, on_retry).await
            };
            at = match polled {
                Ok(step) => step,
                Err(error) => {
                    let error = self.given_up(error);
                    let left = self.left(work, &begun, (made, &pending), error);
                    return left.await.map(Followed::To);
                }
            };
        }
    }

    /// Waits as long as the driver asks for.
    async fn wait(
        &self,
        work: &Work<'_>,
        patience: &mut Patience,
        pending: &Pending,
    ) -> Result<(), StepError> {
        let waits_for = work.secrets.hidden(&pending.waits_for);
        let wait = patience.before_poll(pending, &waits_for)?;
        let (label, text) = (work.label.clone(), waits_for.clone());
        self.engine.events.emit(Event::StepWaiting { label, waits_for: text });
        if self.engine.sleep_or_stop(wait).await {
            return Err(StepError::Interrupted(waits_for));
        }
        Ok(self.ledger.verify().await?)
    }

    /// Makes durable which object the operation has made, once.
    async fn tell(
        &self,
        address: &Address,
        begun: &mut Begun,
        object: &Object,
    ) -> Result<(), StepError> {
        if begun.identifier.as_ref() == Some(&object.identifier) {
            return Ok(());
        }
        let names_another =
            begun.identifier.as_ref().filter(|_| self.ledger.has_effect(begun.operation));
        if let Some(named) = names_another {
            let why = format!("the driver names both `{named}` and `{}`", object.identifier);
            return Err(StepError::Ambiguous(why));
        }
        let (operation, identifier) = (begun.operation, object.identifier.clone());
        let physical_id = object.physical_id.clone();
        if !begun.creates
            && let Some(old) = self.ledger.with_objects(|objects| objects.get(address).cloned())
        {
            self.ledger.supersede(address, old);
        }
        begun.identifier = Some(identifier.clone());
        let effect = Entry::Effect { operation, identifier, physical_id };
        Ok(self.ledger.append(effect).await?)
    }

    /// The object that a complete operation has led to.
    async fn finished(
        &self,
        work: &Work<'_>,
        begun: &Begun,
        finish: Finish,
        made: Option<Object>,
    ) -> Result<Object, StepError> {
        let gone = || StepError::Ambiguous("its driver says that there is no object".to_owned());
        match (finish, made) {
            (Finish::Object(object), _) => Ok(*object),
            (Finish::Stabilized, Some(made)) => Ok(made),
            (Finish::Stabilized, None) => {
                let Some(identifier) = &begun.identifier else { return Err(gone()) };
                let declared = without_secrets(&work.object.properties);
                let read = || async {
                    let read = work.driver.read(identifier, &declared).await;
                    read.map_err(|error| work.secrets.redact(error))
                };
                let on_retry = |error: &_, attempt| self.retrying(work.label, error, attempt);
                match self.engine.persist_read(read, on_retry).await {
                    Ok(Observed::Present(object)) => Ok(object),
                    Ok(Observed::Absent) => Err(gone()),
                    Err(error) => Err(self.given_up(error)),
                }
            }
            (Finish::Gone | Finish::Snapshotted(_), _) => Err(gone()),
            (Finish::Failed(error) | Finish::FailedForNow(error), _) => {
                Err(StepError::Driver(work.secrets.redact(*error)))
            }
        }
    }

    /// Records an operation that is not followed any longer.
    async fn left(
        &self,
        work: &Work<'_>,
        begun: &Begun,
        (made, pending): (Option<Object>, &Pending),
        error: StepError,
    ) -> Result<PhysicalId, StepError> {
        match made {
            // Whether it failed only its driver can say, and it says so by `Finish::Failed`.
            _ if !pending.repeatable => Err(error),
            _ if tells_of_object(&error) => self.failed(begun.operation, error).await,
            Some(made) => self.record_made(work, begun, &made, Left::Waiting(error)).await,
            None => self.failed(begun.operation, error).await,
        }
    }

    /// Records an operation that failed and may be begun anew.
    async fn failed_for_now(
        &self,
        begun: &Begun,
        error: DriverError,
    ) -> Result<Followed, StepError> {
        let effect = if begun.creates { FailedEffect::None } else { FailedEffect::Partial };
        let (operation, text) = (begun.operation, error.to_string());
        self.ledger.append(Entry::Failed { operation, error: text, effect }).await?;
        Ok(Followed::FailedForNow(error))
    }

    /// Begins an operation, and another one in its place each time that it fails for now.
    ///
    /// # Errors
    /// If it fails, was begun often enough, or the user asked to stop.
    pub(super) async fn begin_until_it_holds<F>(
        &self,
        label: &StepLabel,
        mut begin: impl FnMut() -> F,
    ) -> Result<PhysicalId, StepError>
    where
        F: Future<Output = Result<Followed, StepError>>,
    {
        let mut attempt = 1;
        loop {
            let error = match begin().await? {
                Followed::To(physical_id) => return Ok(physical_id),
                Followed::FailedForNow(error) => error,
            };
            let wait = self.engine.next_attempt(&error, attempt);
            let Some(wait) = wait.filter(|_| attempt < ATTEMPTS_ANEW) else {
                return Err(self.given_up(error));
            };
            self.retrying(label, &error, attempt);
            if self.engine.sleep_or_stop(wait).await {
                return Err(self.given_up(error));
            }
            self.ledger.verify().await?;
            attempt += 1;
        }
    }

    /// Records an operation that failed when its call had been made.
    async fn failed(
        &self,
        operation: OperationId,
        error: StepError,
    ) -> Result<PhysicalId, StepError> {
        let effect = match self.ledger.knows_object(operation) {
            true => FailedEffect::Partial,
            false => FailedEffect::Unknown,
        };
        self.fail(operation, Failure::new(error, effect)).await
    }

    async fn record_made(
        &self,
        work: &Work<'_>,
        begun: &Begun,
        made: &Object,
        left: Left,
    ) -> Result<PhysicalId, StepError> {
        let (status, cursor, result) = match left {
            Left::Ready => (ObjectStatus::Ready, None, Ok(made.physical_id.clone())),
            Left::Stabilizing(cursor) => {
                (ObjectStatus::Stabilizing, Some(cursor), Ok(made.physical_id.clone()))
            }
            Left::Waiting(error) => (ObjectStatus::PartlyUpdated, None, Err(error)),
        };
        let kind = &work.change.resource_type;
        let object = (&work.object, &work.secrets.values);
        let (driver, shown) = (work.driver.as_ref(), Some(&self.engine.shown));
        let state = resource_state(kind, object, made, status, (driver, &begun.token), shown);
        let operation = begun.operation;
        let state = ResourceState { cursor, ..state };
        let outcome = Outcome::Object(Box::new(state.clone()));
        self.ledger.append(Entry::Done { operation, outcome }).await?;
        self.ledger.set_object(&work.change.address, state);
        result
    }

    /// True if an object is waited for until it has stabilized.
    fn is_waited_for(&self, work: &Work<'_>, pending: &Pending) -> bool {
        let steps = &self.plan.steps;
        if !pending.repeatable || steps.iter().any(|step| step.phase == Phase::Cleanup) {
            return true;
        }
        match self.engine.waiting.wait {
            Wait::Full => true,
            Wait::Ready => !pending.usable,
            Wait::None => {
                !pending.usable && steps.iter().any(|s| s.after.contains(&work.label.step))
            }
        }
    }
}
