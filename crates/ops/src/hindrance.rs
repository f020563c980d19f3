//! Objects whose deletion their service would refuse, such as a bucket that is not empty: they are found
//! before anything is changed.

use futures_util::{StreamExt, TryStreamExt, stream};
use rstack_model::Address;
use rstack_model::plan::{Action, Plan};
use rstack_model::state::{ResourceState, State};

use crate::{Operations, OpsError};

/// Refuses a plan that deletes an object which its service would not delete. One that a custom resource
/// of the same plan depends on is left to its handler, which may empty it. What may not be looked at is
/// passed over: the deletion itself will say.
///
/// # Errors
/// [`OpsError::Hindered`] for the first such object.
pub(crate) async fn check_hindrances(
    ops: &Operations,
    plan: &Plan,
    state: &State,
) -> Result<(), OpsError> {
    let deleted = |address: &&Address| {
        plan.changes.get(*address).is_some_and(|change| change.action == Action::Delete)
    };
    let left_to_handlers = |address: &Address| {
        let handled = state.resources.iter().filter(|(other, _)| deleted(other));
        handled
            .filter(|(_, it)| it.resource_type.is_custom())
            .any(|(_, it)| it.dependencies.contains(address))
    };
    let asked: Vec<(&Address, &ResourceState)> = state
        .resources
        .iter()
        .filter(|(address, _)| deleted(address) && !left_to_handlers(address))
        .collect();
    let looks = stream::iter(asked).map(|(address, object)| async move {
        let Some(driver) = ops.engine.cloud.driver(&object.resource_type) else { return Ok(()) };
        match driver.hindrance(&object.identifier).await {
            Ok(Some(reason)) => Err(OpsError::Hindered { address: address.clone(), reason }),
            Ok(None) => Ok(()),
            // A plan is not refused for a question that it can do without.
            Err(_) => Ok(()),
        }
    });
    looks.buffered(ops.engine.parallelism.get()).try_collect::<()>().await
}
