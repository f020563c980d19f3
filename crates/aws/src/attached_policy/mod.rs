//! Policies that are an attribute of objects of other resources: `AWS::SQS::QueuePolicy` and
//! `AWS::SNS::TopicPolicy`.
//!
//! The services have no object for them and no identity. The physical ID is made up at creation, as
//! CloudFormation does; what there is to read, change or take back follows from the declared
//! properties.

mod declared;
mod driver;
mod holder;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use driver::AttachedPolicy;
use holder::Holder;

/// The driver of a type, which calls the service of its holders.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    let kind = match resource_type.as_str() {
        "AWS::SNS::TopicPolicy" => Holder::Topic,
        "AWS::SQS::QueuePolicy" => Holder::Queue,
        _ => return None,
    };
    Some(Arc::new(AttachedPolicy::new(Arc::clone(api), kind)))
}
