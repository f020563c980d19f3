//! APIs of API Gateway and all that is below them, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(include_str!("apigateway.yaml"), &[("Round", round), ("Generation", generation)])
}

#[test]
fn http_apis_are_made() {
    explore(&scenario("http apis, create", &[], &stack("first", "one")), 80);
}

#[test]
fn http_apis_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    explore(&scenario("http apis, update", &[&first], &second), 100);
}

#[test]
fn http_apis_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("http apis, replace", &[&one], &two), 15);
}

#[test]
fn http_apis_are_deleted() {
    explore(&scenario("http apis, destroy", &[&stack("first", "one")], &None), 40);
}
