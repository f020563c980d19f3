//! Mending what was refused. Each way is chosen by the user, keeps the damaged file aside, and
//! publishes in one step.

use std::path::PathBuf;

use rstack_model::Serial;
use rstack_model::state::State;

use crate::atomic;
use crate::error::StateError;
use crate::examine::{Examination, JournalFinding, StateFinding};
use crate::file::Content;
use crate::locked::LockedStack;
use crate::salvage::{Salvage, journal_bytes};

/// What was mended.
#[derive(Debug)]
pub struct Mended<T> {
    /// What is in place now.
    pub now: T,
    /// Where the damaged file is kept; `None` if there was none.
    pub aside: Option<PathBuf>,
}

impl LockedStack {
    /// What is wrong with the stack's files.
    ///
    /// # Errors
    /// If the directory of the backups cannot be read.
    pub fn examine(&self) -> Result<Examination, StateError> {
        self.files.examine()
    }

    fn refused(&self, problem: impl Into<String>) -> StateError {
        StateError::NotMended { stack: self.stack().clone(), problem: problem.into() }
    }

    /// A serial that no state had that is known of.
    fn fresh(&self, state: &State) -> Result<Serial, StateError> {
        let newest = self.files.backups.newest(&state.lineage)?;
        Ok(newest.max(Some(state.serial)).unwrap_or_default().next())
    }

    fn put_state(&self, bytes: &[u8]) -> Result<Option<PathBuf>, StateError> {
        let files = &self.files;
        let aside = files.keep_aside(&files.state)?;
        let unpublished = atomic::write(files.disk.as_ref(), &files.state, &files.stack, bytes)?;
        self.verify()?;
        unpublished.publish()?;
        Ok(aside)
    }

    fn put_new(&self, mut state: State) -> Result<Mended<State>, StateError> {
        state.serial = self.fresh(&state)?;
        let content = Content::new(state, None, Some(self.written()));
        let bytes = content.bytes(&self.files.state)?;
        self.files.backups.keep(&content.state, &bytes)?;
        let aside = self.put_state(&bytes)?;
        self.files.backups.prune(&content.state.lineage)?;
        Ok(Mended { now: content.state, aside })
    }

    /// Takes a state that was edited by hand for what it says, under a new serial.
    ///
    /// # Errors
    /// If it was not edited, is of another line or place than the kept ones, or a run is open over
    /// the state that was edited.
    pub fn accept_edit(&self) -> Result<Mended<State>, StateError> {
        self.verify()?;
        let Examination { state, journal, twin, .. } = self.examine()?;
        let edited = match state {
            StateFinding::Edited(edited) => *edited,
            StateFinding::Sound(_) => return Err(self.refused("the state is sound")),
            StateFinding::Missing => return Err(self.refused("there is no state")),
            StateFinding::Unusable(error) => return Err(error),
        };
        if journal.is_open() {
            return Err(self.refused(
                "a run is open over the state as it was before the edit: restore that one, settle \
                 the run, and edit the state that comes of it",
            ));
        }
        if let Some(twin) = twin
            && (twin.state.lineage != edited.lineage
                || twin.state.environment != edited.environment)
        {
            return Err(self.refused("lineage and environment of a state are not to be edited"));
        }
        self.drop_journal(&journal)?;
        self.put_new(edited)
    }

    /// Puts a kept state in the place of one that is damaged or missing. The newest of its line
    /// comes back as it was, and so does the one that an open run began with; an older one gets a
    /// new serial, so that nothing that is kept is ever written over.
    ///
    /// # Errors
    /// If the state is sound or [not to be replaced](StateFinding::may_be_replaced), no such state is
    /// kept, the journal cannot be used, or an open run began with another one.
    pub fn restore_damaged(&self, serial: Serial) -> Result<Mended<State>, StateError> {
        self.verify()?;
        let Examination { state, journal, twin, .. } = self.examine()?;
        let replaceable = state.may_be_replaced();
        match state {
            StateFinding::Sound(_) => {
                return Err(
                    self.refused("the state is sound, and only `state restore` replaces it")
                );
            }
            StateFinding::Unusable(error) if !replaceable => return Err(error),
            StateFinding::Missing | StateFinding::Edited(_) | StateFinding::Unusable(_) => {}
        }
        // Only a journal that can be read tells which state it was written over.
        if let JournalFinding::Unusable(error) = journal {
            return Err(error);
        }
        let base = self.files.journal_base();
        let line = base.as_ref().map(|base| &base.lineage);
        let line = line.or(twin.as_ref().map(|twin| &twin.state.lineage));
        let mut backups = self.files.backups.list(line)?.into_iter();
        let kept = backups.find(|backup| backup.serial == serial && backup.content.is_ok());
        let path = kept.map(|backup| backup.path);
        let path =
            path.ok_or_else(|| self.refused(format!("no sound state of serial {serial} is kept")))?;
        let bytes = atomic::read(self.files.disk.as_ref(), &path)?
            .ok_or_else(|| self.refused(format!("`{}` is gone", path.display())))?;
        let content = Content::parse(&path, &bytes, self.stack())?;
        // What the open run did may be in this state already.
        let open = journal.is_open() && !self.files.journal_is_in(&content)?;
        let kept = content.state;
        let is_base =
            base.as_ref().is_some_and(|b| b.lineage == kept.lineage && b.serial == kept.serial);
        if open && base.is_some() && !is_base {
            return Err(self.refused(format!(
                "the open run began with another state than that of serial {serial}"
            )));
        }
        if !open {
            self.drop_journal(&journal)?;
        }
        // A journal that has lost its first record goes on over whatever state is there.
        let fits_one = open && base.is_some();
        if !fits_one && self.fresh(&kept)? != kept.serial.next() {
            return self.put_new(kept);
        }
        let aside = self.put_state(&bytes)?;
        Ok(Mended { now: kept, aside })
    }

    /// Removes a journal whose run is in the state that is there or takes its place. A damaged one is
    /// kept aside.
    fn drop_journal(&self, found: &JournalFinding) -> Result<Option<PathBuf>, StateError> {
        let files = &self.files;
        let aside = match found {
            JournalFinding::Missing | JournalFinding::Sound { .. } => None,
            JournalFinding::LeftOver { .. }
            | JournalFinding::Damaged { .. }
            | JournalFinding::Unusable(_) => files.keep_aside(&files.journal)?,
        };
        self.verify()?;
        atomic::remove(files.disk.as_ref(), &files.journal)?;
        Ok(aside)
    }

    /// Keeps of a damaged journal what is whole: see [`Salvage`]. One whose run is in the state is
    /// removed: then there is none.
    ///
    /// # Errors
    /// If it is not damaged, the state is, or nothing can be kept.
    pub fn cut_journal(&self) -> Result<Mended<Option<Salvage>>, StateError> {
        self.verify()?;
        let journal = self.examine()?.journal;
        let salvage = match journal {
            JournalFinding::LeftOver { .. } => {
                return Ok(Mended { now: None, aside: self.drop_journal(&journal)? });
            }
            JournalFinding::Damaged { salvage: Some(salvage), .. } => salvage,
            JournalFinding::Damaged { salvage: None, .. } => {
                return Err(self.refused(
                    "what can be kept of the journal is not known without the state that it was \
                     written over: mend that first",
                ));
            }
            JournalFinding::Missing => return Err(self.refused("no run is open")),
            JournalFinding::Sound { .. } => return Err(self.refused("the journal is sound")),
            JournalFinding::Unusable(error) => return Err(error),
        };
        let files = &self.files;
        let damaged = |error: serde_json::Error| StateError::Damaged {
            path: files.journal.clone(),
            problem: error.to_string(),
        };
        let bytes = journal_bytes(&salvage.kept).map_err(damaged)?;
        let aside = files.keep_aside(&files.journal)?;
        let unpublished = atomic::write(files.disk.as_ref(), &files.journal, &files.stack, &bytes)?;
        self.verify()?;
        unpublished.publish()?;
        Ok(Mended { now: Some(salvage), aside })
    }
}
