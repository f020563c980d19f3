//! Stale journals: their run is in the state already, because their writer died between publishing the
//! state and removing them.
//!
//! A whole one is recognised by its last record, and is no obstacle. The functions here recognise one
//! that was damaged since.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::state::{ResourceState, State};
use rstack_model::{Digest, ObjectKey, ResourceType};

use crate::content::Content;
use rstack_journal::{Alone, alone, alone_digest};
use rstack_journal::{Entry, FailedEffect, IntentAction, OperationId, Outcome};

/// The last record of a journal that may be damaged that is whole by itself.
pub(crate) fn end(bytes: &[u8]) -> Option<Digest> {
    lines(bytes).filter_map(alone_digest).last()
}

/// True if the last whole record of a journal that may be damaged is the one that a state remembers
/// as the last that is folded in.
pub(crate) fn ends_with(bytes: &[u8], folded: Option<&Digest>) -> bool {
    folded.is_some() && end(bytes).as_ref() == folded
}

/// True if the run of a journal that may be damaged is in a state that is sound.
///
/// It is if the state remembers its last record. If that one is lost: if the run began with the state
/// before this one, no operation of it is open, and every object that it made is in this one.
pub(crate) fn is_in(bytes: &[u8], content: &Content) -> bool {
    ends_with(bytes, content.folded.as_ref())
        || (content.folded.is_some() && follows(bytes, &content.state))
}

fn follows(bytes: &[u8], state: &State) -> bool {
    let whole: Vec<Entry> = lines(bytes)
        .filter_map(|line| match alone(line) {
            Alone::Whole(entry) => Some(entry),
            Alone::Changed(_) | Alone::Unreadable => None,
        })
        .collect();
    let Some((Entry::Begin { base, .. }, operations)) = whole.split_first() else { return false };
    let next = base.lineage == state.lineage && base.serial.next() == state.serial;
    let resources = state.resources.values();
    let objects = resources.chain(state.deposed.iter().map(|deposed| &deposed.object));
    let known: BTreeSet<ObjectKey> = objects.map(ResourceState::key).collect();
    next && made(operations).is_some_and(|made| made.is_subset(&known))
}

/// The objects that the operations of these records have made or kept; `None` if the outcome of one
/// of them is not known.
fn made(entries: &[Entry]) -> Option<BTreeSet<ObjectKey>> {
    let mut there = BTreeSet::new();
    let mut open: BTreeMap<OperationId, (&IntentAction, &ResourceType)> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Intent(intent) => {
                open.insert(intent.operation, (&intent.action, &intent.resource_type));
            }
            Entry::Effect { operation, identifier, .. } => {
                let resource_type = open.get(operation)?.1.clone();
                there.insert(ObjectKey::new(resource_type, identifier.clone()));
            }
            Entry::Done { operation, outcome } => match (open.remove(operation)?.0, outcome) {
                (_, Outcome::Object(object)) => {
                    there.insert(object.key());
                }
                (
                    IntentAction::Delete { key, .. } | IntentAction::Forget { key },
                    Outcome::Gone,
                ) => {
                    there.remove(key);
                }
                (_, Outcome::Gone) => return None,
            },
            Entry::Failed { effect: FailedEffect::Unknown, .. } => {}
            Entry::Failed { operation, .. } => {
                open.remove(operation);
            }
            Entry::Begin { .. } => return None,
            Entry::Absent { .. }
            | Entry::Cursor { .. }
            | Entry::Outputs { .. }
            | Entry::End { .. } => {}
        }
    }
    open.is_empty().then_some(there)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}
