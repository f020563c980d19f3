//! The way out when the cloud cannot tell whether an object is ours: the user says so.

use rstack_journal::{Entry, FailedEffect, IntentAction, base_of};
use rstack_model::{Address, Identifier, PhysicalId};
use rstack_store::Lease;

use crate::ledger::Ledger;
use crate::{ApplyError, Engine};

/// What the user says of a creation of which the cloud does not tell what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It made this object.
    Ours(Identifier),
    /// It made none: what is there is somebody else's and is left alone.
    NotOurs,
}

impl Engine {
    /// Records what the user says of the open creations of a resource; the next recovery goes on
    /// from there. Returns how many were open.
    ///
    /// # Errors
    /// If the files cannot be used.
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
                Decision::Ours(identifier) => Entry::Effect {
                    operation,
                    identifier: identifier.clone(),
                    // Recovery reads the object, and knows it then.
                    physical_id: PhysicalId::new(identifier.to_string()),
                },
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
}
