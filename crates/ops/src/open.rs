//! Opening a stack under its lease: what an interrupted run left is recovered first.

use rstack_apply::SecretParameters;
use rstack_model::state::State;

use crate::{FrontEnd, Held, Operations, OpsError};

/// The state of a stack, after recovery if a run was interrupted; an empty one if there is none.
///
/// # Errors
/// If the records cannot be used, the outcome of an operation cannot be found out, or the stack lives
/// in another environment.
pub(crate) async fn open<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    parameters: &SecretParameters,
    front: &F,
) -> Result<State, F::Error> {
    let record = lease.read().await.map_err(OpsError::from)?;
    if let Some(state) = &record.state {
        ops.check_environment(lease.stack(), &state.environment)?;
    }
    let interrupted = record.journal.is_some();
    let state = if interrupted {
        front.recovering(&**lease);
        ops.engine.recover(&**lease, parameters).await.map_err(OpsError::from)?
    } else {
        record.state
    };
    front.opened(state.as_ref(), interrupted)?;
    Ok(state.unwrap_or_else(|| ops.new_state(lease.stack())))
}
