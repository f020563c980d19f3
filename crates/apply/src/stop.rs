//! The user's wish to stop.

use tokio::sync::watch;

/// A flag that says "finish what runs, record it, and start nothing new". Clones share it.
#[derive(Clone, Debug)]
pub struct Stop {
    sender: std::sync::Arc<watch::Sender<bool>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { sender: std::sync::Arc::new(watch::channel(false).0) }
    }
}

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it was asked to stop.
    pub fn is_requested(&self) -> bool {
        *self.sender.borrow()
    }

    /// Returns when it is asked to stop.
    pub async fn requested(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as `self`: waiting cannot fail.
        let _closed = receiver.wait_for(|stop| *stop).await;
    }
}
