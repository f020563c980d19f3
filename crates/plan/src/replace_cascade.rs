//! Replacement cascades: the changes of the referrers of an object that is deleted before its
//! successor is created.
//!
//! They are decided when every resource has its own change.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::Address;
use rstack_model::plan::{Action, Certainty, Change, Reason, ReplaceOrder};
use rstack_model::state::ResourceState;

use crate::PlanError;
use crate::input::PlanInput;
use crate::name_conflicts::places_of;

type Changes = BTreeMap<Address, Change>;

/// Changes the referrers of objects that are deleted first. What is attached to such an object is
/// deleted with it: a referrer that stays is updated, so that it is attached to the new object. A
/// referrer that is replaced must have its own old object deleted before.
///
/// # Errors
/// [`PlanError::ReferrerInTheWay`] for a referrer that would be replaced create-first.
pub(crate) fn referrers_of_deleted_first(
    input: &PlanInput<'_>,
    changes: &mut Changes,
) -> Result<(), PlanError> {
    let mut open: Vec<Address> = goes_first(changes).into_iter().collect();
    while let Some(used) = open.pop() {
        for referrer in referrers(changes, &used) {
            let allowed = input.options.delete_first.contains(&referrer)
                || input.desired.resources.get(&referrer).is_some_and(|r| r.delete_first);
            let Some(change) = changes.get_mut(&referrer) else { continue };
            let reason = Reason::DependencyReplaced { dependency: used.clone() };
            match change.action {
                Action::NoOp | Action::Record | Action::Update => {
                    change.action = Action::Update;
                    change.certainty = Certainty::Certain;
                    change.reasons.push(reason);
                }
                Action::Replace(ReplaceOrder::CreateFirst) if allowed => {
                    change.action = Action::Replace(ReplaceOrder::DeleteFirst);
                    change.certainty = Certainty::Certain;
                    change.reasons.push(reason);
                    open.push(referrer);
                }
                Action::Replace(ReplaceOrder::CreateFirst) => {
                    return Err(PlanError::ReferrerInTheWay { address: used, referrer });
                }
                Action::Replace(ReplaceOrder::DeleteFirst)
                | Action::Create
                | Action::Delete
                | Action::Retain
                | Action::Forget
                | Action::Restore => {}
            }
        }
    }
    Ok(())
}

fn referrers(changes: &Changes, used: &Address) -> Vec<Address> {
    let uses = |object: &ResourceState| object.dependencies.contains(used);
    let referrers = changes.values().filter(|change| change.prior.as_ref().is_some_and(uses));
    referrers.map(|change| change.address.clone()).filter(|referrer| referrer != used).collect()
}

/// The resources whose old object is deleted before the one that takes its place is made.
pub(crate) fn goes_first(changes: &Changes) -> BTreeSet<Address> {
    let first = |change: &&Change| change.action == Action::Replace(ReplaceOrder::DeleteFirst);
    let replaced = changes.values().filter(first).map(|change| &change.address);
    replaced.chain(changes.values().flat_map(places_of)).cloned().collect()
}

/// The resources whose old object is deleted before new ones are made: those that are replaced
/// delete-first, those whose place another one takes, and those that are deleted and refer to one of them.
pub(crate) fn deleted_early(changes: &Changes) -> BTreeSet<Address> {
    let mut early = goes_first(changes);
    let mut open: Vec<Address> = early.iter().cloned().collect();
    while let Some(used) = open.pop() {
        for referrer in referrers(changes, &used) {
            let deleted = changes.get(&referrer).is_some_and(|c| c.action == Action::Delete);
            if deleted && early.insert(referrer.clone()) {
                open.push(referrer);
            }
        }
    }
    early
}
