//! The stored state and journal of a stack.

use rstack_journal::Entry;
use rstack_model::Serial;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;

use crate::content::Written;
use crate::error::StoreError;
use crate::location::Location;

/// The stored state and journal of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// The last published state.
    pub state: Option<State>,
    /// Which command published it.
    pub written: Option<Written>,
    /// The records of a run that has not been published.
    pub journal: Option<Vec<Entry>>,
    /// True if a last record was cut off while it was written, and so left out.
    pub torn: bool,
}

/// One kept state of a stack.
#[derive(Debug)]
pub struct Version {
    /// Its serial.
    pub serial: Serial,
    /// Where it is kept.
    pub location: Location,
    /// The state in it and the command that wrote it, or why it cannot be used.
    pub content: Result<(State, Option<Written>), StoreError>,
}

/// Refuses a state that does not succeed the present one.
pub(crate) fn check_base(found: Option<PlanBase>, base: &PlanBase) -> Result<(), StoreError> {
    let name = |base: &PlanBase| format!("serial {} of {}", base.serial, base.lineage);
    match found {
        Some(found) if found == *base => Ok(()),
        None if base.serial == Serial(0) => Ok(()),
        found => {
            let found = found.as_ref().map_or_else(|| "nothing".to_owned(), name);
            Err(StoreError::Moved { expected: name(base), found })
        }
    }
}
