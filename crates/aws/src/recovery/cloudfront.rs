//! Identities, keys, log configurations and stores of CloudFront, interrupted at every request.

use super::bench::{Bench, Wanted, wanted};
use super::every_request::{explore, scenario};

const TEMPLATE: &str = include_str!("cloudfront.yaml");

fn round(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

#[test]
fn what_distributions_and_functions_use_is_created() {
    explore(&scenario("cloudfront, create", &[], &round("first", "one")), 85);
}

#[test]
fn what_distributions_and_functions_use_is_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("cloudfront, update", &[&first], &second), 60);
}

#[test]
fn what_distributions_and_functions_use_is_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("cloudfront, replace", &[&one], &two), 85);
}

#[test]
fn what_distributions_and_functions_use_is_deleted() {
    explore(&scenario("cloudfront, destroy", &[&round("first", "one")], &None), 85);
}

/// The service takes a change of nothing but the comment. Another key needs another name, too, and
/// the plan says so before anything is sent.
#[test]
fn another_key_under_the_same_name_is_refused_by_the_plan() {
    let bench = Bench::new();
    bench.reach(&round("first", "one"), "first");
    let Err(error) = bench.plan(&wanted(&TEMPLATE.replace("MIIC", "MIID"), &[])) else {
        panic!("the plan has another key under the name of the old one")
    };
    let text = format!("{error:?}");
    assert!(text.contains("NameTaken") && text.contains("EncodedKey"), "{text}");
}
