//! Commands that change a state and nothing in the cloud, as `rstack state` gives them.

use std::collections::BTreeSet;

use rstack_model::{Address, StackName};
use rstack_ops::{EditError, EditFrontEnd, EditReview, Move, Replacement, States};
use rstack_store::fs::{JournalFinding, StateFinding};
use rstack_store::{LockHolder, StateStore};

use crate::simulation::message_of;
use crate::stack;

/// The resource that is edited.
const RESOURCE: &str = "Channel";
/// The logical ID that it has afterwards.
const RENAMED: &str = "Renamed";

/// One of these commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// `state mv`: another logical ID.
    Rename,
    /// `state mv --to-stack`.
    Move,
    /// `state rm`.
    Forget,
    /// `state push`, and `state restore` of a sound state.
    Replace,
    /// `state repair --accept-edit`.
    AcceptEdit(Journal),
    /// `state repair --restore`.
    Restore(Journal),
    /// `state repair --cut-journal`.
    CutJournal(Journal),
}

/// The journal beside the state that is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// That of a run that is open, for a repair of a journal; none for a repair of a state.
    Usual,
    /// One that is folded in: its run died before it could remove it.
    Stale,
}

/// The stack that a resource is moved to.
pub(crate) fn other() -> Result<StackName, String> {
    StackName::parse("Other").map_err(|error| error.to_string())
}

fn holder(stack: &StackName, number: u64) -> LockHolder {
    let (host, user, since) = ("host".to_owned(), "user".to_owned(), "now".to_owned());
    let command = "rstack state".to_owned();
    LockHolder { id: format!("{stack}-{number}").into(), pid: 1, host, user, command, since }
}

/// A front end that agrees to every edit.
struct Agrees;

impl EditFrontEnd for Agrees {
    type Error = EditError;

    async fn confirm(&self, _: &EditReview<'_>) -> Result<bool, EditError> {
        Ok(true)
    }
}

impl Edit {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rename,
        Self::Move,
        Self::Forget,
        Self::Replace,
        Self::AcceptEdit(Journal::Usual),
        Self::AcceptEdit(Journal::Stale),
        Self::Restore(Journal::Usual),
        Self::Restore(Journal::Stale),
        Self::CutJournal(Journal::Usual),
        Self::CutJournal(Journal::Stale),
    ];

    /// Its name, as that of a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rename => "state-mv",
            Self::Move => "state-mv-to-stack",
            Self::Forget => "state-rm",
            Self::Replace => "state-push",
            Self::AcceptEdit(Journal::Usual) => "state-repair-accept-edit",
            Self::AcceptEdit(Journal::Stale) => "state-repair-accept-edit-left",
            Self::Restore(Journal::Usual) => "state-repair-restore",
            Self::Restore(Journal::Stale) => "state-repair-restore-left",
            Self::CutJournal(Journal::Usual) => "state-repair-cut-journal",
            Self::CutJournal(Journal::Stale) => "state-repair-cut-journal-left",
        }
    }

    /// The command of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edit| edit.name() == name)
    }

    /// True if it repairs a state that cannot be read.
    pub(crate) fn repairs_the_state(self) -> bool {
        match self {
            Self::AcceptEdit(_) | Self::Restore(_) => true,
            Self::Rename | Self::Move | Self::Forget | Self::Replace | Self::CutJournal(_) => false,
        }
    }

    /// The journal beside the state.
    pub(crate) fn journal(self) -> Journal {
        match self {
            Self::AcceptEdit(journal) | Self::Restore(journal) | Self::CutJournal(journal) => {
                journal
            }
            Self::Rename | Self::Move | Self::Forget | Self::Replace => Journal::Usual,
        }
    }

    /// True if it repairs files: no other store has damage that it could repair.
    pub fn is_of_files(self) -> bool {
        match self {
            Self::AcceptEdit(_) | Self::Restore(_) | Self::CutJournal(_) => true,
            Self::Rename | Self::Move | Self::Forget | Self::Replace => false,
        }
    }

    /// Edits a state on any store. What is done already is not done again; a repair of files is not
    /// done here.
    ///
    /// # Errors
    /// The reason why the edit was not made.
    pub(crate) async fn make(self, states: &States, number: u64) -> Result<(), String> {
        let (stack, id, new) = (stack::name()?, Address::from(RESOURCE), Address::from(RENAMED));
        let (holder, front) = (holder(&stack, number), Agrees);
        let stored = states.backend.read(&stack).await.map_err(message_of)?;
        let mut state = stored.state.ok_or_else(|| "there is no state".to_owned())?;
        let (is_there, is_renamed) =
            (state.resources.contains_key(&id), state.resources.contains_key(&new));
        match self {
            Self::Rename if !is_renamed => {
                let renaming = rstack_ops::rename(states, &stack, (&id, &new), &holder, &front);
                renaming.await.map_err(message_of)?;
            }
            Self::Move if is_there => {
                let (to, lineage) = (&other()?, "other".into());
                let moved = Move { from: &stack, address: &id, to, new_address: &new, lineage };
                let moving = rstack_ops::move_resource(states, &moved, &holder, &front);
                moving.await.map_err(message_of)?;
            }
            Self::Forget if is_there => {
                let ids = BTreeSet::from([id]);
                let forgetting = rstack_ops::forget(states, &stack, &ids, &holder, &front);
                forgetting.await.map_err(message_of)?;
            }
            Self::Replace if !state.outputs.is_empty() => {
                state.outputs.clear();
                let (state, location) = (Box::new(state), "pushed".into());
                let given = Replacement::Given { state, location, force: false };
                let other = (&given, true);
                let replacing = rstack_ops::replace_state(states, &stack, other, &holder, &front);
                replacing.await.map_err(message_of)?;
            }
            Self::Rename | Self::Move | Self::Forget | Self::Replace => {}
            Self::AcceptEdit(_) | Self::Restore(_) | Self::CutJournal(_) => {
                return Err("only files are repaired".to_owned());
            }
        }
        Ok(())
    }

    /// Repairs files. What is repaired already is not repaired again.
    ///
    /// # Errors
    /// The reason why the files were not repaired.
    pub(crate) fn repair(self, store: &StateStore, number: u64) -> Result<(), String> {
        let name = stack::name()?;
        let locked = store.lock(&name, &holder(&name, number)).map_err(message_of)?;
        match self {
            Self::AcceptEdit(_) => match locked.examine().map_err(message_of)?.state {
                StateFinding::Sound(_) => {}
                StateFinding::Edited(_) | StateFinding::Missing | StateFinding::Unusable(_) => {
                    locked.accept_edit().map_err(message_of)?;
                }
            },
            Self::Restore(_) => {
                let examination = locked.examine().map_err(message_of)?;
                if matches!(examination.state, StateFinding::Sound(_)) {
                    return Ok(());
                }
                let newest = store.backups(&name).map_err(message_of)?.into_iter().next();
                let serial = newest.ok_or_else(|| "no state is kept".to_owned())?.serial;
                locked.restore_damaged(serial).map_err(message_of)?;
            }
            Self::CutJournal(journal) => {
                let done = match locked.examine().map_err(message_of)?.journal {
                    JournalFinding::Sound { .. } => true,
                    JournalFinding::Missing => journal == Journal::Stale,
                    JournalFinding::Damaged { .. }
                    | JournalFinding::Stale { .. }
                    | JournalFinding::Unusable(_) => false,
                };
                if !done {
                    locked.repair_journal().map_err(message_of)?;
                }
            }
            Self::Rename | Self::Move | Self::Forget | Self::Replace => {
                return Err("it repairs no files".to_owned());
            }
        }
        Ok(())
    }
}
