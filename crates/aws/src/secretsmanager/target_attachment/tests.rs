//! Attachments go through the conformance suite, and what they write is what the services describe; of
//! the value nothing is shown.

use rstack_driver::calls::Calls;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{Cloud, NoEffects, Removal, Request, ResourceDriver};
use rstack_model::{Region, StackName};
use serde_json::json;

use super::*;
use crate::AwsCloud;
use crate::test::fake::secrets::current;
use crate::test::fake::{FakeServices, REGION};
use crate::test::scripted_api::known;

const TYPE: &str = "AWS::SecretsManager::SecretTargetAttachment";
const PASSWORD: &str = "hunter2-of-the-shop";

fn request(properties: Value) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        properties: known(properties),
        absence_proven: false,
        begun: None,
    }
}

fn attachment(kind: &str, id: &str) -> Value {
    json!({"SecretId": "db", "TargetType": kind, "TargetId": id})
}

/// An account with the secret `db`, which has this value.
async fn account(value: &str) -> (FakeServices, AwsCloud) {
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let secrets = cloud.driver(&"AWS::SecretsManager::Secret".into()).unwrap();
    let secret = request(json!({"Name": "db", "SecretString": value}));
    let secret = CreateRequest { token: "11111111-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(), ..secret };
    secrets.begin(&Request::Create(secret), &NoEffects).await.unwrap();
    (services, cloud)
}

fn login() -> String {
    json!({"username": "shop", "password": PASSWORD, "masterarn": "arn:x", "dbname": "own"})
        .to_string()
}

/// The entries of the secret `db`.
fn entries(services: &FakeServices) -> Value {
    let account = services.account();
    let secret = &account.inventory()["AWS::SecretsManager::Secret"][0];
    let secret = account.secret(secret).unwrap();
    serde_json::from_str(current(secret).unwrap()).unwrap()
}

async fn removed(driver: &(dyn ResourceDriver + 'static), made: &Object, prior: Value) {
    let request = DeleteRequest {
        identifier: made.identifier.clone(),
        token: "T9".into(),
        prior: known(prior),
        removal: Removal::Recoverable,
    };
    driver.delete(&request).await.unwrap();
}

#[tokio::test]
async fn it_passes_the_conformance_suite() {
    let (services, cloud) = account(&login()).await;
    let before = entries(&services);
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(attachment("AWS::RDS::DBInstance", "Shop-One")),
        change: Some(known(attachment("AWS::RDS::DBCluster", "shop-two"))),
        unread: Vec::new(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3b".into(),
        missing: "arn:aws:secretsmanager:eu-west-1:1:secret:nothing-AbCdEf".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    // The name of the database went with the cluster, which had one.
    let mut after = before.clone();
    after.as_object_mut().unwrap().remove("dbname");
    assert_eq!(entries(&services), after);
}

#[tokio::test]
async fn every_kind_of_target_is_written_and_taken_back() {
    let arn = "arn:aws:docdb-elastic:eu-west-1:111122223333:cluster/x";
    let mut login: Value = serde_json::from_str(&login()).unwrap();
    login.as_object_mut().unwrap().remove("dbname");
    for (kind, id, written) in [
        (
            "AWS::RDS::DBInstance",
            "Shop",
            json!({"engine": "sqlserver", "host": "Shop.abc.eu-west-1.rds.amazonaws.com",
                   "port": 1433, "dbInstanceIdentifier": "shop"}),
        ),
        (
            "AWS::DocDB::DBCluster",
            "shop",
            json!({"engine": "postgres", "host": "shop.abc.eu-west-1.rds.amazonaws.com",
                   "port": 5432, "dbname": "shop", "dbClusterIdentifier": "shop"}),
        ),
        (
            "AWS::Redshift::Cluster",
            "dwh",
            json!({"engine": "redshift", "host": "dwh.abc.eu-west-1.redshift.amazonaws.com",
                   "port": 5439, "dbname": "dev", "dbClusterIdentifier": "dwh"}),
        ),
        (
            "AWS::RedshiftServerless::Namespace",
            "sales",
            json!({"engine": "redshift", "host": "own.redshift-serverless.amazonaws.com",
                   "port": 5440, "dbname": "dev", "namespaceName": "sales"}),
        ),
        (
            "AWS::DocDBElastic::Cluster",
            arn,
            json!({"engine": "mongo", "host": "x.docdb-elastic.amazonaws.com", "port": 27017}),
        ),
    ] {
        let (services, cloud) = account(&login.to_string()).await;
        let driver = cloud.driver(&TYPE.into()).unwrap();
        let made = driver.create(&request(attachment(kind, id))).await.unwrap();
        let mut expected = login.clone();
        expected.as_object_mut().unwrap().extend(written.as_object().unwrap().clone());
        assert_eq!(entries(&services), expected, "{kind}");
        let read = driver.read(&made.identifier, &known(attachment(kind, id))).await.unwrap();
        let Observed::Present(object) = read else { panic!("{kind}: it is absent") };
        assert_eq!(object.properties, known(attachment(kind, id)), "{kind}");
        assert!(!format!("{object:?}").contains(PASSWORD));
        removed(driver.as_ref(), &made, attachment(kind, id)).await;
        assert_eq!(entries(&services), login, "{kind}");
    }
}

/// Nothing of the value is shown where it differs: the target is not, and an update writes it again.
#[tokio::test]
async fn other_entries_than_those_of_the_target_are_drift() {
    let wanted = attachment("AWS::RDS::DBInstance", "shop");
    for (value, present) in [
        (json!({"password": PASSWORD, "host": "elsewhere", "port": 1}), true),
        (json!({"password": PASSWORD}), false),
        (json!("no object"), false),
    ] {
        let (services, cloud) = account(&value.to_string()).await;
        let driver = cloud.driver(&TYPE.into()).unwrap();
        let arn = services.account().inventory()["AWS::SecretsManager::Secret"][0].clone();
        let identifier = Identifier::from(arn.as_str());
        match driver.read(&identifier, &known(wanted.clone())).await.unwrap() {
            Observed::Present(object) => {
                assert!(present);
                assert_eq!(object.properties, known(json!({"SecretId": "db"})));
            }
            Observed::Absent => assert!(!present, "{value}"),
        }
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_attached_is_reported_without_its_value() {
    let theirs = json!({"password": PASSWORD, "dbInstanceIdentifier": "theirs"}).to_string();
    let target = |id: &str| attachment("AWS::RDS::DBInstance", id);
    let proxy = attachment("AWS::RDS::DBProxy", "p");
    for (value, properties, retryable, says) in [
        (theirs.as_str(), target("ours"), false, "is attached to another target already"),
        (PASSWORD, target("ours"), false, "is no JSON object"),
        ("{}", target("gone"), true, "the target does not exist"),
        ("{}", target("young"), true, "has no address yet"),
        ("{}", proxy, false, "is `AWS::RDS::DBProxy`, not one of `AWS::DocDB::DBCluster`"),
    ] {
        let (services, cloud) = account(value).await;
        let driver = cloud.driver(&TYPE.into()).unwrap();
        let error = driver.create(&request(properties)).await.unwrap_err();
        assert!(error.message.contains(says), "{error}");
        assert_eq!(error.is_retryable(), retryable, "{error}");
        assert!(!error.message.contains("hunter2") && !error.message.contains("theirs"), "{error}");
        assert_eq!(services.account().values, 1);
    }
}
