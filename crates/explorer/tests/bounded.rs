//! The explorer in the bounds of a test run: all points of a creation of the smaller stack, a part of
//! all others, of the pairs and of the schedules. `make crash-explorer` explores all.
#![cfg(test)]

use rstack_explorer::{
    AppRun, CUSTOM, Edit, Findings, GENERATED, KEYS, Mix, NESTED, POLLED, PUBLISHED, SCENARIOS,
    SIGNALS, SNAPSHOTS, Scenario, Size, Store, app_runs, edits, generated_types, one, pairs,
    schedules, singles,
};

fn sound(findings: &Findings, at_least: usize) {
    assert!(findings.explored >= at_least, "only {} were explored", findings.explored);
    let failing = findings.violations.iter().take(5);
    let told: Vec<String> = failing
        .map(|(case, broken)| format!("crash-explorer {case}\n{}", broken.join("\n")))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}

#[test]
fn every_point_of_a_creation() {
    let create = Scenario::named("create").unwrap();
    sound(&singles(create, Size::Small, 1).unwrap(), 500);
}

#[test]
fn some_points_of_every_scenario() {
    for scenario in SCENARIOS {
        sound(&singles(scenario, Size::Small, 17).unwrap(), 15);
    }
}

/// The same, with the states in an object store whose lease expires while a process is dead.
#[test]
fn points_with_the_states_in_an_object_store() {
    let create = Scenario::named("create").unwrap().on(Store::Objects);
    sound(&singles(create, Size::Small, 1).unwrap(), 90);
    for scenario in SCENARIOS {
        sound(&singles(scenario.on(Store::Objects), Size::Small, 7).unwrap(), 5);
    }
}

/// A stack of objects of the catalog's types that move from one scope to another.
#[test]
fn some_points_of_moves_generated_from_the_catalog() {
    assert!(generated_types() >= 15, "only {} types", generated_types());
    for scenario in GENERATED {
        let findings = singles(scenario, Size::Generated, 181).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 4);
    }
    let moves = Scenario::named("generated-move").unwrap().on(Store::Objects);
    sound(&singles(moves, Size::Generated, 61).unwrap(), 5);
}

/// The same where an API accepts a request and is asked whether it is complete.
#[test]
fn some_points_with_an_api_that_is_polled() {
    for scenario in POLLED {
        let findings = singles(scenario, Size::Small, 29).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 10);
    }
    let create = Scenario::named("polled-create").unwrap().on(Store::Objects);
    sound(&singles(create, Size::Small, 7).unwrap(), 10);
}

/// The same where services take final snapshots of what they delete.
#[test]
fn some_points_of_deletions_with_final_snapshots() {
    for scenario in SNAPSHOTS {
        let findings = singles(scenario, Size::Small, 29).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 10);
    }
    let delete = Scenario::named("snapshot-delete").unwrap().on(Store::Objects);
    sound(&singles(delete, Size::Small, 7).unwrap(), 5);
}

/// The same with the resources in nested stacks.
#[test]
fn some_points_of_a_stack_with_nested_ones() {
    for scenario in NESTED {
        sound(&singles(scenario, Size::Small, 41).unwrap(), 10);
    }
}

/// The same where assets are uploaded first: all points of a creation.
#[test]
fn points_of_uploads() {
    for scenario in PUBLISHED {
        let every = if scenario.name == "published-create" { 1 } else { 29 };
        let findings = singles(scenario, Size::Published, every).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 10);
    }
}

#[test]
fn some_points_of_every_edit_of_a_state() {
    for edit in Edit::ALL {
        sound(&edits(edit, Store::Files, Size::Small, 7).unwrap(), 10);
    }
}

/// Every point of the edits that are not a repair of files, with the states in an object store.
#[test]
fn edits_of_a_state_in_an_object_store() {
    for edit in Edit::ALL.into_iter().filter(|edit| !edit.is_of_files()) {
        sound(&edits(edit, Store::Objects, Size::Small, 1).unwrap(), 10);
    }
}

#[test]
fn a_part_of_the_pairs_of_a_creation() {
    let create = Scenario::named("create").unwrap();
    sound(&pairs(create, Size::Small, 23).unwrap(), 200);
}

#[test]
fn some_random_schedules() {
    sound(&schedules(Mix::Small, 0, 300).unwrap(), 300);
    sound(&schedules(Mix::Custom, 0, 100).unwrap(), 100);
}

/// The same with a condition that waits for signals.
#[test]
fn some_points_of_a_stack_that_waits_for_signals() {
    for scenario in SIGNALS {
        let findings = singles(scenario, Size::Small, 29).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 5);
    }
    let late = Scenario::named("signal-late-create").unwrap().on(Store::Objects);
    sound(&singles(late, Size::Small, 7).unwrap(), 10);
    sound(&pairs(Scenario::named("signal-late-create").unwrap(), Size::Small, 41).unwrap(), 30);
}

/// A case that is reported can be lived through alone.
#[test]
fn a_case_is_repeated_by_its_points() {
    let create = Scenario::named("create").unwrap();
    let points = ["14:after-create".parse().unwrap(), "9:before-fsync:torn".parse().unwrap()];
    let findings = one(create, Size::Small, &points).unwrap();
    sound(&findings, 1);
    assert!(findings.steps > 9);
}

/// The same with custom resources, whose requests are delivered once.
#[test]
fn some_points_of_a_stack_with_custom_resources() {
    for scenario in CUSTOM {
        let findings = singles(scenario, Size::Small, 31).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 10);
    }
    let replace = Scenario::named("custom-replace").unwrap().on(Store::Objects);
    sound(&singles(replace, Size::Small, 5).unwrap(), 10);
    sound(&pairs(Scenario::named("custom-create").unwrap(), Size::Small, 37).unwrap(), 50);
}

/// The same with secrets that services show once, and that are in no record.
#[test]
fn some_points_of_a_stack_with_secrets_that_are_shown_once() {
    for scenario in KEYS {
        let findings = singles(scenario, Size::Small, 29).unwrap();
        println!(
            "{}: {} crash points, {} explored",
            scenario.name, findings.steps, findings.explored
        );
        sound(&findings, 10);
    }
    sound(&pairs(Scenario::named("keys-create").unwrap(), Size::Small, 37).unwrap(), 50);
}

/// The same with several stacks in one run.
#[test]
fn some_points_of_runs_of_several_stacks() {
    for run in AppRun::ALL {
        let findings = app_runs(run, 41).unwrap();
        println!("{}: {} crash points, {} explored", run.name, findings.steps, findings.explored);
        sound(&findings, 10);
    }
    let replace = AppRun::named("app-replace").unwrap().on(Store::Objects);
    sound(&app_runs(replace, 7).unwrap(), 10);
}
