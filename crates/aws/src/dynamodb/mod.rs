//! Drivers of DynamoDB.

mod contents;
mod encryption;
mod indexes;
mod insights;
mod policies;
mod prior;
mod settings;
mod streaming;
mod table;
mod table_changes;
#[cfg(test)]
mod tests;
mod throughput;

use std::sync::Arc;

use rstack_driver::ResourceDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use table::Table;

#[cfg(test)]
pub(crate) use contents::{APART, RULES};

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn ResourceDriver>> {
    match resource_type.as_str() {
        contents::TYPE => Some(Arc::new(Table::new(Arc::clone(api)))),
        _ => None,
    }
}
