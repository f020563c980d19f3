//! A network of EC2, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

pub(super) const NETWORK: &str = include_str!("ec2.yaml");

fn network(round: &str, generation: &str) -> Wanted {
    wanted(NETWORK, &[("Round", round), ("Generation", generation)])
}

#[test]
fn a_network_is_made() {
    explore(&scenario("network, create", &[], &network("first", "one")), 200);
}

#[test]
fn a_network_is_changed() {
    let (one, two) = (network("first", "one"), network("second", "one"));
    explore(&scenario("network, update", &[&one], &two), 100);
}

#[test]
fn a_network_is_replaced() {
    let (one, two) = (network("first", "one"), network("first", "two"));
    explore(&scenario("network, replace", &[&one], &two), 60);
}

#[test]
fn a_network_is_destroyed() {
    explore(&scenario("network, destroy", &[&network("first", "one")], &None), 100);
}
