//! Calls to EventBridge, and the mapping of properties to their members.

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::KnownMap;

use super::name::RuleName;
use crate::api::Api;
use crate::mapping::{Mapper, Rules, ShapeRules};
use crate::model::{Service, ServiceModel};
use crate::resource_tags::TagCalls;

/// The type.
const TYPE: &str = "AWS::Events::Rule";

/// The operations on tags of rules.
pub(super) const TAGS: TagCalls = TagCalls {
    set: "TagResource",
    remove: "UntagResource",
    list: "ListTagsForResource",
    resource: "ResourceARN",
    keys: "TagKeys",
    tags: "Tags",
    shown: "Tags",
    pair: ["Key", "Value"],
    next: None,
};

/// The rules of the mapping: all else is mapped by names.
pub(crate) static RULES: Rules = Rules(&[ShapeRules {
    renames: &[("PlacementStrategies", "PlacementStrategy"), ("TagList", "Tags")],
    ..ShapeRules::of("EcsParameters")
}]);

/// The mapping to a shape of EventBridge.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::EVENTS)
        .map_err(|error| DriverError::new(ErrorKind::Unsupported, TYPE, error.to_string()))?;
    Ok(Mapper::new(model, shape, &RULES))
}

/// The registry's schema of the type.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn schema() -> Result<Arc<TypeSchema>, DriverError> {
    let unsupported = |problem: String| DriverError::new(ErrorKind::Unsupported, TYPE, problem);
    let found = Registry::embedded().get(TYPE).map_err(|error| unsupported(error.to_string()))?;
    found.ok_or_else(|| unsupported("the registry does not have the type".to_owned()))
}

/// EventBridge, as the drivers of this folder call it.
pub(super) struct Events(pub(super) Arc<dyn Api>);

impl Events {
    /// Calls an operation on something that may have been made a moment ago.
    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.0.call(operation, input).await
    }

    /// The answer; `None` if what it is about does not exist.
    pub(super) async fn call_if_exists(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        self.0.call_if_exists(operation, input).await
    }

    /// The rule as EventBridge describes it; `None` if it, or its bus, does not exist.
    pub(super) async fn rule(&self, name: &RuleName) -> Result<Option<KnownMap>, DriverError> {
        self.call_if_exists("DescribeRule", name.input("Name")).await
    }
}
