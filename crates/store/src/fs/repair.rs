//! Repair of refused files. Each repair is chosen by the user, keeps the files that were there
//! aside, and publishes in one step. A journal is removed last: by then the state that is in place
//! remembers its end, so that a reader who finds both knows that the journal is stale.

use std::path::PathBuf;

use rstack_model::state::State;
use rstack_model::{Digest, Serial};

use super::atomic;
use super::examine::{Examination, JournalFinding, StateFinding};
use super::locked::LockedStack;
use crate::content::Content;
use crate::error::StoreError;
use rstack_journal::{RepairedJournal, journal_bytes};

/// The outcome of a repair.
#[derive(Debug)]
pub struct Repaired<T> {
    /// The state or journal that is in place now.
    pub now: T,
    /// The files that were there before, kept aside.
    pub aside: Aside,
}

/// Where the files are kept in whose place others are, or that were removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// The state; `None` if there was none, or it stays.
    pub state: Option<PathBuf>,
    /// The journal; `None` if there was none, or it stays.
    pub journal: Option<PathBuf>,
}

/// A state that is in place.
struct Put {
    state: State,
    /// Where the one before it is kept.
    aside: Option<PathBuf>,
}

impl LockedStack {
    /// The examination of the stack's files.
    ///
    /// # Errors
    /// If the directory of the backups cannot be read.
    pub fn examine(&self) -> Result<Examination, StoreError> {
        self.files.examine()
    }

    fn refused(&self, problem: impl Into<String>) -> StoreError {
        StoreError::CannotRepair { stack: self.stack().clone(), problem: problem.into() }
    }

    /// A serial that no state had that is known of.
    fn fresh(&self, state: &State) -> Result<Serial, StoreError> {
        let newest = self.files.backups.newest(&state.lineage)?;
        Ok(newest.max(Some(state.serial)).unwrap_or_default().next())
    }

    fn put_state(&self, bytes: &[u8]) -> Result<Option<PathBuf>, StoreError> {
        let files = &self.files;
        let aside = files.keep_aside(&files.state)?;
        let unpublished = atomic::write(files.disk.as_ref(), &files.state, &files.stack, bytes)?;
        self.verify()?;
        unpublished.publish()?;
        Ok(aside)
    }

    /// `folded` is the end of a journal that is removed after this.
    fn put_new(&self, mut state: State, folded: Option<Digest>) -> Result<Put, StoreError> {
        state.serial = self.fresh(&state)?;
        let content = Content::new(state, folded, Some(self.written()));
        let bytes = content.bytes(&self.files.state)?;
        self.files.backups.keep(&content.state, &bytes)?;
        let aside = self.put_state(&bytes)?;
        self.files.backups.prune(&content.state.lineage)?;
        Ok(Put { state: content.state, aside })
    }

    /// Puts a state in place, and removes the journal then. Both that were there are kept before.
    fn put_without_journal(
        &self,
        put: impl FnOnce() -> Result<Put, StoreError>,
    ) -> Result<Repaired<State>, StoreError> {
        let journal = self.files.keep_aside(&self.files.journal)?;
        let Put { state: now, aside: state } = put()?;
        self.remove_journal()?;
        Ok(Repaired { now, aside: Aside { state, journal } })
    }

    fn remove_journal(&self) -> Result<(), StoreError> {
        self.verify()?;
        atomic::remove(self.files.disk.as_ref(), &self.files.journal)
    }

    /// Takes a state that was edited by hand for what it says, under a new serial.
    ///
    /// # Errors
    /// If it was not edited, is of another line or place than the kept ones, or a run is open over
    /// the state that was edited.
    pub fn accept_edit(&self) -> Result<Repaired<State>, StoreError> {
        self.verify()?;
        let Examination { state, journal, twin, .. } = self.examine()?;
        let edited = match state {
            StateFinding::Edited(edited) => *edited,
            StateFinding::Sound(_) => return Err(self.refused("the state is intact")),
            StateFinding::Missing => return Err(self.refused("there is no state")),
            StateFinding::Unusable(error) => return Err(error),
        };
        if journal.is_open() {
            return Err(self.refused(
                "a run is open over the state as it was before the edit: restore that one, \
                 complete the run with plan or apply, and edit the state after it",
            ));
        }
        if let Some(twin) = twin
            && (twin.state.lineage != edited.lineage
                || twin.state.environment != edited.environment)
        {
            return Err(self.refused("lineage and environment of a state are not to be edited"));
        }
        let end = self.files.journal_end()?;
        self.put_without_journal(|| self.put_new(edited, end))
    }

    /// Puts a kept state in the place of one that is damaged or missing, or that an open run did not
    /// begin with. The newest of its line
    /// comes back as it was, and so does the one that an open run began with; an older one gets a
    /// new serial, so that nothing that is kept is ever written over.
    ///
    /// # Errors
    /// If the state is intact and no [other one is offered](Examination::offered), it is
    /// [not to be replaced](StateFinding::may_be_replaced), no such state is kept, the journal cannot
    /// be used, or an open run began with another one.
    pub fn restore_damaged(&self, serial: Serial) -> Result<Repaired<State>, StoreError> {
        self.verify()?;
        let Examination { state, journal, twin, offered, .. } = self.examine()?;
        let replaceable = state.may_be_replaced();
        match state {
            // The journal was written over another one, which is the last that is known.
            StateFinding::Sound(_) if offered == Some(serial) => {}
            StateFinding::Sound(_) if journal.is_open() => {
                return Err(self.refused("the state is intact, and stays while a run is open"));
            }
            StateFinding::Sound(_) => {
                return Err(
                    self.refused("the state is intact, and only `state restore` replaces it")
                );
            }
            StateFinding::Unusable(error) if !replaceable => return Err(error),
            StateFinding::Missing | StateFinding::Edited(_) | StateFinding::Unusable(_) => {}
        }
        // Only a journal that can be read names the state it was written over.
        if let JournalFinding::Unusable(error) = journal {
            return Err(error);
        }
        let base = self.files.journal_base();
        let line = base.as_ref().map(|base| &base.lineage);
        let line = line.or(twin.as_ref().map(|twin| &twin.state.lineage));
        let mut backups = self.files.backups.found(line)?.into_iter();
        let kept = backups.find(|(_, kept)| kept.serial == serial && kept.content.is_ok());
        let path = kept.map(|(path, _)| path);
        let path =
            path.ok_or_else(|| self.refused(format!("no sound state of serial {serial} is kept")))?;
        let bytes = atomic::read(self.files.disk.as_ref(), &path)?
            .ok_or_else(|| self.refused(format!("`{}` is gone", path.display())))?;
        let content = Content::parse(&path, &bytes, self.stack())?;
        // What the run did may be in this state already.
        let is_in = self.files.journal_is_in(&content)?;
        let kept = content.state;
        let is_base =
            base.as_ref().is_some_and(|b| b.lineage == kept.lineage && b.serial == kept.serial);
        let newest = self.fresh(&kept)? == kept.serial.next();
        // What is in an edited state only is not in the one that the run began with.
        let goes_on = !is_in && (journal.is_open() || (is_base && newest));
        if goes_on && base.is_some() && !is_base {
            return Err(self.refused(format!(
                "the open run began with another state than that of serial {serial}"
            )));
        }
        let end = self.files.journal_end()?;
        let as_it_was = if goes_on {
            // A journal that has lost its first record goes on over whatever state is there.
            is_base || newest
        } else {
            newest && (is_in || end.is_none())
        };
        let put = |folded| {
            if !as_it_was {
                return self.put_new(kept, folded);
            }
            let aside = self.put_state(&bytes)?;
            Ok(Put { state: kept, aside })
        };
        if goes_on {
            let Put { state: now, aside: state } = put(None)?;
            return Ok(Repaired { now, aside: Aside { state, journal: None } });
        }
        self.put_without_journal(|| put(end))
    }

    /// Keeps of a damaged journal what is whole: see [`RepairedJournal`]. One whose run is in the state is
    /// removed: then there is none.
    ///
    /// # Errors
    /// If it is not damaged, the state is, or nothing can be kept.
    pub fn repair_journal(&self) -> Result<Repaired<Option<RepairedJournal>>, StoreError> {
        self.verify()?;
        let journal = self.examine()?.journal;
        let repaired = match journal {
            JournalFinding::Stale { .. } => {
                let journal = self.files.keep_aside(&self.files.journal)?;
                self.remove_journal()?;
                return Ok(Repaired { now: None, aside: Aside { state: None, journal } });
            }
            JournalFinding::Damaged { repaired: Some(repaired), .. } => repaired,
            JournalFinding::Damaged { repaired: None, .. } => {
                return Err(self.refused(
                    "the journal cannot be repaired without the state that it was written over: \
                     repair the state first",
                ));
            }
            JournalFinding::Missing => return Err(self.refused("no run is open")),
            JournalFinding::Sound { .. } => return Err(self.refused("the journal is intact")),
            JournalFinding::Unusable(error) => return Err(error),
        };
        let files = &self.files;
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            location: (&files.journal).into(),
            problem: error.to_string(),
        };
        let bytes = journal_bytes(&repaired.kept).map_err(damaged)?;
        let journal = files.keep_aside(&files.journal)?;
        let unpublished = atomic::write(files.disk.as_ref(), &files.journal, &files.stack, &bytes)?;
        self.verify()?;
        unpublished.publish()?;
        Ok(Repaired { now: Some(repaired), aside: Aside { state: None, journal } })
    }
}
