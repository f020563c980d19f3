//! The stacks whose exports a stack begins to import: their leases are held while the imports are recorded.
//!
//! A stack checks under its own lease, from the check to the end of its run, that none of its exports goes or
//! changes which another stack is recorded to import. So a stack that begins to import takes the leases of
//! those that export, for a moment: whichever of the two comes first, the other one sees what it has recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rstack_journal::Entry;
use rstack_model::plan::{Plan, PlanBase, PlanMode};
use rstack_model::state::{OutputState, State};
use rstack_model::{StackName, Value};
use rstack_store::{JournalWriter, LockHolder, StoreError};

use crate::{Held, Holder, Lease, Operations, OpsError, Record};

/// The time that is waited for the lease of a stack before it is asked for again.
const PAUSE: Duration = Duration::from_millis(100);

/// The number of times that a lease is asked for: another stack that begins to import holds it for a moment.
const ATTEMPTS: usize = 100;

/// The lease of a stack that begins to import, which lets the leases of those that export go as soon as the
/// imports are recorded.
#[derive(Debug)]
pub(crate) struct Recording<'a> {
    lease: &'a dyn Lease,
    producers: Mutex<Vec<Box<dyn Lease>>>,
}

impl<'a> Recording<'a> {
    /// Takes the leases of the stacks of the states that have an export which a plan begins to import, and
    /// checks that they have it still. `imported` are the values of exports of states that the plan was made
    /// with, if they are known.
    ///
    /// # Errors
    /// [`OpsError::ImportMoved`] if an export is gone or has another value; or if a lease cannot be taken.
    pub(crate) async fn of(
        ops: &Operations,
        lease: &'a Held<'_>,
        (plan, state): (&Plan, &State),
        imported: Option<&BTreeMap<String, Value>>,
    ) -> Result<Self, OpsError> {
        let new = plan.imports.keys().filter(|export| !state.imports.contains_key(*export));
        let new: BTreeSet<&String> = match plan.mode {
            PlanMode::Deploy => new.collect(),
            PlanMode::Destroy | PlanMode::Rollback => BTreeSet::new(),
        };
        let out = Self { lease: &**lease, producers: Mutex::default() };
        let Some(holder) = lease.holder().filter(|_| !new.is_empty()) else { return Ok(out) };
        let checked = out.hold(ops, plan, &new, (imported, holder)).await;
        if checked.is_err() {
            out.release_producers().await;
        }
        checked.map(|()| out)
    }

    async fn hold(
        &self,
        ops: &Operations,
        plan: &Plan,
        new: &BTreeSet<&String>,
        (imported, holder): (Option<&BTreeMap<String, Value>>, &Holder),
    ) -> Result<(), OpsError> {
        let mut found = BTreeSet::new();
        let backend = ops.backend.as_ref();
        for stack in backend.stacks().await?.into_iter().filter(|stack| *stack != plan.stack) {
            let record = backend.read(&stack).await?;
            let exports = exports(&record, plan);
            if !new.iter().any(|export| exports.contains_key(*export)) {
                continue;
            }
            let lease = acquire(ops, &stack, holder).await?;
            let record = lease.read().await;
            self.producers.lock().unwrap_or_else(PoisonError::into_inner).push(lease);
            for (export, value) in self::exports(&record?, plan) {
                let Some(export) = new.get(&export) else { continue };
                let as_planned = imported.and_then(|imported| imported.get(*export));
                if as_planned.is_none_or(|planned| *planned == value) {
                    found.insert(*export);
                }
            }
        }
        let of_states = |export: &&&String| match imported {
            Some(imported) => imported.contains_key(**export),
            // What no state has may be an export of a stack that CloudFormation manages.
            None => ops.engine.cloud.managed_stacks().is_none(),
        };
        let gone = new.iter().find(|export| !found.contains(*export) && of_states(export));
        match gone {
            Some(export) => {
                Err(OpsError::ImportMoved { stack: plan.stack.clone(), export: (*export).clone() })
            }
            None => Ok(()),
        }
    }

    /// Lets the leases of the stacks that export go, if they are held. One that cannot be released ends with
    /// the process, or expires.
    pub(crate) async fn release_producers(&self) {
        let producers = take(&mut *self.producers.lock().unwrap_or_else(PoisonError::into_inner));
        for lease in producers {
            let _expires = lease.release().await;
        }
    }
}

/// The exports of a stack by name, with their values: those that a run which is open has recorded come before
/// those of the state.
fn exports(record: &Record, plan: &Plan) -> BTreeMap<String, Value> {
    let recorded = record.journal.iter().flatten().rev().find_map(|entry| match entry {
        Entry::Outputs { outputs } => Some(outputs),
        _ => None,
    });
    let state = record.state.as_ref().filter(|state| state.environment == plan.environment);
    let Some(state) = state else { return BTreeMap::new() };
    let outputs: &BTreeMap<String, OutputState> = recorded.unwrap_or(&state.outputs);
    let named = outputs.values().filter_map(|it| Some((it.export.clone()?, it.value.clone())));
    named.collect()
}

async fn acquire(
    ops: &Operations,
    stack: &StackName,
    holder: &Holder,
) -> Result<Box<dyn Lease>, OpsError> {
    let mut left = ATTEMPTS;
    loop {
        match ops.backend.acquire(stack, holder).await {
            Err(StoreError::Locked { .. }) if left > 0 && !ops.engine.cancel.is_cancelled() => {
                left -= 1;
                ops.engine.clock.sleep(PAUSE).await;
            }
            acquired => return Ok(acquired?),
        }
    }
}

#[async_trait]
impl Lease for Recording<'_> {
    fn stack(&self) -> &StackName {
        self.lease.stack()
    }

    fn dead_holder(&self) -> Option<&LockHolder> {
        self.lease.dead_holder()
    }

    fn fencing_token(&self) -> Option<u64> {
        self.lease.fencing_token()
    }

    fn renew_within(&self) -> Option<Duration> {
        self.lease.renew_within()
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.lease.renew().await
    }

    async fn verify(&self) -> Result<(), StoreError> {
        self.lease.verify().await
    }

    async fn read(&self) -> Result<Record, StoreError> {
        self.lease.read().await
    }

    async fn state_without_run(&self) -> Result<Option<State>, StoreError> {
        self.lease.state_without_run().await
    }

    async fn begin(&self, begin: &Entry) -> Result<Box<dyn JournalWriter>, StoreError> {
        let begun = self.lease.begin(begin).await;
        self.release_producers().await;
        begun
    }

    async fn resume(&self) -> Result<Box<dyn JournalWriter>, StoreError> {
        self.lease.resume().await
    }

    async fn publish(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        self.lease.publish(state, base).await
    }

    async fn revise(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        self.lease.revise(state, base).await
    }

    async fn replace(&self, state: State) -> Result<State, StoreError> {
        self.lease.replace(state).await
    }

    async fn retire(&self, state: State, base: &PlanBase) -> Result<(), StoreError> {
        self.lease.retire(state, base).await
    }

    /// The lease is released by its holder.
    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
