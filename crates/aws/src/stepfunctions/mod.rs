//! Drivers of Step Functions.

mod definition;
mod settings;
mod state_machine;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use state_machine::StateMachine;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::StepFunctions::StateMachine" => Some(Arc::new(StateMachine::new(Arc::clone(api)))),
        _ => None,
    }
}
