//! Amazon CloudFront: drivers by resource type.
//!
//! CloudFront guards nearly every change with an ETag (`versioned`), lists in pages (`pages`) and
//! keeps tags apart from the rest (`tags`). Types that are a named configuration and nothing else
//! share one driver (`named`) and differ by a table; the others have their own. What has a caller
//! reference is known again by it (`caller_reference`).

mod absence;
mod cache_policy;
mod caller_reference;
mod distribution;
mod function;
mod key_group;
mod key_value_store;
mod lines;
mod named;
mod origin_access_control;
mod origin_access_identity;
mod origin_request_policy;
mod pages;
mod public_key;
mod realtime_log_config;
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
use key_value_store::KeyValueStore;
use named::Named;
use origin_access_identity::OriginAccessIdentity;
use realtime_log_config::RealtimeLogConfig;

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
        key_value_store::TYPE => Arc::new(KeyValueStore::new(api)),
        origin_access_identity::TYPE => Arc::new(OriginAccessIdentity::new(api)),
        realtime_log_config::TYPE => Arc::new(RealtimeLogConfig::new(api)),
        other => {
            let kinds = [
                &cache_policy::KIND,
                &key_group::KIND,
                &origin_access_control::KIND,
                &origin_request_policy::KIND,
                &public_key::KIND,
                &response_headers_policy::KIND,
            ];
            let kind = kinds.into_iter().find(|kind| kind.type_name == other)?;
            Arc::new(Named::new(api, kind))
        }
    })
}
