//! Recovery: finds out the outcome of operations that were cut off, by asking the cloud.

use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, ErrorKind, Found, HandlerFailure, Object,
    OperationKind, Removal, ResourceDriver, Step as Progress,
};
use rstack_journal::{
    Entry, FailedEffect, Intent, IntentAction, OpenOperation, Outcome, PolledKind, base_of,
};
use rstack_model::event::Event;
use rstack_model::plan::PlannedObject;
use rstack_model::state::{Environment, ResourceState, State};
use rstack_model::value::{ResolvedSecrets, SecretAttribute};
use rstack_model::{
    Cursor, Identifier, KnownMap, KnownValue, ObjectKey, SecretString, SnapshotName, StackName,
};
use rstack_store::Lease;

use crate::digest::check_input;
use crate::drive::{Driven, Led, Waits};
use crate::ledger::{Effects, Ledger};
use crate::observe::{stops_everything, without_secrets};
use crate::retry::{QUIET, may_pass};
use crate::secrets::CallSecrets;
use crate::shown_secrets::{ShownSecrets, source};
use crate::step::{completing, known, resource_state, update_held};
use crate::{ApplyError, Engine, RecoverError, SecretParameters, StepError};

/// The number of times that the cloud was asked about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// It is the first time.
    First,
    /// It is not, and [`QUIET`] has passed.
    Again,
}

/// The result of resolving an open operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolved {
    /// Its outcome is recorded.
    Recorded,
    /// Its object is not there yet.
    Absent,
}

impl Engine {
    /// The state of a stack. If an earlier run was cut off, the outcome of its operations is found
    /// out first, and the state is published. The caller holds and renews the lease.
    ///
    /// # Errors
    /// If the files cannot be used, or the outcome of an operation cannot be found out.
    pub async fn recover(
        &self,
        locked: &dyn Lease,
        parameters: &SecretParameters,
    ) -> Result<Option<State>, ApplyError> {
        let stored = locked.read().await?;
        let Some(entries) = stored.journal else { return Ok(stored.state) };
        let Some(base) = base_of(stored.state, entries.first()) else { return Ok(None) };
        self.check_place(&base).await?;
        let plan_base =
            rstack_model::plan::PlanBase { lineage: base.lineage.clone(), serial: base.serial };
        let ledger = Ledger::new(base, locked.resume().await?, entries);
        self.resolve_open(&ledger, parameters, Waits::Yes).await?;
        let folded = ledger.folded()?;
        Ok(Some(locked.publish(folded.state, &plan_base).await?))
    }

    /// In another account or Region no object would be found, and all would be forgotten.
    async fn check_place(&self, base: &State) -> Result<(), ApplyError> {
        let identity = self.ask_read(|| self.cloud.identity()).await;
        let identity = identity.map_err(ApplyError::Cloud)?;
        let planned = place(&base.stack, &base.environment);
        let found = place(&base.stack, &identity.environment);
        if planned == found { Ok(()) } else { Err(ApplyError::Environment { planned, found }) }
    }

    /// Asks the cloud about every operation whose outcome is not known. What is not
    /// there is asked for again after [`QUIET`], for all of them at once.
    pub(crate) async fn resolve_open(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        waits: Waits,
    ) -> Result<(), ApplyError> {
        let mut asked = Asked::First;
        loop {
            let mut absent = false;
            for open in ledger.folded()?.open {
                absent |= self.resolve_operation(ledger, parameters, &open, (asked, waits)).await?
                    == Resolved::Absent;
            }
            if !absent {
                return Ok(());
            }
            asked = Asked::Again;
            self.clock.sleep(QUIET).await;
        }
    }

    async fn resolve_operation(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        how: (Asked, Waits),
    ) -> Result<Resolved, ApplyError> {
        check_input(open)?;
        let address = open.intent.address.clone();
        match self.resolve_one(ledger, parameters, open, how).await {
            Ok(resolved) => Ok(resolved),
            Err(StepError::Journal(error)) => Err(ApplyError::State(error)),
            Err(StepError::Ambiguous(why)) => {
                let stack = ledger.stack().clone();
                Err(RecoverError::Ambiguous { stack, address, why }.into())
            }
            Err(source) => Err(RecoverError::Step { address, source }.into()),
        }
    }

    async fn resolve_one(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        (asked, waits): (Asked, Waits),
    ) -> Result<Resolved, StepError> {
        if open.cursor.is_some() {
            match self.resolve_pending(ledger, parameters, open, waits).await {
                // The cursor is known no longer: the object is looked for.
                Err(StepError::Driver(error)) if is_forgotten(&error) => {}
                resolved => return resolved,
            }
        }
        let operation = open.intent.operation;
        let failed =
            |effect| Entry::Failed { operation, error: "the run was cut off".to_owned(), effect };
        if let IntentAction::Delete { key, snapshot: Some(snapshot) } = &open.intent.action
            && self.resolve_deletion(ledger, parameters, open, (key, snapshot), waits).await?
        {
            return Ok(Resolved::Recorded);
        }
        let IntentAction::Create { name, object } = &open.intent.action else {
            // What a cut-off update did is found by the next plan, which makes it again. So it is
            // with an object whose deletion was cut off: it is gone, or as it was, or between.
            let effect = match open.intent.action {
                IntentAction::Update { .. } | IntentAction::Delete { .. } => FailedEffect::Partial,
                IntentAction::Create { .. }
                | IntentAction::Record { .. }
                | IntentAction::Forget { .. }
                | IntentAction::Restore { .. } => FailedEffect::None,
            };
            ledger.append(failed(effect)).await?;
            return Ok(Resolved::Recorded);
        };
        let driver = self.cloud.driver(&open.intent.resource_type);
        let driver =
            driver.ok_or_else(|| StepError::NoDriver(open.intent.resource_type.clone()))?;
        let sources = sources(ledger);
        let secrets = match self.resolve_secrets(parameters, &object.properties, sources).await {
            Ok(secrets) => secrets,
            // Without its secrets it cannot be finished: the next plan replaces it.
            Err(error) if open.effect.is_some() && is_final(&error) => {
                ledger.append(failed(FailedEffect::Partial)).await?;
                return Ok(Resolved::Recorded);
            }
            Err(StepError::SecretLost(_)) => {
                let driver = driver.as_ref();
                return self
                    .settle_without_secret((ledger, parameters), open, driver, waits, asked)
                    .await;
            }
            Err(error) => return Err(error),
        };
        let object = PlannedObject { secret_versions: secrets.versions.clone(), ..object.clone() };
        let properties = known(&object.properties, &secrets.values)?;
        let request = create_request(ledger, open, name.as_ref(), properties);
        let identifier: Identifier = match &open.effect {
            Some(identifier) => identifier.clone(),
            None => {
                let find =
                    || async { driver.find(&request).await.map_err(|error| secrets.redact(error)) };
                let found = self.ask_read(find).await;
                match found? {
                    Found::Absent if asked == Asked::First => return Ok(Resolved::Absent),
                    Found::Absent => {
                        ledger.append(failed(FailedEffect::None)).await?;
                        return Ok(Resolved::Recorded);
                    }
                    Found::Ambiguous { why } => {
                        return Err(StepError::Ambiguous(secrets.hidden(&why)));
                    }
                    Found::Begun(pending) => {
                        let driven = Driven {
                            ledger,
                            driver: driver.as_ref(),
                            operation,
                            kind: OperationKind::Create,
                            secrets: Some(&secrets),
                            address: &open.intent.address,
                            resource_type: &open.intent.resource_type,
                            token: &open.intent.token,
                            declared: without_secrets(&object.properties),
                            waits,
                        };
                        let led = self.drive(&driven, None, Progress::Pending(*pending)).await?;
                        let entry = polled_entry(&driven, led, Some(&object), &self.shown);
                        ledger.append(entry).await?;
                        let token = &open.intent.token;
                        self.acknowledge(ledger, driver.as_ref(), operation, token).await;
                        return Ok(Resolved::Recorded);
                    }
                    Found::Ours(found) => {
                        let effects = Effects::new(ledger, operation, PolledKind::Create);
                        effects.record(&found.identifier, &found.physical_id).await?
                    }
                }
            }
        };
        let driven = Driven {
            ledger,
            driver: driver.as_ref(),
            operation,
            kind: OperationKind::Update,
            secrets: Some(&secrets),
            address: &open.intent.address,
            resource_type: &open.intent.resource_type,
            token: &open.intent.token,
            declared: without_secrets(&object.properties),
            waits,
        };
        let finished = self.finish(&driven, (&request, &secrets), &identifier).await;
        let outcome = match finished {
            Ok(Led::To(made, status)) => {
                let resource_type = &open.intent.resource_type;
                let object = (&object, &secrets.values);
                let by = (driver.as_ref(), &open.intent.token);
                let state =
                    resource_state(resource_type, object, &made, status, by, Some(&self.shown));
                Entry::Done { operation, outcome: Outcome::Object(Box::new(state)) }
            }
            Ok(Led::Nowhere | Led::Snapshotted(_) | Led::Failed(_)) => {
                failed(FailedEffect::Partial)
            }
            Err(error) if is_final(&error) => failed(FailedEffect::Partial),
            Err(error) => return Err(error),
        };
        ledger.append(outcome).await?;
        Ok(Resolved::Recorded)
    }

    /// Settles an open create that took a secret which cannot be had any more. An object that it has made
    /// is replaced by the next plan.
    async fn settle_without_secret(
        &self,
        (ledger, parameters): (&Ledger, &SecretParameters),
        open: &OpenOperation,
        driver: &dyn ResourceDriver,
        waits: Waits,
        asked: Asked,
    ) -> Result<Resolved, StepError> {
        let IntentAction::Create { name, object } = &open.intent.action else {
            return Ok(Resolved::Recorded);
        };
        let operation = open.intent.operation;
        let error = "the run was cut off, and a secret that it took is shown no more".to_owned();
        let failed = |effect| Entry::Failed { operation, error: error.clone(), effect };
        let properties = without_secrets(&object.properties);
        let request = create_request(ledger, open, name.as_ref(), properties);
        let given = CallSecrets::given(parameters);
        let find = || async { driver.find(&request).await.map_err(|error| given.redact(error)) };
        let effect = match self.ask_read(find).await? {
            Found::Absent if asked == Asked::First => return Ok(Resolved::Absent),
            Found::Absent => FailedEffect::None,
            Found::Ambiguous { why } => return Err(StepError::Ambiguous(given.hidden(&why))),
            Found::Ours(found) => {
                let effects = Effects::new(ledger, operation, PolledKind::Create);
                effects.record(&found.identifier, &found.physical_id).await?;
                FailedEffect::Partial
            }
            Found::Begun(pending) => {
                let driven = Driven {
                    ledger,
                    driver,
                    operation,
                    kind: OperationKind::Create,
                    secrets: None,
                    address: &open.intent.address,
                    resource_type: &open.intent.resource_type,
                    token: &open.intent.token,
                    declared: without_secrets(&object.properties),
                    waits,
                };
                let led = self.drive(&driven, None, Progress::Pending(*pending)).await?;
                ledger.append(polled_entry(&driven, led, Some(object), &self.shown)).await?;
                self.acknowledge(ledger, driver, operation, &open.intent.token).await;
                return Ok(Resolved::Recorded);
            }
        };
        ledger.append(failed(effect)).await?;
        Ok(Resolved::Recorded)
    }

    /// The object is ours. An update makes the calls that its create did not come to. It is not
    /// waited for here where it may be begun again: the next plan goes on.
    async fn finish(
        &self,
        driven: &Driven<'_>,
        (request, secrets): (&CreateRequest, &CallSecrets),
        identifier: &Identifier,
    ) -> Result<Led, StepError> {
        let update = completing(request, identifier.clone());
        let effects = Effects::new(driven.ledger, driven.operation, PolledKind::Update);
        let begun = self.ask(
            || update_held(driven.ledger, driven.driver, &update, &effects, secrets),
            |error, attempt| self.asking_again(error, attempt),
        );
        let begun = begun.await??;
        self.drive(driven, Some(identifier.clone()), begun).await
    }

    /// Polls an operation on that goes on in the cloud, and may not be begun again.
    async fn resolve_pending(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        waits: Waits,
    ) -> Result<Resolved, StepError> {
        let Some((kind, cursor)) = open.cursor.clone() else { return Ok(Resolved::Absent) };
        let kind = match kind {
            PolledKind::Create => OperationKind::Create,
            PolledKind::Update => OperationKind::Update,
            PolledKind::Delete => OperationKind::Delete,
        };
        self.follow(ledger, parameters, open, (kind, From::Cursor(cursor)), waits).await?;
        Ok(Resolved::Recorded)
    }

    /// Follows a deletion with a final snapshot that its service has accepted; false if it has not.
    async fn resolve_deletion(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        (key, snapshot): (&ObjectKey, &SnapshotName),
        waits: Waits,
    ) -> Result<bool, StepError> {
        let intent = &open.intent;
        let driver = self.cloud.driver(&intent.resource_type);
        let driver = driver.ok_or_else(|| StepError::NoDriver(intent.resource_type.clone()))?;
        let remembered = ledger.remembered(&intent.address, key);
        let request = DeleteRequest {
            identifier: key.identifier.clone(),
            token: intent.token.clone(),
            prior: remembered.as_ref().map(without_secrets).unwrap_or_default(),
            removal: Removal::Recoverable,
        };
        let given = CallSecrets::given(parameters);
        let find = || async {
            let found = driver.find_deletion(&request, snapshot).await;
            found.map_err(|error| given.redact(error))
        };
        let Some(step) = self.ask_read(find).await? else { return Ok(false) };
        let at = (OperationKind::Delete, From::Step(step));
        self.follow(ledger, parameters, open, at, waits).await?;
        Ok(true)
    }

    /// Follows an operation on that goes on in the cloud, and records its outcome.
    async fn follow(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        (kind, from): (OperationKind, From),
        waits: Waits,
    ) -> Result<(), StepError> {
        let intent = &open.intent;
        let (operation, resource_type) = (intent.operation, &intent.resource_type);
        let driver = self.cloud.driver(resource_type);
        let driver = driver.ok_or_else(|| StepError::NoDriver(resource_type.clone()))?;
        let (known, object) = match &intent.action {
            IntentAction::Create { object, .. } => (None, Some(object)),
            IntentAction::Update { key, object } => (Some(key), Some(object)),
            IntentAction::Delete { key, .. }
            | IntentAction::Record { key }
            | IntentAction::Forget { key }
            | IntentAction::Restore { key } => (Some(key), None),
        };
        let remembered = known.and_then(|key| ledger.remembered(&intent.address, key));
        let properties = object.map(|object| &object.properties).or(remembered.as_ref());
        let secrets = match properties {
            Some(properties) => {
                self.resolve_secrets(parameters, properties, sources(ledger)).await.ok()
            }
            None => None,
        };
        let driven = Driven {
            ledger,
            driver: driver.as_ref(),
            operation,
            kind,
            secrets: secrets.as_ref(),
            address: &intent.address,
            resource_type,
            token: &intent.token,
            declared: properties.map(without_secrets).unwrap_or_default(),
            waits,
        };
        let at = open.effect.clone().or(known.map(|key| key.identifier.clone()));
        let led = match from {
            From::Cursor(cursor) => self.poll_on(&driven, at, cursor).await?,
            From::Step(step) => self.drive(&driven, at, step).await?,
        };
        let told = told_of_snapshot(intent, &led);
        ledger.append(polled_entry(&driven, led, object, &self.shown)).await?;
        self.acknowledge(ledger, driver.as_ref(), operation, &intent.token).await;
        told.into_iter().for_each(|event| self.events.emit(event));
        Ok(())
    }
}

/// The request of a create that was cut off, with these properties and the name that was chosen.
fn create_request(
    ledger: &Ledger,
    open: &OpenOperation,
    name: Option<&(String, String)>,
    mut properties: KnownMap,
) -> CreateRequest {
    if let Some((property, name)) = name {
        properties.insert(property.clone(), KnownValue::from(name.as_str()));
    }
    CreateRequest {
        stack: ledger.stack().clone(),
        address: open.intent.address.clone(),
        token: open.intent.token.clone(),
        properties,
        absence_proven: open.absence_proven,
        begun: open.cursor.as_ref().map(|(_, cursor)| cursor.clone()),
    }
}

/// The objects of secret attributes, among those of a ledger.
fn sources(ledger: &Ledger) -> impl Fn(&SecretAttribute) -> Option<ResourceState> {
    |attribute| ledger.with_objects(|objects| source(attribute, objects.values()).cloned())
}

/// Where an operation is followed from.
enum From {
    /// The cursor that was journaled last.
    Cursor(Cursor),
    /// The step that was found in the cloud.
    Step(Progress),
}

/// The event about the final snapshot of a deletion that is complete, if it was to take one.
fn told_of_snapshot(intent: &Intent, led: &Led) -> Option<Event> {
    let IntentAction::Delete { snapshot: Some(asked), .. } = &intent.action else { return None };
    let (address, resource_type) = (intent.address.clone(), intent.resource_type.clone());
    match led {
        Led::Snapshotted(snapshot) => {
            let snapshot = snapshot.clone();
            Some(Event::SnapshotTaken { address, resource_type, snapshot })
        }
        Led::Nowhere => {
            let snapshot = asked.clone();
            Some(Event::SnapshotMissing { address, resource_type, snapshot })
        }
        Led::To(..) | Led::Failed(_) => None,
    }
}

/// An object whose attributes are hidden: they may repeat a secret that cannot be resolved now.
fn withheld(mut made: Box<Object>) -> Box<Object> {
    for value in made.attributes.values_mut() {
        *value = KnownValue::Secret(SecretString::new(String::new()));
    }
    made
}

/// The record of a polled operation that is complete. `object` is what it was to make or change;
/// `None` for a deletion.
fn polled_entry(
    driven: &Driven<'_>,
    led: Led,
    object: Option<&PlannedObject>,
    shown: &ShownSecrets,
) -> Entry {
    let operation = driven.operation;
    let failed = |error: String, effect| Entry::Failed { operation, error, effect };
    let partly = match driven.ledger.knows_object(operation) {
        true => FailedEffect::Partial,
        false => FailedEffect::None,
    };
    match (led, object) {
        (Led::To(made, status), Some(object)) => {
            let made = if driven.secrets.is_some() { made } else { withheld(made) };
            let none = ResolvedSecrets::default();
            let object = (object, driven.secrets.map_or(&none, |secrets| &secrets.values));
            let by = (driven.driver, driven.token);
            let shown = driven.secrets.is_some().then_some(shown);
            let state = resource_state(driven.resource_type, object, &made, status, by, shown);
            Entry::Done { operation, outcome: Outcome::Object(Box::new(state)) }
        }
        (Led::Nowhere | Led::Snapshotted(_), None) => {
            Entry::Done { operation, outcome: Outcome::Gone }
        }
        (Led::Nowhere | Led::Snapshotted(_), Some(_)) => {
            failed("its object is gone".to_owned(), partly)
        }
        (Led::To(..), None) => failed("its object is still there".to_owned(), partly),
        // What has failed has made nothing but what it has named.
        (Led::Failed(error), _) => failed(error.to_string(), partly),
    }
}

/// True if the cloud does not know the polled operation, or its handler never says how it ended.
fn is_forgotten(error: &DriverError) -> bool {
    let silent = ErrorKind::Handler(HandlerFailure::Silent);
    matches!(error.kind, ErrorKind::NotFound | ErrorKind::Unsupported) || error.kind == silent
}

/// True if trying again later would end in the same way.
fn is_final(error: &StepError) -> bool {
    match error {
        StepError::Driver(error) | StepError::Secret { source: error, .. } => {
            !may_pass(error) && !stops_everything(error)
        }
        // A command that takes no parameters, such as the end of a stack, will not have it later.
        StepError::Reference(_)
        | StepError::ParameterName(_)
        | StepError::Parameter(_)
        | StepError::SecretLost(_) => true,
        StepError::NoDriver(_)
        | StepError::OldParameter(_)
        | StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::SecretAttribute(_)
        | StepError::SecretInName(_)
        | StepError::NoAttribute(_)
        | StepError::NotGiven(_)
        | StepError::Ambiguous(_)
        | StepError::NotStabilized { .. }
        | StepError::CreationTimeout { .. }
        | StepError::KeepsRotating(_)
        | StepError::Interrupted(_)
        | StepError::Digest(_)
        | StepError::Journal(_) => false,
    }
}

/// A stack and where it lives, in words.
pub(crate) fn place(stack: &StackName, environment: &Environment) -> String {
    let Environment { account, region, partition, sandbox } = environment;
    let cloud = if *sandbox { "the sandbox" } else { partition.as_str() };
    format!("`{stack}` in account {account}, {region} ({cloud})")
}

#[cfg(test)]
mod tests {
    use rstack_model::ValueMap;

    use super::*;
    use crate::run_secrets::redacted_attributes;

    #[test]
    fn attributes_are_hidden_while_a_secret_cannot_be_resolved() {
        let nested = KnownMap::from([("Url".to_owned(), "https://hunter2@host".into())]);
        let attributes = KnownMap::from([
            ("Url".to_owned(), "https://hunter2@host".into()),
            ("Nested".to_owned(), nested.into()),
        ]);
        let made = Box::new(Object::named("id".into(), KnownMap::new(), attributes));
        let hidden = withheld(made).attributes;
        let recorded = redacted_attributes(&ValueMap::new(), &ResolvedSecrets::default(), &hidden);
        assert_eq!(recorded.keys().collect::<Vec<_>>(), ["Nested", "Url"]);
        let text = serde_json::to_string(&recorded).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
    }
}
