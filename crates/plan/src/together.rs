//! What can be decided only when every resource has been looked at: names across resources, and
//! the users of what is deleted first.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::plan::{Action, Certainty, Change, Reason, ReplaceOrder};
use rstack_model::state::ResourceState;
use rstack_model::{Address, PropertyPath, ResourceType, ValueMap};

use crate::PlanError;
use crate::draft::facts_of;
use crate::facts::TypeFacts;
use crate::input::PlanInput;
use crate::name::value_at;

type Changes = BTreeMap<Address, Change>;

/// A name: the type of the object, the properties that name it, their values.
type Name = (ResourceType, Vec<PropertyPath>, Vec<String>);

/// Checks that no new object has the name of an object of another resource.
///
/// # Errors
/// [`PlanError::NameOfOther`].
pub(crate) fn check_names(input: &PlanInput<'_>, changes: &Changes) -> Result<(), PlanError> {
    let mut taken: BTreeMap<Name, &Address> = BTreeMap::new();
    let current = input.state.resources.iter();
    let deposed = input.state.deposed.iter().map(|d| (&d.address, &d.object));
    for (id, object) in current.chain(deposed) {
        let missing = changes.get(id).is_some_and(|c| c.reasons.contains(&Reason::Missing));
        if missing {
            continue;
        }
        let facts = facts_of(input.schemas, object);
        for name in names(facts.as_ref(), &object.resource_type, &object.properties) {
            taken.insert(name, id);
        }
    }
    for (id, change) in changes {
        let makes = matches!(change.action, Action::Create | Action::Replace(_));
        let (true, Some(desired)) = (makes, &change.desired) else { continue };
        let Some(facts) = input.schemas.facts(&change.resource_type) else { continue };
        for name in names(facts.as_ref(), &change.resource_type, &desired.properties) {
            if let Some(other) = taken.get(&name).filter(|other| **other != id) {
                let (_, paths, values) = name;
                return Err(PlanError::NameOfOther {
                    address: id.clone(),
                    property: paths.into_iter().next().unwrap_or_default(),
                    name: values.join("/"),
                    other: (*other).clone(),
                });
            }
        }
    }
    Ok(())
}

/// The names that these properties give, as far as they are known.
fn names(facts: &dyn TypeFacts, resource_type: &ResourceType, properties: &ValueMap) -> Vec<Name> {
    let groups = facts.name_properties().into_iter();
    groups
        .filter_map(|group| {
            let values = group.iter().map(|path| {
                let value = value_at(properties, path).filter(|value| !value.has_unknown())?;
                Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            });
            let values = values.collect::<Option<Vec<String>>>()?;
            Some((resource_type.clone(), group, values))
        })
        .collect()
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
