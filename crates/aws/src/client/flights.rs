//! The calls that have no answer yet: what a user waits for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rstack_driver::CallInFlight;
use tokio::time::Instant;

/// The calls in flight. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights(Arc<Mutex<Calls>>);

#[derive(Debug, Default)]
struct Calls {
    next: u64,
    open: BTreeMap<u64, Call>,
}

#[derive(Debug)]
struct Call {
    operation: String,
    host: String,
    since: Instant,
}

impl Flights {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call, until the value is dropped.
    pub(super) fn begin(&self, operation: String, host: String) -> Flight {
        let mut calls = self.calls();
        let number = calls.next;
        calls.next = number.wrapping_add(1);
        calls.open.insert(number, Call { operation, host, since: Instant::now() });
        Flight { flights: self.clone(), number }
    }

    /// The calls in flight, the oldest first.
    pub(super) fn open(&self) -> Vec<CallInFlight> {
        let shown = |call: &Call| CallInFlight {
            operation: call.operation.clone(),
            host: call.host.clone(),
            elapsed: call.since.elapsed(),
        };
        self.calls().open.values().map(shown).collect()
    }
}

/// A call in flight.
#[derive(Debug)]
#[must_use]
pub(super) struct Flight {
    flights: Flights,
    number: u64,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.calls().open.remove(&self.number);
    }
}
