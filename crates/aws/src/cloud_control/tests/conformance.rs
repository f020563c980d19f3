//! The conformance suite, over HTTP, for types of every kind.

use rstack_driver::conformance::{Sample, check};
use rstack_model::{Identifier, Region, StackName};
use serde_json::{Value, json};

use crate::AwsCloud;
use crate::test::fake::{FakeServices as Services, REGION};
use crate::test::scripted_api::known;

/// Types whose identifier the service chooses, the template chooses, or both; with write-only
/// properties; that cannot be updated.
fn samples() -> Vec<(&'static str, Value, Option<Value>, &'static [&'static str])> {
    let db = |size: &str| {
        json!({
            "DBInstanceIdentifier": "db", "DBInstanceClass": "db.t3.micro", "Engine": "mysql",
            "AllocatedStorage": size, "MasterUsername": "admin", "MasterUserPassword": "hunter2",
        })
    };
    vec![
        (
            "AWS::NetworkManager::GlobalNetwork",
            json!({"Description": "a"}),
            Some(json!({"Description": "b"})),
            &[],
        ),
        (
            "AWS::AppConfig::Application",
            json!({"Name": "a", "Description": "one"}),
            Some(json!({"Name": "a", "Tags": [{"Key": "k", "Value": "v"}]})),
            &[],
        ),
        (
            "AWS::Kinesis::Stream",
            json!({"Name": "s", "RetentionPeriodHours": 24}),
            Some(json!({"Name": "s", "RetentionPeriodHours": "48"})),
            &[],
        ),
        (
            "AWS::Cognito::UserPoolGroup",
            json!({"UserPoolId": "eu_a", "GroupName": "s", "Description": "one"}),
            Some(json!({"UserPoolId": "eu_a", "GroupName": "s"})),
            &[],
        ),
        ("AWS::RDS::DBInstance", db("20"), Some(db("30")), &["MasterUserPassword"]),
        ("AWS::EC2::EIP", json!({"Domain": "vpc"}), None, &[]),
    ]
}

#[tokio::test]
async fn types_without_a_driver_of_their_own_conform() {
    for (type_name, create, change, unread) in samples() {
        let services = Services::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let parts = rstack_catalog::Registry::embedded().get(type_name).unwrap().unwrap();
        let parts = parts.primary_identifier().iter().map(|_| "missing".to_owned());
        let sample = Sample {
            resource_type: type_name.into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(create),
            change: change.map(known),
            unread: unread.iter().map(|name| (*name).to_owned()).collect(),
            token: "11111111-2222-4333-8444-555555555555".into(),
            missing: Identifier::new(parts),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{type_name}: {broken:?}");
        }
        assert!(services.account().inventory().is_empty(), "{type_name}");
    }
}
