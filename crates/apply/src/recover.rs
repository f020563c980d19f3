//! Finding out what came of operations that were cut off.

use rstack_driver::{CreateRequest, Found};
use rstack_model::state::{ObjectStatus, ResourceState, State};
use rstack_model::value::redacted_map;
use rstack_model::{KnownValue, PhysicalId};
use rstack_state::{
    Entry, FailedEffect, IntentAction, LockedStack, OpenOperation, Outcome, StateError,
};

use crate::ledger::{Effects, Ledger};
use crate::secrets::resolve;
use crate::step::{completing, known};
use crate::{ApplyError, Engine, RecoverError, SecretParameters, StepError};

/// The state below a journal: what is stored, or the empty one that its first record names.
pub(crate) fn base_of(stored: Option<State>, begin: Option<&Entry>) -> Option<State> {
    if stored.is_some() {
        return stored;
    }
    let Some(Entry::Begin { base, stack, environment, .. }) = begin else { return None };
    Some(State::empty(base.lineage.clone(), stack.clone(), environment.clone()))
}

impl Engine {
    /// The state of a stack. If an earlier run was cut off, what came of its operations is found
    /// out first, and the state is published.
    ///
    /// # Errors
    /// If the files cannot be used, or it cannot be told what came of an operation.
    pub async fn recover(
        &self,
        locked: &LockedStack,
        parameters: &SecretParameters,
    ) -> Result<Option<State>, ApplyError> {
        let stored = locked.read()?;
        let Some(entries) = stored.journal else { return Ok(stored.state) };
        let Some(base) = base_of(stored.state, entries.first()) else { return Ok(None) };
        let plan_base =
            rstack_model::plan::PlanBase { lineage: base.lineage.clone(), serial: base.serial };
        let ledger = Ledger::new(base, locked.resume()?, entries);
        self.settle_open(&ledger, parameters).await?;
        let folded = ledger.folded()?;
        Ok(Some(locked.publish(folded.state, &plan_base)?))
    }

    /// Asks the cloud about every operation of which it is not known what came of it.
    pub(crate) async fn settle_open(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
    ) -> Result<(), ApplyError> {
        for open in ledger.folded()?.open {
            let logical_id = open.intent.logical_id.clone();
            match self.settle_one(ledger, parameters, &open).await {
                Ok(()) => {}
                Err(StepError::Journal(error)) => return Err(ApplyError::State(error)),
                Err(StepError::Ambiguous(why)) => {
                    return Err(RecoverError::Ambiguous { logical_id, why }.into());
                }
                Err(source) => return Err(RecoverError::Step { logical_id, source }.into()),
            }
        }
        Ok(())
    }

    async fn settle_one(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
    ) -> Result<(), StepError> {
        let operation = open.intent.operation;
        let failed =
            |effect| Entry::Failed { operation, error: "the run was cut off".to_owned(), effect };
        let IntentAction::Create { name, object } = &open.intent.action else {
            // What a cut-off update did is found by the next plan, which makes it again; an object
            // whose deletion was cut off is still there or is found missing.
            let effect = match open.intent.action {
                IntentAction::Update { .. } => FailedEffect::Partial,
                IntentAction::Create { .. }
                | IntentAction::Record { .. }
                | IntentAction::Delete { .. }
                | IntentAction::Forget { .. }
                | IntentAction::Restore { .. } => FailedEffect::None,
            };
            return Ok(ledger.append(failed(effect)).await?);
        };
        let resource_type = &open.intent.resource_type;
        let driver = self.cloud.driver(resource_type);
        let driver = driver.ok_or_else(|| StepError::NoDriver(resource_type.clone()))?;
        let (secrets, _) = resolve(self.cloud.as_ref(), parameters, &object.properties).await?;
        let mut properties = known(&object.properties, &secrets)?;
        if let Some((property, name)) = name {
            properties.insert(property.clone(), KnownValue::from(name.as_str()));
        }
        let request = CreateRequest {
            stack: ledger.stack().clone(),
            logical_id: open.intent.logical_id.clone(),
            token: open.intent.token.clone(),
            properties,
        };
        let physical_id: PhysicalId = match &open.effect {
            Some(physical_id) => physical_id.clone(),
            None => match driver.find(&request).await? {
                Found::Absent => return Ok(ledger.append(failed(FailedEffect::None)).await?),
                Found::Ambiguous { why } => return Err(StepError::Ambiguous(why)),
                Found::Ours(found) => {
                    let effects = Effects::new(ledger, operation);
                    effects.record(&found.physical_id).await?;
                    found.physical_id
                }
            },
        };
        // The object is ours. An update makes the calls that the create did not come to.
        let Ok(made) = driver.update(&completing(&request, physical_id)).await else {
            return Ok(ledger.append(failed(FailedEffect::Partial)).await?);
        };
        let state = ResourceState {
            resource_type: resource_type.clone(),
            physical_id: made.physical_id,
            status: ObjectStatus::Ready,
            properties: object.properties.clone(),
            attributes: redacted_map(&made.attributes),
            dependencies: object.dependencies.clone(),
            deletion_policy: object.deletion_policy,
            update_replace_policy: object.update_replace_policy,
            secret_versions: object.secret_versions.clone(),
            driver: driver.name().to_owned(),
        };
        let done = Entry::Done { operation, outcome: Outcome::Object(Box::new(state)) };
        ledger.append(done).await.map_err(|error: StateError| error.into())
    }
}
