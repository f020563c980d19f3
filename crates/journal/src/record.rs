//! The lines of a journal: numbered, and each chained to the one before by digest.

use rstack_model::Digest;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// The version of the journal's format.
pub const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    number: u64,
    previous: Option<Digest>,
    entry: Entry,
    digest: Digest,
}

/// What every format of a record says.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The end of a chain of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The number of the next record.
    pub count: u64,
    /// The digest of the last record.
    pub digest: Option<Digest>,
    /// How many bytes the records take.
    pub length: u64,
}

/// What a journal's bytes say.
#[derive(Debug)]
pub struct Records {
    /// What they say.
    pub entries: Vec<Entry>,
    /// Their end.
    pub tail: Tail,
    /// Whether a last record was cut off while it was written.
    pub torn: bool,
}

impl Tail {
    /// The line of the next record, with its end of line.
    ///
    /// # Errors
    /// If the entry cannot be serialized.
    pub fn line(&self, entry: &Entry) -> Result<(Vec<u8>, Self), serde_json::Error> {
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

/// Why a line is no record of its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A newer rstack wrote it.
    Newer(u32),
    /// It was damaged.
    Damaged(String),
}

/// A journal up to the first flaw in it.
#[derive(Debug)]
pub struct Reading {
    /// The records before it.
    pub records: Records,
    /// The flaw; `None` if all are whole.
    pub flaw: Option<Flaw>,
}

/// Reads a journal as far as it is whole. A last line without its end was being written when the
/// writer died: its operation was not yet allowed to begin, and it is left out.
pub fn read(bytes: &[u8]) -> Reading {
    let mut records = Records { entries: Vec::new(), tail: Tail::default(), torn: false };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.last() != Some(&b'\n') {
            records.torn = true;
            break;
        }
        match next(&records.tail, line) {
            Ok((entry, tail)) => {
                records.entries.push(entry);
                records.tail = tail;
            }
            Err(flaw) => return Reading { records, flaw: Some(flaw) },
        }
    }
    Reading { records, flaw: None }
}

/// The record of a line that follows these.
fn next(tail: &Tail, line: &[u8]) -> Result<(Entry, Tail), Flaw> {
    let damaged = |error: serde_json::Error| Flaw::Damaged(error.to_string());
    // A newer record may hold what is not known here.
    let Version { format } = serde_json::from_slice(line).map_err(damaged)?;
    if format > FORMAT && !is_relabelled(line) {
        return Err(Flaw::Newer(format));
    }
    let record: Record = serde_json::from_slice(line).map_err(damaged)?;
    let (expected, next) = tail.line(&record.entry).map_err(damaged)?;
    if expected != line {
        return Err(Flaw::Damaged("it is not chained to the record before it".to_owned()));
    }
    Ok((record.entry, next))
}

/// Whether a record was written in this format, and says another one because it was damaged.
fn is_relabelled(line: &[u8]) -> bool {
    let Ok(record) = serde_json::from_slice::<Record>(line) else { return false };
    let expected = digest(record.number, record.previous.as_ref(), &record.entry);
    expected.is_ok_and(|expected| expected == record.digest)
}

/// What one line says by itself, wherever it stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Alone {
    /// It is as it was written.
    Whole(Entry),
    /// It can be read, and is not what was written.
    Changed(Entry),
    /// It cannot be read.
    Unreadable,
}

/// Looks at a line without those before it.
pub fn alone(line: &[u8]) -> Alone {
    match read_alone(line) {
        Some((entry, Some(_))) => Alone::Whole(entry),
        Some((entry, None)) => Alone::Changed(entry),
        None => Alone::Unreadable,
    }
}

/// The digest of a line that is whole by itself.
pub fn alone_digest(line: &[u8]) -> Option<Digest> {
    read_alone(line)?.1
}

/// What a line says, and its digest if it is as it was written.
fn read_alone(line: &[u8]) -> Option<(Entry, Option<Digest>)> {
    let Record { number, previous, entry, digest, .. } = serde_json::from_slice(line).ok()?;
    let before = Tail { count: number, digest: previous, length: 0 };
    let whole = before.line(&entry).is_ok_and(|(expected, _)| expected == line);
    Some((entry, whole.then_some(digest)))
}
