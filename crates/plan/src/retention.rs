//! The fate of objects that are no longer wanted: which stay in the cloud, and of which a final snapshot
//! is taken.

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

/// True if a final snapshot is taken of the object of a resource that leaves the stack. Of an object
/// whose creation did not complete there is none to take.
pub(crate) fn snapshots_removed(object: &ResourceState) -> bool {
    takes_snapshot(object, object.deletion_policy)
}

/// True if a final snapshot is taken of the old object of a replacement: because of the policy it was
/// applied with, or of the one that the template gives it now.
pub(crate) fn snapshots_replaced(object: &ResourceState, desired: Option<&PlannedObject>) -> bool {
    let now = desired.is_some_and(|desired| takes_snapshot(object, desired.update_replace_policy));
    takes_snapshot(object, object.update_replace_policy) || now
}

fn takes_snapshot(object: &ResourceState, policy: RemovalPolicy) -> bool {
    match policy {
        RemovalPolicy::Snapshot => object.status != ObjectStatus::Incomplete,
        RemovalPolicy::Delete | RemovalPolicy::Retain | RemovalPolicy::RetainExceptOnCreate => {
            false
        }
    }
}
