//! Buckets and the policy of one: made, changed in place, changed by hand and healed, destroyed; read back
//! with boto3 each time. The emulators keep neither analytics, tiering nor metrics of a bucket.

use std::collections::BTreeSet;

use serde_json::json;

use crate::account::{Account, bring, change, changes};

const STACK: &str = "s3-types";
const TEMPLATE: &str = "s3-types.yaml";
/// Properties to compare at the least, so that none gets lost.
const COMPARED: u64 = 60;

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= COMPARED, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn buckets_are_made_changed_healed_and_destroyed() {
    let account = Account::new();
    bring(&account.place, "tests/emulators/s3-types.yaml", TEMPLATE);
    let queue = account.cloud(&["queue_beside", "q"]);
    let queue = format!("Queue={}", queue.as_str().unwrap());
    let first = ["--parameter", queue.as_str()];
    apply(&account, &first);
    let state = account.state(STACK);
    let all: BTreeSet<&str> =
        state["resources"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(all.len(), 6, "{all:?}");
    for (address, object) in state["resources"].as_object().unwrap() {
        assert_eq!(object["driver"], "native", "{address}");
    }

    // What others change is seen and set right.
    let whole = format!("{STACK}-whole");
    account.cloud(&["allow_origin", &whole, "https://theirs.example"]);
    account.cloud(&["suspend_versions", &account.physical_id(STACK, "Copies")]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    for address in ["Copies", "Whole"] {
        assert_eq!(change(&plan, address)["action"], "update", "{address}");
    }
    assert_eq!(changes(&plan).len(), 2, "{plan:#}");
    apply(&account, &first);

    let second = [first.as_slice(), &["--parameter", "Round=second"]].concat();
    let plan = account.plan(&[&[TEMPLATE], second.as_slice()].concat());
    let planned = changes(&plan);
    assert_eq!(planned.len(), all.len(), "{planned:?}");
    assert!(planned.values().all(|action| action == "update"), "{planned:?}");
    apply(&account, &second);

    // A bucket that holds something is never emptied: the plan says so, and nothing is deleted.
    let site = account.physical_id(STACK, "Site");
    account.cloud(&["put_text", &site, "index.html", "text"]);
    let before = account.cloud(&["bucket_names"]);
    let refused = account.run(&["destroy", STACK, "--yes"]).expect(1);
    refused.reports("object-protected", &["`Site`", "holds objects"]);
    assert_eq!(account.cloud(&["bucket_names"]), before);
    account.cloud(&["delete_text", &site, "index.html"]);
    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["bucket_names"]), json!([]));
}

/// A name that another owner has is reported, and its bucket stays as it is.
#[test]
fn a_bucket_of_another_owner_is_left_alone() {
    let account = Account::new();
    account.cloud(&["make_bucket", "theirs"]);
    let template = "Resources:\n  It: {Type: AWS::S3::Bucket, Properties: {BucketName: theirs, \
                    VersioningConfiguration: {Status: Enabled}}}\n";
    account.place.write("it.yaml", template);
    let ran = account.run(&["apply", "it.yaml", "--yes"]);
    assert!(ran.err.contains("`theirs` exists already"), "{}", ran.err);
    assert_eq!(account.cloud(&["bucket_names"]), json!(["theirs"]));
}
