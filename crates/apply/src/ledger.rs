//! The journal of a run in memory and on disk, and the objects as the run has made them so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rstack_driver::{EffectSink, SinkError};
use rstack_journal::{Entry, FailedEffect, Folded, OperationId, PolledKind, fold};
use rstack_model::plan::Plan;
use rstack_model::state::{ResourceState, State};
use rstack_model::value::{Attribute, AttributeRef};
use rstack_model::{Address, Cursor, Identifier, ObjectKey, PhysicalId, StackName, ValueMap};
use rstack_plan::CheckedPlan;
use rstack_store::{JournalWriter, StoreError};

use crate::ApplyError;

/// The journal of a run in memory: its base state, and every entry that it has recorded.
pub(crate) struct Ledger {
    base: State,
    journal: Box<dyn JournalWriter>,
    entries: Mutex<Vec<Entry>>,
    objects: Mutex<BTreeMap<Address, ResourceState>>,
    superseded: Mutex<Vec<(Address, ResourceState)>>,
    next: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first record of a run. `keeps_former` as in [`Entry::Begin`].
///
/// # Errors
/// If the plan cannot be digested.
pub(crate) fn begin(plan: &CheckedPlan, keeps_former: bool) -> Result<Entry, ApplyError> {
    let plan_digest = plan.digest().map_err(|error| ApplyError::Digest(error.to_string()))?;
    Ok(Entry::Begin {
        mode: plan.mode,
        base: plan.base.clone(),
        plan_digest,
        stack: plan.stack.clone(),
        environment: plan.environment.clone(),
        template_digest: plan.template_digest.clone(),
        parameters: plan.parameters.clone(),
        given: plan.given.clone(),
        imports: plan.imports.clone(),
        termination_protection: plan.termination_protection.after,
        keeps_former,
    })
}

impl Ledger {
    /// The ledger of a journal that holds these entries.
    pub(crate) fn new(base: State, journal: Box<dyn JournalWriter>, entries: Vec<Entry>) -> Self {
        let operations = entries.iter().filter(|entry| matches!(entry, Entry::Intent(_))).count();
        let objects = base.resources.clone();
        Self {
            base,
            journal,
            entries: Mutex::new(entries),
            objects: Mutex::new(objects),
            superseded: Mutex::default(),
            next: AtomicU64::new(operations as u64),
        }
    }

    /// The stack.
    pub(crate) fn stack(&self) -> &StackName {
        &self.base.stack
    }

    /// A fresh number for an operation.
    pub(crate) fn operation(&self) -> OperationId {
        OperationId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a record durable. Concurrent appends share their writes.
    pub(crate) async fn append(&self, entry: Entry) -> Result<(), StoreError> {
        self.journal.append(&entry).await?;
        lock(&self.entries).push(entry);
        Ok(())
    }

    /// Refuses if this process may make no call any more: see [`JournalWriter::verify`]. Every record
    /// asks by itself; this is for those who have waited since the last one.
    pub(crate) async fn verify(&self) -> Result<(), StoreError> {
        self.journal.verify().await
    }

    /// The base with everything recorded so far.
    pub(crate) fn folded(&self) -> Result<Folded, ApplyError> {
        let folded = fold(&self.base, &lock(&self.entries));
        folded.map_err(|source| ApplyError::Journal { stack: self.stack().clone(), source })
    }

    /// The properties with which an object of a resource is remembered.
    pub(crate) fn remembered(&self, id: &Address, key: &ObjectKey) -> Option<ValueMap> {
        let deposed = self.base.deposed.iter().filter(|deposed| deposed.address == *id);
        let mut all =
            self.base.resources.get(id).into_iter().chain(deposed.map(|deposed| &deposed.object));
        all.find(|object| object.is(key)).map(|object| object.properties.clone())
    }

    /// True if the object of an operation is known: it existed before, or the journal names it.
    pub(crate) fn knows_object(&self, operation: OperationId) -> bool {
        let existed = |entry: &Entry| match entry {
            Entry::Intent(intent) => intent.operation == operation && intent.action.key().is_some(),
            Entry::Begin { .. }
            | Entry::Absent { .. }
            | Entry::Effect { .. }
            | Entry::Cursor { .. }
            | Entry::Done { .. }
            | Entry::Failed { .. }
            | Entry::Outputs { .. }
            | Entry::End { .. } => false,
        };
        lock(&self.entries).iter().any(existed) || self.has_effect(operation)
    }

    /// True if the journal names an object that the operation has made.
    pub(crate) fn has_effect(&self, operation: OperationId) -> bool {
        let made = |entry: &Entry| matches!(entry, Entry::Effect { operation: of, .. } if *of == operation);
        lock(&self.entries).iter().any(made)
    }

    /// True if the outcome of an operation is recorded.
    pub(crate) fn is_recorded(&self, operation: OperationId) -> bool {
        let ends = |entry: &Entry| match entry {
            Entry::Done { operation: of, .. } => *of == operation,
            Entry::Failed { operation: of, effect, .. } => {
                *of == operation && *effect != FailedEffect::Unknown
            }
            Entry::Begin { .. }
            | Entry::Intent(_)
            | Entry::Absent { .. }
            | Entry::Effect { .. }
            | Entry::Cursor { .. }
            | Entry::Outputs { .. }
            | Entry::End { .. } => false,
        };
        lock(&self.entries).iter().rev().any(ends)
    }

    /// Looks at the objects as the run sees them now.
    pub(crate) fn with_objects<T>(
        &self,
        look: impl FnOnce(&BTreeMap<Address, ResourceState>) -> T,
    ) -> T {
        look(&lock(&self.objects))
    }

    /// The objects in whose place updates have put others, in the order of the updates.
    pub(crate) fn superseded(&self) -> Vec<(Address, ResourceState)> {
        lock(&self.superseded).clone()
    }

    /// An update of the resource has ended in another object than this one.
    pub(crate) fn supersede(&self, id: &Address, old: ResourceState) {
        lock(&self.superseded).push((id.clone(), old));
    }

    /// The resource has this object now.
    pub(crate) fn set_object(&self, id: &Address, object: ResourceState) {
        lock(&self.objects).insert(id.clone(), object);
    }

    /// This object is no longer there; the resource may have another one.
    pub(crate) fn drop_object(&self, id: &Address, gone: &ResourceState) {
        let mut objects = lock(&self.objects);
        if objects.get(id).is_some_and(|object| object.is_same_object(gone)) {
            objects.remove(id);
        }
        lock(&self.superseded).retain(|(_, object)| !object.is_same_object(gone));
    }

    /// True if this is the resource's current object.
    pub(crate) fn has_now(&self, id: &Address, object: &ResourceState) -> bool {
        lock(&self.objects).get(id).is_some_and(|now| now.is_same_object(object))
    }
}

/// Records that the object of one operation exists.
pub(crate) struct Effects<'a> {
    ledger: &'a Ledger,
    operation: OperationId,
    kind: PolledKind,
    /// The plan and the resource, for an operation of a plan's step.
    plan: Option<(&'a Plan, &'a Address)>,
    recorded: Mutex<Option<Identifier>>,
    absent: AtomicBool,
    begun: Mutex<Option<Cursor>>,
    failed: Mutex<Option<StoreError>>,
}

impl<'a> Effects<'a> {
    pub(crate) fn new(ledger: &'a Ledger, operation: OperationId, kind: PolledKind) -> Self {
        Self {
            ledger,
            operation,
            kind,
            plan: None,
            recorded: Mutex::default(),
            absent: AtomicBool::new(false),
            begun: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// The same sink of an operation on this resource of a plan.
    pub(crate) fn of(self, plan: &'a Plan, address: &'a Address) -> Self {
        Self { plan: Some((plan, address)), ..self }
    }

    /// The cursor that was made durable last before the call that begins the operation.
    pub(crate) fn begun(&self) -> Option<Cursor> {
        lock(&self.begun).clone()
    }

    /// True if it is durable that no object had the name before the creation.
    pub(crate) fn absence_proven(&self) -> bool {
        self.absent.load(Ordering::Acquire)
    }

    /// The object, if its existence is durable.
    pub(crate) fn recorded(&self) -> Option<Identifier> {
        lock(&self.recorded).clone()
    }

    /// Why the journal could not take what the driver reported; asked for once.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        lock(&self.failed).take()
    }

    /// Makes durable that the object exists; returns the object that is recorded, which is the
    /// first one that the driver named.
    pub(crate) async fn record(
        &self,
        identifier: &Identifier,
        physical_id: &PhysicalId,
    ) -> Result<Identifier, StoreError> {
        if let Some(recorded) = self.recorded() {
            return Ok(recorded);
        }
        let (identifier, physical_id) = (identifier.clone(), physical_id.clone());
        let operation = self.operation;
        let effect = Entry::Effect { operation, identifier: identifier.clone(), physical_id };
        self.ledger.append(effect).await?;
        *lock(&self.recorded) = Some(identifier.clone());
        Ok(identifier)
    }
}

impl Effects<'_> {
    fn failed(&self, error: StoreError) -> SinkError {
        let message = error.to_string();
        *lock(&self.failed) = Some(error);
        SinkError { message }
    }
}

#[async_trait]
impl EffectSink for Effects<'_> {
    async fn created(
        &self,
        identifier: &Identifier,
        physical_id: &PhysicalId,
    ) -> Result<(), SinkError> {
        let recorded = self.record(identifier, physical_id).await;
        recorded.map_err(|error| self.failed(error)).map(|_| ())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        if self.absence_proven() {
            return Ok(());
        }
        let operation = self.operation;
        let appended = self.ledger.append(Entry::Absent { operation }).await;
        appended.map_err(|error| self.failed(error))?;
        self.absent.store(true, Ordering::Release);
        Ok(())
    }

    async fn begins(&self, cursor: &Cursor) -> Result<(), SinkError> {
        let entry =
            Entry::Cursor { operation: self.operation, kind: self.kind, cursor: cursor.clone() };
        self.ledger.append(entry).await.map_err(|error| self.failed(error))?;
        *lock(&self.begun) = Some(cursor.clone());
        Ok(())
    }

    fn begun(&self) -> Option<Cursor> {
        Effects::begun(self)
    }

    fn wanted_attributes(&self) -> BTreeSet<String> {
        self.plan.map(|(plan, address)| wanted_attributes(plan, address)).unwrap_or_default()
    }
}

/// The attributes of a resource that the resources and outputs of a plan refer to.
fn wanted_attributes(plan: &Plan, address: &Address) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let mut note = |reference: &AttributeRef| {
        if let (true, Attribute::Named(name)) =
            (reference.address == *address, &reference.attribute)
        {
            wanted.insert(name.clone());
        }
    };
    let objects = plan.changes.values().filter_map(|change| change.desired.as_ref());
    objects
        .flat_map(|object| object.properties.values())
        .for_each(|value| value.visit_attributes(&mut note));
    let outputs = plan.outputs.values().filter_map(|output| output.after.as_ref());
    for output in outputs {
        output.value.visit_attributes(&mut note);
        output.export.iter().for_each(|export| export.visit_attributes(&mut note));
    }
    wanted
}
