//! Projects of CodeBuild with their webhooks, interrupted at every request.

use super::bench::{Wanted, wanted};
use super::every_request::{explore, scenario};

fn round(round: &str, generation: &str) -> Wanted {
    let text = include_str!("codebuild.yaml");
    wanted(text, &[("Round", round), ("Generation", generation)])
}

#[test]
fn projects_are_created() {
    explore(&scenario("projects, create", &[], &round("first", "one")), 25);
}

#[test]
fn projects_are_changed() {
    let (first, second) = (round("first", "one"), round("second", "one"));
    explore(&scenario("projects, update", &[&first], &second), 25);
}

#[test]
fn projects_are_replaced() {
    let (one, two) = (round("first", "one"), round("first", "two"));
    explore(&scenario("projects, replace", &[&one], &two), 40);
}

#[test]
fn projects_are_deleted() {
    explore(&scenario("projects, destroy", &[&round("first", "one")], &None), 20);
}
