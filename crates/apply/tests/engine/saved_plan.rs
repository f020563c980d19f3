//! Saved plans that are applied after the cloud or the state has changed.

use rstack_apply::{ApplyError, ApplyOptions};
use rstack_model::{KnownValue, PropertyPath};
use rstack_plan::CheckedPlan;

use crate::bench::{Bench, run, streaming};

const OPTIONS: ApplyOptions = ApplyOptions { rollback: true };

#[test]
fn a_plan_whose_state_moved_is_refused() {
    run(async {
        let bench = Bench::new();
        let before = bench.reach(&streaming(&[]).into()).await.unwrap();
        let wanted = streaming(&[("SegmentSeconds", "4")]).into();
        let plan = bench.planned(&bench.engine(), &before, &wanted).await;
        bench.reach(&streaming(&[("SegmentSeconds", "5")]).into()).await;
        let locked = bench.lock();
        let applied = bench.engine().apply(&locked, &plan, &bench.parameters, OPTIONS).await;
        assert!(matches!(applied, Err(ApplyError::BaseMoved { .. })), "{applied:?}");
        assert_eq!(locked.read().unwrap().journal, None);
    });
}

#[test]
fn a_plan_for_another_place_is_refused() {
    run(async {
        let bench = Bench::new();
        let engine = bench.engine();
        let locked = bench.lock();
        let state = bench.recovered(&engine, &locked).await;
        let plan = bench.planned(&engine, &state, &streaming(&[]).into()).await;
        let mut plan = plan.into_plan();
        plan.stack = rstack_model::StackName::parse("Other").unwrap();
        let plan = CheckedPlan::of(plan, engine.schemas.as_ref()).unwrap();
        let applied = engine.apply(&locked, &plan, &bench.parameters, OPTIONS).await;
        assert!(matches!(applied, Err(ApplyError::Environment { .. })), "{applied:?}");
        assert!(bench.existing().is_empty());
    });
}

#[test]
fn objects_that_moved_are_named_with_what_happened_to_them() {
    run(async {
        let bench = Bench::new();
        let before = bench.reach(&streaming(&[]).into()).await.unwrap();
        let wanted = streaming(&[("SegmentSeconds", "4")]).into();
        let plan = bench.planned(&bench.engine(), &before, &wanted).await;
        assert_eq!(bench.engine().moved(&plan, &before, &bench.parameters).await.unwrap(), []);
        let object = |id: &str| &before.resources[id];
        let (gone, changed) = (object("MssEndpoint"), object("Channel"));
        bench.sandbox.remove(&gone.resource_type, &gone.physical_id).unwrap();
        let path = PropertyPath::root().name("Description");
        let value = KnownValue::from("other");
        bench
            .sandbox
            .set_property(&changed.resource_type, &changed.physical_id, &path, Some(&value))
            .unwrap();
        let moved = bench.engine().moved(&plan, &before, &bench.parameters).await.unwrap();
        let texts: Vec<String> = moved.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["`Channel` was changed", "`MssEndpoint` is gone"]);
    });
}
