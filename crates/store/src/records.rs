//! The records of a journal, or why it cannot be used.

use rstack_journal::{Flaw, RECORD_FORMAT, Reading, Records, read};
use rstack_model::state::State;

use crate::error::StoreError;
use crate::location::Location;

/// The records of a journal, all of which must be whole.
pub(crate) fn parse(
    location: impl Into<Location>,
    bytes: &[u8],
    base: Option<&State>,
) -> Result<Records, StoreError> {
    let Reading { records, flaw } = read(bytes, base);
    let location = location.into();
    match flaw {
        None => Ok(records),
        Some(Flaw::Newer(found)) => {
            Err(StoreError::NewerFormat { location, found, known: RECORD_FORMAT })
        }
        Some(Flaw::Damaged(problem)) => {
            let problem = format!("record {}: {problem}", records.tail.count);
            Err(StoreError::Damaged { location, problem })
        }
    }
}
