//! The proof that nothing of a name was there before it was created.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::{CreateRequest, DriverError, ErrorKind};
use rstack_journal::Entry;
use rstack_model::event::RunEnd;
use rstack_store::StateStore;

use crate::bench::{Bench, run, small, stack};
use crate::probe::{Call, Probe, Probed, error};

/// Keeps with what objects are looked for, and loses the first answer to a creation.
struct Proof {
    in_parts: bool,
    store: StateStore,
    sought: Mutex<Vec<bool>>,
}

#[async_trait]
impl Probe for Proof {
    async fn before(&self, call: &Call) -> Result<(), DriverError> {
        if call.verb == "create" {
            let journal = self.store.read(&stack()).unwrap().journal.unwrap();
            let proven = journal.iter().any(|entry| matches!(entry, Entry::Absent { .. }));
            assert_eq!(proven, self.in_parts, "durable before the call that creates");
        }
        Ok(())
    }

    async fn after(&self, call: &Call) -> Result<(), DriverError> {
        let lost = call.verb == "create" && self.sought.lock().unwrap().is_empty();
        if lost { Err(error(ErrorKind::UnknownOutcome)) } else { Ok(()) }
    }

    fn sought(&self, request: &CreateRequest) {
        self.sought.lock().unwrap().push(request.absence_proven);
    }

    fn creates_in_parts(&self) -> bool {
        self.in_parts
    }
}

/// A driver that looks for an object knows whether nothing of its name was there before: that alone
/// may distinguish ours from a foreign one.
#[test]
fn a_proof_of_absence_is_durable_before_the_creation_and_passed_to_find() {
    for in_parts in [false, true] {
        let bench = Bench::new();
        let (store, sought) = (bench.store.clone(), Mutex::default());
        let proof = Arc::new(Proof { in_parts, store, sought });
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), proof.clone()));
        let outcome = run(bench.apply(&engine, &small("one", "one", "6"), true));
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        let sought = proof.sought.lock().unwrap();
        assert!(
            !sought.is_empty() && sought.iter().all(|proven| *proven == in_parts),
            "{sought:?}"
        );
    }
}
