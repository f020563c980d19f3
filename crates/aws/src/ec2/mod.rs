//! Drivers of EC2.

mod acl_rule;
mod cidr;
mod network_acl_entry;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use network_acl_entry::NetworkAclEntry;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::EC2::NetworkAclEntry" => Some(Arc::new(NetworkAclEntry::new(Arc::clone(api)))),
        _ => None,
    }
}
