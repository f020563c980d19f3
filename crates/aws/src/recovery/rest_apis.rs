//! REST APIs of API Gateway and all that is below them, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(include_str!("rest_apis.yaml"), &[("Round", round), ("Generation", generation)])
}

#[test]
fn rest_apis_are_made() {
    explore(&scenario("rest apis, create", &[], &stack("first", "one")), 150);
}

#[test]
fn rest_apis_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    explore(&scenario("rest apis, update", &[&first], &second), 150);
}

#[test]
fn rest_apis_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("rest apis, replace", &[&one], &two), 60);
}

#[test]
fn rest_apis_are_deleted() {
    explore(&scenario("rest apis, destroy", &[&stack("first", "one")], &None), 60);
}
