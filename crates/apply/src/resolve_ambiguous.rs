//! The way out when the cloud cannot tell whether an object is ours: the user says so.

use rstack_driver::{CreateRequest, Observed};
use rstack_journal::{Entry, FailedEffect, IntentAction, OpenOperation, base_of};
use rstack_model::{Address, Identifier, PhysicalId, StackName};
use rstack_store::Lease;

use crate::ledger::Ledger;
use crate::observe::without_secrets;
use crate::{ApplyError, Engine};

/// The user's answer about an interrupted create that the cloud cannot attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It made this object.
    Ours(Identifier),
    /// The create made no object: the existing one belongs to another owner and is not touched.
    NotOurs,
}

impl Engine {
    /// Records what the user says of the open creations of a resource; the next recovery goes on
    /// from there. Returns how many were open.
    ///
    /// # Errors
    /// If the files cannot be used, or the cloud cannot be asked.
    pub async fn resolve_ambiguous(
        &self,
        locked: &dyn Lease,
        address: &Address,
        decision: &Decision,
    ) -> Result<usize, ApplyError> {
        let stored = locked.read().await?;
        let Some(entries) = stored.journal else { return Ok(0) };
        let Some(base) = base_of(stored.state, entries.first()) else { return Ok(0) };
        let ledger = Ledger::new(base, locked.resume().await?, entries);
        let mut decided = 0;
        for open in ledger.folded()?.open {
            let creates = matches!(open.intent.action, IntentAction::Create { .. });
            if open.intent.address != *address || !creates || open.effect.is_some() {
                continue;
            }
            let operation = open.intent.operation;
            let entry = match decision {
                Decision::Ours(given) => {
                    let (identifier, physical_id) =
                        self.named(ledger.stack(), &open, given).await?;
                    Entry::Effect { operation, identifier, physical_id }
                }
                Decision::NotOurs => {
                    let error = "the user says that it made nothing".to_owned();
                    Entry::Failed { operation, error, effect: FailedEffect::None }
                }
            };
            ledger.append(entry).await?;
            decided += 1;
        }
        Ok(decided)
    }

    /// The identifier and physical ID of the object that the user names, as the cloud returns them:
    /// the user may name it by less than its whole identifier.
    async fn named(
        &self,
        stack: &StackName,
        open: &OpenOperation,
        given: &Identifier,
    ) -> Result<(Identifier, PhysicalId), ApplyError> {
        let IntentAction::Create { object, .. } = &open.intent.action else {
            return Ok((given.clone(), PhysicalId::new(given.to_string())));
        };
        let declared = without_secrets(&object.properties);
        let request = CreateRequest {
            stack: stack.clone(),
            address: open.intent.address.clone(),
            token: open.intent.token.clone(),
            properties: declared.clone(),
            absence_proven: open.absence_proven,
            begun: open.cursor.as_ref().map(|(_, cursor)| cursor.clone()),
        };
        let Some(driver) = self.cloud.driver(&open.intent.resource_type) else {
            return Ok((given.clone(), PhysicalId::new(given.to_string())));
        };
        let given = driver.identify(&request, given);
        let read = self.ask_read(|| driver.read(&given, &declared)).await;
        Ok(match read.map_err(ApplyError::Cloud)? {
            Observed::Present(object) => (object.identifier, object.physical_id),
            // Recovery finds that it is gone.
            Observed::Absent => {
                let physical_id = PhysicalId::new(given.to_string());
                (given, physical_id)
            }
        })
    }
}
