//! Readopting an old object that fits what is wanted.
//!
//! A replacement that was cut off leaves two objects of one resource: the new one, which is the
//! resource's own, and the old one, which is deposed. A deploy that wants the old one, as after going
//! back to the former template, does not make a third: its name is taken, and there is nothing that a
//! new one would be better at.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rstack_model::desired::{Desired, DesiredResource};
use rstack_model::plan::{Change, Reason};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::value::resolve_map;
use rstack_model::{Address, PhysicalId, ValueMap};

use crate::Schemas;
use crate::compare::differences;

/// The state that a deploy is planned from: deposed objects that fit what is wanted, where the
/// resource's own do not, are the resource's own. They are not ready, so that the plan has a step
/// for each of them, which records that it is readopted.
#[derive(Debug)]
pub struct Readopted<'a> {
    state: Cow<'a, State>,
    objects: BTreeMap<Address, Object>,
}

/// A readopted object.
#[derive(Debug)]
struct Object {
    physical_id: PhysicalId,
    /// True if it was as declared, and has a step only because it is readopted.
    whole: bool,
}

impl<'a> Readopted<'a> {
    /// Chooses the objects that a deploy readopts.
    pub fn of(desired: &Desired, state: &'a State, schemas: &dyn Schemas) -> Self {
        let mut readopted = Self { state: Cow::Borrowed(state), objects: BTreeMap::new() };
        let mut more = !state.deposed.is_empty();
        while more {
            more = false;
            for (id, resource) in &desired.resources {
                more |= readopted.readopt(id, resource, schemas);
            }
        }
        readopted
    }

    /// The state with these objects in their places.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Readopts the object of one resource, if there is one and it is not readopted yet. What it was
    /// attached to has to be readopted before.
    fn readopt(&mut self, id: &Address, wanted: &DesiredResource, schemas: &dyn Schemas) -> bool {
        let Some(index) = chosen(&self.state, id, wanted, schemas) else { return false };
        let state = self.state.to_mut();
        let mut object = state.deposed.remove(index).object;
        let whole = object.status.is_as_declared();
        if whole {
            object.status = ObjectStatus::PartlyUpdated;
        }
        let physical_id = object.physical_id.clone();
        self.objects.insert(id.clone(), Object { physical_id, whole });
        if let Some(object) = state.resources.insert(id.clone(), object) {
            state.deposed.push(DeposedObject { address: id.clone(), object });
        }
        true
    }

    /// Says in the changes which objects are readopted.
    pub(crate) fn explain(&self, changes: &mut BTreeMap<Address, Change>) {
        for (id, object) in &self.objects {
            let Some(change) = changes.get_mut(id) else { continue };
            if object.whole {
                change.reasons.retain(|reason| *reason != Reason::Incomplete);
            }
            let physical_id = object.physical_id.clone();
            change.reasons.insert(0, Reason::Readopted { physical_id });
        }
    }
}

/// Where among the deposed objects the one is that a resource readopts.
fn chosen(
    state: &State,
    id: &Address,
    wanted: &DesiredResource,
    schemas: &dyn Schemas,
) -> Option<usize> {
    let properties = resolve_map(&wanted.properties, &state.resources).ok()?;
    let fits = |object| fits(object, wanted, &properties, schemas);
    let own = state.resources.get(id);
    if own.is_some_and(|own| own.status != ObjectStatus::Incomplete && fits(own)) {
        return None;
    }
    let candidates = || {
        let deposed = state.deposed.iter().enumerate();
        deposed.filter(|(_, deposed)| deposed.address == *id && fits(&deposed.object))
    };
    let whole = candidates().find(|(_, d)| d.object.status != ObjectStatus::Incomplete);
    // One whose creation did not complete has the name, and has to make room for it.
    let unfit = own.is_none_or(|own| !fits(own));
    let found = whole.or_else(|| candidates().next().filter(|_| unfit));
    found.map(|(index, _)| index)
}

/// True if an object can become what is wanted without being replaced.
fn fits(
    object: &ResourceState,
    wanted: &DesiredResource,
    to: &ValueMap,
    schemas: &dyn Schemas,
) -> bool {
    let definition = schemas.definition(&object.resource_type);
    object.resource_type == wanted.resource_type
        && definition.is_some_and(|definition| {
            let differences = differences(definition.as_ref(), &object.properties, to);
            !differences.iter().any(|difference| difference.forces_replacement())
        })
}
