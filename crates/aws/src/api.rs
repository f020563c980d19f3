//! One AWS service as its drivers see it: operations by name, inputs and outputs as trees.

use std::time::SystemTime;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::KnownMap;

/// A service that can be called. Drivers hold this trait and not a client, so that their rules of
/// recovery are tested against scripted answers.
#[async_trait]
pub(crate) trait Api: Send + Sync {
    /// Calls an operation, such as `CreateChannel`. Input and output are keyed by the member names
    /// of the service's model (`Id`, `HlsPackage`, …), not by their names on the wire. Members the
    /// model calls sensitive come back as [`rstack_model::KnownValue::Secret`], timestamps as
    /// RFC 3339 text, absent members are absent.
    ///
    /// # Errors
    /// [`DriverError`] with the kind that fits, and the service's own code where it gave one. The
    /// message holds nothing of the request or the answer but the service's own error message.
    async fn call(&self, operation: &'static str, input: KnownMap)
    -> Result<KnownMap, DriverError>;

    /// The answer of an operation; `None` if what it is about does not exist.
    ///
    /// # Errors
    /// As of [`Self::call`].
    async fn call_if_exists(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        match self.call(operation, input).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The host that is called, with its port if it has one; empty if it is not known.
    fn host(&self) -> String {
        String::new()
    }

    /// The time by the service's clock, as far as its answers have shown: this machine's may
    /// go wrong.
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
