//! The stacks of an account that CloudFormation manages: which exports they have and import.

use async_trait::async_trait;

use crate::DriverError;

/// An export of a stack that CloudFormation manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedExport {
    /// The name of the export.
    pub name: String,
    /// The name of the stack.
    pub stack: String,
}

/// CloudFormation as far as it is asked: about the stacks of one account and Region. No call changes
/// anything.
#[async_trait]
pub trait ManagedStacks: Send + Sync {
    /// The exports of all stacks.
    ///
    /// # Errors
    /// If the service refuses or cannot be asked.
    async fn exports(&self) -> Result<Vec<ManagedExport>, DriverError>;

    /// The names of the stacks that import an export; none if no stack exports the name.
    ///
    /// # Errors
    /// If the service refuses or cannot be asked.
    async fn importers(&self, export: &str) -> Result<Vec<String>, DriverError>;

    /// The status of a stack that has objects, such as `UPDATE_COMPLETE`; `None` if there is no stack of the
    /// name, or none of whose resources was left.
    ///
    /// # Errors
    /// If the service refuses or cannot be asked.
    async fn status(&self, stack: &str) -> Result<Option<String>, DriverError> {
        let _ = stack;
        Ok(None)
    }
}
