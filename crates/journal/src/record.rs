//! The lines of a journal: numbered, and each chained to the one before by digest.

use rstack_model::Digest;
use rstack_model::state::State;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::identity_upgrade::Known;

/// The version of the journal's format.
pub const FORMAT: u32 = 2;

/// The format in which objects were named by what `Ref` returns.
const BY_REF: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record<E> {
    format: u32,
    number: u64,
    previous: Option<Digest>,
    entry: E,
    digest: Digest,
}

/// The format field of a record, which every format has.
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
    /// The length of the records, in bytes.
    pub length: u64,
}

/// The records of a journal.
#[derive(Debug)]
pub struct Records {
    /// The entries of the records.
    pub entries: Vec<Entry>,
    /// Their end.
    pub tail: Tail,
    /// True if a last record was cut off while it was written.
    pub torn: bool,
}

impl Tail {
    /// The line of the next record, with its end of line.
    ///
    /// # Errors
    /// If the entry cannot be serialized.
    pub fn line(&self, entry: &Entry) -> Result<(Vec<u8>, Self), serde_json::Error> {
        self.line_of(FORMAT, entry)
    }

    /// The line of a record in this format.
    fn line_of(
        &self,
        format: u32,
        entry: &impl Serialize,
    ) -> Result<(Vec<u8>, Self), serde_json::Error> {
        let digest = digest(format, self.count, self.digest.as_ref(), entry)?;
        let record = Record {
            format,
            number: self.count,
            previous: self.digest.clone(),
            entry,
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
    format: u32,
    number: u64,
    previous: Option<&Digest>,
    entry: &impl Serialize,
) -> Result<Digest, serde_json::Error> {
    Digest::of_json(&(format, number, previous, entry))
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
/// `base` is the state that the journal was written over, if there is one.
pub fn read(bytes: &[u8], base: Option<&State>) -> Reading {
    let mut known = Known::of(base);
    let mut records = Records { entries: Vec::new(), tail: Tail::default(), torn: false };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.last() != Some(&b'\n') {
            records.torn = true;
            break;
        }
        match next(&records.tail, line, &mut known) {
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
fn next(tail: &Tail, line: &[u8], known: &mut Known<'_>) -> Result<(Entry, Tail), Flaw> {
    let damaged = |error: serde_json::Error| Flaw::Damaged(error.to_string());
    // A newer record may hold what is not known here.
    let Version { format } = serde_json::from_slice(line).map_err(damaged)?;
    if format > FORMAT && !is_relabelled(line) {
        return Err(Flaw::Newer(format));
    }
    let unchained = || Flaw::Damaged("it is not chained to the record before it".to_owned());
    if format == BY_REF {
        let record: Record<serde_json::Value> = serde_json::from_slice(line).map_err(damaged)?;
        let (expected, next) = tail.line_of(BY_REF, &record.entry).map_err(damaged)?;
        if expected != line {
            return Err(unchained());
        }
        return Ok((upgraded(record.entry, known).map_err(damaged)?, next));
    }
    let record: Record<Entry> = serde_json::from_slice(line).map_err(damaged)?;
    let (expected, next) = tail.line(&record.entry).map_err(damaged)?;
    if expected != line {
        return Err(unchained());
    }
    Ok((record.entry, next))
}

/// An entry of format 1.
fn upgraded(
    mut entry: serde_json::Value,
    known: &mut Known<'_>,
) -> Result<Entry, serde_json::Error> {
    known.entry(&mut entry);
    serde_json::from_value(entry)
}

/// True if a record was written in a known format, and names another one because it was damaged.
fn is_relabelled(line: &[u8]) -> bool {
    let Ok(record) = serde_json::from_slice::<Record<serde_json::Value>>(line) else {
        return false;
    };
    (BY_REF..=FORMAT).any(|format| {
        let expected = digest(format, record.number, record.previous.as_ref(), &record.entry);
        expected.is_ok_and(|expected| expected == record.digest)
    })
}

/// The reading of one line by itself, at any place of a journal.
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

/// The entry of a line, and its digest if it is as it was written.
fn read_alone(line: &[u8]) -> Option<(Entry, Option<Digest>)> {
    let Record::<serde_json::Value> { format, number, previous, entry, digest } =
        serde_json::from_slice(line).ok()?;
    let before = Tail { count: number, digest: previous, length: 0 };
    let whole = before.line_of(format, &entry).is_ok_and(|(expected, _)| expected == line);
    let entry = if format == BY_REF {
        upgraded(entry, &mut Known::default())
    } else {
        serde_json::from_value(entry)
    };
    Some((entry.ok()?, whole.then_some(digest)))
}
