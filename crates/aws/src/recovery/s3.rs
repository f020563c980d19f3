//! Buckets and their policies, interrupted at every request; and those of others, which are left alone.

use rstack_model::event::RunEnd;
use rstack_ops::OpsError;
use serde_json::json;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Account;

const TEMPLATE: &str = include_str!("s3.yaml");

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

#[test]
fn buckets_are_made() {
    explore(&scenario("s3, create", &[], &stack("first", "one")), 200);
}

#[test]
fn buckets_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    explore(&scenario("s3, update", &[&first], &second), 150);
    explore(&scenario("s3, update back", &[&second], &first), 150);
}

#[test]
fn buckets_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("s3, replace", &[&one], &two), 150);
}

#[test]
fn buckets_are_deleted() {
    explore(&scenario("s3, destroy", &[&stack("first", "one")], &None), 40);
}

/// The message of the one failure of a run.
fn failure(bench: &Bench, goal: &Wanted) -> String {
    let Ended::Done(outcome) = bench.run(goal, None) else { panic!("it did not run") };
    assert_eq!(outcome.end, RunEnd::Failed);
    outcome.failures.first().unwrap().1.to_string()
}

/// A bucket of that name exists, in the caller's own account: it is not taken.
#[test]
fn a_bucket_of_another_owner_is_left_alone() {
    let text = "Resources: {It: {Type: AWS::S3::Bucket, Properties: {BucketName: theirs}}}";
    for tags in [json!([]), json!([{"Key": "owner", "Value": "them"}])] {
        let mut account = Account::default();
        let bucket = json!({"parts": {}, "tags": tags, "policy": null, "objects": 0, "lists": {}});
        account.buckets.insert("theirs".to_owned(), bucket.clone());
        let bench = Bench::with(account, 1);
        let error = failure(&bench, &wanted(text, &[]));
        assert!(error.contains("`theirs` exists already"), "{error}");
        assert!(bench.known().is_empty());
        assert_eq!(bench.services.account().buckets["theirs"], bucket);
    }
}

#[test]
fn a_bucket_that_holds_something_is_not_emptied() {
    let text = "Resources: {It: {Type: AWS::S3::Bucket, Properties: {BucketName: full}}}";
    let bench = Bench::new();
    bench.reach(&wanted(text, &[]), "made");
    let mut account = bench.services.account();
    account.buckets.get_mut("full").unwrap()["objects"] = json!(3);
    let bench = bench.in_account(account);
    let Ended::Refused(error) = bench.run(&None, None) else { panic!("it is not refused") };
    assert!(matches!(error, OpsError::Hindered { .. }), "{error}");
    assert_eq!(bench.services.account().buckets["full"]["objects"], 3);
}

/// A change that others make of what is declared is seen and set right; what is not declared is theirs.
#[test]
fn drift_of_settings_is_healed() {
    let first = stack("first", "one");
    let bench = Bench::new();
    bench.reach(&first, "made");
    let before = bench.services.account().buckets["whole-one"].clone();
    let mut account = bench.services.account();
    let bucket = account.buckets.get_mut("whole-one").unwrap();
    bucket["parts"]["CORSConfiguration"]["CORSRules"][0]["MaxAgeSeconds"] = json!(5);
    bucket["lists"]["Metrics"]["theirs"] = json!({"Id": "theirs"});
    bucket["parts"]["VersioningConfiguration"]["Status"] = json!("Suspended");
    let bench = bench.in_account(account);
    bench.reach(&first, "healed");
    let mut after = bench.services.account().buckets["whole-one"].clone();
    after["parts"]["CORSConfiguration"]["CORSRules"][0]["ID"] =
        before["parts"]["CORSConfiguration"]["CORSRules"][0]["ID"].clone();
    assert_eq!(after, before);
}
