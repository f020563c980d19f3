//! Wait conditions: a handle stands for a URL to which signals are put, and a condition is complete once
//! enough of them have arrived.
//!
//! The signals lie in a bucket under the key that the handle is identified by. The URL is signed whenever a
//! resource needs it and is kept nowhere: its holder can signal.
//!
//! Source: "AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle" and "Wait
//! condition signal JSON format", AWS CloudFormation User Guide.

mod condition;
mod handle;
mod signal;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::Arc;

use rstack_model::ResourceType;

pub use condition::{WaitCondition, WaitProperties, WaitPropertyError};
pub use handle::WaitConditionHandle;
pub use signal::{MAX_SIGNAL, Signal, SignalStatus};
pub use transport::{SignalTransport, Waiting};

use crate::ResourceDriver;

/// The type of handles.
pub const HANDLE_TYPE: &str = "AWS::CloudFormation::WaitConditionHandle";
/// The type of conditions.
pub const CONDITION_TYPE: &str = "AWS::CloudFormation::WaitCondition";

/// The property of a condition that names its handle.
pub const HANDLE: &str = "Handle";
/// The property with the time limit of a condition in seconds.
pub const TIMEOUT: &str = "Timeout";
/// The property with the number of signals that a condition waits for.
pub const COUNT: &str = "Count";

/// The longest time limit in seconds.
pub const LONGEST_WAIT: u64 = 43_200;
/// The most signals that a condition waits for: as many as one listing of their bucket has.
pub const MOST_SIGNALS: u64 = 1000;

/// True if a type is one of those that this module serves.
pub fn serves(resource_type: &ResourceType) -> bool {
    [HANDLE_TYPE, CONDITION_TYPE].contains(&resource_type.as_str())
}

/// The driver of a handle or a condition; `None` for any other type.
pub fn driver(
    resource_type: &ResourceType,
    transport: impl FnOnce() -> Arc<dyn SignalTransport>,
) -> Option<Arc<dyn ResourceDriver>> {
    match resource_type.as_str() {
        HANDLE_TYPE => Some(Arc::new(WaitConditionHandle::new(transport()))),
        CONDITION_TYPE => Some(Arc::new(WaitCondition::new(transport()))),
        _ => None,
    }
}
