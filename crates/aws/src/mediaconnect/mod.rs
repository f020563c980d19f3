//! Drivers of MediaConnect.

mod attached;
mod attached_contents;
#[cfg(test)]
mod attached_tests;
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
use attached::Attached;
use attached_contents::{OUTPUT, SOURCE};
use flow::Flow;

#[cfg(test)]
pub(crate) use contents::RULES;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    let api = Arc::clone(api);
    match resource_type.as_str() {
        contents::TYPE => Some(Arc::new(Flow::new(api))),
        name if name == OUTPUT.type_name => Some(Arc::new(Attached::new(api, &OUTPUT))),
        name if name == SOURCE.type_name => Some(Arc::new(Attached::new(api, &SOURCE))),
        _ => None,
    }
}
