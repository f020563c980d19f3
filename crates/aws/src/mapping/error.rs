//! The error of a property that cannot be mapped to the service.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::PropertyPath;

/// A property that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {problem}")]
pub(crate) struct MappingError {
    /// The property.
    pub(crate) path: PropertyPath,
    /// The problem with it; holds nothing of its value.
    pub(crate) problem: String,
}

impl MappingError {
    pub(super) fn new(path: &PropertyPath, problem: impl Into<String>) -> Self {
        Self { path: path.clone(), problem: problem.into() }
    }

    /// The error of the operation that could not be called.
    pub(crate) fn for_operation(self, operation: impl Into<String>) -> DriverError {
        let message = self.to_string();
        DriverError::new(ErrorKind::Invalid { property: Some(self.path) }, operation, message)
    }
}
