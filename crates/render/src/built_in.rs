//! The effects of custom resources that are carried out without their handlers.

use rstack_model::BuiltIn;
use rstack_model::plan::{Action, Change};

use crate::removals::Removals;

/// The effects of a change on what its resource is about, in words. Objects are in no plan, and buckets lose
/// theirs.
pub(crate) fn effects(change: &Change, removals: &Removals<'_>) -> Vec<String> {
    let prior = change.prior.as_ref().map(|prior| &prior.properties);
    let desired = change.desired.as_ref().map(|desired| &desired.properties);
    let before = prior.and_then(BuiltIn::of);
    let after = desired.and_then(BuiltIn::of);
    let goes = change.prior.as_ref().is_some_and(|it| removals.deletes(&change.address, it));
    let moves = change.action == Action::Update
        && before.is_some_and(|known| {
            let subject = |of: Option<&rstack_model::ValueMap>| {
                of.and_then(|of| of.get(known.subject())).cloned()
            };
            subject(prior) != subject(desired)
        });
    let makes = matches!(change.action, Action::Create | Action::Replace(_)) || moves;
    let mut out = Vec::new();
    if let (Some(known), Some(prior), true) = (before, prior, goes || moves) {
        out.push(known.deletes(prior));
    }
    if let (Some(known), Some(desired), true) = (after, desired, makes) {
        out.extend(known.creates(desired));
    }
    out
}
