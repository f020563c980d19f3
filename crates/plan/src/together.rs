//! What can be decided only when every resource has been looked at: names across resources, and
//! the users of what is deleted first.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::ObjectName;
use rstack_model::plan::{Action, Certainty, Change, Reason, ReplaceOrder};
use rstack_model::state::ResourceState;
use rstack_model::{Address, ResourceType};

use crate::PlanError;
use crate::draft::facts_of;
use crate::input::PlanInput;
use crate::name::names;

type Changes = BTreeMap<Address, Change>;

/// Checks that no new object has the name of an object of another resource, or of another new one.
///
/// # Errors
/// [`PlanError::NameOfOther`].
pub(crate) fn check_names(input: &PlanInput<'_>, changes: &Changes) -> Result<(), PlanError> {
    let mut taken: BTreeMap<(&ResourceType, ObjectName), &Address> = BTreeMap::new();
    let current = input.state.resources.iter();
    let deposed = input.state.deposed.iter().map(|d| (&d.address, &d.object));
    for (id, object) in current.chain(deposed) {
        let missing = changes.get(id).is_some_and(|c| c.reasons.contains(&Reason::Missing));
        if missing {
            continue;
        }
        let facts = facts_of(input.schemas, object);
        for name in names(facts.as_ref(), &object.properties) {
            taken.insert((&object.resource_type, name), id);
        }
    }
    for (id, change) in changes {
        let makes = matches!(change.action, Action::Create | Action::Replace(_));
        let (true, Some(desired)) = (makes, &change.desired) else { continue };
        let Some(facts) = input.schemas.facts(&change.resource_type) else { continue };
        for name in names(facts.as_ref(), &desired.properties) {
            let key = (&change.resource_type, name);
            match taken.get(&key).filter(|other| **other != id) {
                Some(other) => {
                    let (address, other, name) = (id.clone(), (*other).clone(), key.1);
                    return Err(PlanError::NameOfOther { address, name, other });
                }
                None => taken.insert(key, id),
            };
        }
    }
    Ok(())
}

/// Plans the users of resources whose old objects go first. What is attached to such an object goes
/// with it: users that stay are changed, so that they are attached to the new one. Users whose own
/// old object goes must go before it.
///
/// # Errors
/// [`PlanError::UserInTheWay`] for a user that would be replaced create-first.
pub(crate) fn users_of_deleted_first(
    input: &PlanInput<'_>,
    changes: &mut Changes,
) -> Result<(), PlanError> {
    let goes_first = |change: &Change| change.action == Action::Replace(ReplaceOrder::DeleteFirst);
    let mut open: Vec<Address> =
        changes.values().filter(|c| goes_first(c)).map(|c| c.address.clone()).collect();
    while let Some(used) = open.pop() {
        for user in users(changes, &used) {
            let allowed = input.options.delete_first.contains(&user)
                || input.desired.resources.get(&user).is_some_and(|r| r.delete_first);
            let Some(change) = changes.get_mut(&user) else { continue };
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
                    open.push(user);
                }
                Action::Replace(ReplaceOrder::CreateFirst) => {
                    return Err(PlanError::UserInTheWay { address: used, user });
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

fn users(changes: &Changes, used: &Address) -> Vec<Address> {
    let uses = |object: &ResourceState| object.dependencies.contains(used);
    let users = changes.values().filter(|change| change.prior.as_ref().is_some_and(uses));
    users.map(|change| change.address.clone()).filter(|user| user != used).collect()
}

/// The resources whose old object is deleted before new ones are made: those that are replaced
/// delete-first, and those that are deleted and use one of them.
pub(crate) fn deleted_early(changes: &Changes) -> BTreeSet<Address> {
    let goes_first = |change: &Change| change.action == Action::Replace(ReplaceOrder::DeleteFirst);
    let first = changes.values().filter(|change| goes_first(change));
    let mut early: BTreeSet<Address> = first.map(|change| change.address.clone()).collect();
    let mut open: Vec<Address> = early.iter().cloned().collect();
    while let Some(used) = open.pop() {
        for user in users(changes, &used) {
            let deleted = changes.get(&user).is_some_and(|c| c.action == Action::Delete);
            if deleted && early.insert(user.clone()) {
                open.push(user);
            }
        }
    }
    early
}
