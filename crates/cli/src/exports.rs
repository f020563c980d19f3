//! What other stacks export, for `Fn::ImportValue`: the outputs of their states.

use std::collections::BTreeMap;

use rstack_model::state::Environment;
use rstack_model::{StackName, Value};
use rstack_state::StateStore;

use crate::error::CliError;

/// The exported values by name, without those of the stack itself. Exports belong to an account and
/// Region; without one, those of all states are taken, for commands that ask no cloud.
///
/// # Errors
/// If the states cannot be listed or one of them cannot be read: what it exports would be missing.
pub(crate) fn exports(
    store: &StateStore,
    own: &StackName,
    environment: Option<&Environment>,
) -> Result<BTreeMap<String, Value>, CliError> {
    let mut out = BTreeMap::new();
    for stack in store.stacks()?.into_iter().filter(|stack| stack != own) {
        let Some(state) = store.read(&stack)?.state else { continue };
        if environment.is_some_and(|environment| state.environment != *environment) {
            continue;
        }
        let exported = state.outputs.into_values();
        out.extend(exported.filter_map(|output| Some((output.export?, output.value))));
    }
    Ok(out)
}
