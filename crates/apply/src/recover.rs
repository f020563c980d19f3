//! Finding out what came of operations that were cut off.

use rstack_driver::{CreateRequest, Found, Object, ResourceDriver};
use rstack_journal::{Entry, FailedEffect, IntentAction, OpenOperation, Outcome, base_of};
use rstack_model::plan::PlannedObject;
use rstack_model::state::{Environment, ObjectStatus, State};
use rstack_model::{Identifier, KnownValue, StackName};
use rstack_store::Lease;

use crate::digest::check_input;
use crate::ledger::{Effects, Ledger};
use crate::observe::stops_everything;
use crate::retry::{QUIET, may_pass};
use crate::secrets::CallSecrets;
use crate::step::{Settling, completing, known, resource_state, settling, update_held};
use crate::{ApplyError, Engine, RecoverError, SecretParameters, StepError};

/// How often the cloud was asked about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// It is the first time.
    First,
    /// It is not, and [`QUIET`] has passed.
    Again,
}

/// What is known of an operation that was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    /// What came of it is recorded.
    Recorded,
    /// Its object is not there yet.
    Absent,
}

impl Engine {
    /// The state of a stack. If an earlier run was cut off, what came of its operations is found
    /// out first, and the state is published.
    ///
    /// # Errors
    /// If the files cannot be used, or it cannot be told what came of an operation.
    pub async fn recover(
        &self,
        locked: &dyn Lease,
        parameters: &SecretParameters,
    ) -> Result<Option<State>, ApplyError> {
        self.while_renewed(locked, self.recover_held(locked, parameters)).await
    }

    async fn recover_held(
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
        self.settle_open(&ledger, parameters).await?;
        let folded = ledger.folded()?;
        Ok(Some(locked.publish(folded.state, &plan_base).await?))
    }

    /// In another account or Region no object would be found, and all would be forgotten.
    async fn check_place(&self, base: &State) -> Result<(), ApplyError> {
        let identity = self.ask(|| self.cloud.identity()).await;
        let identity = identity.map_err(ApplyError::Cloud)?;
        let planned = place(&base.stack, &base.environment);
        let found = place(&base.stack, &identity.environment);
        if planned == found { Ok(()) } else { Err(ApplyError::Environment { planned, found }) }
    }

    /// Asks the cloud about every operation of which it is not known what came of it. What is not
    /// there is asked for again after [`QUIET`], for all of them at once.
    pub(crate) async fn settle_open(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
    ) -> Result<(), ApplyError> {
        let mut asked = Asked::First;
        loop {
            let mut absent = false;
            for open in ledger.folded()?.open {
                absent |= self.settle(ledger, parameters, &open, asked).await? == Settled::Absent;
            }
            if !absent {
                return Ok(());
            }
            asked = Asked::Again;
            self.clock.sleep(QUIET).await;
        }
    }

    async fn settle(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        asked: Asked,
    ) -> Result<Settled, ApplyError> {
        check_input(open)?;
        let address = open.intent.address.clone();
        match self.settle_one(ledger, parameters, open, asked).await {
            Ok(settled) => Ok(settled),
            Err(StepError::Journal(error)) => Err(ApplyError::State(error)),
            Err(StepError::Ambiguous(why)) => {
                let stack = ledger.stack().clone();
                Err(RecoverError::Ambiguous { stack, address, why }.into())
            }
            Err(source) => Err(RecoverError::Step { address, source }.into()),
        }
    }

    async fn settle_one(
        &self,
        ledger: &Ledger,
        parameters: &SecretParameters,
        open: &OpenOperation,
        asked: Asked,
    ) -> Result<Settled, StepError> {
        let operation = open.intent.operation;
        let failed =
            |effect| Entry::Failed { operation, error: "the run was cut off".to_owned(), effect };
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
            return Ok(Settled::Recorded);
        };
        let driver = self.cloud.driver(&open.intent.resource_type);
        let driver =
            driver.ok_or_else(|| StepError::NoDriver(open.intent.resource_type.clone()))?;
        let secrets = match self.resolve_secrets(parameters, &object.properties).await {
            Ok(secrets) => secrets,
            // Without its secrets it cannot be finished: the next plan replaces it.
            Err(error) if open.effect.is_some() && is_final(&error) => {
                ledger.append(failed(FailedEffect::Partial)).await?;
                return Ok(Settled::Recorded);
            }
            Err(error) => return Err(error),
        };
        let object = PlannedObject { secret_versions: secrets.versions.clone(), ..object.clone() };
        let mut properties = known(&object.properties, &secrets.values)?;
        if let Some((property, name)) = name {
            properties.insert(property.clone(), KnownValue::from(name.as_str()));
        }
        let request = CreateRequest {
            stack: ledger.stack().clone(),
            address: open.intent.address.clone(),
            token: open.intent.token.clone(),
            properties,
            absence_proven: open.absence_proven,
        };
        let identifier: Identifier = match &open.effect {
            Some(identifier) => identifier.clone(),
            None => {
                let find =
                    || async { driver.find(&request).await.map_err(|error| secrets.hide(error)) };
                let found = self.ask(find).await;
                match found? {
                    Found::Absent if asked == Asked::First => return Ok(Settled::Absent),
                    Found::Absent => {
                        ledger.append(failed(FailedEffect::None)).await?;
                        return Ok(Settled::Recorded);
                    }
                    Found::Ambiguous { why } => return Err(StepError::Ambiguous(why)),
                    Found::Ours(found) => {
                        let effects = Effects::new(ledger, operation);
                        effects.record(&found.identifier, &found.physical_id).await?
                    }
                }
            }
        };
        let finished = self.finish(ledger, driver.as_ref(), (&request, &secrets), &identifier);
        let finished = finished.await;
        let (made, status) = match finished {
            Ok(finished) => finished,
            Err(error) if is_final(&error) => {
                ledger.append(failed(FailedEffect::Partial)).await?;
                return Ok(Settled::Recorded);
            }
            Err(error) => return Err(error),
        };
        let resource_type = &open.intent.resource_type;
        let state = resource_state(resource_type, &object, &made, status, driver.as_ref());
        let outcome = Outcome::Object(Box::new(state));
        ledger.append(Entry::Done { operation, outcome }).await?;
        Ok(Settled::Recorded)
    }

    /// The object is ours. An update makes the calls that its create did not come to. It is not
    /// waited for here: what has not settled is settled by the next plan.
    async fn finish(
        &self,
        ledger: &Ledger,
        driver: &dyn ResourceDriver,
        (request, secrets): (&CreateRequest, &CallSecrets),
        identifier: &Identifier,
    ) -> Result<(Object, ObjectStatus), StepError> {
        let update = completing(request, identifier.clone());
        let made = self.ask(|| update_held(ledger, driver, &update, secrets)).await??;
        let status = match settling(self, driver, identifier).await? {
            Settling::Settled => ObjectStatus::Ready,
            Settling::Goes => ObjectStatus::PartlyUpdated,
        };
        Ok((made, status))
    }
}

/// Whether trying again later would end in the same way.
fn is_final(error: &StepError) -> bool {
    match error {
        StepError::Driver(error) | StepError::Secret { source: error, .. } => {
            !may_pass(error) && !stops_everything(error)
        }
        // A command that takes no parameters, such as the end of a stack, will not have it later.
        StepError::Reference(_) | StepError::ParameterName(_) | StepError::Parameter(_) => true,
        StepError::NoDriver(_)
        | StepError::OldParameter(_)
        | StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::Ambiguous(_)
        | StepError::Unsettled { .. }
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
