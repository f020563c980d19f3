//! Names that must be free before an object is created.

use rstack_driver::{DriverError, EffectSink, ErrorKind};

use super::service::action;

/// Makes durable that the name is free. Without that the creation is not sent.
pub(super) async fn proven(effects: &dyn EffectSink, operation: &str) -> Result<(), DriverError> {
    effects.absent().await.map_err(|error| {
        DriverError::new(ErrorKind::Conflict, action(operation), error.to_string())
    })
}

/// The error of a creation whose name a foreign object has. Nothing was sent.
pub(super) fn taken(operation: &str, what: &str) -> DriverError {
    let message =
        format!("{what} exists already and was not made by this run; choose another name");
    DriverError::new(ErrorKind::Conflict, action(operation), message)
}
