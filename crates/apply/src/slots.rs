//! The slots of several engines together: a run of several stacks has no more operations at once than one of
//! one stack.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots that operations take. By default an engine shares them with no other.
#[derive(Clone, Debug, Default)]
pub struct Slots(Option<Arc<Semaphore>>);

/// A slot that an operation has taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// So many slots, for all engines that have a clone of this.
    pub fn shared(most: NonZeroUsize) -> Self {
        Self(Some(Arc::new(Semaphore::new(most.get().min(Semaphore::MAX_PERMITS)))))
    }

    /// A slot, if one is free.
    pub(crate) fn try_take(&self) -> Option<Slot> {
        let Some(slots) = &self.0 else { return Some(Slot { _permit: None }) };
        let permit = Arc::clone(slots).try_acquire_owned().ok()?;
        Some(Slot { _permit: Some(permit) })
    }

    /// A slot, as soon as one is free.
    pub(crate) async fn take(&self) -> Slot {
        let Some(slots) = &self.0 else { return Slot { _permit: None } };
        // The semaphore is never closed.
        Slot { _permit: Arc::clone(slots).acquire_owned().await.ok() }
    }
}
