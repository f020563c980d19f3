//! Drivers of MediaConnect.

mod contents;
mod flow;
mod parts;
mod residual;
mod tags;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use flow::Flow;

#[cfg(test)]
pub(crate) use contents::RULES;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        contents::TYPE => Some(Arc::new(Flow::new(Arc::clone(api)))),
        _ => None,
    }
}
