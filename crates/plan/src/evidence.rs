//! The evidence for a plan: the prior objects, deposed objects and outputs are compared with the
//! state, and drift, attributes and secret versions with the cloud as it is now.
//!
//! Apply decides what is looked at: every object that the plan has, whatever the plan says of how it
//! was looked at. What a plan says beside this follows from these parts ([`crate::check()`]), or is
//! what the stack is to become, which is shown as it is.

use std::collections::BTreeMap;
use std::fmt;

use rstack_model::plan::{Change, Checked, Difference, Plan, Reason};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::{Address, ValueMap};

use crate::compare::drift;
use crate::input::Observation;
use crate::planner::{before, former};
use crate::resource_change::definition_of;
use crate::type_definition::Schemas;

/// A part of a plan that is not as the state has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The object of a resource, or that there is none.
    Object(Address),
    /// The objects that earlier applies left.
    Deposed,
    /// The former value or export of an output.
    Output(String),
    /// The former termination protection of the stack.
    Protection,
    /// The former parameters of the stack.
    Parameters,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(address) => write!(f, "the object of `{address}`"),
            Self::Deposed => write!(f, "the deposed objects of earlier applies"),
            Self::Output(name) => write!(f, "the output `{name}`"),
            Self::Protection => write!(f, "the termination protection"),
            Self::Parameters => write!(f, "the former parameters"),
        }
    }
}

/// An object or a secret that is not what it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The resource.
    pub address: Address,
    /// The change of the object, as the end of a sentence.
    pub how: &'static str,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.address, self.how)
    }
}

/// The parts of a deploy that are not as the state has them which it was made from.
pub fn contradictions(plan: &Plan, state: &State) -> Vec<Contradiction> {
    let mut out = Vec::new();
    let mut deposed: Vec<&DeposedObject> = state.deposed.iter().collect();
    let mut displaced: Vec<DeposedObject> = Vec::new();
    for (id, change) in &plan.changes {
        let own = state.resources.get(id);
        let fits = match (&change.prior, readopts(change)) {
            (None, _) => own.is_none(),
            (Some(prior), false) => own.is_some_and(|own| *prior == with_attributes(own, prior)),
            (Some(prior), true) => {
                let index = deposed.iter().position(|deposed| {
                    deposed.address == *id && is_readopted(change, prior, &deposed.object)
                });
                let own = own.map(|it| DeposedObject { address: id.clone(), object: it.clone() });
                displaced.extend(own);
                index.map(|index| deposed.remove(index)).is_some()
            }
        };
        if !fits || !attributes_fit(change, state) {
            out.push(Contradiction::Object(id.clone()));
        }
    }
    let unplanned = state.resources.keys().filter(|id| !plan.changes.contains_key(*id));
    out.extend(unplanned.map(|id| Contradiction::Object(id.clone())));
    let mut left: Vec<&DeposedObject> = deposed.into_iter().chain(&displaced).collect();
    let known = plan.deposed.iter().all(|deposed| {
        let index = left.iter().position(|it| *it == deposed);
        index.map(|index| left.remove(index)).is_some()
    });
    if !known || !left.is_empty() {
        out.push(Contradiction::Deposed);
    }
    for (name, output) in &plan.outputs {
        let (value, export) = before(state.outputs.get(name));
        if output.before != value || output.exported_before != export {
            out.push(Contradiction::Output(name.clone()));
        }
    }
    if plan.termination_protection.before != state.termination_protection {
        out.push(Contradiction::Protection);
    }
    if plan.former_parameters != former(state) {
        out.push(Contradiction::Parameters);
    }
    let unplanned = state.outputs.keys().filter(|name| !plan.outputs.contains_key(*name));
    out.extend(unplanned.map(|name| Contradiction::Output(name.clone())));
    out
}

fn readopts(change: &Change) -> bool {
    matches!(change.reasons.first(), Some(Reason::Readopted { .. }))
}

/// The object of the state with the attributes of another one.
fn with_attributes(object: &ResourceState, of: &ResourceState) -> ResourceState {
    ResourceState { attributes: of.attributes.clone(), ..object.clone() }
}

/// True if the deposed object is the one that is taken back. One that is as declared is planned as
/// partly updated, so that it has a step, and without that as a reason.
fn is_readopted(change: &Change, prior: &ResourceState, deposed: &ResourceState) -> bool {
    let mut expected = with_attributes(deposed, prior);
    let whole = expected.status.is_as_declared();
    if whole {
        expected.status = ObjectStatus::PartlyUpdated;
    }
    let says_incomplete = change.reasons.contains(&Reason::Incomplete);
    *prior == expected && (whole != says_incomplete || change.checked == Checked::Absent)
}

/// True if the attributes are those of the state, where the object was not read.
fn attributes_fit(change: &Change, state: &State) -> bool {
    match (&change.checked, &change.prior) {
        (Checked::Read(_), _) | (_, None) => true,
        (Checked::Absent | Checked::Nothing | Checked::Unchecked(_), Some(prior)) => {
            remembered(change, state).is_some_and(|object| object.attributes == prior.attributes)
        }
    }
}

/// The object of a change as the state has it, whether it is the resource's own or readopted.
fn remembered<'a>(change: &Change, state: &'a State) -> Option<&'a ResourceState> {
    let prior = change.prior.as_ref()?;
    if !readopts(change) {
        return state.resources.get(&change.address);
    }
    let deposed = state.deposed.iter().filter(|it| it.address == change.address);
    deposed.map(|it| &it.object).find(|object| object.is_same_object(prior))
}

/// The change of the object since the plan was made, if there is one, or the reason why the plan
/// does not say of it what the cloud says.
pub fn moved(
    change: &Change,
    state: &State,
    now: &Observation,
    schemas: &dyn Schemas,
) -> Option<Moved> {
    let prior = change.prior.as_ref()?;
    let how = match (&change.checked, now) {
        (Checked::Read(before), Observation::Present { properties, attributes }) => {
            let mut expected = remembered(change, state).map(|it| it.attributes.clone());
            if let Some(expected) = &mut expected {
                expected.extend(attributes.clone());
            }
            if now.fingerprint().as_ref() != Some(before) {
                Some("was changed")
            } else if expected.as_ref() != Some(&prior.attributes) {
                Some("has other attributes than the plan says")
            } else if drift_now(change, prior, properties, schemas) != change.drift {
                Some("has other drift than the plan says")
            } else {
                None
            }
        }
        (Checked::Read(_), Observation::Absent) => Some("is gone"),
        (Checked::Read(_), Observation::Unchecked { .. }) => Some("cannot be read any more"),
        (Checked::Absent, Observation::Present { .. }) => Some("is there again"),
        (Checked::Absent, Observation::Unchecked { .. }) => Some("cannot be read any more"),
        (Checked::Absent, Observation::Absent) => None,
        (Checked::Unchecked(_) | Checked::Nothing, Observation::Present { properties, .. }) => {
            let drifted = !drift_now(change, prior, properties, schemas).is_empty();
            drifted.then_some("is not as it was applied, which the plan did not look at")
        }
        (Checked::Unchecked(_) | Checked::Nothing, Observation::Absent) => {
            Some("is gone, which the plan did not look at")
        }
        (Checked::Unchecked(_) | Checked::Nothing, Observation::Unchecked { .. }) => None,
    };
    how.map(|how| Moved { address: change.address.clone(), how })
}

/// The drift of an object, where a plan has it: of an object that stays or is replaced by its like.
fn drift_now(
    change: &Change,
    prior: &ResourceState,
    properties: &ValueMap,
    schemas: &dyn Schemas,
) -> Vec<Difference> {
    if change.desired.is_none() || prior.resource_type != change.resource_type {
        return Vec::new();
    }
    drift(definition_of(schemas, prior).as_ref(), &prior.properties, properties)
}

/// The resources that use a secret which has another version now than the plan says; `now` are the
/// current versions by reference, as far as they are known.
pub fn moved_secrets(plan: &Plan, now: &BTreeMap<String, String>) -> Vec<Moved> {
    let differs = |change: &&Change| {
        let planned = change.desired.iter().flat_map(|desired| &desired.secret_versions);
        planned.into_iter().any(|(reference, version)| now.get(reference) != Some(version))
    };
    let moved = plan.changes.values().filter(differs);
    let how = "uses a secret that has another version now";
    moved.map(|change| Moved { address: change.address.clone(), how }).collect()
}
