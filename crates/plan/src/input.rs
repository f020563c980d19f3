//! The input of the planner: what is desired, what was applied, what was observed and what is
//! allowed.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::Desired;
use rstack_model::state::State;
use rstack_model::value::SecretAttribute;
use rstack_model::{Address, Digest, ValueMap};

use crate::Schemas;

/// The observation of the object of one resource of the state.
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

/// The observations of the objects of a state, and the versions of the secrets that are referred
/// to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observations {
    /// By resource; a resource that is missing here is unchecked.
    pub objects: BTreeMap<Address, Observation>,
    /// The current version of secret references, by the reference's text.
    pub secret_versions: BTreeMap<String, String>,
    /// The secret attributes of objects that were shown once and cannot be sent any more.
    pub lost_secrets: BTreeSet<SecretAttribute>,
}

/// The options of a deploy that the user chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Resources whose old object may be deleted before the new one exists.
    pub delete_first: BTreeSet<Address>,
    /// Resources whose object is replaced although it could stay or be changed in place.
    pub replace: BTreeSet<Address>,
    /// The termination protection of the stack; `None` leaves it as it is.
    pub termination_protection: Option<bool>,
}

/// The options of a destroy that the user chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DestroyOptions {
    /// True if objects that a service would keep for a while are deleted for good.
    pub purge: bool,
}

/// The input of the plan of a deploy.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// The resources and outputs of the template.
    pub desired: &'a Desired,
    /// The state of the last apply.
    pub state: &'a State,
    /// The objects as they were read now.
    pub observations: &'a Observations,
    /// The definitions of the resource types.
    pub schemas: &'a dyn Schemas,
    /// The options that the user chose.
    pub options: &'a PlanOptions,
}
