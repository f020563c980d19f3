//! Playback configurations, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn round(round: &str, generation: &str) -> Wanted {
    let text = include_str!("mediatailor.yaml");
    wanted(text, &[("Round", round), ("Generation", generation)])
}

#[test]
fn playback_configurations_are_created() {
    explore(&scenario("playback, create", &[], &round("first", "one")), 25);
}

#[test]
fn playback_configurations_are_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("playback, update", &[&first], &second), 30);
}

#[test]
fn playback_configurations_are_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("playback, replace", &[&one], &two), 30);
}

#[test]
fn playback_configurations_are_deleted() {
    explore(&scenario("playback, destroy", &[&round("first", "one")], &None), 15);
}
