//! The driver against a scripted service, the mapping of every property, and the conformance suite over HTTP.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, ErrorKind, Finish, Found, NoEffects, Observed,
    OperationKind, Poll, Removal, Request, ResourceDriver, Step, UpdateRequest,
};
use rstack_model::{Cursor, KnownMap, KnownValue, Region, StackName};
use serde_json::{Value, json};

use super::{Cluster, TYPE};
use crate::AwsCloud;
use crate::api::Api;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure};
use crate::test::scripted_api::known;

const TOKEN: &str = "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a";
const ID: &str = "j-1";

fn driver(answers: Vec<(&'static str, Answer)>) -> (Arc<JournaledApi>, Cluster) {
    let script = JournaledApi::of(answers);
    let api: Arc<dyn Api> = script.clone();
    (script, Cluster::new(api))
}

fn answer(value: Value) -> Answer {
    Ok(known(value))
}

fn declared(instances: Value, more: Value) -> Value {
    let mut all = json!({
        "Name": "c", "ServiceRole": "s", "JobFlowRole": "p", "ReleaseLabel": "emr-7.0.0",
        "Instances": instances,
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn creation(properties: Value) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Cluster".into(),
        token: TOKEN.into(),
        properties: known(properties),
    }
}

fn change(prior: Value, properties: Value) -> Request {
    Request::Update(UpdateRequest {
        identifier: ID.into(),
        token: "TOKEN2".into(),
        prior: known(prior),
        properties: known(properties),
    })
}

fn described(state: &str, more: Value) -> (&'static str, Answer) {
    let mut cluster = json!({
        "Id": ID, "Name": "c", "Status": {"State": state}, "ReleaseLabel": "emr-7.0.0",
        "Ec2InstanceAttributes": {"IamInstanceProfile": "p"}, "ServiceRole": "s",
        "TerminationProtected": false, "VisibleToAllUsers": false, "StepConcurrencyLevel": 1,
        "Tags": [{"Key": "rstack:operation", "Value": TOKEN}],
    });
    cluster.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ("DescribeCluster", answer(json!({"Cluster": cluster})))
}

fn groups(groups: Value) -> (&'static str, Answer) {
    ("ListInstanceGroups", answer(json!({"InstanceGroups": groups})))
}

fn group(id: &str, role: &str, kind: &str, count: i64) -> Value {
    json!({
        "Id": id, "InstanceGroupType": role, "InstanceType": kind, "RequestedInstanceCount": count,
        "Status": {"State": "RUNNING"},
    })
}

#[tokio::test]
async fn a_cluster_is_made_once_it_is_certain_that_it_was_not() {
    let listed = answer(json!({"Clusters": [
        {"Id": "j-0", "Name": "other"}, {"Id": ID, "Name": "c"},
    ]}));
    let theirs = described("RUNNING", json!({"Tags": []}));
    let (script, driver) = driver(vec![
        ("ListClusters", listed),
        theirs,
        ("RunJobFlow", answer(json!({"JobFlowId": "j-2"}))),
    ]);
    let instances = json!({
        "MasterInstanceGroup": {"InstanceType": "m5.xlarge", "InstanceCount": "1"},
        "TaskInstanceGroups": [{"InstanceType": "m5.large", "InstanceCount": 2}],
        "TerminationProtected": "true",
    });
    let more = json!({
        "AdditionalInfo": {"a": 1},
        "Steps": [{"Name": "s", "HadoopJarStep": {"Jar": "j", "StepProperties": [{"Key": "k", "Value": "v"}]}}],
        "Configurations": [{"Classification": "x", "ConfigurationProperties": {"k": "v"}}],
    });
    let request = Request::Create(creation(declared(instances, more)));
    let Step::Pending(pending) = driver.begin(&request, script.as_ref()).await.unwrap() else {
        panic!("a cluster takes minutes");
    };
    assert_eq!(pending.object.unwrap().physical_id.as_str(), "j-2");
    assert_eq!(
        script.input(2),
        known(json!({
            "Name": "c", "ServiceRole": "s", "JobFlowRole": "p", "ReleaseLabel": "emr-7.0.0",
            "VisibleToAllUsers": false, "AdditionalInfo": "{\"a\":1}",
            "Steps": [{"Name": "s", "HadoopJarStep": {"Jar": "j", "Properties": [{"Key": "k", "Value": "v"}]}}],
            "Configurations": [{"Classification": "x", "Properties": {"k": "v"}}],
            "Instances": {
                "TerminationProtected": true,
                "InstanceGroups": [
                    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
                    {"InstanceRole": "TASK", "InstanceType": "m5.large", "InstanceCount": 2},
                ],
            },
            "Tags": [{"Key": "rstack:operation", "Value": TOKEN}],
        }))
    );
    script.assert_finished();
}

#[tokio::test]
async fn a_cluster_is_ours_by_its_token() {
    let find = async |tags: Value| {
        let listed = answer(json!({"Clusters": [{"Id": ID, "Name": "c"}]}));
        let (_, driver) = driver(vec![("ListClusters", listed), described("STARTING", tags)]);
        driver.find(&creation(declared(json!({}), json!({})))).await.unwrap()
    };
    assert!(matches!(find(json!({})).await, Found::Ours(_)));
    assert_eq!(find(json!({"Tags": []})).await, Found::Absent);
}

#[tokio::test]
async fn a_terminated_cluster_is_gone_and_one_that_fails_says_why() {
    let read = async |answer| {
        let (_, driver) = driver(vec![answer]);
        driver.read(&ID.into(), &KnownMap::new()).await
    };
    assert_eq!(read(described("TERMINATED", json!({}))).await.unwrap(), Observed::Absent);
    let mut error =
        failure(ErrorKind::Invalid { property: None }, "InvalidRequestException").unwrap_err();
    error.message = "Cluster id 'j-1' is not valid.".to_owned();
    assert_eq!(read(("DescribeCluster", Err(error))).await.unwrap(), Observed::Absent);
    let why = json!({"Status": {"State": "TERMINATED_WITH_ERRORS", "StateChangeReason": {
        "Code": "BOOTSTRAP_FAILURE", "Message": "the script failed",
    }}});
    let (_, driver) = driver(vec![described("", why)]);
    let poll = Poll {
        kind: OperationKind::Create,
        cursor: Cursor::from("settle"),
        identifier: Some(ID.into()),
        token: TOKEN.into(),
        declared: KnownMap::new(),
    };
    let error = driver.poll(&poll).await.unwrap_err();
    assert!(error.message.contains("BOOTSTRAP_FAILURE: the script failed"), "{error}");
}

#[tokio::test]
async fn groups_are_resized_added_and_emptied() {
    let sized = |core: i64, task: Value| {
        declared(
            json!({
                "MasterInstanceGroup": {"InstanceType": "m", "InstanceCount": 1},
                "CoreInstanceGroup": {"InstanceType": "m", "InstanceCount": core},
                "TaskInstanceGroups": task, "TerminationProtected": core == 3,
            }),
            json!({}),
        )
    };
    let one = |kind: &str| json!([{"InstanceType": kind, "InstanceCount": 2}]);
    let found = json!([
        group("ig-3", "TASK", "t1", 2),
        group("ig-1", "MASTER", "m", 1),
        group("ig-2", "CORE", "m", 2),
    ]);
    let (script, driver) = driver(vec![
        described("WAITING", json!({})),
        ("SetTerminationProtection", done()),
        groups(found.clone()),
        ("ModifyInstanceGroups", done()),
        ("AddInstanceGroups", done()),
        ("ModifyInstanceGroups", done()),
    ]);
    driver.begin(&change(sized(2, one("t1")), sized(3, one("t2"))), &NoEffects).await.unwrap();
    script.assert_finished();
    let modified = |at: usize| script.input(at)["InstanceGroups"].clone();
    let list = |value: Value| known(json!({"l": value}))["l"].clone();
    assert_eq!(modified(3), list(json!([{"InstanceGroupId": "ig-2", "InstanceCount": 3}])));
    let added = json!([{"InstanceRole": "TASK", "InstanceType": "t2", "InstanceCount": 2}]);
    assert_eq!(modified(4), list(added));
    assert_eq!(modified(5), list(json!([{"InstanceGroupId": "ig-3", "InstanceCount": 0}])));

    // The size that others gave it is shown, but not one that a policy sets.
    let read = async |more: Value| {
        let wanted = known(json!({"Instances": sized(2, json!([]))["Instances"]}));
        let mut wanted = wanted;
        wanted.extend(known(more.clone()));
        let mut answers = vec![described("WAITING", json!({}))];
        if more.get("ManagedScalingPolicy").is_some() {
            answers.push(("GetManagedScalingPolicy", answer(json!({}))));
        }
        answers.push(groups(json!([group("ig-2", "CORE", "m", 7)])));
        let (_, driver) = self::driver(answers);
        let Observed::Present(object) = driver.read(&ID.into(), &wanted).await.unwrap() else {
            panic!("it is there");
        };
        let core = object.properties["Instances"].get("CoreInstanceGroup").unwrap().clone();
        core.get("InstanceCount").cloned()
    };
    assert_eq!(read(json!({})).await, Some(KnownValue::from(7)));
    assert_eq!(read(json!({"ManagedScalingPolicy": {}})).await, Some(KnownValue::from(2)));
}

#[tokio::test]
async fn a_protected_cluster_is_not_terminated() {
    let protected = || described("WAITING", json!({"TerminationProtected": true}));
    let (_, driver) = driver(vec![protected(), protected()]);
    let why = driver.hindrance(&ID.into()).await.unwrap().unwrap();
    assert!(why.contains("Instances.TerminationProtected"), "{why}");
    let delete = Request::Delete(DeleteRequest {
        identifier: ID.into(),
        token: TOKEN.into(),
        prior: KnownMap::new(),
        removal: Removal::Recoverable,
    });
    let error: DriverError = driver.begin(&delete, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    let (script, driver) = self::driver(vec![
        described("WAITING", json!({})),
        ("TerminateJobFlows", done()),
        described("TERMINATED", json!({})),
    ]);
    driver.begin(&delete, &NoEffects).await.unwrap();
    let again = driver.begin(&delete, &NoEffects).await.unwrap();
    assert_eq!(again, Step::Done(Finish::Gone));
    script.assert_finished();
}

#[tokio::test]
async fn clusters_pass_the_conformance_suite() {
    let sample = |round: &str, capacity: i64| {
        declared(
            json!({
                "KeepJobFlowAliveWhenNoSteps": true, "Ec2SubnetIds": ["subnet-1"],
                "MasterInstanceFleet": {
                    "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
                },
                "CoreInstanceFleet": {
                    "Name": "core", "TargetSpotCapacity": capacity,
                    "InstanceTypeConfigs": [{
                        "InstanceType": "m5.xlarge", "BidPriceAsPercentageOfOnDemandPrice": 50,
                        "EbsConfiguration": {"EbsBlockDeviceConfigs": [
                            {"VolumeSpecification": {"SizeInGB": 10, "VolumeType": "gp3"}},
                        ]},
                    }],
                    "LaunchSpecifications": {"SpotSpecification": {
                        "TimeoutAction": "TERMINATE_CLUSTER", "TimeoutDurationMinutes": 10,
                    }},
                    "ResizeSpecifications": {"SpotResizeSpecification": {"TimeoutDurationMinutes": capacity}},
                },
            }),
            json!({
                "AutoScalingRole": "a", "LogUri": "s3://logs", "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
                "BootstrapActions": [{"Name": "b", "ScriptBootstrapAction": {"Path": "s3://x", "Args": ["1"]}}],
                "PlacementGroupConfigs": [{"InstanceRole": "MASTER", "PlacementStrategy": "SPREAD"}],
                "StepConcurrencyLevel": capacity, "VisibleToAllUsers": true,
                "AutoTerminationPolicy": {"IdleTimeout": 60 * capacity},
                "ManagedScalingPolicy": {"ComputeLimits": {
                    "UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": capacity,
                }},
                "EbsRootVolumeSize": 20, "OSReleaseLabel": "2023", "CustomAmiId": "ami-1",
                "KerberosAttributes": {"Realm": "R", "KdcAdminPassword": "Plain-1", "ADDomainJoinUser": "u"},
                "AdditionalInfo": {"a": "b"}, "Tags": [{"Key": "round", "Value": round}],
            }),
        )
    };
    let services = FakeServices::default();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: TYPE.into(),
        stack: StackName::parse("Live").unwrap(),
        change: Some(known(sample("two", 4))),
        create: known(sample("one", 2)),
        unread: vec!["AdditionalInfo".to_owned(), "KerberosAttributes".to_owned()],
        token: TOKEN.into(),
        missing: "j-NOTHING".into(),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{broken:?}");
    }
    assert!(services.account().inventory().is_empty());
}
