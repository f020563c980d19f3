//! One step: intent, call, effect, wait, done. Each record is durable before what follows it.

use std::sync::Arc;
use std::time::Duration;

use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, ErrorKind, Found, Object, Progress, ResourceDriver,
    UpdateRequest,
};
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::{Certainty, Change, Operation, Plan, PlannedObject, Step};
use rstack_model::state::{ObjectStatus, ResourceState};
use rstack_model::value::{ResolvedSecrets, redacted_map, resolve_map};
use rstack_model::{Digest, KnownMap, KnownValue, PhysicalId, Token, ValueMap};
use rstack_plan::compare::differences;
use rstack_state::{Entry, FailedEffect, Intent, IntentAction, OperationId, Outcome};

use crate::ledger::{Effects, Ledger};
use crate::observe::without_secrets;
use crate::retry::{may_have_happened, wait_after};
use crate::secrets::resolve;
use crate::{Engine, SecretParameters, StepError};

/// How long an object may take to settle: CloudFront deploys in minutes, seldom in an hour.
const PATIENCE: Duration = Duration::from_secs(90 * 60);

/// What a step needs beside itself.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) plan: &'a Plan,
    pub(crate) ledger: &'a Ledger,
    pub(crate) parameters: &'a SecretParameters,
}

/// What a step is about.
pub(crate) fn label(plan: &Plan, step: &Step) -> StepLabel {
    let change = plan.changes.get(&step.logical_id);
    let resource_type = match &step.operation {
        Operation::Delete(object) | Operation::Forget(object) | Operation::Restore(object) => {
            object.resource_type.clone()
        }
        Operation::Create | Operation::Update | Operation::Record => {
            change.map_or_else(|| "".into(), |change| change.resource_type.clone())
        }
    };
    StepLabel {
        step: step.id,
        logical_id: step.logical_id.clone(),
        resource_type,
        operation: step.operation.name(),
    }
}

/// A failed operation and what is known of its effect.
struct Failure {
    error: StepError,
    effect: FailedEffect,
}

impl Failure {
    fn before(error: impl Into<StepError>) -> Self {
        Self { error: error.into(), effect: FailedEffect::None }
    }
}

impl Context<'_> {
    /// Does a step and records it. An error has been recorded, too, unless the journal is broken.
    pub(crate) async fn run(&self, step: &Step) -> Result<(), StepError> {
        let label = label(self.plan, step);
        self.engine.events.emit(Event::StepStarted { label: label.clone() });
        let result = match (&step.operation, self.plan.changes.get(&step.logical_id)) {
            (Operation::Create, Some(change)) => self.create(step, change, &label).await,
            (Operation::Update, Some(change)) => self.update(step, change, &label).await,
            (Operation::Record, Some(change)) => self.record(step, change).await,
            (Operation::Delete(object), _) => self.delete(step, object, &label).await,
            (Operation::Forget(object), _) => self.forget(step, object).await,
            (Operation::Restore(object), _) => self.restore(step, object).await,
            (Operation::Create | Operation::Update | Operation::Record, None) => {
                Err(StepError::Ambiguous("the plan does not say what to make".to_owned()))
            }
        };
        match &result {
            Ok(physical_id) => {
                self.engine.events.emit(Event::StepDone { label, physical_id: physical_id.clone() })
            }
            Err(error) => {
                self.engine.events.emit(Event::StepFailed { label, error: error.to_string() });
            }
        }
        result.map(|_| ())
    }

    fn driver(
        &self,
        resource_type: &rstack_model::ResourceType,
    ) -> Result<Arc<dyn ResourceDriver>, StepError> {
        let driver = self.engine.cloud.driver(resource_type);
        driver.ok_or_else(|| StepError::NoDriver(resource_type.clone()))
    }

    async fn intent(
        &self,
        step: &Step,
        resource_type: &rstack_model::ResourceType,
        driver: &str,
        action: IntentAction,
    ) -> Result<(OperationId, Token), StepError> {
        let (operation, token) = (self.ledger.operation(), self.engine.entropy.token());
        let intent = Intent {
            operation,
            step: step.id,
            logical_id: step.logical_id.clone(),
            resource_type: resource_type.clone(),
            input_digest: Digest::of_json(&action).unwrap_or_else(|_| Digest::of(b"")),
            action,
            token: token.clone(),
            driver: driver.to_owned(),
        };
        self.ledger.append(Entry::Intent(Box::new(intent))).await?;
        Ok((operation, token))
    }

    /// Records the end of an operation. The record of a failure does not hide the failure.
    async fn finish(
        &self,
        operation: OperationId,
        result: Result<Outcome, Failure>,
    ) -> Result<(), StepError> {
        match result {
            Ok(outcome) => Ok(self.ledger.append(Entry::Done { operation, outcome }).await?),
            Err(Failure { error, effect }) => {
                let text = error.to_string();
                self.ledger.append(Entry::Failed { operation, error: text, effect }).await?;
                Err(error)
            }
        }
    }

    /// The properties with all attributes filled in, and their secrets.
    async fn resolved(
        &self,
        desired: &PlannedObject,
    ) -> Result<(PlannedObject, ResolvedSecrets), StepError> {
        let properties = resolve_map(&desired.properties, &self.ledger.objects())?;
        let (secrets, secret_versions) =
            resolve(self.engine.cloud.as_ref(), self.parameters, &properties).await?;
        Ok((PlannedObject { properties, secret_versions, ..desired.clone() }, secrets))
    }

    async fn create(
        &self,
        step: &Step,
        change: &Change,
        label: &StepLabel,
    ) -> Result<PhysicalId, StepError> {
        let Some(desired) = &change.desired else {
            return Err(StepError::Ambiguous("the plan does not say what to make".to_owned()));
        };
        let driver = self.driver(&change.resource_type)?;
        let (object, secrets) = self.resolved(desired).await?;
        let mut known = known(&object.properties, &secrets)?;
        let name = driver
            .naming()
            .filter(|rule| !object.properties.contains_key(rule.property))
            .map(|rule| {
                let suffix = self.engine.entropy.suffix();
                let name = rule.name(&self.plan.stack, &change.logical_id, &suffix);
                (rule.property.to_owned(), name)
            });
        if let Some((property, name)) = &name {
            known.insert(property.clone(), KnownValue::from(name.as_str()));
        }
        let action = IntentAction::Create { name, object: object.clone() };
        let (operation, token) =
            self.intent(step, &change.resource_type, driver.name(), action).await?;
        let request = CreateRequest {
            stack: self.plan.stack.clone(),
            logical_id: change.logical_id.clone(),
            token,
            properties: known,
        };
        let effects = Effects::new(self.ledger, operation);
        let made = self.call_create(driver.as_ref(), &request, &effects, label).await;
        let made = match made {
            Ok(made) => self.settle_created(driver.as_ref(), made, &effects, label).await,
            Err(error) => Err(error),
        };
        let result: Result<Object, Failure> = made.map_err(|failure| match effects.recorded() {
            Some(_) => Failure { effect: FailedEffect::Partial, ..failure },
            None => failure,
        });
        let state = result.map(|made| resource_state(change, &object, made, driver.name()));
        if let Ok(state) = &state {
            self.ledger.set_object(&change.logical_id, state.clone());
        }
        let physical_id = state.as_ref().ok().map(|state| state.physical_id.clone());
        self.finish(operation, state.map(|state| Outcome::Object(Box::new(state)))).await?;
        physical_id.ok_or_else(|| StepError::Ambiguous("nothing was made".to_owned()))
    }

    /// Calls create until it is known what came of it.
    async fn call_create(
        &self,
        driver: &dyn ResourceDriver,
        request: &CreateRequest,
        effects: &Effects<'_>,
        label: &StepLabel,
    ) -> Result<Object, Failure> {
        let mut attempt = 1;
        loop {
            let error = match driver.create(request, effects).await {
                Ok(object) => return Ok(object),
                Err(error) => error,
            };
            if effects.recorded().is_some() {
                // The object is there and its remaining calls failed: an update makes them again.
                return self.complete(driver, request, effects, error, label).await;
            }
            if may_have_happened(&error) {
                match driver.find(request).await {
                    Ok(Found::Ours(object)) => {
                        // The first call took effect; an update makes those that may follow it.
                        let id = &object.physical_id;
                        effects.record(id).await.map_err(Failure::before)?;
                        let update = completing(request, id.clone());
                        return self.call_update(driver, &update, label).await.map_err(|error| {
                            Failure { error: error.into(), effect: FailedEffect::Partial }
                        });
                    }
                    Ok(Found::Ambiguous { why }) => {
                        let effect = FailedEffect::Unknown;
                        return Err(Failure { error: StepError::Ambiguous(why), effect });
                    }
                    Ok(Found::Absent) if error.kind == ErrorKind::AlreadyExists => {
                        return Err(Failure::before(error));
                    }
                    Ok(Found::Absent) => {}
                    Err(find) => {
                        let error = StepError::Driver(find);
                        return Err(Failure { error, effect: FailedEffect::Unknown });
                    }
                }
            }
            // An unknown outcome that was looked up and is absent passes like a transient error.
            let passes = DriverError {
                kind: match error.kind {
                    ErrorKind::UnknownOutcome => ErrorKind::Transient,
                    ref kind => kind.clone(),
                },
                ..error.clone()
            };
            let wait = wait_after(&passes, attempt).filter(|_| !self.engine.stop.is_requested());
            let Some(wait) = wait else { return Err(Failure::before(error)) };
            self.retrying(label, &error, attempt, wait).await;
            attempt += 1;
        }
    }

    async fn complete(
        &self,
        driver: &dyn ResourceDriver,
        request: &CreateRequest,
        effects: &Effects<'_>,
        error: DriverError,
        label: &StepLabel,
    ) -> Result<Object, Failure> {
        let failed =
            |error| Failure { error: StepError::Driver(error), effect: FailedEffect::Partial };
        let (Some(physical_id), Some(wait)) = (effects.recorded(), wait_after(&error, 1)) else {
            return Err(failed(error));
        };
        self.retrying(label, &error, 1, wait).await;
        self.call_update(driver, &completing(request, physical_id), label).await.map_err(failed)
    }

    async fn settle_created(
        &self,
        driver: &dyn ResourceDriver,
        made: Object,
        effects: &Effects<'_>,
        label: &StepLabel,
    ) -> Result<Object, Failure> {
        effects.record(&made.physical_id).await.map_err(Failure::before)?;
        self.settle(driver, &made.physical_id, label).await?;
        Ok(made)
    }

    /// Waits until an object has settled. When the user asks to stop, it is left to settle alone:
    /// it is as declared already.
    async fn settle(
        &self,
        driver: &dyn ResourceDriver,
        physical_id: &PhysicalId,
        label: &StepLabel,
    ) -> Result<(), Failure> {
        let failed = |error| Failure { error, effect: FailedEffect::Partial };
        let (mut waited, mut attempt) = (Duration::ZERO, 1);
        loop {
            let wait = match driver.settled(physical_id).await {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Pending { waits_for, ask_again_in }) => {
                    if waited > PATIENCE {
                        let minutes = PATIENCE.as_secs() / 60;
                        return Err(failed(StepError::Unsettled { minutes, waits_for }));
                    }
                    let label = label.clone();
                    self.engine.events.emit(Event::StepWaiting { label, waits_for });
                    ask_again_in
                }
                Err(error) => match wait_after(&error, attempt) {
                    Some(wait) => {
                        attempt += 1;
                        wait
                    }
                    None => return Err(failed(StepError::Driver(error))),
                },
            };
            waited = waited.saturating_add(wait.max(Duration::from_millis(1)));
            if self.sleep_or_stop(wait).await {
                return Ok(());
            }
        }
    }

    /// Waits; says whether the user asked to stop meanwhile.
    async fn sleep_or_stop(&self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.engine.stop.requested() => true,
            () = self.engine.clock.sleep(wait) => false,
        }
    }

    async fn retrying(&self, label: &StepLabel, error: &DriverError, attempt: u32, wait: Duration) {
        let (label, reason) = (label.clone(), error.to_string());
        self.engine.events.emit(Event::StepRetrying { label, reason, attempt });
        self.engine.clock.sleep(wait).await;
    }

    async fn update(
        &self,
        step: &Step,
        change: &Change,
        label: &StepLabel,
    ) -> Result<PhysicalId, StepError> {
        let (Some(desired), Some(prior)) = (&change.desired, &change.prior) else {
            return Err(StepError::Ambiguous("the plan does not say what to change".to_owned()));
        };
        let driver = self.driver(&change.resource_type)?;
        let (object, secrets) = self.resolved(desired).await?;
        if change.certainty == Certainty::Possible && self.is_unchanged(change, prior, &object) {
            self.engine.events.emit(Event::StepUnchanged { label: label.clone() });
            return self.record_object(step, prior, &object).await;
        }
        let request_properties = known(&object.properties, &secrets)?;
        let physical_id = prior.physical_id.clone();
        let action =
            IntentAction::Update { physical_id: physical_id.clone(), object: object.clone() };
        let (operation, token) =
            self.intent(step, &change.resource_type, driver.name(), action).await?;
        let request = UpdateRequest {
            physical_id: physical_id.clone(),
            token,
            prior: without_secrets(&prior.properties),
            properties: request_properties,
        };
        let called = self.call_update(driver.as_ref(), &request, label).await;
        let result = match called {
            Ok(made) => match self.settle(driver.as_ref(), &physical_id, label).await {
                Ok(()) => Ok(made),
                Err(failure) => Err(failure),
            },
            Err(error) => {
                Err(Failure { error: StepError::Driver(error), effect: FailedEffect::Partial })
            }
        };
        let outcome = result.map(|made| {
            let state = resource_state(change, &object, made, driver.name());
            self.ledger.set_object(&change.logical_id, state.clone());
            Outcome::Object(Box::new(state))
        });
        self.finish(operation, outcome).await?;
        Ok(physical_id)
    }

    /// Whether a possible update turns out to be none.
    fn is_unchanged(&self, change: &Change, prior: &ResourceState, object: &PlannedObject) -> bool {
        let facts = self.engine.schemas.facts(&change.resource_type);
        facts.is_some_and(|facts| {
            differences(facts.as_ref(), &prior.properties, &object.properties).is_empty()
        }) && prior.secret_versions == object.secret_versions
    }

    async fn call_update(
        &self,
        driver: &dyn ResourceDriver,
        request: &UpdateRequest,
        label: &StepLabel,
    ) -> Result<Object, DriverError> {
        let mut attempt = 1;
        loop {
            let error = match driver.update(request).await {
                Ok(object) => return Ok(object),
                Err(error) => error,
            };
            // An update may be repeated, whatever came of it.
            let passes = DriverError {
                kind: match error.kind {
                    ErrorKind::UnknownOutcome => ErrorKind::Transient,
                    ref kind => kind.clone(),
                },
                ..error.clone()
            };
            let wait = wait_after(&passes, attempt).filter(|_| !self.engine.stop.is_requested());
            let Some(wait) = wait else { return Err(error) };
            self.retrying(label, &error, attempt, wait).await;
            attempt += 1;
        }
    }

    async fn record(&self, step: &Step, change: &Change) -> Result<PhysicalId, StepError> {
        let (Some(desired), Some(prior)) = (&change.desired, &change.prior) else {
            return Err(StepError::Ambiguous("the plan does not say what to record".to_owned()));
        };
        self.record_object(step, prior, desired).await
    }

    async fn record_object(
        &self,
        step: &Step,
        prior: &ResourceState,
        desired: &PlannedObject,
    ) -> Result<PhysicalId, StepError> {
        let physical_id = prior.physical_id.clone();
        let action = IntentAction::Record { physical_id: physical_id.clone() };
        let (operation, _) = self.intent(step, &prior.resource_type, &prior.driver, action).await?;
        let state = ResourceState {
            dependencies: desired.dependencies.clone(),
            deletion_policy: desired.deletion_policy,
            update_replace_policy: desired.update_replace_policy,
            ..prior.clone()
        };
        self.ledger.set_object(&step.logical_id, state.clone());
        self.finish(operation, Ok(Outcome::Object(Box::new(state)))).await?;
        Ok(physical_id)
    }

    async fn delete(
        &self,
        step: &Step,
        object: &ResourceState,
        label: &StepLabel,
    ) -> Result<PhysicalId, StepError> {
        let driver = self.driver(&object.resource_type)?;
        let physical_id = object.physical_id.clone();
        let action = IntentAction::Delete { physical_id: physical_id.clone() };
        let (operation, token) =
            self.intent(step, &object.resource_type, driver.name(), action).await?;
        let request = DeleteRequest {
            physical_id: physical_id.clone(),
            token,
            prior: without_secrets(&object.properties),
        };
        let result = self.call_delete(driver.as_ref(), &request, label).await;
        if result.is_ok() {
            self.ledger.drop_object(&step.logical_id, &physical_id);
        }
        self.finish(operation, result.map(|()| Outcome::Gone)).await?;
        Ok(physical_id)
    }

    async fn call_delete(
        &self,
        driver: &dyn ResourceDriver,
        request: &DeleteRequest,
        label: &StepLabel,
    ) -> Result<(), Failure> {
        let (mut waited, mut attempt) = (Duration::ZERO, 1);
        loop {
            let (wait, waits_for) = match driver.delete(request).await {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Pending { waits_for, ask_again_in }) => {
                    let (label, text) = (label.clone(), waits_for.clone());
                    self.engine.events.emit(Event::StepWaiting { label, waits_for: text });
                    (ask_again_in, waits_for)
                }
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
                Err(error) => match wait_after(&error, attempt) {
                    Some(wait) => {
                        let (label, reason) = (label.clone(), error.to_string());
                        self.engine.events.emit(Event::StepRetrying { label, reason, attempt });
                        attempt += 1;
                        (wait, error.to_string())
                    }
                    None => return Err(Failure::before(error)),
                },
            };
            if waited > PATIENCE {
                let minutes = PATIENCE.as_secs() / 60;
                return Err(Failure::before(StepError::Unsettled { minutes, waits_for }));
            }
            waited = waited.saturating_add(wait.max(Duration::from_millis(1)));
            if self.sleep_or_stop(wait).await {
                return Err(Failure::before(StepError::Interrupted(waits_for)));
            }
        }
    }

    async fn forget(&self, step: &Step, object: &ResourceState) -> Result<PhysicalId, StepError> {
        let physical_id = object.physical_id.clone();
        let action = IntentAction::Forget { physical_id: physical_id.clone() };
        let (operation, _) =
            self.intent(step, &object.resource_type, &object.driver, action).await?;
        self.ledger.drop_object(&step.logical_id, &physical_id);
        self.finish(operation, Ok(Outcome::Gone)).await?;
        Ok(physical_id)
    }

    async fn restore(&self, step: &Step, object: &ResourceState) -> Result<PhysicalId, StepError> {
        let physical_id = object.physical_id.clone();
        let action = IntentAction::Restore { physical_id: physical_id.clone() };
        let (operation, _) =
            self.intent(step, &object.resource_type, &object.driver, action).await?;
        self.ledger.set_object(&step.logical_id, object.clone());
        self.finish(operation, Ok(Outcome::Object(Box::new(object.clone())))).await?;
        Ok(physical_id)
    }
}

/// The update that makes every call that a create which was cut short did not make.
pub(crate) fn completing(request: &CreateRequest, physical_id: PhysicalId) -> UpdateRequest {
    UpdateRequest {
        physical_id,
        token: request.token.clone(),
        prior: KnownMap::new(),
        properties: request.properties.clone(),
    }
}

/// Wholly known properties with their secrets.
pub(crate) fn known(
    properties: &ValueMap,
    secrets: &ResolvedSecrets,
) -> Result<KnownMap, StepError> {
    properties.iter().map(|(key, value)| Ok((key.clone(), value.known(secrets)?))).collect()
}

fn resource_state(
    change: &Change,
    object: &PlannedObject,
    made: Object,
    driver: &str,
) -> ResourceState {
    ResourceState {
        resource_type: change.resource_type.clone(),
        physical_id: made.physical_id,
        status: ObjectStatus::Ready,
        properties: object.properties.clone(),
        attributes: redacted_map(&made.attributes),
        dependencies: object.dependencies.clone(),
        deletion_policy: object.deletion_policy,
        update_replace_policy: object.update_replace_policy,
        secret_versions: object.secret_versions.clone(),
        driver: driver.to_owned(),
    }
}
