//! What a plan is made from.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::Desired;
use rstack_model::state::State;
use rstack_model::{Address, Digest, ValueMap};

use crate::Schemas;

/// What is known of the object of one resource of the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// The cloud said that it does not exist.
    Absent,
    /// It was read.
    Present {
        /// Its properties, redacted by those that were declared
        /// ([`rstack_model::value::redact`]): secrets are references.
        properties: ValueMap,
        /// Its attributes, redacted.
        attributes: ValueMap,
    },
    /// It was not read, for this reason. Never taken for absence.
    Unchecked {
        /// The reason, for people.
        reason: String,
    },
}

impl Observation {
    /// A digest of what was read, redacted: two readings of an unchanged object have the same.
    pub fn fingerprint(&self) -> Option<Digest> {
        match self {
            Self::Present { properties, attributes } => {
                Digest::of_json(&(properties, attributes)).ok()
            }
            Self::Absent | Self::Unchecked { .. } => None,
        }
    }
}

/// What is known of the objects of a state, and of the secrets that are referred to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observations {
    /// By resource; a resource that is missing here is unchecked.
    pub objects: BTreeMap<Address, Observation>,
    /// The current version of secret references, by the reference's text.
    pub secret_versions: BTreeMap<String, String>,
}

/// What the user allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Resources whose old object may be deleted before the new one exists.
    pub delete_first: BTreeSet<Address>,
    /// Resources whose object is replaced although it could stay or be changed in place.
    pub replace: BTreeSet<Address>,
}

/// What the user asks for when a stack ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DestroyOptions {
    /// Whether what a service would keep for a while is deleted for good.
    pub purge: bool,
}

/// What a deploy is planned from.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// What the template asks for.
    pub desired: &'a Desired,
    /// What was applied last.
    pub state: &'a State,
    /// What is there.
    pub observations: &'a Observations,
    /// What the types allow.
    pub schemas: &'a dyn Schemas,
    /// What the user allows.
    pub options: &'a PlanOptions,
}
