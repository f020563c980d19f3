//! Drivers of AppSync.

mod graphql_schema;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use graphql_schema::GraphqlSchema;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::AppSync::GraphQLSchema" => Some(Arc::new(GraphqlSchema::new(Arc::clone(api)))),
        _ => None,
    }
}
