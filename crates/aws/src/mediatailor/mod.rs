//! Drivers of MediaTailor.

mod playback_configuration;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rstack_driver::DirectDriver;
use rstack_model::ResourceType;

use crate::api::Api;
use playback_configuration::PlaybackConfiguration;

#[cfg(test)]
pub(crate) use playback_configuration::{APART, RULES};

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        playback_configuration::TYPE => Some(Arc::new(PlaybackConfiguration::new(Arc::clone(api)))),
        _ => None,
    }
}
