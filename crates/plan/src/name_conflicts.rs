//! Name conflicts between resources: an object that would have the name of another one, or its content
//! where a service takes that once.

use std::collections::{BTreeMap, BTreeSet};

use rstack_catalog::{NameReach, ObjectName, name_reach, namespace};
use rstack_model::plan::{Action, Change, Plan, Reason};
use rstack_model::state::ResourceState;
use rstack_model::{Address, ResourceType};

use crate::PlanError;
use crate::error::Fate;
use crate::input::PlanInput;
use crate::name::{known_names, names};
use crate::resource_change::definition_of;
use crate::type_definition::Schemas;

type Changes = BTreeMap<Address, Change>;

/// Checks that no object gets the name of an object of another resource, or of another new one. Where the
/// other one is deleted and may be deleted first, the new one takes its place. Each that may not is a
/// [`PlanError::NameOfOther`] in `errors`.
pub(crate) fn check_names(
    input: &PlanInput<'_>,
    changes: &mut Changes,
    errors: &mut Vec<PlanError>,
) {
    let mut places: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for (address, name, Holder { address: other, is_current }) in conflicts(input, changes) {
        let Some(change) = changes.get(&address) else { continue };
        let fate = match changes.get(&other).map(|other| other.action).filter(|_| is_current) {
            Some(Action::Delete) => Fate::Deleted,
            Some(Action::Retain) => Fate::Retained,
            _ => Fate::Stays,
        };
        let allowed = input.options.delete_first.contains(&address)
            || input.desired.resources.get(&address).is_some_and(|it| it.delete_first);
        if fate == Fate::Deleted && change.action == Action::Create && allowed {
            places.entry(address).or_default().insert(other);
            continue;
        }
        let created = change.action != Action::Update;
        errors.push(PlanError::NameOfOther { address, name, other, created, fate });
    }
    for (id, others) in places {
        let Some(change) = changes.get_mut(&id) else { continue };
        change.reasons.extend(others.into_iter().map(|of| Reason::TakesPlace { of }));
    }
}

/// The holder of a name.
struct Holder {
    address: Address,
    /// True unless its object was left by a replacement.
    is_current: bool,
}

/// The objects that would get a name that another one has: the resource, the name, and its holder.
fn conflicts(input: &PlanInput<'_>, changes: &Changes) -> Vec<(Address, ObjectName, Holder)> {
    let mut taken: BTreeMap<(&str, ObjectName), (&Address, bool)> = BTreeMap::new();
    let current = input.state.resources.iter().map(|(id, object)| (id, object, true));
    let deposed = input.state.deposed.iter().map(|it| (&it.address, &it.object, false));
    for (id, object, is_current) in deposed.chain(current) {
        let missing = changes.get(id).is_some_and(|c| c.reasons.contains(&Reason::Missing));
        if missing {
            continue;
        }
        for name in names_of(object, input.schemas) {
            taken.insert((shared(&object.resource_type), name), (id, is_current));
        }
    }
    let mut out = Vec::new();
    for (id, change) in changes {
        for name in new_names(change, input.schemas) {
            let key = (shared(&change.resource_type), name);
            match taken.get(&key).filter(|(other, _)| *other != id) {
                Some((other, is_current)) => {
                    let holder = Holder { address: (*other).clone(), is_current: *is_current };
                    out.push((id.clone(), key.1, holder));
                }
                None => {
                    taken.insert(key, (id, true));
                }
            }
        }
    }
    out
}

/// The type that stands for all whose objects share their names.
fn shared(resource_type: &ResourceType) -> &str {
    namespace(resource_type.as_str())
}

fn names_of(object: &ResourceState, schemas: &dyn Schemas) -> Vec<ObjectName> {
    names(definition_of(schemas, object).as_ref(), &object.properties)
}

/// The names that a change gives its object and that it had not before.
fn new_names(change: &Change, schemas: &dyn Schemas) -> Vec<ObjectName> {
    let Some(desired) = &change.desired else { return Vec::new() };
    let Some(definition) = schemas.definition(&change.resource_type) else { return Vec::new() };
    let mut names = names(definition.as_ref(), &desired.properties);
    match change.action {
        Action::Create | Action::Replace(_) => names,
        Action::Update => {
            let prior = change.prior.as_ref();
            let before = prior.map(|prior| names_of(prior, schemas)).unwrap_or_default();
            names.retain(|name| !before.contains(name));
            names
        }
        Action::NoOp
        | Action::Record
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => Vec::new(),
    }
}

/// The new objects that have a name of an object which is deleted in the same plan, with the resources of
/// those objects: they have to be deleted first.
pub(crate) fn places(
    changes: &Changes,
    schemas: &dyn Schemas,
) -> BTreeMap<Address, BTreeSet<Address>> {
    let mut leaving: BTreeMap<(&str, ObjectName), &Address> = BTreeMap::new();
    for (id, change) in changes.iter().filter(|(_, it)| it.action == Action::Delete) {
        let Some(prior) = &change.prior else { continue };
        let names = names_of(prior, schemas).into_iter();
        leaving.extend(names.map(|name| ((shared(&prior.resource_type), name), id)));
    }
    let mut out: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for (id, change) in changes.iter().filter(|(_, it)| it.action == Action::Create) {
        for name in new_names(change, schemas) {
            if let Some(other) = leaving.get(&(shared(&change.resource_type), name)) {
                out.entry(id.clone()).or_default().insert((*other).clone());
            }
        }
    }
    out
}

/// The resources whose place a new object takes: their objects are deleted first.
pub(crate) fn places_of(change: &Change) -> impl Iterator<Item = &Address> {
    change.reasons.iter().filter_map(|reason| match reason {
        Reason::TakesPlace { of } => Some(of),
        _ => None,
    })
}

/// An object of one stack whose name is that of an object of another stack in the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameOfStack {
    /// The resource.
    pub address: Address,
    /// The name.
    pub name: ObjectName,
    /// The resource of the other stack.
    pub other: Address,
}

/// The new objects of a plan whose names objects of another stack's plan have or are to have. Names that are
/// known only after apply are not among them.
pub fn names_of_other_stack(plan: &Plan, other: &Plan, schemas: &dyn Schemas) -> Vec<NameOfStack> {
    let (here, there) = (&plan.environment, &other.environment);
    let reaches = |resource_type: &str| match name_reach(resource_type) {
        _ if here.partition != there.partition => false,
        NameReach::Partition => true,
        NameReach::Account => here.account == there.account,
        NameReach::Region => here.account == there.account && here.region == there.region,
    };
    let mut held: BTreeMap<(&str, ObjectName), &Address> = BTreeMap::new();
    for (id, change) in &other.changes {
        let Some(desired) = change.desired.as_ref() else { continue };
        let Some(definition) = schemas.definition(&change.resource_type) else { continue };
        let names = known_names(definition.as_ref(), &desired.properties).into_iter();
        held.extend(names.map(|name| ((shared(&change.resource_type), name), id)));
    }
    let mut out = Vec::new();
    for (id, change) in &plan.changes {
        let Some(desired) = change.desired.as_ref() else { continue };
        let Some(definition) = schemas.definition(&change.resource_type) else { continue };
        if !reaches(change.resource_type.as_str()) {
            continue;
        }
        let gets = new_names(change, schemas);
        let names = known_names(definition.as_ref(), &desired.properties).into_iter();
        for name in names.filter(|name| gets.contains(name)) {
            let key = (shared(&change.resource_type), name);
            if let Some(other) = held.get(&key) {
                let (address, other) = (id.clone(), (*other).clone());
                out.push(NameOfStack { address, name: key.1, other });
            }
        }
    }
    out
}
