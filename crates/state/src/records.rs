//! The records of a journal file, or why it cannot be used.

use std::path::Path;

use rstack_journal::{Flaw, RECORD_FORMAT, Reading, Records, read};

use crate::error::StateError;

/// The records of a journal, all of which must be whole.
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Records, StateError> {
    let Reading { records, flaw } = read(bytes);
    let path = path.to_owned();
    match flaw {
        None => Ok(records),
        Some(Flaw::Newer(found)) => {
            Err(StateError::NewerFormat { path, found, known: RECORD_FORMAT })
        }
        Some(Flaw::Damaged(problem)) => {
            let problem = format!("record {}: {problem}", records.tail.count);
            Err(StateError::Damaged { path, problem })
        }
    }
}
