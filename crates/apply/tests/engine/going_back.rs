//! A replacement is cut off, and the user goes back to the former template.

use rstack_apply::ApplyOptions;
use rstack_model::event::RunEnd;

use crate::bench::{Bench, Wanted, count, run, small, streaming};
use crate::probe::{Crash, Probed, Side};

/// Dies at the call with this number on the way to what is wanted; `false` if there are not so
/// many.
fn die(bench: &Bench, wanted: &Wanted, at: usize) -> bool {
    let crash = Crash::new(at, Side::After, false);
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, wanted).await;
        let mut engine = bench.engine_on(Probed::new(bench.sandbox.clone(), crash.clone()));
        engine.parallelism = count(1);
        let options = ApplyOptions { rollback: true };
        let applying = engine.apply(&locked, &plan, &bench.parameters, options);
        crash.during(applying).await.is_none()
    })
}

/// A channel that encoders send to is not made anew: it is the same one, with its endpoints.
#[test]
fn the_old_objects_are_taken_back_and_not_made_anew() {
    let bench = Bench::new();
    let before = run(bench.reach(&streaming(&[]).into())).unwrap();
    assert!(die(&bench, &streaming(&[("StreamName", "two")]).into(), 8));
    let after = run(async {
        let state = bench.recovered(&bench.engine(), &bench.lock()).await;
        assert!(!state.deposed.is_empty(), "there is something to take back");
        bench.reach(&streaming(&[]).into()).await.unwrap()
    });
    for (id, object) in &before.resources {
        assert_eq!(after.resources[id].physical_id, object.physical_id, "{id}");
        assert_eq!(after.resources[id].attributes, object.attributes, "{id}");
    }
}

/// An old object that was deleted meanwhile cannot be taken back, and is made anew.
#[test]
fn an_old_object_that_is_gone_is_made_anew() {
    let bench = Bench::new();
    let (one, two) = (small("one", "one", "6"), small("two", "two", "6"));
    run(bench.reach(&one));
    for at in 1.. {
        let died = die(&bench, &two, at);
        run(async {
            let outcome = bench.apply(&bench.engine(), &one, true).await;
            assert_eq!(outcome.end, RunEnd::Succeeded, "call {at}: {:?}", outcome.failures);
            bench.check_reached(&one).await;
        });
        if !died {
            assert!(at > 8, "there were only {at} calls");
            break;
        }
    }
}
