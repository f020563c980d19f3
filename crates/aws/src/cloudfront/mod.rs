//! Amazon CloudFront: drivers by resource type.
//!
//! CloudFront guards every change with an ETag (`versioned`), lists in pages (`pages`) and keeps
//! tags apart from the rest (`tags`). Types that are a named configuration and nothing else share
//! one driver (`named`) and differ by a table; distributions and functions have their own.

mod absence;
mod cache_policy;
mod distribution;
mod function;
mod named;
mod origin_access_control;
mod origin_request_policy;
mod pages;
mod response_headers_policy;
mod service;
mod tags;
mod versioned;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use distribution::rules;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use distribution::Distribution;
use function::Function;
use named::Named;

/// The members that tell elements of a list apart whose order means nothing to CloudFront. Cache
/// behaviors and the members of an origin group have none of these: their order counts.
const UNORDERED_BY: &[&str] =
    &["Id", "HeaderName", "Header", "EventType", "ErrorCode", "KeyValueStoreARN", "Key"];

/// The driver of a CloudFront type, if there is one.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    let api = Arc::clone(api);
    Some(match resource_type.as_str() {
        distribution::TYPE => Arc::new(Distribution::new(api)),
        function::TYPE => Arc::new(Function::new(api)),
        other => {
            let kinds = [
                &cache_policy::KIND,
                &origin_access_control::KIND,
                &origin_request_policy::KIND,
                &response_headers_policy::KIND,
            ];
            let kind = kinds.into_iter().find(|kind| kind.type_name == other)?;
            Arc::new(Named::new(api, kind))
        }
    })
}
