//! Drivers of Lambda.

mod alias;
mod calls;
mod event_source_mapping;
mod function;
mod layer_version;
mod mapping_settings;
mod permission;
mod statement;
#[cfg(test)]
mod tests;
mod version;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use alias::Alias;
use event_source_mapping::EventSourceMapping;
use function::Function;
use layer_version::LayerVersion;
use permission::Permission;
use version::Version;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::Lambda::Alias" => Some(Arc::new(Alias::new(Arc::clone(api)))),
        "AWS::Lambda::EventSourceMapping" => {
            Some(Arc::new(EventSourceMapping::new(Arc::clone(api))))
        }
        "AWS::Lambda::Function" => Some(Arc::new(Function::new(Arc::clone(api)))),
        "AWS::Lambda::LayerVersion" => Some(Arc::new(LayerVersion::new(Arc::clone(api)))),
        "AWS::Lambda::Permission" => Some(Arc::new(Permission::new(Arc::clone(api)))),
        "AWS::Lambda::Version" => Some(Arc::new(Version::new(Arc::clone(api)))),
        _ => None,
    }
}
