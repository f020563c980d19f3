//! Drivers of KMS. Aliases are data.

mod key;
mod properties;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use key::Key;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::KMS::Key" => Some(Arc::new(Key::new(Arc::clone(api)))),
        _ => None,
    }
}
