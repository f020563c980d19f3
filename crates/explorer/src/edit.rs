//! Commands that change a state and nothing in the cloud, as `rstack state` gives them.

use rstack_journal::{rename, take_out};
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{Address, StackName};
use rstack_store::fs::{Handover, JournalFinding, StateFinding};
use rstack_store::{LockHolder, LockedStack, StateStore};

use crate::stack;

/// The resource that is edited.
const RESOURCE: &str = "Channel";
/// What it is called afterwards.
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

/// What is beside the state that is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// That of a run that is open, for what mends a journal; none for what mends a state.
    Usual,
    /// One that is folded in: its run died before it could remove it.
    LeftOver,
}

/// The stack that a resource is moved to.
pub(crate) fn other() -> Result<StackName, String> {
    StackName::parse("Other").map_err(|error| error.to_string())
}

fn told(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn lock(store: &StateStore, stack: &StackName, number: u64) -> Result<LockedStack, String> {
    let (host, user, since) = ("host".to_owned(), "user".to_owned(), "now".to_owned());
    let command = "rstack state".to_owned();
    let id = format!("{stack}-{number}").into();
    let holder = LockHolder { id, pid: 1, host, user, command, since };
    store.lock(stack, &holder).map_err(told)
}

fn base(state: &State) -> PlanBase {
    PlanBase { lineage: state.lineage.clone(), serial: state.serial }
}

fn state_of(locked: &LockedStack) -> Result<State, String> {
    locked.read().map_err(told)?.state.ok_or_else(|| "there is no state".to_owned())
}

impl Edit {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rename,
        Self::Move,
        Self::Forget,
        Self::Replace,
        Self::AcceptEdit(Journal::Usual),
        Self::AcceptEdit(Journal::LeftOver),
        Self::Restore(Journal::Usual),
        Self::Restore(Journal::LeftOver),
        Self::CutJournal(Journal::Usual),
        Self::CutJournal(Journal::LeftOver),
    ];

    /// Its name, as that of a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rename => "state-mv",
            Self::Move => "state-mv-to-stack",
            Self::Forget => "state-rm",
            Self::Replace => "state-push",
            Self::AcceptEdit(Journal::Usual) => "state-repair-accept-edit",
            Self::AcceptEdit(Journal::LeftOver) => "state-repair-accept-edit-left",
            Self::Restore(Journal::Usual) => "state-repair-restore",
            Self::Restore(Journal::LeftOver) => "state-repair-restore-left",
            Self::CutJournal(Journal::Usual) => "state-repair-cut-journal",
            Self::CutJournal(Journal::LeftOver) => "state-repair-cut-journal-left",
        }
    }

    /// The command of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edit| edit.name() == name)
    }

    /// Whether it mends a state that cannot be read.
    pub(crate) fn mends_the_state(self) -> bool {
        match self {
            Self::AcceptEdit(_) | Self::Restore(_) => true,
            Self::Rename | Self::Move | Self::Forget | Self::Replace | Self::CutJournal(_) => false,
        }
    }

    /// What is beside the state.
    pub(crate) fn journal(self) -> Journal {
        match self {
            Self::AcceptEdit(journal) | Self::Restore(journal) | Self::CutJournal(journal) => {
                journal
            }
            Self::Rename | Self::Move | Self::Forget | Self::Replace => Journal::Usual,
        }
    }

    /// Gives the command. What is done already is not done again.
    ///
    /// # Errors
    /// What is said of what stands in its way.
    pub(crate) fn give(self, store: &StateStore, number: u64) -> Result<(), String> {
        let (name, id, new) = (stack::name()?, Address::from(RESOURCE), Address::from(RENAMED));
        let locked = lock(store, &name, number)?;
        match self {
            Self::Rename => {
                let mut state = state_of(&locked)?;
                let before = base(&state);
                if state.resources.contains_key(&new) {
                    return Ok(());
                }
                rename(&mut state, &id, &new).map_err(told)?;
                locked.revise(state, &before).map_err(told)?;
            }
            Self::Move => {
                let state = state_of(&locked)?;
                if !state.resources.contains_key(&id) {
                    return Ok(());
                }
                let there = lock(store, &other()?, number)?;
                let stored = there.read().map_err(told)?.state;
                let to = stored.unwrap_or_else(|| {
                    State::empty("other".into(), there.stack().clone(), state.environment.clone())
                });
                let handover = Handover::new(state, &id, to, &new).map_err(told)?;
                handover.publish(&locked, &there).map_err(told)?;
            }
            Self::Forget => {
                let mut state = state_of(&locked)?;
                let before = base(&state);
                if !state.resources.contains_key(&id) {
                    return Ok(());
                }
                take_out(&mut state, &id).map_err(told)?;
                locked.revise(state, &before).map_err(told)?;
            }
            Self::Replace => {
                let mut state = state_of(&locked)?;
                if state.outputs.is_empty() {
                    return Ok(());
                }
                state.outputs.clear();
                locked.replace(state).map_err(told)?;
            }
            Self::AcceptEdit(_) => match locked.examine().map_err(told)?.state {
                StateFinding::Sound(_) => {}
                StateFinding::Edited(_) | StateFinding::Missing | StateFinding::Unusable(_) => {
                    locked.accept_edit().map_err(told)?;
                }
            },
            Self::Restore(_) => {
                let examination = locked.examine().map_err(told)?;
                if matches!(examination.state, StateFinding::Sound(_)) {
                    return Ok(());
                }
                let newest = store.backups(&name).map_err(told)?.into_iter().next();
                let serial = newest.ok_or_else(|| "no state is kept".to_owned())?.serial;
                locked.restore_damaged(serial).map_err(told)?;
            }
            Self::CutJournal(journal) => {
                let done = match locked.examine().map_err(told)?.journal {
                    JournalFinding::Sound { .. } => true,
                    JournalFinding::Missing => journal == Journal::LeftOver,
                    JournalFinding::Damaged { .. }
                    | JournalFinding::LeftOver { .. }
                    | JournalFinding::Unusable(_) => false,
                };
                if !done {
                    locked.cut_journal().map_err(told)?;
                }
            }
        }
        Ok(())
    }
}
