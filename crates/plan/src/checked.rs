//! A plan that the checker has found sound. Nothing can change it any more.

use std::ops::Deref;

use rstack_model::Digest;
use rstack_model::plan::Plan;
use serde::{Serialize, Serializer};

use crate::{Schemas, Violation, check};

/// A sound plan. It is made by the planner or from a saved [`Plan`], always by the checker, and it
/// can be read and carried out, but not changed: what was shown is what is done.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPlan(Plan);

impl CheckedPlan {
    /// The plan, if it breaks no invariant.
    ///
    /// # Errors
    /// Every invariant that it breaks.
    pub fn of(plan: Plan, schemas: &dyn Schemas) -> Result<Self, Vec<Violation>> {
        let broken = check(&plan, schemas);
        if broken.is_empty() { Ok(Self(plan)) } else { Err(broken) }
    }

    /// The digest of the plan, as saved plans and journals hold it.
    ///
    /// # Errors
    /// If the plan cannot be written as JSON.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(&self.0)
    }

    /// The plan itself, for those who want to change it: it has to be checked again after that.
    pub fn into_plan(self) -> Plan {
        self.0
    }
}

impl Deref for CheckedPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.0
    }
}

impl Serialize for CheckedPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
