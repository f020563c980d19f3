//! Drivers of SNS: topics and subscriptions. Policies of topics are in `attached_policy`.

mod attributes;
mod calls;
mod delivery;
mod subscription;
#[cfg(test)]
mod tests;
mod topic;
mod topic_subscriptions;

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DirectDriver, DriverError, ErrorKind};
use rstack_model::{Region, ResourceType};

use crate::attached_policy;
use crate::client::Clients;
use crate::definition::Service;
use subscription::Subscription;
use topic::Topic;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    clients: &Arc<Clients>,
    region: &Region,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::SNS::Subscription" => {
            Some(Arc::new(Subscription::new(Arc::clone(clients), region.clone())))
        }
        "AWS::SNS::Topic" => Some(Arc::new(Topic::new(clients.api(Service::SNS)))),
        _ => attached_policy::driver(resource_type, &clients.api(Service::SNS)),
    }
}

/// The registry's schema of a type.
fn schema(name: &str) -> Result<Arc<TypeSchema>, DriverError> {
    let unsupported = |problem: String| DriverError::new(ErrorKind::Unsupported, name, problem);
    let found = Registry::embedded().get(name).map_err(|error| unsupported(error.to_string()))?;
    found.ok_or_else(|| unsupported("the registry does not have the type".to_owned()))
}
