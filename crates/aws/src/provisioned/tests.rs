//! The drivers against scripted services, what operations take beside what the registry says, and the
//! conformance suite over HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rstack_catalog::Registry;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DriverError, ErrorKind, Finish, Found, NoEffects, Object, Observed,
    OperationKind, Pending, Poll, Request, ResourceDriver, Step, UpdateRequest,
};
use rstack_model::{Cursor, KnownMap, PropertyPath, Region, StackName, UpdateKind};
use serde_json::{Value, json};

use super::dax::Cluster;
use super::docdb::DbCluster;
use super::docdb_instance::DbInstance;
use super::driver::Provisioned;
use super::kind::Kind;
use super::replication_instance::ReplicationInstance;
use crate::AwsCloud;
use crate::api::Api;
use crate::model::{ServiceModel, Shape};
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone};
use crate::test::scripted_api::known;

const TOKEN: &str = "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a";
const ARN: &str = "arn:aws:rds:eu-west-1:111122223333:cluster:documents";

fn driver<K: Kind>(answers: Vec<(&'static str, Answer)>) -> (Arc<JournaledApi>, Provisioned<K>) {
    let script = JournaledApi::of(answers);
    let api: Arc<dyn Api> = script.clone();
    (script, Provisioned::new(api))
}

fn creation(properties: Value) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Documents".into(),
        token: TOKEN.into(),
        properties: known(properties),
    }
}

fn change(id: &str, prior: Value, properties: Value) -> Request {
    Request::Update(UpdateRequest {
        identifier: id.into(),
        token: "TOKEN2".into(),
        prior: known(prior),
        properties: known(properties),
    })
}

fn answer(value: Value) -> Answer {
    Ok(known(value))
}

/// A cluster as the service describes it, with more members.
fn cluster(status: &str, more: Value) -> Value {
    let mut cluster = json!({
        "DBClusterIdentifier": "documents", "DBClusterArn": ARN, "Status": status, "Port": 27017,
        "EngineVersion": "5.0.0", "BackupRetentionPeriod": 1, "StorageEncrypted": true,
        "Endpoint": "documents.cluster-x.docdb.amazonaws.com",
        "ReaderEndpoint": "documents.cluster-ro-x.docdb.amazonaws.com",
        "DbClusterResourceId": "cluster-ABC",
    });
    cluster.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    cluster
}

fn clusters(status: &str, more: Value) -> (&'static str, Answer) {
    ("DescribeDBClusters", answer(json!({"DBClusters": [cluster(status, more)]})))
}

fn tagged(tags: Value) -> (&'static str, Answer) {
    ("ListTagsForResource", answer(json!({"TagList": tags})))
}

fn own() -> Value {
    json!([{"Key": "rstack:operation", "Value": TOKEN}])
}

/// The step of an operation that goes on.
#[track_caller]
fn pending(step: Result<Step, DriverError>) -> Pending {
    match step.unwrap() {
        Step::Pending(pending) => pending,
        Step::Done(finish) => panic!("{finish:?}"),
    }
}

/// The object of an operation that is complete.
#[track_caller]
fn finished(step: Result<Step, DriverError>) -> Object {
    match step.unwrap() {
        Step::Done(Finish::Object(object)) => *object,
        other => panic!("{other:?}"),
    }
}

fn poll(kind: OperationKind, id: &str, cursor: &Cursor, declared: Value) -> Poll {
    Poll {
        kind,
        cursor: cursor.clone(),
        identifier: Some(id.into()),
        token: TOKEN.into(),
        declared: known(declared),
    }
}

#[tokio::test]
async fn a_cluster_is_made_and_has_its_attributes_when_it_is_available() {
    let declared =
        json!({"DBClusterIdentifier": "Documents", "EngineVersion": "5.0", "Port": "27017"});
    let made = answer(json!({"DBCluster": cluster("creating", json!({}))}));
    let (script, driver) = driver::<DbCluster>(vec![
        ("CreateDBCluster", made),
        clusters("creating", json!({})),
        tagged(own()),
        clusters("available", json!({})),
        tagged(own()),
    ]);
    let step = driver.begin(&Request::Create(creation(declared.clone())), script.as_ref()).await;
    let begun = pending(step);
    assert!(!begun.usable && begun.repeatable);
    let id = begun.object.unwrap().physical_id;
    assert_eq!(id.as_str(), "documents");
    let question = poll(OperationKind::Create, id.as_str(), &begun.cursor, declared.clone());
    assert!(pending(driver.poll(&question).await).waits_for.contains("which is creating"));
    let object = finished(driver.poll(&question).await);
    assert_eq!(object.properties["DBClusterIdentifier"], "Documents".into());
    assert_eq!(object.properties["EngineVersion"], "5.0".into());
    assert_eq!(
        object.attributes["ReadEndpoint"],
        "documents.cluster-ro-x.docdb.amazonaws.com".into()
    );
    assert_eq!(object.attributes["Port"], "27017".into());
    script.assert_calls_start(&[
        "CreateDBCluster {\"DBClusterIdentifier\":\"Documents\",\"Engine\":\"docdb\",\"EngineVersion\":\"5.0\"",
        "effect documents",
        "DescribeDBClusters",
        "ListTagsForResource",
        "DescribeDBClusters",
        "ListTagsForResource",
    ]);
}

#[tokio::test]
async fn a_restored_cluster_is_given_the_rest_when_it_is_available_and_no_password() {
    let declared = json!({
        "DBClusterIdentifier": "documents", "SnapshotIdentifier": "before", "BackupRetentionPeriod": 5,
    });
    let made = answer(json!({"DBCluster": cluster("creating", json!({}))}));
    let (script, driver) = driver::<DbCluster>(vec![
        ("RestoreDBClusterFromSnapshot", made),
        clusters("available", json!({})),
        tagged(own()),
        ("ModifyDBCluster", done()),
        clusters("available", json!({"BackupRetentionPeriod": 5})),
        tagged(own()),
    ]);
    let request = Request::Create(creation(declared.clone()));
    let begun = pending(driver.begin(&request, script.as_ref()).await);
    let question =
        |cursor: &Cursor| poll(OperationKind::Create, "documents", cursor, declared.clone());
    let next = pending(driver.poll(&question(&begun.cursor)).await);
    assert_ne!(next.cursor, begun.cursor);
    finished(driver.poll(&question(&next.cursor)).await);
    let sent = script.input(0);
    assert!(!sent.contains_key("BackupRetentionPeriod") && sent.contains_key("SnapshotIdentifier"));
    assert_eq!(
        script.input(3),
        known(json!({
            "DBClusterIdentifier": "documents", "ApplyImmediately": true, "BackupRetentionPeriod": 5,
        }))
    );
    script.assert_finished();
    let with =
        json!({"DBClusterIdentifier": "d", "SnapshotIdentifier": "s", "MasterUserPassword": "p"});
    let error = driver.begin(&Request::Create(creation(with)), &NoEffects).await.unwrap_err();
    let property = Some(PropertyPath::root().name("MasterUserPassword"));
    assert_eq!(error.kind, ErrorKind::Invalid { property });
}

#[tokio::test]
async fn an_update_says_what_differs_and_takes_back_what_is_declared_no_longer() {
    let prior = json!({
        "DBClusterIdentifier": "documents", "BackupRetentionPeriod": 7, "MasterUserPassword": "",
        "EnableCloudwatchLogsExports": ["audit"], "PreferredMaintenanceWindow": "Mon:04:00-Mon:04:30",
        "VpcSecurityGroupIds": ["sg-1", "sg-2"], "KmsKeyId": "alias/mine",
    });
    let shown = json!({
        "BackupRetentionPeriod": 7, "EnabledCloudwatchLogsExports": ["audit", "other"],
        "PreferredMaintenanceWindow": "mon:04:00-mon:04:30",
        "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234",
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": "sg-2", "Status": "active"},
            {"VpcSecurityGroupId": "sg-1", "Status": "active"},
        ],
    });
    let (script, driver) = driver::<DbCluster>(vec![
        clusters("available", shown.clone()),
        tagged(own()),
        ("ModifyDBCluster", done()),
        clusters("modifying", shown.clone()),
        tagged(own()),
    ]);
    let mut properties = prior.clone();
    let map = properties.as_object_mut().unwrap();
    map.remove("BackupRetentionPeriod");
    map.insert("EnableCloudwatchLogsExports".to_owned(), json!(["profiler"]));
    map.insert("MasterUserPassword".to_owned(), json!("new"));
    pending(driver.begin(&change("documents", prior.clone(), properties), &NoEffects).await);
    assert_eq!(
        script.input(2),
        known(json!({
            "DBClusterIdentifier": "documents", "ApplyImmediately": true, "BackupRetentionPeriod": 1,
            "MasterUserPassword": "new",
            "CloudwatchLogsExportConfiguration": {
                "EnableLogTypes": ["profiler"], "DisableLogTypes": ["audit", "other"],
            },
        }))
    );
    script.assert_finished();
    let (script, driver) =
        self::driver::<DbCluster>(vec![clusters("available", shown), tagged(own())]);
    let mut same = prior.clone();
    same["EnableCloudwatchLogsExports"] = json!(["other", "audit"]);
    pending(driver.begin(&change("documents", prior, same), &NoEffects).await);
    script.assert_finished();
}

#[tokio::test]
async fn a_busy_cluster_is_changed_later() {
    let answers = || {
        vec![
            clusters("backing-up", json!({"BackupRetentionPeriod": 5})),
            tagged(own()),
            ("ModifyDBCluster", failure(ErrorKind::Conflict, "InvalidDBClusterStateFault")),
        ]
    };
    let prior = json!({"DBClusterIdentifier": "documents"});
    let retained = json!({"DBClusterIdentifier": "documents", "BackupRetentionPeriod": 3});
    let (script, driver) = driver::<DbCluster>(answers());
    let step =
        driver.begin(&change("documents", prior.clone(), retained.clone()), &NoEffects).await;
    let waits = pending(step);
    assert!(waits.cursor.as_str().starts_with("complete"), "{waits:?}");
    script.assert_finished();
    // What is not known later is sent again by the same request.
    let (script, driver) = self::driver::<DbCluster>(answers());
    let step = driver.begin(&change("documents", retained, prior), &NoEffects).await;
    let error = step.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    assert_eq!(error.retry_after, Some(Duration::from_secs(30)));
    script.assert_finished();
}

#[tokio::test]
async fn an_object_is_ours_by_its_token_alone() {
    let find = async |answers| {
        let (_, driver) = driver::<DbCluster>(answers);
        driver.find(&creation(json!({"DBClusterIdentifier": "Documents"}))).await.unwrap()
    };
    let there = || clusters("creating", json!({}));
    assert!(matches!(find(vec![there(), tagged(own())]).await, Found::Ours(_)));
    assert!(matches!(find(vec![there(), tagged(json!([]))]).await, Found::Ambiguous { .. }));
    assert_eq!(find(vec![("DescribeDBClusters", gone())]).await, Found::Absent);
}

#[tokio::test]
async fn what_a_service_accepted_is_shown_before_it_is_done() {
    let instance = json!({
        "DBInstanceIdentifier": "node", "DBInstanceArn": "arn", "DBInstanceStatus": "modifying",
        "DBInstanceClass": "db.r5.large", "PendingModifiedValues": {"DBInstanceClass": "db.r5.xlarge"},
        "Endpoint": {"Address": "node.x", "Port": 27017}, "PerformanceInsightsEnabled": true,
    });
    let (_, driver) = driver::<DbInstance>(vec![
        ("DescribeDBInstances", answer(json!({"DBInstances": [instance]}))),
        tagged(json!([])),
    ]);
    let read = driver.read(&"node".into(), &KnownMap::new()).await.unwrap();
    let Observed::Present(object) = read else { panic!("it is there") };
    assert_eq!(object.properties["DBInstanceClass"], "db.r5.xlarge".into());
    assert_eq!(object.properties["EnablePerformanceInsights"], true.into());
    assert_eq!(
        object.attributes,
        known(json!({"Endpoint": "node.x", "Port": "27017", "Id": "node"}))
    );
}

/// A cluster of DAX with nodes in these zones.
fn cache(status: &str, zones: &[&str], description: &str) -> (&'static str, Answer) {
    let node =
        |(at, zone): (usize, &&str)| json!({"NodeId": format!("n{at}"), "AvailabilityZone": zone});
    let nodes: Vec<Value> = zones.iter().enumerate().map(node).collect();
    let cluster = json!({
        "ClusterName": "cache", "ClusterArn": "arn", "Status": status, "TotalNodes": zones.len(),
        "Nodes": nodes, "Description": description,
    });
    ("DescribeClusters", answer(json!({"Clusters": [cluster]})))
}

#[tokio::test]
async fn nodes_of_a_cache_come_before_others_go() {
    let tags = || ("ListTags", answer(json!({"Tags": []})));
    let (script, driver) = driver::<Cluster>(vec![
        cache("available", &["a", "b"], ""),
        tags(),
        ("UpdateCluster", done()),
        cache("modifying", &["a", "b"], "hot"),
        tags(),
        cache("available", &["a", "b"], "hot"),
        tags(),
        ("IncreaseReplicationFactor", done()),
        cache("available", &["a", "b", "c", "c"], "hot"),
        tags(),
        ("DecreaseReplicationFactor", done()),
        cache("available", &["a", "c", "c"], "hot"),
        tags(),
    ]);
    let prior =
        json!({"ClusterName": "cache", "ReplicationFactor": 2, "AvailabilityZones": ["a", "b"]});
    let declared = json!({
        "ClusterName": "cache", "ReplicationFactor": 3, "AvailabilityZones": ["c", "a", "c"],
        "Description": "hot",
    });
    let mut at = pending(driver.begin(&change("cache", prior, declared.clone()), &NoEffects).await);
    let question = |cursor: &Cursor| poll(OperationKind::Update, "cache", cursor, declared.clone());
    for _ in 0..2 {
        at = pending(driver.poll(&question(&at.cursor)).await);
    }
    let object = finished(driver.poll(&question(&at.cursor)).await);
    assert_eq!(
        object.properties["AvailabilityZones"],
        known(declared.clone())["AvailabilityZones"]
    );
    assert_eq!(
        [script.input(7), script.input(10)],
        [
            known(json!({
                "ClusterName": "cache", "NewReplicationFactor": 4, "AvailabilityZones": ["c", "c"],
            })),
            known(
                json!({"ClusterName": "cache", "NewReplicationFactor": 3, "NodeIdsToRemove": ["n1"]})
            ),
        ]
    );
    script.assert_finished();
    let wrong = json!({
        "ClusterName": "c", "ReplicationFactor": 2, "AvailabilityZones": ["a"], "NodeType": "t",
        "IAMRoleARN": "r",
    });
    let error = driver.begin(&Request::Create(creation(wrong)), &NoEffects).await.unwrap_err();
    assert!(error.message.contains("`AvailabilityZones`"), "{error}");
}

#[tokio::test]
async fn a_failed_object_is_an_error_and_one_in_use_is_deleted_later() {
    let (_, driver) = driver::<DbCluster>(vec![clusters("failed", json!({})), tagged(own())]);
    let question = poll(OperationKind::Create, "documents", &Cursor::from("settle"), json!({}));
    let error = driver.poll(&question).await.unwrap_err();
    assert!(error.message.contains("`documents` is failed"), "{error}");
    let refused =
        || ("DeleteDBCluster", failure(ErrorKind::Conflict, "InvalidDBClusterStateFault"));
    let delete = async |status| {
        let (_, driver) = self::driver::<DbCluster>(vec![clusters(status, json!({})), refused()]);
        driver
            .poll(&poll(OperationKind::Delete, "documents", &Cursor::from("delete"), json!({})))
            .await
    };
    assert_eq!(delete("available").await.unwrap_err().kind, ErrorKind::DependencyNotReady);
    assert!(pending(delete("modifying").await).waits_for.contains("deletable"));
}

/// The properties of a type that a template can give, without tags.
fn properties<K: Kind>() -> BTreeSet<String> {
    let schema = Registry::embedded().get(K::FACTS.type_name).unwrap().unwrap();
    let all = schema.resolve(schema.root()).property_names().map(str::to_owned);
    all.filter(|name| name != "Tags" && schema.takes(&PropertyPath::root().name(name))).collect()
}

/// Every property is taken by an operation that creates, but for those that others take; and every one
/// that is changed in place by one that changes.
fn are_taken<K: Kind>(creates: &[&str], changes: &[&str], apart: &[&str], renamed: &[&str]) {
    let model = ServiceModel::of(K::FACTS.service).unwrap();
    let takes = |operations: &[&str], name: &str| {
        operations.iter().any(|operation| {
            let shape = model.operation(operation).unwrap().input.as_deref().unwrap();
            let members = model.shape(shape).and_then(Shape::members).unwrap();
            members.keys().any(|member| member.eq_ignore_ascii_case(name))
        })
    };
    let schema = Registry::embedded().get(K::FACTS.type_name).unwrap().unwrap();
    for name in properties::<K>() {
        let place = format!("{} {name}", K::FACTS.type_name);
        assert!(takes(creates, &name) || apart.contains(&&*name), "{place} is not created");
        if schema.update_kind(&PropertyPath::root().name(&name)) == UpdateKind::InPlace {
            assert!(takes(changes, &name) || renamed.contains(&&*name), "{place} is not changed");
        }
    }
    for name in apart.iter().chain(renamed) {
        assert!(properties::<K>().contains(*name), "{name}");
    }
}

#[test]
fn every_property_is_taken_by_an_operation() {
    are_taken::<DbCluster>(
        &["CreateDBCluster", "RestoreDBClusterFromSnapshot", "RestoreDBClusterToPointInTime"],
        &["ModifyDBCluster"],
        &["RotateMasterUserPassword"],
        &["EnableCloudwatchLogsExports"],
    );
    are_taken::<DbInstance>(
        &["CreateDBInstance"],
        &["ModifyDBInstance"],
        &["CertificateRotationRestart"],
        &[],
    );
    are_taken::<ReplicationInstance>(
        &["CreateReplicationInstance"],
        &["ModifyReplicationInstance"],
        &["AllowMajorVersionUpgrade"],
        &[],
    );
    are_taken::<Cluster>(
        &["CreateCluster"],
        &["UpdateCluster"],
        &[],
        &["AvailabilityZones", "ReplicationFactor"],
    );
}

#[test]
fn every_attribute_has_a_value() {
    fn is_complete<K: Kind>(members: Value) {
        let schema = Registry::embedded().get(K::FACTS.type_name).unwrap().unwrap();
        let made: BTreeSet<String> = K::attributes(&known(members)).into_keys().collect();
        let wanted: BTreeSet<String> = schema.attributes().into_iter().collect();
        assert_eq!(made, wanted, "{}", K::FACTS.type_name);
    }
    is_complete::<DbCluster>(cluster("available", json!({})));
    is_complete::<DbInstance>(json!({
        "DBInstanceIdentifier": "i", "Endpoint": {"Address": "a", "Port": 1},
    }));
    is_complete::<ReplicationInstance>(json!({
        "ReplicationInstanceArn": "a", "ReplicationInstancePrivateIpAddress": "10.0.0.1",
        "ReplicationInstancePublicIpAddresses": ["1.2.3.4", "1.2.3.5"],
    }));
    is_complete::<Cluster>(json!({
        "ClusterName": "c", "ClusterArn": "a",
        "ClusterDiscoveryEndpoint": {"Address": "a", "Port": 8111, "URL": "dax://a"},
    }));
}

/// A type with an object of it before and after a change, and the properties that are never shown.
fn samples() -> Vec<(&'static str, Value, Value, &'static [&'static str])> {
    let cluster = json!({
        "DBClusterIdentifier": "documents", "MasterUsername": "keeper", "MasterUserPassword": "Plain-1",
        "BackupRetentionPeriod": 3, "EnableCloudwatchLogsExports": ["audit"], "StorageEncrypted": true,
        "DBSubnetGroupName": "inner", "DBClusterParameterGroupName": "mine", "Port": 27018,
        "VpcSecurityGroupIds": ["sg-1"], "Tags": [{"Key": "a", "Value": "b"}],
        "KmsKeyId": "1234-abcd", "StorageType": "standard", "CopyTagsToSnapshot": true,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 1, "MaxCapacity": 4},
        "PreferredBackupWindow": "01:00-01:30", "PreferredMaintenanceWindow": "Sun:02:00-Sun:02:30",
        "DeletionProtection": false, "NetworkType": "IPV4", "AvailabilityZones": ["eu-west-1a"],
    });
    let mut changed = cluster.clone();
    for (name, value) in [
        ("BackupRetentionPeriod", json!(4)),
        ("EnableCloudwatchLogsExports", json!(["profiler"])),
        ("MasterUserPassword", json!("Plain-2")),
        ("Tags", json!([{"Key": "c", "Value": "d"}])),
        ("StorageType", json!("iopt1")),
        ("VpcSecurityGroupIds", json!(["sg-2", "sg-1"])),
        ("ServerlessV2ScalingConfiguration", json!({"MinCapacity": 2, "MaxCapacity": 8})),
    ] {
        changed[name] = value;
    }
    let instance = |class: &str, tag: &str| {
        json!({
            "DBInstanceIdentifier": "node", "DBClusterIdentifier": "documents", "DBInstanceClass": class,
            "AutoMinorVersionUpgrade": true, "AvailabilityZone": "eu-west-1a",
            "CACertificateIdentifier": format!("ca-{tag}"), "CertificateRotationRestart": false,
            "EnablePerformanceInsights": tag == "one", "PreferredMaintenanceWindow": "Sun:02:00-Sun:02:30",
            "Tags": [{"Key": "tag", "Value": tag}],
        })
    };
    let replication = |name: &str, storage: u32| {
        json!({
            "ReplicationInstanceIdentifier": name, "ReplicationInstanceClass": "dms.t3.medium",
            "AllocatedStorage": storage, "AllowMajorVersionUpgrade": true, "AutoMinorVersionUpgrade": false,
            "AvailabilityZone": "eu-west-1a", "DnsNameServers": "10.0.0.2", "EngineVersion": "3.5.4",
            "KmsKeyId": "alias/mine", "MultiAZ": false, "NetworkType": "IPV4",
            "PreferredMaintenanceWindow": "Sun:02:00-Sun:02:30", "PubliclyAccessible": false,
            "ReplicationSubnetGroupIdentifier": "inner", "ResourceIdentifier": "Mine",
            "VpcSecurityGroupIds": ["sg-1"], "Tags": [{"Key": "name", "Value": name}],
        })
    };
    let cache = |factor: u32, tag: &str| {
        json!({
            "ClusterName": "cache", "NodeType": "dax.t3.small", "IAMRoleARN": "arn:aws:iam::1:role/r",
            "ReplicationFactor": factor, "Description": tag, "ClusterEndpointEncryptionType": "TLS",
            "NetworkType": "ipv4", "NotificationTopicARN": format!("arn:aws:sns:eu-west-1:1:{tag}"),
            "ParameterGroupName": tag, "PreferredMaintenanceWindow": "Sun:02:00-Sun:02:30",
            "SSESpecification": {"SSEEnabled": true}, "SecurityGroupIds": ["sg-1"],
            "SubnetGroupName": "inner", "Tags": {"tag": tag},
        })
    };
    vec![
        ("AWS::DocDB::DBCluster", cluster, changed, &["MasterUserPassword"]),
        (
            "AWS::DocDB::DBInstance",
            instance("db.r5.large", "one"),
            instance("db.r5.xlarge", "two"),
            &["CertificateRotationRestart"],
        ),
        (
            "AWS::DMS::ReplicationInstance",
            replication("Migration", 50),
            replication("Other", 60),
            &["AllowMajorVersionUpgrade"],
        ),
        ("AWS::DAX::Cluster", cache(3, "one"), cache(2, "two"), &[]),
    ]
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    for (name, create, change, unread) in samples() {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let with_cluster = name == "AWS::DocDB::DBInstance";
        if with_cluster {
            let driver = cloud.driver(&"AWS::DocDB::DBCluster".into()).unwrap();
            let request = Request::Create(creation(json!({"DBClusterIdentifier": "documents"})));
            let step = driver.begin(&request, &NoEffects).await;
            pending(step);
            driver.read(&"documents".into(), &KnownMap::new()).await.unwrap();
        }
        let sample = Sample {
            resource_type: name.into(),
            stack: StackName::parse("Live").unwrap(),
            change: Some(known(change)),
            create: known(create),
            unread: unread.iter().map(|name| (*name).to_owned()).collect(),
            token: TOKEN.into(),
            missing: "nothing".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
        let left = services.account().inventory();
        assert_eq!(left.len(), usize::from(with_cluster), "{name}: {left:?}");
    }
}
