//! Deletion protection: an object that its service refuses to delete is found before anything is
//! changed.

use std::collections::BTreeMap;

use rstack_model::plan::{Action, Change};
use rstack_model::state::State;
use rstack_model::{Address, ValueMap};

use crate::PlanError;
use crate::input::{Observation, Observations};
use crate::resource_change::definition_of;
use crate::retention::keeps_replaced;
use crate::type_definition::Schemas;

/// Checks that no object that the plan deletes is protected. Its properties are those that were read
/// just now; if it was not read, those of the last apply.
///
/// # Errors
/// [`PlanError::Protected`], for each such object.
pub(crate) fn check_protection(
    state: &State,
    observations: &Observations,
    schemas: &dyn Schemas,
    changes: &BTreeMap<Address, Change>,
) -> Result<(), PlanError> {
    let mut errors = Vec::new();
    for (address, change) in changes {
        let Some(prior) = state.resources.get(address) else { continue };
        let deletes = match change.action {
            Action::Delete => true,
            Action::Replace(_) => !keeps_replaced(prior, change.desired.as_ref()),
            _ => false,
        };
        if !deletes {
            continue;
        }
        let Some(properties) = current(observations.objects.get(address), &prior.properties) else {
            continue;
        };
        let definition = definition_of(schemas, prior);
        if let Some(protection) = definition.deletion_protection(properties) {
            let replaced = change.action != Action::Delete;
            errors.push(PlanError::Protected { address: address.clone(), protection, replaced });
        }
    }
    PlanError::of(errors).map_or(Ok(()), Err)
}

/// The properties of an object; `None` if it does not exist.
fn current<'a>(
    observation: Option<&'a Observation>,
    applied: &'a ValueMap,
) -> Option<&'a ValueMap> {
    match observation {
        Some(Observation::Present { properties, .. }) => Some(properties),
        Some(Observation::Absent) => None,
        Some(Observation::Unchecked { .. }) | None => Some(applied),
    }
}
