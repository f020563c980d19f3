//! Taking back an old object that fits what is wanted.
//!
//! A replacement that was cut off leaves two objects of one resource: the new one, which is the
//! resource's own, and the old one, which waits to be deleted. Whoever then wants the old one, as
//! somebody does who goes back to the former template, does not want a third: its name is taken,
//! and there is nothing that it would be better at.

use std::borrow::Cow;

use rstack_model::desired::{Desired, DesiredResource};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::value::resolve_map;
use rstack_model::{Address, ValueMap};
use rstack_plan::compare::differences;

use crate::Engine;

impl Engine {
    /// The state that a deploy is planned from: old objects that fit what is wanted, where the
    /// resource's own do not, are the resource's own. They are not ready, so that the plan has a
    /// step for them, which records that they are taken back.
    pub(crate) fn reclaimed<'a>(&self, desired: &Desired, state: &'a State) -> Cow<'a, State> {
        if state.deposed.is_empty() {
            return Cow::Borrowed(state);
        }
        let (mut state, mut taken) = (state.clone(), true);
        while taken {
            taken = false;
            for (id, resource) in &desired.resources {
                taken |= self.reclaim(id, resource, &mut state);
            }
        }
        Cow::Owned(state)
    }

    /// Takes one object back, if there is one and it is not taken back yet. What it was attached to
    /// has to be taken back before.
    fn reclaim(&self, id: &Address, wanted: &DesiredResource, state: &mut State) -> bool {
        let Ok(properties) = resolve_map(&wanted.properties, &state.resources) else {
            return false;
        };
        let own = state.resources.get(id);
        if own.is_some_and(|own| {
            own.status != ObjectStatus::Incomplete && self.fits(own, wanted, &properties)
        }) {
            return false;
        }
        let candidates = || {
            let deposed = state.deposed.iter().enumerate();
            deposed.filter(|(_, d)| d.address == *id && self.fits(&d.object, wanted, &properties))
        };
        let whole = candidates().find(|(_, d)| d.object.status != ObjectStatus::Incomplete);
        // One whose creation did not come to its end has the name, and has to make room for it.
        let unfit = own.is_none_or(|own| !self.fits(own, wanted, &properties));
        let found = whole.or_else(|| candidates().next().filter(|_| unfit));
        let Some(index) = found.map(|(index, _)| index) else { return false };
        let mut object = state.deposed.remove(index).object;
        if object.status.is_as_declared() {
            object.status = ObjectStatus::PartlyUpdated;
        }
        if let Some(object) = state.resources.insert(id.clone(), object) {
            state.deposed.push(DeposedObject { address: id.clone(), object });
        }
        true
    }

    /// Whether an object can become what is wanted without being replaced.
    fn fits(&self, object: &ResourceState, wanted: &DesiredResource, to: &ValueMap) -> bool {
        let facts = self.schemas.facts(&object.resource_type);
        object.resource_type == wanted.resource_type
            && facts.is_some_and(|facts| {
                let differences = differences(facts.as_ref(), &object.properties, to);
                !differences.iter().any(|difference| difference.forces_replacement())
            })
    }
}
