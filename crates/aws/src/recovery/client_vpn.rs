//! Endpoints of Client VPN and their networks, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn round(round: &str, generation: &str) -> Wanted {
    let text = include_str!("client_vpn.yaml");
    wanted(text, &[("Round", round), ("Generation", generation)])
}

#[test]
fn endpoints_and_networks_are_made() {
    explore(&scenario("client VPN, create", &[], &round("first", "one")), 28);
}

#[test]
fn endpoints_are_changed_and_networks_replaced() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("client VPN, update", &[&first], &second), 28);
}

#[test]
fn endpoints_are_replaced_with_their_networks() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("client VPN, replace", &[&one], &two), 50);
}

#[test]
fn endpoints_and_networks_are_deleted() {
    explore(&scenario("client VPN, destroy", &[&round("first", "one")], &None), 28);
}
