//! Which of the kept states belongs to the journal that is there. Reads, and changes nothing.

use std::path::PathBuf;

use rstack_model::Serial;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;

use super::examine::{JournalFinding, StateFinding, Twin};
use super::files::Files;
use crate::content::Content;
use crate::error::StoreError;
use rstack_journal::Entry;
use rstack_journal::fold;

/// A journal without the state that it was written over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseMismatch {
    /// The lineage and serial of the state that it was written over.
    pub journal: PlanBase,
    /// The lineage and serial of the state; `None` if it is missing or damaged.
    pub state: Option<PlanBase>,
    /// The copy of the state that the journal was written over; `None` if no sound one is kept.
    pub copy: Option<PathBuf>,
}

/// The state that can take the place of the present one, and the mismatch if the journal was
/// written over another.
#[derive(Debug, Default)]
pub(crate) struct BaseMatch {
    pub(crate) offered: Option<Serial>,
    pub(crate) base_mismatch: Option<BaseMismatch>,
}

fn is_over(begin: &Entry, state: &State) -> bool {
    fold(state, std::slice::from_ref(begin)).is_ok()
}

impl Files {
    pub(crate) fn belonging(
        &self,
        state: &StateFinding,
        journal: &JournalFinding,
        twin: Option<&Twin>,
    ) -> Result<BaseMatch, StoreError> {
        let begin = if journal.is_open() { self.journal_begin() } else { None };
        let twins = BaseMatch { offered: twin.map(|twin| twin.state.serial), base_mismatch: None };
        let Some(begin @ Entry::Begin { base, .. }) = &begin else { return Ok(twins) };
        let there = match state {
            StateFinding::Sound(state) if is_over(begin, state) => return Ok(twins),
            StateFinding::Sound(state) => {
                Some(PlanBase { lineage: state.lineage.clone(), serial: state.serial })
            }
            // The first run of a stack.
            StateFinding::Missing if base.serial == Serial(0) => return Ok(twins),
            StateFinding::Unusable(_) if !state.may_be_replaced() => return Ok(twins),
            StateFinding::Missing | StateFinding::Edited(_) | StateFinding::Unusable(_) => None,
        };
        if let Some(twin) = twin {
            let content = Content::parse(&twin.path, twin.text.as_bytes(), &self.stack)?;
            if is_over(begin, &twin.state) || self.journal_is_in(&content)? {
                return Ok(twins);
            }
        }
        let mut kept = self.backups.found(Some(&base.lineage))?.into_iter();
        let own = kept
            .find(|(_, kept)| kept.content.as_ref().is_ok_and(|(state, _)| is_over(begin, state)));
        let copy = own.map(|(path, _)| path);
        let newest = self.backups.newest(&base.lineage)? == Some(base.serial);
        // A sound state is replaced by a later one of its line only, of which there is none later.
        let may = there.as_ref().is_none_or(|there| {
            newest && there.lineage == base.lineage && there.serial < base.serial
        });
        let offered = copy.as_ref().filter(|_| may).map(|_| base.serial);
        let base_mismatch = (there.is_some() || offered.is_none()).then(|| BaseMismatch {
            journal: base.clone(),
            state: there,
            copy,
        });
        Ok(BaseMatch { offered, base_mismatch })
    }
}
