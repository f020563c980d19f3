//! The repair of a journal of which a part is damaged.
//!
//! The records before the damage are kept. Of those behind it, each that is whole by itself and can
//! follow what is kept is kept, too: an intent whose end is lost is resolved by asking the cloud, so
//! that no object is forgotten that any record names. A record that the run has ended is never
//! kept.

use std::collections::BTreeSet;

use rstack_model::Digest;
use rstack_model::plan::{PlanBase, PlanMode};
use rstack_model::state::State;

use crate::entry::{Entry, OperationId};
use crate::fold::{base_of, fold};
use crate::record::{Alone, Reading, Tail, alone, read};

/// A record that is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LostRecord {
    /// Its number.
    pub number: usize,
    /// Its entry, as far as it can be read.
    pub entry: Option<Entry>,
    /// True if it is as it was written, and cannot follow what is kept.
    pub whole: bool,
    /// True if the intent of its operation is kept, so that the cloud is asked for its outcome.
    pub resolvable: bool,
}

/// The records that are kept of a damaged journal, and those that are not.
#[derive(Clone, Debug, PartialEq)]
pub struct RepairedJournal {
    /// The number of records before the damage.
    pub sound: usize,
    /// All records that are kept.
    pub kept: Vec<Entry>,
    /// The records that are not.
    pub lost: Vec<LostRecord>,
    /// True if the first record was damaged and is made anew from the state.
    pub rebuilt: bool,
}

/// A first record over a state, for a journal that has lost its own.
fn begin_over(state: &State) -> Entry {
    Entry::Begin {
        mode: PlanMode::Deploy,
        base: PlanBase { lineage: state.lineage.clone(), serial: state.serial },
        plan_digest: Digest::of(b""),
        stack: state.stack.clone(),
        environment: state.environment.clone(),
        template_digest: state.template_digest.clone(),
        parameters: state.parameters.clone(),
        given: state.given.clone(),
        imports: state.imports.clone(),
        termination_protection: state.termination_protection,
        keeps_former: true,
    }
}

/// True if a record may be kept from behind the damage.
fn may_follow(entry: &Entry) -> bool {
    match entry {
        Entry::Intent(_)
        | Entry::Absent { .. }
        | Entry::Cursor { .. }
        | Entry::Effect { .. }
        | Entry::Done { .. }
        | Entry::Failed { .. } => true,
        Entry::Begin { .. } | Entry::Outputs { .. } | Entry::End { .. } => false,
    }
}

/// The operation that an intent is of.
fn intended(entry: &Entry) -> Option<OperationId> {
    match entry {
        Entry::Intent(intent) => Some(intent.operation),
        Entry::Begin { .. }
        | Entry::Absent { .. }
        | Entry::Cursor { .. }
        | Entry::Effect { .. }
        | Entry::Done { .. }
        | Entry::Failed { .. }
        | Entry::Outputs { .. }
        | Entry::End { .. } => None,
    }
}

/// The operation that a record behind an intent is of.
fn operation(entry: &Entry) -> Option<OperationId> {
    match entry {
        Entry::Absent { operation }
        | Entry::Cursor { operation, .. }
        | Entry::Effect { operation, .. }
        | Entry::Done { operation, .. }
        | Entry::Failed { operation, .. } => Some(*operation),
        Entry::Begin { .. } | Entry::Intent(_) | Entry::Outputs { .. } | Entry::End { .. } => None,
    }
}

/// The repair of a journal over a state; `None` if no record can be kept, because the first one is
/// damaged and there is no state, or it was written over another one.
pub fn repair(bytes: &[u8], state: Option<&State>) -> Option<RepairedJournal> {
    let Reading { records, .. } = read(bytes, state);
    let sound = records.entries.len();
    let mut kept = records.entries;
    let rebuilt = kept.is_empty();
    if rebuilt {
        kept.push(begin_over(state?));
    }
    let base = base_of(state.cloned(), kept.first())?;
    // Over another state than its own nothing of it means what it says.
    fold(&base, std::slice::from_ref(kept.first()?)).ok()?;
    let mut lost = Vec::new();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate().skip(sound);
    for (number, line) in lines {
        let (entry, whole) = match alone(line) {
            Alone::Whole(entry) => (Some(entry), true),
            Alone::Changed(entry) => (Some(entry), false),
            Alone::Unreadable => (None, false),
        };
        // The end of a run, and a first record that is rebuilt, name no object.
        let told = entry.as_ref().is_none_or(may_follow);
        if let Some(entry) = entry.as_ref().filter(|entry| whole && may_follow(entry)) {
            kept.push(entry.clone());
            if fold(&base, &kept).is_ok() {
                continue;
            }
            kept.pop();
        }
        if told || !whole {
            lost.push(LostRecord { number, entry, whole, resolvable: false });
        }
    }
    let known: BTreeSet<OperationId> = kept.iter().filter_map(intended).collect();
    for record in &mut lost {
        let operation = record.entry.as_ref().and_then(operation);
        record.resolvable = operation.is_some_and(|operation| known.contains(&operation));
    }
    Some(RepairedJournal { sound, kept, lost, rebuilt })
}

/// The bytes of a journal of these records.
pub fn journal_bytes(entries: &[Entry]) -> Result<Vec<u8>, serde_json::Error> {
    let (mut bytes, mut tail) = (Vec::new(), Tail::default());
    for entry in entries {
        let (line, next) = tail.line(entry)?;
        bytes.extend(line);
        tail = next;
    }
    Ok(bytes)
}
