//! Creating an object: never a second one, never one that is in no record.

use rstack_driver::{
    CreateRequest, DriverError, ErrorKind, Found, Object, OperationKind, Pending, Request,
    Step as Progress,
};
use rstack_journal::{FailedEffect, IntentAction, PolledKind};
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::{Change, Step};
use rstack_model::{Identifier, KnownValue, PhysicalId};

use super::stabilize::{Begun, Followed};
use super::{Context, Failure, Work, completing};
use crate::StepError;
use crate::ledger::Effects;
use crate::retry::{QUIET, may_have_happened};

impl Context<'_> {
    pub(super) async fn create(
        &self,
        step: &Step,
        change: &Change,
        label: &StepLabel,
    ) -> Result<PhysicalId, StepError> {
        let work = self.work(change, label).await?;
        if let Some(kept) = self.unchanged(&work) {
            self.engine.events.emit(Event::StepUnchanged { label: label.clone() });
            return self.record_object(step, kept, &work.object).await;
        }
        if let Some(kept) = self.changes_in_place(&work) {
            let work = self.propagated(work, Some(kept)).await?;
            return self.update_object(step, kept, &work).await;
        }
        let work = self.propagated(work, change.prior.as_ref()).await?;
        self.begin_until_it_holds(label, || self.create_once(step, &work)).await
    }

    /// Creates an object in one operation.
    async fn create_once(&self, step: &Step, work: &Work<'_>) -> Result<Followed, StepError> {
        let change = work.change;
        let mut properties = work.known()?;
        let name = self.chosen_name(work);
        if let Some((property, name)) = &name {
            properties.insert(property.clone(), KnownValue::from(name.as_str()));
        }
        let action = IntentAction::Create { name, object: work.object.clone() };
        let (operation, token) =
            self.intent(step, &change.resource_type, work.driver.name(), action).await?;
        let request = CreateRequest {
            stack: self.plan.stack.clone(),
            address: change.address.clone(),
            token,
            properties,
            absence_proven: false,
            begun: None,
        };
        let effects =
            Effects::new(self.ledger, operation, PolledKind::Create).of(self.plan, &change.address);
        match self.call_create(work, &request, &effects).await {
            Ok((kind, first)) => {
                let begun = Begun {
                    operation,
                    creates: true,
                    kind,
                    token: request.token.clone(),
                    identifier: effects.recorded(),
                };
                self.follow(work, begun, first).await
            }
            Err(failure) => {
                let effect = effects.recorded().map_or(failure.effect, |_| FailedEffect::Partial);
                self.fail(operation, Failure { effect, ..failure }).await.map(Followed::To)
            }
        }
    }

    /// The name of an object that the template does not name.
    fn chosen_name(&self, work: &Work<'_>) -> Option<(String, String)> {
        let rule = work.driver.naming()?;
        if work.object.properties.contains_key(rule.property) {
            return None;
        }
        let suffix = self.engine.entropy.suffix();
        let definition = self.engine.schemas.definition(&work.change.resource_type);
        let reserved = definition.map_or(&[][..], |definition| definition.reserved_prefixes());
        let of = (&self.plan.stack, &work.change.address);
        let name = rule.unreserved_name(of, &suffix, reserved);
        Some((rule.property.to_owned(), name))
    }

    /// Makes durable that the object exists, unless the driver has told it already.
    async fn effect_of(&self, effects: &Effects<'_>, made: &Object) -> Result<Identifier, Failure> {
        let unknown = |error| Failure::new(error, FailedEffect::Unknown);
        let recorded =
            effects.record(&made.identifier, &made.physical_id).await.map_err(unknown)?;
        if recorded == made.identifier {
            return Ok(recorded);
        }
        let why = format!("the driver names both `{recorded}` and `{}`", made.identifier);
        Err(Failure::new(StepError::Ambiguous(why), FailedEffect::Partial))
    }

    /// Calls create until the outcome is known.
    async fn call_create(
        &self,
        work: &Work<'_>,
        request: &CreateRequest,
        effects: &Effects<'_>,
    ) -> Result<(OperationKind, Progress), Failure> {
        let (mut attempt, mut in_doubt) = (1, false);
        let mut request = request.clone();
        loop {
            (request.absence_proven, request.begun) = (effects.absence_proven(), effects.begun());
            let begun = work.driver.begin(&Request::Create(request.clone()), effects).await;
            let error = match begun {
                Ok(step) => return Ok((OperationKind::Create, step)),
                Err(error) => work.secrets.redact(error),
            };
            (request.absence_proven, request.begun) = (effects.absence_proven(), effects.begun());
            if let Some(broken) = effects.failure() {
                // Nothing can be recorded any more: recovery finds out what exists.
                return Err(Failure::new(broken, FailedEffect::Unknown));
            }
            if let Some(identifier) = effects.recorded() {
                // The object is there and its remaining calls failed: an update makes them again.
                self.retrying(work.label, &error, attempt);
                return self.complete(work, &request, effects, identifier).await;
            }
            if may_have_happened(&error) {
                if let Some(found) = self.look(work, &request, &error, in_doubt).await? {
                    return self.go_on(work, &request, effects, found).await;
                }
                in_doubt |= error.kind != ErrorKind::AlreadyExists;
            }
            let lost = error.kind == ErrorKind::UnknownOutcome;
            let wait = self.engine.next_attempt(&error, attempt);
            let Some(wait) = wait.map(|wait| if lost { wait.max(QUIET) } else { wait }) else {
                return Err(Failure::new(self.given_up(error), doubt(in_doubt)));
            };
            self.retrying(work.label, &error, attempt);
            if self.engine.sleep_or_stop(wait).await {
                return Err(Failure::new(self.given_up(error), doubt(in_doubt)));
            }
            let broken = |error| Failure::new(error, FailedEffect::Unknown);
            self.ledger.verify().await.map_err(broken)?;
            // A request whose answer was lost may have been carried out meanwhile.
            if lost && let Some(found) = self.look(work, &request, &error, in_doubt).await? {
                return self.go_on(work, &request, effects, found).await;
            }
            attempt += 1;
        }
    }

    /// Goes on from what an attempt has made or begun.
    async fn go_on(
        &self,
        work: &Work<'_>,
        request: &CreateRequest,
        effects: &Effects<'_>,
        found: Attempted,
    ) -> Result<(OperationKind, Progress), Failure> {
        match found {
            Attempted::Made(object) => {
                self.effect_of(effects, &object).await?;
                self.complete(work, request, effects, object.identifier).await
            }
            Attempted::Begun(pending) => Ok((OperationKind::Create, Progress::Pending(*pending))),
        }
    }

    /// Looks for what a create that failed may have made. `in_doubt` says that an attempt before
    /// this one may have made it.
    async fn look(
        &self,
        work: &Work<'_>,
        request: &CreateRequest,
        error: &DriverError,
        in_doubt: bool,
    ) -> Result<Option<Attempted>, Failure> {
        let exists = error.kind == ErrorKind::AlreadyExists;
        let on_retry = |error: &_, attempt| self.retrying(work.label, error, attempt);
        let find = || async {
            let found = work.driver.find(request).await;
            found.map_err(|error| work.secrets.redact(error))
        };
        let found = self.engine.persist_read(find, on_retry).await;
        match found {
            Ok(Found::Ours(object)) => Ok(Some(Attempted::Made(object))),
            Ok(Found::Begun(pending)) => Ok(Some(Attempted::Begun(pending))),
            Ok(Found::Absent) if exists => Err(Failure::new(error.clone(), doubt(in_doubt))),
            Ok(Found::Absent) => Ok(None),
            // The service says that there is another object, and it does not look like ours.
            Ok(Found::Ambiguous { why }) if exists && !in_doubt => {
                let message = format!("{} ({})", error.message, work.secrets.hidden(&why));
                let error = DriverError { message, ..error.clone() };
                Err(Failure::new(error, FailedEffect::None))
            }
            Ok(Found::Ambiguous { why }) => {
                let why = work.secrets.hidden(&why);
                Err(Failure::new(StepError::Ambiguous(why), FailedEffect::Unknown))
            }
            Err(error) => Err(Failure::new(self.given_up(error), FailedEffect::Unknown)),
        }
    }

    /// Makes the calls that a create whose object exists did not come to.
    async fn complete(
        &self,
        work: &Work<'_>,
        request: &CreateRequest,
        effects: &Effects<'_>,
        identifier: Identifier,
    ) -> Result<(OperationKind, Progress), Failure> {
        let update = completing(request, identifier);
        let updated = self.call_update(work, &update, effects).await;
        let step = updated.map_err(|error| Failure::new(error, FailedEffect::Partial))?;
        Ok((OperationKind::Update, step))
    }
}

/// The effect of an attempt whose answer was lost.
enum Attempted {
    /// It has made this object.
    Made(Box<Object>),
    /// Its request is known to the cloud.
    Begun(Box<Pending>),
}

/// The effect of a create whose object is not there. If an attempt may have been carried out,
/// it may still come to be there: the end of the run asks again.
fn doubt(in_doubt: bool) -> FailedEffect {
    if in_doubt { FailedEffect::Unknown } else { FailedEffect::None }
}
