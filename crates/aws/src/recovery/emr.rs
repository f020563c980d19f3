//! Clusters of EMR, interrupted at every request: what makes a cluster takes no token.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

/// The password of Kerberos, which is written nowhere.
const PASSWORD: &str = "the-realm-knows";

fn round(round: &str, generation: &str) -> Wanted {
    let text = include_str!("emr.yaml");
    let given = [("Round", round), ("Generation", generation), ("Password", PASSWORD)];
    wanted(text, &given)
}

#[test]
fn clusters_of_emr_are_created() {
    let scenario = scenario("emr, create", &[], &round("first", "one"));
    explore(&scenario, 15);
    let bench = scenario.from.copy();
    bench.reach(&scenario.to, "created");
    assert!(bench.files_with(PASSWORD).is_empty() && !bench.emitted().contains(PASSWORD));
}

#[test]
fn clusters_of_emr_are_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("emr, update", &[&first], &second), 30);
}

#[test]
fn clusters_of_emr_are_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("emr, replace", &[&one], &two), 30);
}

#[test]
fn clusters_of_emr_are_terminated() {
    explore(&scenario("emr, destroy", &[&round("first", "one")], &None), 15);
}
