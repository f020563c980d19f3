//! Types whose objects take minutes to be provisioned, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

/// The password of a cluster, which is written nowhere.
const PASSWORD: &str = "the-keeper-knows";

fn round(round: &str, generation: &str) -> Wanted {
    let text = include_str!("provisioned.yaml");
    let given = [("Round", round), ("Generation", generation), ("Password", PASSWORD)];
    wanted(text, &given)
}

#[test]
fn clusters_and_instances_are_created() {
    explore(&scenario("provisioned, create", &[], &round("first", "one")), 40);
}

#[test]
fn clusters_and_instances_are_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("provisioned, update", &[&first], &second), 60);
}

#[test]
fn clusters_and_instances_are_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("provisioned, replace", &[&one], &two), 60);
}

#[test]
fn clusters_and_instances_are_deleted() {
    explore(&scenario("provisioned, destroy", &[&round("first", "one")], &None), 30);
}

#[test]
fn a_final_snapshot_is_taken_and_no_password_is_written() {
    let first = round("first", "one");
    let from = scenario("provisioned, secrets", &[&first], &None).from;
    assert!(from.files_with(PASSWORD).is_empty());
    assert!(!from.emitted().contains(PASSWORD));
    from.reach(&None, "destroyed");
    assert_eq!(from.counts().get("cluster snapshots"), Some(&1), "{:?}", from.counts());
}
