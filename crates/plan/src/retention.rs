//! Which old objects stay in the cloud.

use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::PlannedObject;
use rstack_model::state::{ObjectStatus, ResourceState};

/// True if the old object of a replacement stays: because of the policy it was applied with, or of
/// the one that the template gives it now. `RetainExceptOnCreate` does not keep an object whose
/// creation did not complete.
pub(crate) fn keeps_replaced(object: &ResourceState, desired: Option<&PlannedObject>) -> bool {
    let keeps = |policy: RemovalPolicy| match policy {
        RemovalPolicy::Retain => true,
        RemovalPolicy::RetainExceptOnCreate => object.status != ObjectStatus::Incomplete,
        RemovalPolicy::Delete | RemovalPolicy::Snapshot => false,
    };
    keeps(object.update_replace_policy)
        || desired.is_some_and(|desired| keeps(desired.update_replace_policy))
}
