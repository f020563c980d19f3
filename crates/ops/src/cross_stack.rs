//! The values of other stacks that a template may refer to: the outputs of their states.

use std::collections::BTreeMap;

use rstack_model::state::Environment;
use rstack_model::{StackName, Value};
use rstack_template::ExternalValues;

use crate::{Backend, OpsError};

/// The outputs and exports of all stacks but the stack itself, with no answers of the cloud.
/// Exports belong to an account and Region, outputs to an account; without a place, those of all
/// states are taken, for commands that ask no cloud.
///
/// # Errors
/// If the states cannot be listed or one of them cannot be read: what it exports would be missing.
pub async fn cross_stack_values(
    backend: &dyn Backend,
    own: &StackName,
    environment: Option<&Environment>,
) -> Result<ExternalValues, OpsError> {
    let mut exports = BTreeMap::new();
    let (mut outputs, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for stack in backend.stacks().await?.into_iter().filter(|stack| stack != own) {
        let Some(state) = backend.read(&stack).await?.state else { continue };
        let there = &state.environment;
        let values = state.outputs.iter().map(|(name, o)| (name.clone(), o.value.clone()));
        let values: BTreeMap<String, Value> = values.collect();
        if environment.is_none_or(|here| here.account == there.account) {
            outputs.insert((stack.to_string(), there.region.clone()), values.clone());
        }
        let place = (there.account.clone(), stack.to_string(), there.region.clone());
        accounts.insert(place, values);
        if environment.is_none_or(|here| here == there) {
            let exported = state.outputs.into_values();
            exports.extend(exported.filter_map(|output| Some((output.export?, output.value))));
        }
    }
    Ok(ExternalValues { exports, outputs, accounts, ..ExternalValues::default() })
}
