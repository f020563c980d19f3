//! The text of a sandbox file: a head, then a line for each call that changed something.
//!
//! The head tells the format and what the log was before it was last rewritten. Each record has
//! its number and a digest over itself and the digest before it, so that no line can be changed,
//! moved or left out unnoticed. A record holds all changes of its call: a call is in the log whole
//! or not at all. A last line without its end was being written when its writer died, and is no
//! record.

use std::io;

use rstack_model::Digest;
use serde::{Deserialize, Serialize};

use crate::delta::Change;
use crate::inventory::Inventory;
use crate::legacy;

/// Formats 1 and 2 were one JSON document; see [`legacy`].
pub(crate) const FORMAT: u32 = 3;
pub(crate) const OPEN: &str = "{\"rstack_sandbox\":";
const DIGEST: &str = ",\"sha256\":\"";
const AFTER: &str = "\",\"after\":\"";
const CLOSE: &str = "\"}\n";
const RECORD: &str = "{\"digest\":\"";

/// Why a file is no sandbox file that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A newer rstack wrote it.
    Newer(u32),
    /// It was damaged.
    Damaged(String),
}

/// The end of a chain of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) count: u64,
    pub(crate) digest: Digest,
    /// The bytes from the beginning of the file.
    pub(crate) length: u64,
    /// The place of the digest in the file.
    pub(crate) digest_at: u64,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) enum Content {
    /// A log.
    Log(Tail),
    /// A file of an older format, with all before its inventory.
    Legacy(Vec<u8>),
}

#[derive(Serialize)]
struct Written<'a> {
    number: u64,
    changes: &'a [Change<'a>],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    number: u64,
    changes: Vec<Change<'static>>,
}

/// The first line of a log that takes the place of one that ended in `after`.
pub(crate) fn head(after: &str) -> (String, Tail) {
    let digest = Digest::of(format!("rstack_sandbox {FORMAT} after {after}").as_bytes());
    let line = format!("{OPEN}{FORMAT}{DIGEST}{digest}{AFTER}{after}{CLOSE}");
    let length = line.len() as u64;
    let digest_at = format!("{OPEN}{FORMAT}{DIGEST}").len() as u64;
    (line, Tail { count: 0, digest, length, digest_at })
}

fn chained(before: &Digest, rest: &[u8]) -> Digest {
    Digest::of(&[before.as_str().as_bytes(), rest].concat())
}

impl Tail {
    /// The line of a record that follows, and the end of the chain with it.
    pub(crate) fn line(&self, changes: &[Change<'_>]) -> serde_json::Result<(Vec<u8>, Self)> {
        let whole = serde_json::to_vec(&Written { number: self.count, changes })?;
        let rest = whole.strip_prefix(b"{").unwrap_or(&whole);
        let digest = chained(&self.digest, rest);
        let start = format!("{RECORD}{digest}\",");
        let line = [start.as_bytes(), rest, b"\n"].concat();
        Ok((line.clone(), self.next(&line, digest)))
    }

    fn next(&self, line: &[u8], digest: Digest) -> Self {
        let length = self.length.saturating_add(line.len() as u64);
        let digest_at = self.length.saturating_add(RECORD.len() as u64);
        Self { count: self.count.saturating_add(1), digest, length, digest_at }
    }

    /// The changes of a line, which has its end, and the end of the chain with it.
    fn read(&self, line: &[u8]) -> Result<(Vec<Change<'static>>, Self), String> {
        let unlike = "it is not chained to the record before it";
        let rest = line.strip_prefix(RECORD.as_bytes()).and_then(|rest| rest.split_at_checked(64));
        let (digest, rest) = rest.ok_or(unlike)?;
        let rest = rest.strip_prefix(b"\",").and_then(|rest| rest.strip_suffix(b"\n"));
        let rest = rest.ok_or(unlike)?;
        let expected = chained(&self.digest, rest);
        if expected.as_str().as_bytes() != digest {
            return Err(unlike.to_owned());
        }
        let whole = [b"{", rest].concat();
        let read: Read = serde_json::from_slice(&whole).map_err(|error| error.to_string())?;
        if read.number != self.count {
            return Err(format!("it has the number {}", read.number));
        }
        Ok((read.changes, self.next(line, expected)))
    }

    /// Reads the records that follow into the inventory, up to the last whole one.
    pub(crate) fn follow(self, bytes: &[u8], inventory: &mut Inventory) -> Result<Self, Flaw> {
        let mut tail = self;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.last() != Some(&b'\n') {
                break;
            }
            let read = tail.read(line);
            let (changes, next) =
                read.map_err(|problem| Flaw::Damaged(format!("record {}: {problem}", tail.count)))?;
            changes.into_iter().for_each(|change| inventory.replay(change));
            tail = next;
        }
        Ok(tail)
    }
}

/// Reads a whole file.
pub(crate) fn read(bytes: &[u8]) -> Result<(Inventory, Content), Flaw> {
    let not_ours = || Flaw::Damaged("it does not begin as a sandbox file does".to_owned());
    let start = bytes.strip_prefix(OPEN.as_bytes()).ok_or_else(not_ours)?;
    let digits = start.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = start.split_at(digits);
    let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
    let number: u32 = number.filter(|number| *number > 0).ok_or_else(not_ours)?;
    if number < FORMAT {
        let text = std::str::from_utf8(rest).map_err(|_| not_ours())?;
        let inventory = legacy::read(text)?;
        let head = legacy::head_of(bytes).ok_or_else(not_ours)?;
        return Ok((inventory, Content::Legacy(head.to_vec())));
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let (first, records) = bytes.split_at(end);
    let (expected, tail) = expected_head(rest).ok_or_else(|| match number {
        FORMAT => not_ours(),
        newer => Flaw::Newer(newer),
    })?;
    if first != expected.as_bytes() {
        // A head of this format with another number was relabelled.
        let newer = number > FORMAT && !same_but_number(first, expected.as_bytes());
        return Err(if newer { Flaw::Newer(number) } else { not_ours() });
    }
    let mut inventory = Inventory::default();
    let tail = tail.follow(records, &mut inventory)?;
    Ok((inventory, Content::Log(tail)))
}

/// The head that a log has which says this behind its number.
fn expected_head(rest: &[u8]) -> Option<(String, Tail)> {
    let after = rest.strip_prefix(DIGEST.as_bytes())?.get(64..)?.strip_prefix(AFTER.as_bytes())?;
    let after = after.split(|byte| *byte == b'"').next()?;
    Some(head(std::str::from_utf8(after).ok()?))
}

fn same_but_number(first: &[u8], expected: &[u8]) -> bool {
    let behind = |line: &[u8]| {
        let rest = line.strip_prefix(OPEN.as_bytes())?;
        Some(rest.iter().skip_while(|byte| byte.is_ascii_digit()).copied().collect::<Vec<u8>>())
    };
    behind(first) == behind(expected)
}

/// Counts bytes and keeps none.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes of the records of a log that holds this inventory, without its head, chained to nothing:
/// their digests are counted and not computed.
///
/// # Errors
/// If a part of the inventory cannot be written as JSON.
pub(crate) fn live_bytes(inventory: &Inventory) -> serde_json::Result<u64> {
    let around = RECORD.len() + 64 + "\",".len() + "\n".len();
    let mut counter = Counter(0);
    for (number, change) in (0u64..).zip(inventory.all_changes()) {
        serde_json::to_writer(&mut counter, &Written { number, changes: &[change] })?;
        // The brace that opens the record is in `RECORD`.
        counter.0 = counter.0.saturating_add(around as u64).saturating_sub(1);
    }
    Ok(counter.0)
}

/// The whole text of a log that holds this inventory and follows the one that ended in `after`.
pub(crate) fn whole(
    inventory: &Inventory,
    after: &str,
    mut write: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<Tail> {
    let (line, mut tail) = head(after);
    write(line.as_bytes())?;
    for change in inventory.all_changes() {
        let (line, next) = tail.line(&[change])?;
        write(&line)?;
        tail = next;
    }
    Ok(tail)
}
