//! Laws of planning over random stacks.

use std::collections::BTreeMap;

use crate::support::{
    TestSchemas, applied, attribute, back_to, empty_state, faithful, plan_of, stack, thing,
};
use proptest::prelude::*;
use rstack_model::desired::Desired;
use rstack_model::plan::PlanMode;
use rstack_model::state::State;
use rstack_model::{Address, Value};
use rstack_plan::{DestroyOptions, check, plan_destroy};

const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// A stack in which each resource may use the ones before it.
pub(crate) fn stacks() -> impl Strategy<Value = Desired> {
    let one = (any::<bool>(), 0i64..3, 0i64..3, prop::collection::vec(0usize..6, 0..3), 0..3u8);
    prop::collection::vec(one, 6).prop_map(|rows| {
        let present: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let mut resources = Vec::new();
        for (i, (there, size, kind, uses, path)) in rows.into_iter().enumerate() {
            if !there {
                continue;
            }
            let mut properties = BTreeMap::from([
                ("Size".to_owned(), Value::from(size)),
                ("Kind".to_owned(), Value::from(format!("k{kind}"))),
                ("Path".to_owned(), Value::from(format!("p{path}"))),
            ]);
            for used in uses.into_iter().filter(|used| *used < i && present[*used]) {
                let attributes = ["Arn", "Url"];
                let value = attribute(NAMES[used], attributes[used % 2]);
                properties.insert(format!("Uses{used}"), value);
            }
            resources.push((NAMES[i], thing(properties)));
        }
        stack(resources)
    })
}

pub(crate) fn apply_to(desired: &Desired, state: &State) -> State {
    applied(&plan_of(desired, state, &faithful(state)).unwrap(), state)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn planning_twice_yields_nothing(first in stacks(), second in stacks()) {
        let state = apply_to(&second, &apply_to(&first, &empty_state()));
        let again = plan_of(&second, &state, &faithful(&state)).unwrap();
        prop_assert_eq!(&again.steps, &vec![]);
        prop_assert!(state.deposed.is_empty());
        let ids: Vec<&Address> = state.resources.keys().collect();
        prop_assert_eq!(ids, second.resources.keys().collect::<Vec<_>>());
    }

    #[test]
    fn a_stack_that_is_destroyed_leaves_nothing(first in stacks(), second in stacks()) {
        let state = apply_to(&second, &apply_to(&first, &empty_state()));
        let plan = plan_destroy(&state, &faithful(&state), &TestSchemas, &DestroyOptions::default()).unwrap();
        prop_assert_eq!(plan.mode, PlanMode::Destroy);
        prop_assert_eq!(check(&plan, &TestSchemas), vec![]);
        let end = applied(&plan, &state);
        prop_assert!(end.resources.is_empty() && end.deposed.is_empty());
    }

    /// However far the forward phases of two applies came, a rollback restores every object and
    /// every property.
    #[test]
    fn a_rollback_from_any_forward_step_restores_the_base(
        first in stacks(), second in stacks(), third in stacks(),
        cuts in (0usize..12, 0usize..12)
    ) {
        let base = apply_to(&first, &empty_state());
        let cut_off = |desired: &Desired, state: &State, cut: usize| {
            let mut plan = plan_of(desired, state, &faithful(state)).unwrap();
            plan.steps.retain(|step| step.phase == rstack_model::plan::Phase::Forward);
            plan.steps.truncate(cut);
            applied(&plan, state)
        };
        let broken = cut_off(&third, &cut_off(&second, &base, cuts.0), cuts.1);
        let back = back_to(&base, &broken);
        prop_assert_eq!(check(&back, &TestSchemas), vec![]);
        let end = applied(&back, &broken);
        prop_assert!(end.deposed.is_empty());
        prop_assert_eq!(end.resources.len(), base.resources.len());
        for (id, object) in &base.resources {
            let now = &end.resources[id];
            prop_assert_eq!(&now.properties, &object.properties);
            prop_assert_eq!(&now.physical_id, &object.physical_id);
        }
    }
}
