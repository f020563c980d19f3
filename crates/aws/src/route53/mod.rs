//! Drivers of Route 53. Record sets and hosted zones of their own are those of Cloud Control.

mod calls;
mod domain;
mod record;
mod record_set_group;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::ResourceDriver;
use rstack_model::ResourceType;

use self::record_set_group::RecordSetGroup;
use crate::api::Api;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn ResourceDriver>> {
    match resource_type.as_str() {
        record_set_group::TYPE => Some(Arc::new(RecordSetGroup::new(Arc::clone(api)))),
        _ => None,
    }
}
