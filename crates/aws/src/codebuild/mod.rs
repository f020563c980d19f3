//! Drivers of CodeBuild.

mod calls;
mod contents;
mod project;
mod resets;
mod shown;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
#[cfg(test)]
pub(crate) use contents::{NOT_IN_PROJECT, PROJECT_RULES};
use project::Project;

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::CodeBuild::Project" => Some(Arc::new(Project::new(Arc::clone(api)))),
        _ => None,
    }
}
