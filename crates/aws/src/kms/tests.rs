//! Keys go through the conformance suite; what KMS changes on no key is refused; and a key whose tags
//! are not visible yet is not made a second time.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{CreateRequest, DirectDriver, ErrorKind, Found, UpdateRequest};
use rstack_model::{KnownMap, Region, StackName};
use serde_json::{Value, json};

use super::key::Key;
use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{JournaledApi, json as answer};
use crate::test::scripted_api::known;

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let policy = |sid: &str| json!({"Statement": [{"Sid": sid, "Principal": "*"}]});
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: "AWS::KMS::Key".into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(json!({
            "Description": "one", "KeyPolicy": policy("one"), "EnableKeyRotation": "true",
            "RotationPeriodInDays": 90, "Tags": [{"Key": "a", "Value": "b"}], "MultiRegion": true,
            "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS",
            "PendingWindowInDays": 7, "BypassPolicyLockoutSafetyCheck": true, "Enabled": true,
        })),
        change: Some(known(json!({
            "Description": "two", "KeyPolicy": policy("two"), "EnableKeyRotation": true,
            "RotationPeriodInDays": 180, "Tags": [{"Key": "c", "Value": "d"}], "MultiRegion": true,
            "Enabled": false,
        }))),
        unread: ["BypassPolicyLockoutSafetyCheck", "PendingWindowInDays", "RotationPeriodInDays"]
            .map(str::to_owned)
            .to_vec(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        missing: "nothing".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    let inventory = services.account().inventory();
    assert_eq!(inventory.keys().copied().collect::<Vec<_>>(), ["deleted keys"]);
    let keys = services.account().keys;
    assert_eq!(keys.values().next().unwrap()["rotation"], 180);
}

#[tokio::test]
async fn what_kms_changes_on_no_key_is_refused_before_any_change() {
    let key = json!({"KeyMetadata": {
        "KeyId": "k", "Arn": "arn:aws:kms:eu-west-1:1:key/k", "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": false, "Origin": "AWS_KMS", "Enabled": true,
    }});
    for (prior, properties, refused) in [
        (json!({}), json!({"KeySpec": "RSA_2048"}), "KeySpec"),
        (json!({}), json!({"MultiRegion": "true"}), "MultiRegion"),
        (json!({"Origin": "EXTERNAL"}), json!({"KeyUsage": "SIGN_VERIFY"}), "KeyUsage"),
    ] {
        let api = JournaledApi::new([("DescribeKey", answer(&key.to_string()))]);
        let driver = Key::new(Arc::<JournaledApi>::clone(&api));
        let (prior, properties) = (known(prior), known(properties));
        let (identifier, token) = ("k".into(), "T".into());
        let request = UpdateRequest { identifier, token, prior, properties };
        let error = driver.update(&request).await.unwrap_err();
        assert!(error.message.contains(&format!("`{refused}` is not changed")), "{error}");
        api.assert_finished();
    }
}

fn request(begun: Option<&str>) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: KnownMap::new(),
        absence_proven: false,
        begun: begun.map(Into::into),
    }
}

/// A key of an account with one key.
fn account(tags: &Value, made: &str, manager: &str) -> Arc<JournaledApi> {
    let key = json!({"KeyMetadata": {
        "KeyId": "k", "CreationDate": made, "KeyManager": manager, "Enabled": true,
    }});
    let tags = json!({"Tags": tags}).to_string();
    let empty = tags == r#"{"Tags":[]}"#;
    let mut script = vec![
        ("ListKeys", answer(r#"{"Keys":[{"KeyId":"k"}]}"#)),
        ("ListResourceTags", answer(&tags)),
    ];
    if empty {
        script.push(("DescribeKey", answer(&key.to_string())));
    }
    JournaledApi::of(script)
}

#[tokio::test]
async fn a_new_key_whose_tags_are_not_visible_yet_is_not_taken_for_none() {
    let begun = Some("create since 1767323045");
    let (before, after) = ("2026-01-02T03:04:04Z", "2026-01-02T03:04:06Z");
    for (tags, made, manager, ambiguous) in [
        (json!([]), after, "CUSTOMER", true),
        (json!([]), before, "CUSTOMER", false),
        (json!([]), after, "AWS", false),
        (json!([{"TagKey": "owner", "TagValue": "x"}]), after, "CUSTOMER", false),
    ] {
        let api = account(&tags, made, manager);
        let found = Key::new(Arc::<JournaledApi>::clone(&api)).find(&request(begun)).await.unwrap();
        assert_eq!(matches!(found, Found::Ambiguous { .. }), ambiguous, "{tags} {found:?}");
        assert_eq!(found == Found::Absent, !ambiguous, "{tags}");
        api.assert_finished();
        if ambiguous {
            let api = account(&tags, made, manager);
            let driver = Key::new(Arc::<JournaledApi>::clone(&api));
            let error = driver.create(&request(begun), &*api).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::AlreadyExists);
            api.assert_finished();
        }
    }
    // The call was never made: nothing is asked.
    let api = JournaledApi::new([]);
    let found = Key::new(Arc::<JournaledApi>::clone(&api)).find(&request(None)).await.unwrap();
    assert_eq!(found, Found::Absent);
}
