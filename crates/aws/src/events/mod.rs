//! Drivers of EventBridge.

mod calls;
mod name;
mod rule;
mod targets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
#[cfg(test)]
pub(crate) use calls::RULES;
use rule::Rule;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::Events::Rule" => Some(Arc::new(Rule::new(Arc::clone(api)))),
        _ => None,
    }
}
