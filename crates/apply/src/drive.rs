//! Driving an operation outside of a plan's step: one that another process began, or that finishes
//! what another process began.

use rstack_driver::{
    DriverError, Finish, Object, Observed, OperationKind, Poll, ResourceDriver, Step,
};
use rstack_journal::{Entry, OperationId};
use rstack_model::event::Event;
use rstack_model::state::ObjectStatus;
use rstack_model::{Address, Cursor, Identifier, KnownMap, ResourceType, SnapshotName, Token};

use crate::ledger::Ledger;
use crate::secrets::CallSecrets;
use crate::step::{Patience, handler, may_change, polled};
use crate::{Engine, StepError};

/// The choice to wait for a pending operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// As long as an operation on the object may take.
    Yes,
    /// Not at all: a run is at its end, and the next one waits.
    No,
}

/// An operation of which the journal knows.
pub(crate) struct Driven<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) driver: &'a dyn ResourceDriver,
    pub(crate) operation: OperationId,
    /// The kind of operation that is polled.
    pub(crate) kind: OperationKind,
    /// The secrets that it was begun with; `None` if they cannot be resolved.
    pub(crate) secrets: Option<&'a CallSecrets>,
    pub(crate) address: &'a Address,
    pub(crate) resource_type: &'a ResourceType,
    pub(crate) token: &'a Token,
    /// The properties declared for the object, secrets left empty.
    pub(crate) declared: KnownMap,
    pub(crate) waits: Waits,
}

/// The outcome of a driven operation.
pub(crate) enum Led {
    /// The object is this.
    To(Box<Object>, ObjectStatus),
    /// There is none.
    Nowhere,
    /// There is none, and this final snapshot of it exists.
    Snapshotted(SnapshotName),
    /// It failed.
    Failed(DriverError),
}

impl Driven<'_> {
    /// An error of the operation without secrets, which a service may quote.
    fn redact(&self, error: DriverError) -> DriverError {
        match self.secrets {
            Some(secrets) => secrets.redact(error),
            None => DriverError { message: WITHHELD.to_owned(), ..error },
        }
    }

    fn hidden(&self, text: &str) -> String {
        self.secrets.map_or_else(|| WITHHELD.to_owned(), |secrets| secrets.hidden(text))
    }
}

/// The replacement of a service's text that may quote secrets which cannot be resolved.
const WITHHELD: &str = "(left out: it may quote a secret that cannot be resolved now)";

impl Engine {
    /// Reports to the driver that the outcome of an operation is recorded, if it is.
    pub(crate) async fn acknowledge(
        &self,
        ledger: &Ledger,
        driver: &dyn ResourceDriver,
        operation: OperationId,
        token: &Token,
    ) {
        if ledger.is_recorded(operation) {
            // What is left of it harms nothing.
            let _left = driver.recorded(token).await;
        }
    }

    /// Polls an operation on that an earlier process left pending.
    pub(crate) async fn poll_on(
        &self,
        driven: &Driven<'_>,
        identifier: Option<Identifier>,
        cursor: Cursor,
    ) -> Result<Led, StepError> {
        let first = self.poll(driven, identifier.clone(), cursor).await?;
        self.drive(driven, identifier, first).await
    }

    /// Takes an operation to its end, or to where it may be begun again.
    pub(crate) async fn drive(
        &self,
        driven: &Driven<'_>,
        mut identifier: Option<Identifier>,
        first: Step,
    ) -> Result<Led, StepError> {
        let Driven { ledger, operation, .. } = driven;
        let operation = *operation;
        let (address, resource_type) = (driven.address, driven.resource_type);
        let limit = self.time_limit(address, resource_type, handler(driven.kind));
        let mut patience = Patience::new(limit);
        let (mut at, mut made, mut last) = (first, None, None);
        loop {
            let pending = match at {
                Step::Done(Finish::Object(object)) => {
                    self.record_object(driven, &mut identifier, &object).await?;
                    return Ok(Led::To(object, ObjectStatus::Ready));
                }
                Step::Done(Finish::Stabilized) => {
                    return self.seen(driven, &identifier, made, ObjectStatus::Ready).await;
                }
                Step::Done(Finish::Gone) => return Ok(Led::Nowhere),
                Step::Done(Finish::Snapshotted(snapshot)) => return Ok(Led::Snapshotted(snapshot)),
                Step::Done(Finish::Failed(error) | Finish::FailedForNow(error)) => {
                    return Ok(Led::Failed(driven.redact(*error)));
                }
                Step::Pending(pending) => pending,
            };
            if let Some(object) = &pending.object {
                self.record_object(driven, &mut identifier, object).await?;
                made = Some(object.clone());
            }
            if !pending.repeatable && last.as_ref() != Some(&pending.cursor) {
                let (kind, cursor) = (polled(driven.kind), pending.cursor.clone());
                ledger.append(Entry::Cursor { operation, kind, cursor }).await?;
            }
            // What has just been begun may be complete already.
            let at_once = last.is_none() && pending.ask_again_in.is_zero();
            last = Some(pending.cursor.clone());
            let waits_for = driven.hidden(&pending.waits_for);
            if !at_once {
                if pending.repeatable && identifier.is_some() {
                    // The next plan goes on from there.
                    return self.seen(driven, &identifier, made, ObjectStatus::PartlyUpdated).await;
                }
                if driven.waits == Waits::No {
                    return Err(StepError::Interrupted(waits_for));
                }
                let wait = patience.before_poll(&pending, &waits_for)?;
                let (address, text) = (driven.address.clone(), waits_for.clone());
                self.events.emit(Event::StillStabilizing { address, waits_for: text });
                if self.sleep_or_stop(wait).await {
                    return Err(StepError::Interrupted(waits_for));
                }
                ledger.verify().await?;
            }
            at = self.poll(driven, identifier.clone(), pending.cursor).await?;
        }
    }

    async fn poll(
        &self,
        driven: &Driven<'_>,
        identifier: Option<Identifier>,
        cursor: Cursor,
    ) -> Result<Step, DriverError> {
        let (token, declared) = (driven.token.clone(), driven.declared.clone());
        let poll = Poll { kind: driven.kind, cursor, identifier, token, declared };
        let ask =
            || async { driven.driver.poll(&poll).await.map_err(|error| driven.redact(error)) };
        if may_change(poll.kind) {
            return self.ask(ask, |error, attempt| self.asking_again(error, attempt)).await;
        }
        self.ask_read(ask).await
    }

    async fn record_object(
        &self,
        driven: &Driven<'_>,
        identifier: &mut Option<Identifier>,
        object: &Object,
    ) -> Result<(), StepError> {
        if identifier.as_ref() == Some(&object.identifier) {
            return Ok(());
        }
        if let Some(named) =
            identifier.as_ref().filter(|_| driven.ledger.has_effect(driven.operation))
        {
            let why = format!("the driver names both `{named}` and `{}`", object.identifier);
            return Err(StepError::Ambiguous(why));
        }
        *identifier = Some(object.identifier.clone());
        let effect = Entry::Effect {
            operation: driven.operation,
            identifier: object.identifier.clone(),
            physical_id: object.physical_id.clone(),
        };
        Ok(driven.ledger.append(effect).await?)
    }

    async fn seen(
        &self,
        driven: &Driven<'_>,
        identifier: &Option<Identifier>,
        made: Option<Box<Object>>,
        status: ObjectStatus,
    ) -> Result<Led, StepError> {
        if let Some(made) = made {
            return Ok(Led::To(made, status));
        }
        let Some(identifier) = identifier else { return Ok(Led::Nowhere) };
        let ask = || async {
            let read = driven.driver.read(identifier, &driven.declared).await;
            read.map_err(|error| driven.redact(error))
        };
        let read = self.ask_read(ask).await?;
        Ok(match read {
            Observed::Present(object) => Led::To(Box::new(object), status),
            Observed::Absent => Led::Nowhere,
        })
    }
}
