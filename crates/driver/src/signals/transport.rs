//! The place where signals arrive.

use std::time::Duration;

use async_trait::async_trait;
use rstack_model::Token;

use crate::DriverError;

/// A condition that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// The identifier of the handle.
    pub handle: &'a str,
    /// The logical ID of the condition.
    pub logical_id: &'a str,
    /// The token of the operation that creates it.
    pub token: &'a Token,
    /// The number of signals that it waits for.
    pub count: u64,
}

/// The place where the signals of one cloud arrive.
#[async_trait]
pub trait SignalTransport: Send + Sync {
    /// The time in seconds since 1970, by a clock that all processes share.
    fn now(&self) -> u64;

    /// The time to wait before signals are asked for that were waited for so long.
    fn pace(&self, waited: Duration) -> Duration {
        (waited / 10).clamp(Duration::from_secs(1), Duration::from_secs(15))
    }

    /// The identifier of the handle that an operation makes. It holds no secret, and the same token always
    /// gives the same one in the same place.
    ///
    /// # Errors
    /// If there is no place for signals, or it cannot be used.
    async fn handle(&self, token: &Token) -> Result<String, DriverError>;

    /// Looks whether so many signals to a handle can be told apart.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] if only the last one would be seen.
    async fn takes(&self, handle: &str, count: u64) -> Result<(), DriverError>;

    /// The signals that have arrived, the oldest first; each is cut off one byte behind
    /// [`MAX_SIGNAL`](super::MAX_SIGNAL). They stay where they are.
    ///
    /// # Errors
    /// If they cannot be determined.
    async fn signals(&self, waiting: &Waiting<'_>) -> Result<Vec<Vec<u8>>, DriverError>;

    /// Removes all signals to a handle.
    ///
    /// # Errors
    /// If some may still be there.
    async fn discard(&self, handle: &str) -> Result<(), DriverError>;
}
