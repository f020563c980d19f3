//! Drivers of Lambda.

mod permission;
mod statement;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use permission::Permission;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::Lambda::Permission" => Some(Arc::new(Permission::new(Arc::clone(api)))),
        _ => None,
    }
}
