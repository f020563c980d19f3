//! Damaged files never reach the cloud: whatever bit is flipped and wherever a file is cut off, the
//! engine changes nothing.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rstack_apply::{ApplyOptions, Engine};
use rstack_model::state::State;
use rstack_plan::CheckedPlan;
use rstack_store::LockedStack;

use crate::bench::{Bench, Wanted, desired_of, run};
use crate::probe::{Calls, Crash, Probed, Side};

fn topic(name: &str) -> Wanted {
    let text =
        format!("Resources: {{A: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}}}");
    desired_of(&text, &[]).into()
}

/// A stack, its state, and what is going to be done to it.
struct Case {
    bench: Bench,
    engine: Engine,
    calls: Arc<Calls>,
    locked: LockedStack,
    state: State,
    plan: CheckedPlan,
}

impl Case {
    /// A stack of one topic, which is going to be replaced.
    fn new() -> Self {
        let bench = Bench::new();
        run(bench.reach(&topic("one")));
        let calls = Arc::new(Calls::default());
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), calls.clone()));
        let locked = bench.lock();
        let state = bench.state();
        let plan = run(bench.planned(&bench.engine(), &state, &topic("two")));
        Self { bench, engine, calls, locked, state, plan }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bench.directory.path().join(name)
    }

    /// Recovers and applies; gives whether either was refused, and checks that nothing was called
    /// that changes anything.
    async fn refused(&self, what: &str) -> bool {
        let options = ApplyOptions { rollback: true };
        let recovered = self.engine.recover(&self.locked, &self.bench.parameters).await;
        let applying = self.engine.apply(&self.locked, &self.plan, &self.bench.parameters, options);
        let refused = recovered.is_err() && applying.await.is_err();
        let changes = |verb: &str| ["create", "update", "delete"].contains(&verb);
        let changed = self.calls.made().iter().any(|call| changes(call.verb));
        assert!(!refused || !changed, "{what}: {:?}", self.calls.made());
        refused
    }
}

/// The bytes with each of their bits flipped, and cut off at each of their ends.
fn damages(whole: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
    let flips = (0..whole.len() * 8).map(|bit| {
        let mut bytes = whole.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (format!("bit {bit}"), bytes)
    });
    let cuts = (0..whole.len()).map(|left| (format!("cut to {left}"), whole[..left].to_vec()));
    flips.chain(cuts)
}

#[test]
fn a_damaged_state_changes_nothing() {
    let case = Case::new();
    let path = case.path("Live.json");
    let whole = fs::read(&path).unwrap();
    run(async {
        for (what, bytes) in damages(&whole) {
            fs::write(&path, bytes).unwrap();
            assert!(case.refused(&what).await, "{what} was not noticed");
        }
    });
    assert_eq!(case.calls.made(), []);
    fs::write(&path, whole).unwrap();
    assert_eq!(case.bench.state(), case.state);
}

#[test]
fn a_damaged_journal_changes_nothing() {
    let case = Case::new();
    let path = case.path("Live.journal");
    let crash = Crash::new(1, Side::After, false);
    run(async {
        let dying = case.bench.engine_on(Probed::new(case.bench.sandbox.clone(), crash.clone()));
        let options = ApplyOptions { rollback: true };
        let applying = dying.apply(&case.locked, &case.plan, &case.bench.parameters, options);
        assert!(crash.during(applying).await.is_none());
    });
    let (whole, existing) = (fs::read(&path).unwrap(), case.bench.existing());
    // Cut behind a record, or in the last one while it was written: that is a death, which is
    // explored elsewhere.
    let dead = |bytes: &[u8]| {
        let end = whole.len() - 1;
        whole.starts_with(bytes) || (bytes.len() > end && bytes[..end] == whole[..end])
    };
    run(async {
        for (what, bytes) in damages(&whole).filter(|(_, bytes)| !dead(bytes)) {
            fs::write(&path, bytes).unwrap();
            assert!(case.refused(&what).await, "{what} was not noticed");
        }
    });
    assert_eq!((case.calls.made(), case.bench.existing()), (vec![], existing));

    // Over a state of another lineage it is refused, too.
    let other = Case::new();
    let mut state = other.state.clone();
    state.lineage = "another".into();
    other.locked.replace(state).unwrap();
    fs::write(&path, &whole).unwrap();
    fs::copy(&path, other.path("Live.journal")).unwrap();
    assert!(run(other.refused("another lineage")));
    assert_eq!(other.calls.made(), []);
    run(async {
        let state = case.bench.recovered(&case.bench.engine(), &case.locked).await;
        case.bench.check_none_unknown(Some(&state));
    });
}
