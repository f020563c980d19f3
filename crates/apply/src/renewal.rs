//! Keeping the lease of a stack while an engine works on it.

use std::pin::pin;

use futures_util::future::{Either, select};
use rstack_store::{Lease, StoreError};

use crate::Engine;

impl Engine {
    /// Renews the lease as often as it asks for while this work is done: between two records a run may
    /// wait for longer than a lease lasts. A lease that is lost stops the run: no further step begins,
    /// and the next record is refused.
    pub(crate) async fn while_renewed<T>(
        &self,
        lease: &dyn Lease,
        work: impl Future<Output = T>,
    ) -> T {
        let Some(within) = lease.renew_within() else { return work.await };
        let renewing = async {
            loop {
                self.clock.sleep(within).await;
                // A renewal that could not be made is tried again, and before the next record, too.
                if let Err(StoreError::LeaseLost { .. }) = lease.renew().await {
                    self.stop.request();
                    std::future::pending::<()>().await;
                }
            }
        };
        match select(pin!(work), pin!(renewing)).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => never,
        }
    }
}
