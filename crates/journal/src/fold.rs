//! From a state and a journal to the state after it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::plan::{PlanMode, PlannedObject};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::{
    Address, Cursor, Identifier, Imports, ObjectKey, PhysicalId, ValueMap, add_imports,
};

use crate::entry::{
    Entry, FailedEffect, Intent, IntentAction, JournalEnd, OperationId, Outcome, PolledKind,
};
use crate::status::{IllegalTransition, Status, next_status};

/// A journal that cannot have been written by a run over this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The first record is not `begin`, or a later one is.
    #[error("the journal does not begin with its one `begin` record")]
    NoBegin,
    /// It was written over another state.
    #[error("the journal was written over {journal}, the state is {state}")]
    OtherBase {
        /// The lineage and serial in the journal.
        journal: String,
        /// The lineage and serial of the state.
        state: String,
    },
    /// A record about an operation without an intent.
    #[error("operation {0} has no intent")]
    NoIntent(OperationId),
    /// A record that cannot follow what stands before it.
    #[error("operation {operation}: {source}")]
    Illegal {
        /// The operation.
        operation: OperationId,
        /// Why.
        source: IllegalTransition,
    },
    /// An operation on an object that the state does not have.
    #[error("`{address}` has no object `{key}`")]
    NoObject {
        /// The resource.
        address: Address,
        /// The object.
        key: ObjectKey,
    },
    /// A record behind the end.
    #[error("there is a record behind the end of the run")]
    AfterEnd,
}

/// An operation whose outcome is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenOperation {
    /// The intent of the operation.
    pub intent: Intent,
    /// The object, if its creation is known.
    pub effect: Option<Identifier>,
    /// True if it was proven, before the call that creates, that no object of its name existed.
    pub absence_proven: bool,
    /// Where it is polled, and as what, if it goes on in the cloud.
    pub cursor: Option<(PolledKind, Cursor)>,
}

/// A state with a journal folded into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The state; its serial is still that of the base.
    pub state: State,
    /// The operations whose outcome must be asked of the cloud before the state can be published.
    pub open: Vec<OpenOperation>,
    /// The end of the run; `None` if it was not recorded.
    pub ended: Option<JournalEnd>,
}

/// The state below a journal: what is stored, or the empty one that its first record names.
pub fn base_of(stored: Option<State>, begin: Option<&Entry>) -> Option<State> {
    if stored.is_some() {
        return stored;
    }
    let Some(Entry::Begin { base, stack, environment, .. }) = begin else { return None };
    Some(State::empty(base.lineage.clone(), stack.clone(), environment.clone()))
}

/// Folds a journal into the state it was written over.
///
/// # Errors
/// [`JournalError`] if it was not written over this state or holds an illegal record.
pub fn fold(base: &State, entries: &[Entry]) -> Result<Folded, JournalError> {
    let Some((
        Entry::Begin {
            mode,
            base: begun,
            plan_digest: _,
            stack,
            environment,
            template_digest,
            parameters,
            given,
            imports,
            termination_protection,
            keeps_former,
        },
        rest,
    )) = entries.split_first()
    else {
        return Err(JournalError::NoBegin);
    };
    let same = begun.lineage == base.lineage
        && begun.serial == base.serial
        && *stack == base.stack
        && *environment == base.environment;
    if !same {
        return Err(JournalError::OtherBase {
            journal: format!("`{stack}` {} serial {}", begun.lineage, begun.serial),
            state: format!("`{}` {} serial {}", base.stack, base.lineage, base.serial),
        });
    }
    let mut folder = Folder {
        state: base.clone(),
        operations: BTreeMap::new(),
        absent: BTreeSet::new(),
        cursors: BTreeMap::new(),
        deployed: false,
        ended: None,
    };
    for entry in rest {
        folder.entry(entry)?;
    }
    let end = End {
        deployed: folder.deployed,
        succeeded: folder.ended == Some(JournalEnd::Succeeded),
        keeps_former: *keeps_former,
    };
    let mut state = folder.state;
    // An apply that failed is gone on with as it was begun.
    if *mode == PlanMode::Deploy || *mode == PlanMode::Rollback && folder.deployed {
        state.given.clone_from(given);
    }
    // Outputs are recorded when everything new is made.
    if *mode != PlanMode::Destroy && folder.deployed {
        state.template_digest.clone_from(template_digest);
        state.parameters.clone_from(parameters);
        state.termination_protection = *termination_protection;
    }
    state.imports = self::imports(base, imports, end);
    state.former = former(base, &state, *mode, end);
    let (mut open, mut cursors) = (Vec::new(), folder.cursors);
    for (operation, (intent, status)) in folder.operations {
        let effect = match status {
            Status::Open | Status::Failed(FailedEffect::Unknown) => None,
            Status::Effected(identifier) => Some(identifier),
            Status::Done | Status::Failed(FailedEffect::None | FailedEffect::Partial) => continue,
        };
        let absence_proven = folder.absent.contains(&operation);
        let cursor = cursors.remove(&operation);
        open.push(OpenOperation { intent, effect, absence_proven, cursor });
    }
    Ok(Folded { state, open, ended: folder.ended })
}

/// The exports that are in use after a run over `base` that was to use others. Until nothing is left to
/// do, objects of before and of after are there.
fn imports(base: &State, imports: &Imports, end: End) -> Imports {
    let mut out = imports.clone();
    if !(end.deployed && end.succeeded) {
        add_imports(&mut out, &base.imports);
    }
    out
}

/// Where a rollback leads after a run over `base` that left `state`.
fn former(base: &State, state: &State, mode: PlanMode, end: End) -> Option<Box<State>> {
    match mode {
        PlanMode::Deploy if end.deployed => None,
        PlanMode::Deploy => Some(base.former.clone().unwrap_or_else(|| Box::new(base.clone()))),
        // New objects are deleted last: until they are gone the rollback is not complete.
        PlanMode::Rollback if end.succeeded && !end.keeps_former => None,
        PlanMode::Rollback => base.former.clone(),
        // A destroy that has begun is not rolled back. Of a stack that was never whole, a rollback
        // leaves nothing, too.
        PlanMode::Destroy => {
            let untouched = base.resources == state.resources && base.deposed == state.deposed;
            base.former.clone().filter(|former| untouched || former.is_bare())
        }
    }
}

/// The milestones that a run reached.
#[derive(Clone, Copy)]
struct End {
    /// Everything new was made: there is nothing to roll back.
    deployed: bool,
    /// Every step succeeded.
    succeeded: bool,
    /// As in [`Entry::Begin`].
    keeps_former: bool,
}

struct Folder {
    state: State,
    operations: BTreeMap<OperationId, (Intent, Status)>,
    absent: BTreeSet<OperationId>,
    cursors: BTreeMap<OperationId, (PolledKind, Cursor)>,
    deployed: bool,
    ended: Option<JournalEnd>,
}

impl Folder {
    fn entry(&mut self, entry: &Entry) -> Result<(), JournalError> {
        match entry {
            Entry::Begin { .. } => Err(JournalError::NoBegin),
            Entry::Intent(intent) => {
                self.running()?;
                let operation = intent.operation;
                let known = self.operations.get(&operation).map(|(_, status)| status);
                let status = next_status(known, &intent.action, entry)
                    .map_err(|source| JournalError::Illegal { operation, source })?;
                self.exists(intent)?;
                self.operations.insert(operation, ((**intent).clone(), status));
                Ok(())
            }
            Entry::Absent { operation } => {
                self.running()?;
                self.advance(*operation, entry)?;
                self.absent.insert(*operation);
                Ok(())
            }
            Entry::Effect { operation, identifier, physical_id } => {
                let intent = self.advance(*operation, entry)?;
                // From here on the object is in the state, whatever comes of it.
                match &intent.action {
                    IntentAction::Create { object, .. } | IntentAction::Update { object, .. } => {
                        let state = unfinished(&intent, object, (identifier, physical_id));
                        self.set_current(&intent.address, state);
                    }
                    IntentAction::Record { .. }
                    | IntentAction::Delete { .. }
                    | IntentAction::Forget { .. }
                    | IntentAction::Restore { .. } => {}
                }
                Ok(())
            }
            Entry::Cursor { operation, kind, cursor } => {
                self.running()?;
                self.advance(*operation, entry)?;
                self.cursors.insert(*operation, (*kind, cursor.clone()));
                Ok(())
            }
            Entry::Done { operation, outcome } => {
                self.running()?;
                let intent = self.advance(*operation, entry)?;
                self.done(&intent, outcome);
                Ok(())
            }
            Entry::Failed { operation, effect, .. } => {
                let intent = self.advance(*operation, entry)?;
                if *effect != FailedEffect::None {
                    self.touched(&intent);
                }
                Ok(())
            }
            Entry::Outputs { outputs } => {
                self.running()?;
                self.state.outputs.clone_from(outputs);
                self.deployed = true;
                Ok(())
            }
            Entry::End { end } => {
                self.running()?;
                self.ended = Some(*end);
                Ok(())
            }
        }
    }

    /// Behind the end only the open questions of the run are answered.
    fn running(&self) -> Result<(), JournalError> {
        if self.ended == Some(JournalEnd::Succeeded) { Err(JournalError::AfterEnd) } else { Ok(()) }
    }

    fn advance(&mut self, operation: OperationId, entry: &Entry) -> Result<Intent, JournalError> {
        let Some((intent, status)) = self.operations.get_mut(&operation) else {
            return Err(JournalError::NoIntent(operation));
        };
        *status = next_status(Some(status), &intent.action, entry)
            .map_err(|source| JournalError::Illegal { operation, source })?;
        Ok(intent.clone())
    }

    fn exists(&self, intent: &Intent) -> Result<(), JournalError> {
        let Some(key) = intent.action.key() else { return Ok(()) };
        let current = self.state.resources.get(&intent.address);
        let known = current.is_some_and(|object| object.is(key))
            || self.state.deposed.iter().any(|d| d.address == intent.address && d.object.is(key));
        if known {
            return Ok(());
        }
        Err(JournalError::NoObject { address: intent.address.clone(), key: key.clone() })
    }

    /// The object was changed by an update, or on the way to its deletion, and is not as declared.
    fn touched(&mut self, intent: &Intent) {
        let (key, in_doubt) = match &intent.action {
            IntentAction::Update { key, object } => (key, Some(&object.properties)),
            IntentAction::Delete { key, .. } => (key, None),
            IntentAction::Create { .. }
            | IntentAction::Record { .. }
            | IntentAction::Forget { .. }
            | IntentAction::Restore { .. } => return,
        };
        let id = &intent.address;
        let current = self.state.resources.get_mut(id);
        let deposed = self.state.deposed.iter_mut().filter(|deposed| deposed.address == *id);
        let objects = current.into_iter().chain(deposed.map(|deposed| &mut deposed.object));
        for object in objects.filter(|object| object.is(key)) {
            if object.status.is_as_declared() {
                object.status = ObjectStatus::PartlyUpdated;
            }
            let news = in_doubt.filter(|it| **it != object.properties);
            object.in_doubt.extend(news.filter(|it| !object.in_doubt.contains(it)).cloned());
        }
    }

    fn done(&mut self, intent: &Intent, outcome: &Outcome) {
        let id = &intent.address;
        match outcome {
            Outcome::Object(object) => {
                self.state.deposed.retain(|d| d.address != *id || !d.object.is_same_object(object));
                self.set_current(id, (**object).clone());
            }
            Outcome::Gone => {
                let Some(gone) = intent.action.key() else { return };
                if self.state.resources.get(id).is_some_and(|r| r.is(gone)) {
                    self.state.resources.remove(id);
                } else {
                    self.state.deposed.retain(|d| d.address != *id || !d.object.is(gone));
                }
            }
        }
    }

    /// Makes an object the resource's own; another one that it had waits to be deleted. The token of
    /// an object that is known stays the one of the operation that made it.
    fn set_current(&mut self, id: &Address, mut object: ResourceState) {
        let key = object.key();
        if let Some(known) = self.state.resources.get(id).filter(|known| known.is(&key)) {
            object.token = object.token.or_else(|| known.token.clone());
        }
        if let Some(old) = self.state.resources.insert(id.clone(), object)
            && !old.is(&key)
        {
            self.state.deposed.push(DeposedObject { address: id.clone(), object: old });
        }
    }
}

/// An object that exists and of which nothing more is known.
fn unfinished(
    intent: &Intent,
    object: &PlannedObject,
    (identifier, physical_id): (&Identifier, &PhysicalId),
) -> ResourceState {
    ResourceState {
        resource_type: intent.resource_type.clone(),
        identifier: identifier.clone(),
        physical_id: physical_id.clone(),
        status: ObjectStatus::Incomplete,
        properties: object.properties.clone(),
        in_doubt: Vec::new(),
        attributes: ValueMap::new(),
        dependencies: object.dependencies.clone(),
        deletion_policy: object.deletion_policy,
        update_replace_policy: object.update_replace_policy,
        secret_versions: object.secret_versions.clone(),
        driver: intent.driver.clone(),
        cursor: None,
        token: Some(intent.token.clone()),
    }
}
