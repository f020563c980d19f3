//! Permissions of network interfaces, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn round(round: &str) -> Wanted {
    wanted(include_str!("interface_permissions.yaml"), &[("Round", round)])
}

#[test]
fn permissions_are_granted() {
    explore(&scenario("interface permissions, create", &[], &round("first")), 14);
}

#[test]
fn permissions_are_replaced() {
    let (first, second) = (round("first"), round("second"));
    explore(&scenario("interface permissions, replace", &[&first], &second), 14);
}

#[test]
fn permissions_are_taken_back() {
    explore(&scenario("interface permissions, destroy", &[&round("first")], &None), 14);
}
