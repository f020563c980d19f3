//! One step: intent, call, effect, wait, done. Each record is durable before what follows it.

mod create;
mod delete;
mod propagation;
mod record;
mod stabilize;
mod update;

use std::sync::Arc;

use rstack_driver::{CreateRequest, DriverError, Object, ResourceDriver, UpdateRequest};
use rstack_journal::{Entry, FailedEffect, Intent, IntentAction, OperationId};
use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::{
    Action, Certainty, Change, Operation, Phase, Plan, PlannedObject, ReplaceOrder, Step,
};
use rstack_model::state::{ObjectStatus, ResourceState};
use rstack_model::value::{
    AttributeRef, Attributes, ResolvedSecrets, SecretAttribute, resolve_map,
};
use rstack_model::{
    Identifier, KnownMap, PhysicalId, PropertyPath, ResourceType, Token, Value, ValueMap,
};
use rstack_plan::compare::differences;

use crate::digest::input_digest;
use crate::ledger::Ledger;
use crate::retry::may_pass;
use crate::run_secrets::redacted_attributes;
use crate::secrets::CallSecrets;
use crate::shown_secrets::{ShownSecrets, secret_attributes, source};
use crate::{Engine, SecretParameters, StepError};

pub(crate) use stabilize::{Patience, handler, may_change, polled};
pub(crate) use update::update_held;

/// The surroundings of a step: its engine, its plan and the records of its run.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) plan: &'a Plan,
    pub(crate) ledger: &'a Ledger,
    pub(crate) parameters: &'a SecretParameters,
}

/// An object that is to be made or changed, with all that its calls need.
struct Work<'a> {
    change: &'a Change,
    label: &'a StepLabel,
    driver: Arc<dyn ResourceDriver>,
    /// The object; attributes filled in, secrets as references.
    object: PlannedObject,
    secrets: CallSecrets,
}

/// A failed operation and what is known of its effect.
struct Failure {
    error: StepError,
    effect: FailedEffect,
}

impl Failure {
    fn new(error: impl Into<StepError>, effect: FailedEffect) -> Self {
        Self { error: error.into(), effect }
    }
}

/// The label of a step, for events: its operation, its resource and the type of its object.
pub(crate) fn label(plan: &Plan, step: &Step) -> StepLabel {
    let change = plan.changes.get(&step.address);
    let resource_type = match step.operation.object() {
        Some(object) => object.resource_type.clone(),
        None => change.map_or_else(|| "".into(), |change| change.resource_type.clone()),
    };
    StepLabel {
        step: step.id,
        address: step.address.clone(),
        resource_type,
        operation: step.operation.name(),
    }
}

impl<'a> Context<'a> {
    /// Does a step and records it. An error has been recorded, too, unless the journal is broken.
    pub(crate) async fn run(&self, step: &'a Step) -> Result<(), StepError> {
        let label = label(self.plan, step);
        self.engine.events.emit(Event::StepStarted { label: label.clone() });
        let result = match (&step.operation, self.plan.changes.get(&step.address)) {
            (Operation::Create, Some(change)) => self.create(step, change, &label).await,
            (Operation::Update, Some(change)) => self.update(step, change, &label).await,
            (Operation::Record, Some(change)) => self.record(step, change).await,
            (
                Operation::Delete(object)
                | Operation::DeleteWithSnapshot { object, .. }
                | Operation::Forget(object),
                Some(change),
            ) if self.is_kept(step, change, object) => {
                self.engine.events.emit(Event::StepUnchanged { label: label.clone() });
                Ok(object.physical_id.clone())
            }
            (Operation::Delete(object) | Operation::DeleteWithSnapshot { object, .. }, _) => {
                self.delete(step, object, &label).await
            }
            (Operation::Forget(object), _) => self.forget(step, object).await,
            (Operation::Restore(object), _) => self.restore(step, object).await,
            (Operation::Create | Operation::Update | Operation::Record, None) => {
                Err(StepError::Ambiguous("the plan does not say what to make".to_owned()))
            }
        };
        self.engine.events.emit(match &result {
            Ok(physical_id) => Event::StepDone { label, physical_id: physical_id.clone() },
            Err(StepError::Interrupted(waits_for)) => {
                Event::StepInterrupted { label, waits_for: waits_for.clone() }
            }
            Err(error) => Event::StepFailed { label, code: error.code(), error: error.to_string() },
        });
        result.map(|_| ())
    }

    fn driver(&self, resource_type: &ResourceType) -> Result<Arc<dyn ResourceDriver>, StepError> {
        let driver = self.engine.cloud.driver(resource_type);
        driver.ok_or_else(|| StepError::NoDriver(resource_type.clone()))
    }

    /// The object with all attributes filled in, and its secrets.
    async fn work<'b>(
        &self,
        change: &'b Change,
        label: &'b StepLabel,
    ) -> Result<Work<'b>, StepError> {
        let Some(desired) = &change.desired else {
            return Err(StepError::Ambiguous("the plan does not say what to make".to_owned()));
        };
        let driver = self.driver(&change.resource_type)?;
        let properties =
            self.ledger.with_objects(|objects| resolved(&desired.properties, objects))?;
        self.all_returned(&properties)?;
        self.no_secret_in_name(&change.resource_type, &properties)?;
        let sources = |attribute: &SecretAttribute| {
            self.ledger.with_objects(|objects| source(attribute, objects.values()).cloned())
        };
        let resolved = self.engine.resolve_secrets(self.parameters, &properties, sources).await;
        let secrets = resolved.map_err(|error| match error {
            StepError::Secret { reference, source } => match self.given_up(source) {
                StepError::Driver(source) => StepError::Secret { reference, source },
                interrupted => interrupted,
            },
            error => error,
        })?;
        let secret_versions = secrets.versions.clone();
        let object = PlannedObject { properties, secret_versions, ..desired.clone() };
        Ok(Work { change, label, driver, object, secrets })
    }

    /// Refuses a secret of another object in a property that names this one: of the data of a custom resource
    /// it is known only now that they are secret.
    fn no_secret_in_name(
        &self,
        resource_type: &ResourceType,
        properties: &ValueMap,
    ) -> Result<(), StepError> {
        let Some(definition) = self.engine.schemas.definition(resource_type) else { return Ok(()) };
        let named = definition.unique_names().iter().chain(definition.likely_names());
        for path in named.flat_map(|name| name.name().iter().chain(name.scope())) {
            let Some(top) = path.segments().first() else { continue };
            let mut found = false;
            secret_attributes(properties.get(top), &mut |_| found = true);
            if found {
                return Err(StepError::SecretInName(PropertyPath::root().name(top)));
            }
        }
        Ok(())
    }

    /// Refuses properties with an attribute that an existing object does not have: the steps of those that
    /// are referred to come before.
    fn all_returned(&self, properties: &ValueMap) -> Result<(), StepError> {
        let mut missing = None;
        self.ledger.with_objects(|objects| {
            let mut note = |reference: &AttributeRef| {
                if let Some(object) = objects.get(&reference.address) {
                    let is_custom = object.resource_type.is_custom();
                    missing.get_or_insert_with(|| (is_custom, reference.clone()));
                }
            };
            properties.values().for_each(|value| value.visit_attributes(&mut note));
        });
        match missing {
            None => Ok(()),
            Some((true, reference)) => Err(StepError::NoAttribute(reference)),
            Some((false, reference)) => Err(StepError::NotGiven(reference)),
        }
    }

    /// The object that stays, if a change that was only possible turns out to be none. An old
    /// object that goes first may be gone by now: its replacement is never given up.
    fn unchanged<'b>(&self, work: &Work<'b>) -> Option<&'b ResourceState> {
        let change = work.change;
        match (change.certainty, change.action) {
            (Certainty::Certain, _) | (_, Action::Replace(ReplaceOrder::DeleteFirst)) => None,
            (
                Certainty::Possible,
                Action::NoOp
                | Action::Create
                | Action::Update
                | Action::Record
                | Action::Replace(ReplaceOrder::CreateFirst)
                | Action::Delete
                | Action::Retain
                | Action::Forget
                | Action::Restore,
            ) => {
                let definition = self.engine.schemas.definition(&change.resource_type)?;
                let prior = change.prior.as_ref()?;
                let differences =
                    differences(definition.as_ref(), &prior.properties, &work.object.properties);
                let same = differences.is_empty()
                    && prior.secret_versions == work.object.secret_versions
                    && prior.status.is_as_declared()
                    && change.drift.iter().all(|difference| difference.forces_replacement());
                same.then_some(prior)
            }
        }
    }

    /// The object that stays, if a replacement that was only possible turns out to be a change in
    /// place: of what cannot be changed in place nothing differs.
    fn changes_in_place<'b>(&self, work: &Work<'b>) -> Option<&'b ResourceState> {
        let change = work.change;
        let possible = change.certainty == Certainty::Possible
            && change.action == Action::Replace(ReplaceOrder::CreateFirst);
        let prior = change.prior.as_ref().filter(|_| possible)?;
        let definition = self.engine.schemas.definition(&change.resource_type)?;
        let differences =
            differences(definition.as_ref(), &prior.properties, &work.object.properties);
        differences.iter().all(|difference| !difference.forces_replacement()).then_some(prior)
    }

    /// True if an object that was to go is the one that the resource is to have: a replacement
    /// turned out to be needless, or an update has ended in an object that waited to be deleted.
    fn is_kept(&self, step: &Step, change: &Change, object: &ResourceState) -> bool {
        let cleanup = step.phase == Phase::Cleanup && change.desired.is_some();
        cleanup && self.ledger.has_now(&change.address, object)
    }

    async fn intent(
        &self,
        step: &Step,
        resource_type: &ResourceType,
        driver: &str,
        action: IntentAction,
    ) -> Result<(OperationId, Token), StepError> {
        let (operation, token) = (self.ledger.operation(), self.engine.entropy.token());
        let intent = Intent {
            operation,
            step: step.id,
            address: step.address.clone(),
            resource_type: resource_type.clone(),
            input_digest: input_digest(&action)?,
            action,
            token: token.clone(),
            driver: driver.to_owned(),
        };
        self.ledger.append(Entry::Intent(Box::new(intent))).await?;
        Ok((operation, token))
    }

    /// Records that an operation failed. The record of a failure does not hide the failure.
    async fn fail(
        &self,
        operation: OperationId,
        failure: Failure,
    ) -> Result<PhysicalId, StepError> {
        let Failure { error, effect } = failure;
        if matches!(error, StepError::Journal(_)) {
            return Err(error);
        }
        let text = error.to_string();
        self.ledger.append(Entry::Failed { operation, error: text, effect }).await?;
        Err(error)
    }

    /// An error of a call that sends no secret, and may quote what an earlier one has sent.
    fn redact(&self, error: DriverError) -> DriverError {
        CallSecrets::given(self.parameters).redact(error)
    }

    /// The error of a call that is not made again. If it would have passed and the user asked to
    /// stop, that is the reason.
    fn given_up(&self, error: DriverError) -> StepError {
        if self.engine.cancel.is_cancelled() && may_pass(&error) {
            return StepError::Interrupted(format!("another attempt: {error}"));
        }
        StepError::Driver(error)
    }

    fn retrying(&self, label: &StepLabel, error: &DriverError, attempt: u32) {
        let label = label.clone();
        let event = match error.retry_after {
            // Nothing failed: it was too early.
            Some(_) => Event::StepWaiting { label, waits_for: error.message.clone() },
            None => Event::StepRetrying { label, reason: error.to_string(), attempt },
        };
        self.engine.events.emit(event);
    }
}

impl Work<'_> {
    /// The wholly known properties, with their secrets.
    fn known(&self) -> Result<KnownMap, StepError> {
        known(&self.object.properties, &self.secrets.values)
    }
}

/// The update that makes every call that a create which was cut short did not make.
pub(crate) fn completing(request: &CreateRequest, identifier: Identifier) -> UpdateRequest {
    UpdateRequest {
        identifier,
        token: request.token.clone(),
        prior: KnownMap::new(),
        properties: request.properties.clone(),
    }
}

/// Properties with the attributes that are known by now.
fn resolved(properties: &ValueMap, objects: &dyn Attributes) -> Result<ValueMap, StepError> {
    resolve_map(properties, objects).map_err(StepError::Function)
}

/// Wholly known properties with their secrets.
pub(crate) fn known(
    properties: &ValueMap,
    secrets: &ResolvedSecrets,
) -> Result<KnownMap, StepError> {
    let known =
        |(name, value): (&String, &Value)| Ok((name.clone(), value.known_property(name, secrets)?));
    properties.iter().map(known).collect()
}

/// An object as the state remembers it; `secrets` are those that it was made with, and the token is that of
/// the operation. Its secret attributes are noted in `shown`, unless all its attributes are hidden.
pub(crate) fn resource_state(
    resource_type: &ResourceType,
    (object, secrets): (&PlannedObject, &ResolvedSecrets),
    made: &Object,
    status: ObjectStatus,
    (driver, token): (&dyn ResourceDriver, &Token),
    shown: Option<&ShownSecrets>,
) -> ResourceState {
    let mut attributes = redacted_attributes(&object.properties, secrets, &made.attributes);
    let returned_by = resource_type.is_custom().then_some(token);
    if let Some(shown) = shown {
        shown.note(&made.physical_id, returned_by, &made.attributes, &mut attributes);
    }
    ResourceState {
        resource_type: resource_type.clone(),
        identifier: made.identifier.clone(),
        physical_id: made.physical_id.clone(),
        status,
        properties: object.properties.clone(),
        in_doubt: Vec::new(),
        attributes,
        dependencies: object.dependencies.clone(),
        deletion_policy: object.deletion_policy,
        update_replace_policy: object.update_replace_policy,
        secret_versions: object.secret_versions.clone(),
        driver: driver.name().to_owned(),
        cursor: None,
        token: None,
    }
}
