//! The driver of buckets over the fake, and the tables over every tree that the schema allows.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{DirectDriver, ErrorKind};
use rstack_model::{PropertyPath, Region, StackName};
use serde_json::json;

use super::form::{Row, members, properties};
use super::wire::{
    FILTERED, LIFECYCLE, LOGGING, NOTIFICATION, OBJECT_LOCK, PLAIN, PUBLIC_ACCESS, Wire,
};
use super::{BucketDriver, same, tables};
use crate::AwsCloud;
use crate::mapping::tests::generate::{Fullness, Generator};
use crate::test::fake::{FakeServices, REGION};
use crate::test::scripted_api::{ScriptedApi, known};

/// A setting, its table, its form on the wire, and properties that are older forms of others.
type Case = (&'static str, &'static [Row], Wire, &'static [&'static str]);

const CASES: [Case; 16] = [
    ("BucketEncryption", tables::ENCRYPTION, PLAIN, &[]),
    ("VersioningConfiguration", tables::VERSIONING, PLAIN, &[]),
    ("AccelerateConfiguration", tables::ACCELERATE, PLAIN, &[]),
    ("PublicAccessBlockConfiguration", tables::PUBLIC_ACCESS, PUBLIC_ACCESS, &[]),
    ("OwnershipControls", tables::OWNERSHIP, PLAIN, &[]),
    ("CorsConfiguration", tables::CORS, PLAIN, &[]),
    ("LoggingConfiguration", tables::LOGGING, LOGGING, &[]),
    ("WebsiteConfiguration", tables::WEBSITE, PLAIN, &[]),
    ("ObjectLockConfiguration", tables::OBJECT_LOCK, OBJECT_LOCK, &[]),
    ("NotificationConfiguration", tables::NOTIFICATION, NOTIFICATION, &[]),
    (
        "LifecycleConfiguration",
        tables::LIFECYCLE,
        LIFECYCLE,
        &["NoncurrentVersionExpirationInDays", "NoncurrentVersionTransition", "Transition"],
    ),
    ("ReplicationConfiguration", tables::REPLICATION, PLAIN, &[]),
    ("AnalyticsConfigurations", tables::ANALYTICS, FILTERED, &[]),
    ("InventoryConfigurations", tables::INVENTORY, FILTERED, &[]),
    ("IntelligentTieringConfigurations", tables::TIERING, FILTERED, &[]),
    ("MetricsConfigurations", tables::METRICS, FILTERED, &[]),
];

/// Every property of the schema has a row; what is declared is the same as what it becomes on the wire,
/// and comes back in the declared form.
#[test]
fn every_property_has_a_member_and_comes_back() {
    let schema = rstack_catalog::Registry::embedded().get("AWS::S3::Bucket").unwrap().unwrap();
    for (property, rows, wire, older) in CASES {
        let node = schema.property(schema.root(), property).unwrap();
        let node = schema.element(node).unwrap_or(node);
        for seed in 1..40 {
            for fullness in [Fullness::Everything, Fullness::Random] {
                let seed = u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15) | 1;
                let mut generator = Generator { schema: &schema, fullness, seed, without: older };
                let tree = generator.map(node, 0);
                let path = PropertyPath::root().name(property);
                let flat = members(rows, &tree, ("s3:Put", &path)).unwrap_or_else(|error| {
                    panic!("{property}: {error} in {tree:#?}");
                });
                let sent = (wire.to)(flat.clone(), "bucket");
                let shown = (wire.from)(sent.clone(), "bucket");
                let again = members(rows, &properties(rows, &shown), ("s3:Put", &path)).unwrap();
                let resent = (wire.from)((wire.to)(again, "bucket"), "bucket");
                assert!(
                    same::same(&shown, &resent),
                    "{property}\n{tree:#?}\n{shown:#?}\n{resent:#?}"
                );
            }
        }
    }
}

/// The older forms of a lifecycle rule mean what the newer ones say.
#[test]
fn older_forms_are_the_newer_ones() {
    let of = |tree: serde_json::Value| {
        let path = PropertyPath::root();
        let flat = members(tables::LIFECYCLE, &known(tree), ("s3:Put", &path)).unwrap();
        (LIFECYCLE.to)(flat, "bucket")
    };
    let older = of(json!({"Rules": [{
        "Status": "Enabled", "Transition": {"StorageClass": "Glacier", "TransitionInDays": 1},
        "NoncurrentVersionExpirationInDays": 3,
        "NoncurrentVersionTransition": {"StorageClass": "GLACIER", "TransitionInDays": 2},
    }]}));
    let newer = of(json!({"Rules": [{
        "Status": "Enabled", "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 1}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 2}],
    }]}));
    assert_eq!(older, newer);
    assert_eq!(
        newer["Rules"],
        known(json!({"Rules": [{
            "Status": "Enabled", "Filter": {"Prefix": ""},
            "Transitions": [{"StorageClass": "GLACIER", "Days": 1}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "NoncurrentDays": 2}],
        }]}))["Rules"]
    );
}

/// One condition stands alone in a filter, several in `And`.
#[test]
fn a_filter_has_one_part() {
    let of = |tree: serde_json::Value| {
        let path = PropertyPath::root();
        let flat = members(tables::METRICS, &known(tree), ("s3:Put", &path)).unwrap();
        (FILTERED.to)(flat, "")
    };
    let tag = json!({"Key": "a", "Value": "b"});
    for (declared, sent) in [
        (json!({"Id": "x"}), json!({"Id": "x"})),
        (json!({"Prefix": "p"}), json!({"Filter": {"Prefix": "p"}})),
        (json!({"TagFilters": [tag]}), json!({"Filter": {"Tag": tag}})),
        (json!({"TagFilters": [tag, tag]}), json!({"Filter": {"And": {"Tags": [tag, tag]}}})),
        (
            json!({"TagFilters": [tag], "Prefix": "p"}),
            json!({"Filter": {"And": {"Prefix": "p", "Tags": [tag]}}}),
        ),
    ] {
        assert_eq!(of(declared), known(sent));
    }
}

fn sample(create: serde_json::Value, change: serde_json::Value) -> Sample {
    Sample {
        resource_type: "AWS::S3::Bucket".into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(create),
        change: Some(known(change)),
        unread: vec!["AccessControl".to_owned()],
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "nothing-here".into(),
    }
}

#[tokio::test]
async fn buckets_pass_the_conformance_suite() {
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let create = json!({
        "BucketName": "sample", "AccessControl": "LogDeliveryWrite",
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
        "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        "MetricsConfigurations": [{"Id": "a"}, {"Id": "b"}],
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let change = json!({
        "BucketName": "sample", "WebsiteConfiguration": {"IndexDocument": "index.html"},
        "MetricsConfigurations": [{"Id": "b", "Prefix": "p"}],
        "Tags": [{"Key": "b", "Value": "2"}],
    });
    if let Err(broken) = check(&cloud, &sample(create, change)).await {
        panic!("{broken:?}");
    }
    assert!(services.account().buckets.is_empty());
}

/// Before anything is changed a bucket says that it holds objects, and asks for one of them alone.
#[tokio::test]
async fn a_bucket_with_objects_says_that_it_would_not_be_deleted() {
    for (answer, hinders) in [
        (json!({"Contents": [{"Key": "k"}], "KeyCount": 1}), true),
        (json!({"KeyCount": 0}), false),
    ] {
        let api = Arc::new(ScriptedApi::new().answer("ListObjectsV2", answer));
        let driver = BucketDriver::new(api.clone(), Region::new("eu-west-1"));
        assert_eq!(driver.hindrance(&"b".into()).await.unwrap().is_some(), hinders);
        assert_eq!(api.input(0)["MaxKeys"], 1.into());
    }
    let gone = ScriptedApi::new().fail("ListObjectsV2", ErrorKind::NotFound, "NoSuchBucket");
    let driver = BucketDriver::new(Arc::new(gone), Region::new("eu-west-1"));
    assert_eq!(driver.hindrance(&"b".into()).await.unwrap(), None);
}
