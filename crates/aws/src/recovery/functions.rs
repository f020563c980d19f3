//! Functions of Lambda and versions of layers, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(include_str!("functions.yaml"), &[("Round", round), ("Generation", generation)])
}

#[test]
fn functions_and_layers_are_made() {
    explore(&scenario("functions, create", &[], &stack("first", "one")), 50);
}

#[test]
fn functions_and_layers_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    explore(&scenario("functions, update", &[&first], &second), 100);
}

#[test]
fn functions_and_layers_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("functions, replace", &[&one], &two), 50);
}

#[test]
fn functions_and_layers_are_deleted() {
    explore(&scenario("functions, destroy", &[&stack("first", "one")], &None), 30);
}
