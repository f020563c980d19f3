//! Types that are not policies go through the conformance suite of drivers, over HTTP.

use rstack_driver::conformance::{Sample, check};
use rstack_model::{Region, StackName, Token};
use serde_json::{Value, json};

use super::support::TOKEN;
use crate::AwsCloud;
use crate::test::fake::{ACCOUNT, FakeServices, REGION};
use crate::test::scripted_api::known;

/// A type, an object of it before and after a change, and an identifier of none.
fn samples() -> [(&'static str, Value, Value, String); 5] {
    let identity =
        |comment: &str| json!({"CloudFrontOriginAccessIdentityConfig": {"Comment": comment}});
    let key = |comment: &str| {
        let key = json!({
            "Name": "k", "CallerReference": "k", "EncodedKey": "MIIB", "Comment": comment,
        });
        json!({"PublicKeyConfig": key})
    };
    let group =
        |comment: &str| json!({"KeyGroupConfig": {"Name": "g", "Items": [], "Comment": comment}});
    let log = |rate: u8| {
        let stream = json!({"RoleArn": "arn:r", "StreamArn": "arn:s"});
        json!({
            "Name": "l", "SamplingRate": rate, "Fields": ["timestamp", "c-ip"],
            "EndPoints": [{"StreamType": "Kinesis", "KinesisStreamConfig": stream}],
        })
    };
    let store = |comment: &str, tag: &str| {
        let import = json!({"SourceType": "S3", "SourceArn": "arn:aws:s3:::b/k"});
        json!({
            "Name": "s", "Comment": comment, "ImportSource": import,
            "Tags": [{"Key": tag, "Value": "v"}],
        })
    };
    let nothing = || "E0NOTHING".to_owned();
    let arn = format!("arn:aws:cloudfront::{ACCOUNT}:realtime-log-config/none");
    [
        ("CloudFrontOriginAccessIdentity", identity("a"), identity("b"), nothing()),
        ("PublicKey", key("a"), key("b"), nothing()),
        ("KeyGroup", group("a"), group("b"), nothing()),
        ("RealtimeLogConfig", log(1), log(100), arn),
        ("KeyValueStore", store("a", "x"), store("b", "y"), "nothing".to_owned()),
    ]
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    for (name, create, change, missing) in samples() {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: format!("AWS::CloudFront::{name}").as_str().into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(create),
            change: Some(known(change)),
            unread: vec!["ImportSource".to_owned()],
            token: Token::new(TOKEN),
            missing: missing.as_str().into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
        assert!(services.account().inventory().is_empty(), "{name}");
    }
}
