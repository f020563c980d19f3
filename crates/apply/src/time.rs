//! Waiting. The engine is the only one that waits, and it does so through this trait.

use std::time::Duration;

use async_trait::async_trait;

/// Where the engine waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns after this long.
    async fn sleep(&self, duration: Duration);

    /// Returns when something that was begun now should have been done, after this long. A clock
    /// that does not wait has no such limit: it never returns.
    async fn limit(&self, _duration: Duration) {
        std::future::pending().await
    }
}

/// Waits in real time.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock;

#[async_trait]
impl Clock for TokioClock {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn limit(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Does not wait: for clouds that do not need time, and for tests.
#[derive(Clone, Copy, Debug)]
pub struct InstantClock;

#[async_trait]
impl Clock for InstantClock {
    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}
