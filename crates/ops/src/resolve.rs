//! Resolving an interrupted create: the user says whether it made the object, when the cloud cannot
//! tell.

use rstack_apply::Decision;
use rstack_model::{Address, StackName};

use crate::{Held, Holder, Operations, OpsError};

/// Records what the user says of the open creations of a resource; the next recovery goes on from
/// there.
///
/// # Errors
/// [`OpsError::NothingOpen`] if there are none, or if the records cannot be used.
pub async fn resolve(
    ops: &Operations,
    stack: &StackName,
    address: &Address,
    decision: &Decision,
    holder: &Holder,
) -> Result<(), OpsError> {
    let resolve = async |lease: &Held<'_>| {
        let resolving = ops.engine.resolve_ambiguous(&**lease, address, decision);
        resolving.await.map_err(OpsError::from)
    };
    if ops.under_lease(stack, holder, resolve).await? == 0 {
        return Err(OpsError::NothingOpen { stack: stack.clone(), address: address.clone() });
    }
    Ok(())
}
