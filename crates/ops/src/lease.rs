//! The lease of a stack: renewed from its acquisition to its release, whatever is done under it.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use rstack_apply::{CancellationToken, Clock};
use rstack_model::StackName;
use rstack_store::StoreError;

use crate::{Backend, Holder, Lease, Operations, OpsError};

/// The part of the renewal period after which a renewal that failed is tried again.
const RETRY: u32 = 4;

/// A lease that is renewed as long as the work under it goes on.
#[derive(Debug)]
pub struct Held<'a> {
    lease: &'a dyn Lease,
    lost: CancellationToken,
    /// The holder, for other leases that the work takes.
    holder: Option<&'a Holder>,
}

impl<'a> std::ops::Deref for Held<'a> {
    type Target = dyn Lease + 'a;

    fn deref(&self) -> &Self::Target {
        self.lease
    }
}

impl<'a> Held<'a> {
    /// The holder of the lease, if the work may take others.
    pub(crate) fn holder(&self) -> Option<&'a Holder> {
        self.holder
    }

    /// Runs work that records nothing, such as a question to the user, and abandons it as soon as the
    /// lease is lost.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if the lease was lost before the work was complete.
    pub async fn unless_lost<T>(&self, work: impl Future<Output = T>) -> Result<T, StoreError> {
        // The loss comes first: what is read ends with it, and its result means nothing.
        match select(pin!(self.lost.cancelled()), pin!(work)).await {
            Either::Right((done, _)) => Ok(done),
            Either::Left(((), work)) => {
                self.lease.verify().await?;
                Ok(work.await)
            }
        }
    }
}

/// Does work under a lease, which is renewed meanwhile as often as it asks for. A lease that is lost
/// cancels the run, so that no further step begins; every later record is refused by the lease itself.
///
/// Nothing is renewed while the work blocks its thread: what waits for a user waits asynchronously.
pub async fn hold<T>(
    lease: &dyn Lease,
    clock: &dyn Clock,
    cancel: &CancellationToken,
    work: impl AsyncFnOnce(&Held<'_>) -> T,
) -> T {
    hold_as(lease, None, (clock, cancel), work).await
}

async fn hold_as<T>(
    lease: &dyn Lease,
    holder: Option<&Holder>,
    (clock, cancel): (&dyn Clock, &CancellationToken),
    work: impl AsyncFnOnce(&Held<'_>) -> T,
) -> T {
    let held = Held { lease, lost: CancellationToken::new(), holder };
    let Some(within) = lease.renew_within() else { return work(&held).await };
    let renewing = async {
        let mut pause = within;
        loop {
            clock.sleep(pause).await;
            match lease.renew().await {
                Ok(()) => pause = within,
                Err(StoreError::LeaseLost { .. }) => break,
                Err(_) => pause = (within / RETRY).max(Duration::from_millis(1)),
            }
        }
        held.lost.cancel();
        cancel.cancel();
        std::future::pending::<()>().await;
    };
    // The time until the first renewal begins before the work does.
    match select(pin!(renewing), pin!(work(&held))).await {
        Either::Left(((), work)) => work.await,
        Either::Right((done, _)) => done,
    }
}

/// Does work under the lease of a stack: acquires it, renews it, and releases it when the work has
/// ended. A lease that cannot be released ends with the process, or expires: what was done is recorded
/// by then.
///
/// # Errors
/// If the lease cannot be acquired.
pub(crate) async fn under_lease<T>(
    backend: &dyn Backend,
    clock: &dyn Clock,
    cancel: &CancellationToken,
    (stack, holder): (&StackName, &Holder),
    work: impl AsyncFnOnce(&Held<'_>) -> T,
) -> Result<T, StoreError> {
    let lease = backend.acquire(stack, holder).await?;
    let done = hold_as(lease.as_ref(), Some(holder), (clock, cancel), work).await;
    let _expires = lease.release().await;
    Ok(done)
}

impl Operations {
    /// Does work under the lease of a stack, which stops the engine when it is lost.
    pub(crate) async fn under_lease<T, E: From<OpsError>>(
        &self,
        stack: &StackName,
        holder: &Holder,
        work: impl AsyncFnOnce(&Held<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (clock, cancel) = (self.engine.clock.as_ref(), &self.engine.cancel);
        let done = under_lease(self.backend.as_ref(), clock, cancel, (stack, holder), work).await;
        done.map_err(OpsError::from)?
    }
}
