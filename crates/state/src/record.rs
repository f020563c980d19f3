//! The lines of a journal: numbered, and each chained to the one before by digest.

use std::path::Path;

use rstack_model::Digest;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::error::StateError;

/// The version of the journal's format.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    number: u64,
    previous: Option<Digest>,
    entry: Entry,
    digest: Digest,
}

/// The end of a chain of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) count: u64,
    pub(crate) digest: Option<Digest>,
    /// How many bytes the records take.
    pub(crate) length: u64,
}

/// What a journal's bytes say.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) entries: Vec<Entry>,
    pub(crate) tail: Tail,
    /// Whether a last record was cut off while it was written.
    pub(crate) torn: bool,
}

impl Tail {
    /// The line of the next record, with its end of line.
    pub(crate) fn line(&self, entry: &Entry) -> Result<(Vec<u8>, Self), serde_json::Error> {
        let digest = digest(self.count, self.digest.as_ref(), entry)?;
        let record = Record {
            format: FORMAT,
            number: self.count,
            previous: self.digest.clone(),
            entry: entry.clone(),
            digest: digest.clone(),
        };
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        let length = self.length.saturating_add(line.len() as u64);
        let next = Self { count: self.count.saturating_add(1), digest: Some(digest), length };
        Ok((line, next))
    }
}

fn digest(
    number: u64,
    previous: Option<&Digest>,
    entry: &Entry,
) -> Result<Digest, serde_json::Error> {
    Digest::of_json(&(FORMAT, number, previous, entry))
}

/// Reads a journal. A last line without its end was being written when the writer died: its
/// operation was not yet allowed to begin, and it is left out. Any other damage is an error.
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Records, StateError> {
    let mut entries = Vec::new();
    let mut tail = Tail::default();
    let mut torn = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.last() != Some(&b'\n') {
            torn = true;
            break;
        }
        let damaged = |problem: String| StateError::Damaged {
            path: path.to_owned(),
            problem: format!("record {}: {problem}", tail.count),
        };
        let record: Record =
            serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
        if record.format > FORMAT {
            return Err(StateError::NewerFormat {
                path: path.to_owned(),
                found: record.format,
                known: FORMAT,
            });
        }
        let (expected, next) =
            tail.line(&record.entry).map_err(|error| damaged(error.to_string()))?;
        if expected != line {
            return Err(damaged("it is not chained to the record before it".to_owned()));
        }
        entries.push(record.entry);
        tail = next;
    }
    Ok(Records { entries, tail, torn })
}
