//! Calls to CodeBuild, and errors that pass.

use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::iam::arguments;

/// CodeBuild, as the drivers of this folder call it.
pub(super) struct Calls(pub(super) Arc<dyn Api>);

impl Calls {
    /// Calls an operation on something that may have been made a moment ago.
    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.0.call(operation, input).await.map_err(not_yet_usable)
    }

    /// The project; `None` if there is none of this name.
    pub(super) async fn project(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        let names = KnownValue::List(vec![name.into()]);
        let answer = self.0.call("BatchGetProjects", arguments([("names", names)])).await?;
        let projects = answer.get("projects").and_then(KnownValue::as_list).unwrap_or_default();
        Ok(projects.iter().find_map(KnownValue::as_map).cloned())
    }

    /// Calls an operation that deletes; what does not exist is gone.
    pub(super) async fn delete(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<(), DriverError> {
        match self.0.call(operation, input).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// The error of a call with a service role: one that passes, if the role may have been made a moment
/// ago.
fn not_yet_usable(error: DriverError) -> DriverError {
    let lower = error.message.to_ascii_lowercase();
    let role = error.has_code("InvalidInputException")
        && lower.contains("not authorized to perform")
        && lower.contains("sts:assumerole");
    if role { DriverError { kind: ErrorKind::DependencyNotReady, ..error } } else { error }
}
