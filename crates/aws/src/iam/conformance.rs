//! Users, groups and instance profiles go through the conformance suite of drivers, over HTTP.

use rstack_driver::conformance::{Sample, check};
use rstack_model::{Region, StackName};
use serde_json::{Value, json};

use crate::AwsCloud;
use crate::test::fake::{FakeServices, REGION};
use crate::test::scripted_api::known;

/// A type, and an object of it before and after a change.
fn samples() -> [(&'static str, Value, Value); 3] {
    let policy = |action: &str| {
        let statement = json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]);
        json!([{"PolicyName": "p", "PolicyDocument": {"Statement": statement}}])
    };
    let managed = ["arn:aws:iam::aws:policy/ReadOnlyAccess"];
    [
        (
            "Group",
            json!({"GroupName": "g", "Path": "/a/", "Policies": policy("s3:Get*")}),
            json!({
                "GroupName": "g", "Path": "/b/", "Policies": policy("s3:*"),
                "ManagedPolicyArns": managed,
            }),
        ),
        (
            "InstanceProfile",
            json!({"InstanceProfileName": "p", "Path": "/a/", "Roles": []}),
            json!({"InstanceProfileName": "p", "Path": "/a/", "Roles": []}),
        ),
        (
            "User",
            json!({
                "UserName": "u", "Path": "/a/", "Policies": policy("s3:Get*"),
                "PermissionsBoundary": managed[0], "Tags": [{"Key": "a", "Value": "b"}],
                "LoginProfile": {"Password": "Plain-1234", "PasswordResetRequired": false},
            }),
            json!({
                "UserName": "u", "Path": "/b/", "Policies": policy("s3:*"),
                "ManagedPolicyArns": managed, "Tags": [{"Key": "c", "Value": "d"}],
                "LoginProfile": {"Password": "Plain-5678", "PasswordResetRequired": true},
            }),
        ),
    ]
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    for (name, create, change) in samples() {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: format!("AWS::IAM::{name}").as_str().into(),
            stack: StackName::parse("Live").unwrap(),
            change: (change != create).then(|| known(change)),
            create: known(create),
            unread: vec!["LoginProfile".to_owned()],
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: "nothing".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
        assert!(services.account().inventory().is_empty(), "{name}");
    }
}
