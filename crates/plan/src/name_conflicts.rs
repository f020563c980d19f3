//! Name conflicts between resources: a new object that would have the name of another one.

use std::collections::BTreeMap;

use rstack_catalog::ObjectName;
use rstack_model::plan::{Action, Change, Reason};
use rstack_model::{Address, ResourceType};

use crate::PlanError;
use crate::input::PlanInput;
use crate::name::names;
use crate::resource_change::definition_of;

/// Checks that no new object has the name of an object of another resource, or of another new one.
///
/// # Errors
/// [`PlanError::NameOfOther`].
pub(crate) fn check_names(
    input: &PlanInput<'_>,
    changes: &BTreeMap<Address, Change>,
) -> Result<(), PlanError> {
    let mut taken: BTreeMap<(&ResourceType, ObjectName), &Address> = BTreeMap::new();
    let current = input.state.resources.iter();
    let deposed = input.state.deposed.iter().map(|d| (&d.address, &d.object));
    for (id, object) in current.chain(deposed) {
        let missing = changes.get(id).is_some_and(|c| c.reasons.contains(&Reason::Missing));
        if missing {
            continue;
        }
        let definition = definition_of(input.schemas, object);
        for name in names(definition.as_ref(), &object.properties) {
            taken.insert((&object.resource_type, name), id);
        }
    }
    for (id, change) in changes {
        let makes = matches!(change.action, Action::Create | Action::Replace(_));
        let (true, Some(desired)) = (makes, &change.desired) else { continue };
        let Some(definition) = input.schemas.definition(&change.resource_type) else { continue };
        for name in names(definition.as_ref(), &desired.properties) {
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
