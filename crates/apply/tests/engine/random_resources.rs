//! Random resources of random types: what a plan says of a change is what the catalog says of it,
//! every run converges, and none that dies loses or repeats an object.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rstack_apply::ApplyOptions;
use rstack_catalog::{Registry, TypeSchema};
use rstack_model::event::RunEnd;
use rstack_model::plan::Action;
use rstack_model::{KnownMap, KnownValue, PropertyPath, UpdateKind};

use rstack_sandbox::GeneratedLife;

use crate::bench::{Bench, Wanted, run};
use crate::generated_lifecycles::{OBJECT, wanted};
use crate::probe::{Crash, Probed, Side};
use crate::random_value::Random;

/// The number of resources.
const RESOURCES: u64 = 1000;

/// The last call at which a run may die.
const LAST_CALL: usize = 8;

/// The types whose provider creates, reads and deletes, by name.
fn types() -> Vec<Arc<TypeSchema>> {
    let catalog = Registry::embedded();
    let all = catalog.names().filter_map(|name| catalog.get(name).ok().flatten());
    all.filter(|schema| schema.unserved_by_cloud_control().is_none()).collect()
}

/// The kinds of update that the catalog gives the places at which two values differ.
fn kinds(
    schema: &TypeSchema,
    path: &PropertyPath,
    before: Option<&KnownValue>,
    after: Option<&KnownValue>,
    found: &mut Vec<UpdateKind>,
) {
    match (before, after) {
        _ if before == after => {}
        // A change of what is inside of a map that is added or removed is a change, too.
        (Some(KnownValue::Map(map)), None) | (None, Some(KnownValue::Map(map))) => {
            found.push(schema.update_kind(path));
            for (name, value) in map {
                kinds(schema, &path.name(name), Some(value), None, found);
            }
        }
        (Some(KnownValue::Map(before)), Some(KnownValue::Map(after))) => {
            let names = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
            for name in names {
                kinds(schema, &path.name(name), before.get(name), after.get(name), found);
            }
        }
        (Some(KnownValue::List(before)), Some(KnownValue::List(after)))
            if before.len() == after.len() && !schema.is_set(path) =>
        {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                kinds(schema, &path.index(index), Some(before), Some(after), found);
            }
        }
        _ => {
            let (before, after) =
                (before.map(KnownValue::redacted), after.map(KnownValue::redacted));
            let decided = schema.decided_update(path, before.as_ref(), after.as_ref());
            found.push(decided.unwrap_or_else(|| schema.update_kind(path)));
        }
    }
}

/// The lives that were lived, counted.
#[derive(Debug, Default)]
struct Count {
    lived: usize,
    /// Types for which no properties were found.
    not_generated: Vec<String>,
    not_changed: Vec<String>,
    /// Resources that the sandbox refused, by the reason.
    refused: BTreeMap<String, Vec<String>>,
    actions: BTreeMap<String, usize>,
    died: usize,
    violations: Vec<String>,
}

/// The end of a life.
enum Life {
    /// It was lived to the end: the action of the change, and the number of deaths.
    Lived(Action, usize),
    NotChanged,
    Refused(String),
}

/// Begins a run that dies at a call; true if it did.
fn dies(bench: &Bench, wanted: &Wanted, at: usize, side: Side) -> bool {
    let crash = Crash::new(at, side, false);
    run(async {
        let locked = bench.lock();
        let state = bench.recovered(&bench.engine(), &locked).await;
        let plan = bench.planned(&bench.engine(), &state, wanted).await;
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), crash.clone()));
        let options = ApplyOptions { rollback: true };
        let applying = engine.apply(&locked, &plan, &bench.parameters, options);
        crash.during(applying).await.is_none()
    })
}

fn lives(random: &mut Random, schema: &TypeSchema, created: &KnownMap) -> Life {
    let bench = Bench::new();
    let first = wanted(schema.name(), created);
    let mut died = 0;
    let mut death = |random: &mut Random, wanted: &Wanted| {
        let (at, side) =
            (1 + random.below(LAST_CALL), *random.one_of(&[Side::Before, Side::After]));
        died += usize::from(dies(&bench, wanted, at, side));
        bench.check_none_lost();
    };
    if random.below(2) == 0 {
        death(random, &first);
    }
    let outcome = run(bench.apply(&bench.engine(), &first, true));
    if outcome.end != RunEnd::Succeeded {
        assert!(bench.existing().is_empty(), "a refused creation left {:?}", bench.existing());
        return Life::Refused(outcome.failures[0].1.to_string());
    }
    run(bench.check_reached(&first));
    let Some(after) = random.changed(schema, created) else { return Life::NotChanged };
    let second = wanted(schema.name(), &after);
    let mut expected = Vec::new();
    for name in created.keys().chain(after.keys().filter(|key| !created.contains_key(*key))) {
        let path = PropertyPath::root().name(name);
        kinds(schema, &path, created.get(name), after.get(name), &mut expected);
    }
    let action = run(async {
        let state = bench.state();
        let plan = bench.planned(&bench.engine(), &state, &second).await;
        plan.changes[OBJECT].action
    });
    let replaces = matches!(action, Action::Replace(_));
    let fits = if expected.contains(&UpdateKind::Replaces) {
        replaces
    } else if expected.contains(&UpdateKind::MayReplace) {
        replaces || action == Action::Update
    } else {
        action == Action::Update
    };
    assert!(fits, "the plan says {action:?}, the catalog {expected:?}: {created:?} to {after:?}");
    death(random, &second);
    let outcome = run(bench.apply(&bench.engine(), &second, true));
    if outcome.end != RunEnd::Succeeded {
        run(bench.check_reached(&first));
        return Life::Refused(outcome.failures[0].1.to_string());
    }
    run(bench.check_reached(&second));
    death(random, &Wanted::Nothing);
    run(bench.reach(&Wanted::Nothing));
    Life::Lived(action, died)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

/// Lives through the resources of these seeds.
fn live_through(seeds: Range<u64>) {
    let types = types();
    assert!(types.len() > 1700, "{} types", types.len());
    let resources = usize::try_from(seeds.end - seeds.start).unwrap();
    let mut count = Count::default();
    for seed in seeds {
        let mut random = Random::new(seed);
        let schema = random.one_of(&types).clone();
        let case = format!("seed {seed}, {}", schema.name());
        let found = random.properties(&schema);
        let found = found.or_else(|| GeneratedLife::of(&schema).map(|life| life.created));
        let Some(created) = found else {
            count.not_generated.push(case);
            continue;
        };
        let lived = catch_unwind(AssertUnwindSafe(|| lives(&mut random, &schema, &created)));
        match lived {
            Ok(Life::Lived(action, died)) => {
                count.lived += 1;
                count.died += died;
                *count.actions.entry(format!("{action:?}")).or_default() += 1;
            }
            Ok(Life::NotChanged) => count.not_changed.push(case),
            Ok(Life::Refused(reason)) => count.refused.entry(reason).or_default().push(case),
            Err(panic) => count.violations.push(format!("{case}: {}", message(&*panic))),
        }
    }
    println!("{count:#?}");
    assert_eq!(count.violations, [""; 0]);
    assert!(count.lived * 100 >= resources * 96, "{} of {resources}", count.lived);
    assert!(count.died * 100 >= resources * 40, "{} deaths", count.died);
    assert!(count.actions["Update"] * 100 >= resources * 50);
    assert!(count.actions["Replace(CreateFirst)"] * 100 >= resources * 20);
    assert!(count.actions["Replace(DeleteFirst)"] > 0);
}

#[test]
fn random_resources_do_what_the_catalog_says() {
    live_through(0..RESOURCES / 2);
}

#[test]
fn more_random_resources_do_what_the_catalog_says() {
    live_through(RESOURCES / 2..RESOURCES);
}
