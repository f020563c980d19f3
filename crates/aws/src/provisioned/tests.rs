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
use rstack_model::{Cursor, KnownMap, KnownValue, PropertyPath, Region, StackName, UpdateKind};
use serde_json::{Value, json};

use super::dax::Cluster;
use super::docdb::DbCluster;
use super::docdb_instance::DbInstance;
use super::driver::Provisioned;
use super::elasticsearch::Domain;
use super::fsx::FileSystem;
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

/// A tree as JSON without spaces.
fn compact(tree: KnownMap) -> String {
    KnownValue::Map(tree).redacted().to_string().replace(": ", ":").replace(", ", ",")
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
    are_taken::<FileSystem>(
        &["CreateFileSystem", "CreateFileSystemFromBackup"],
        &["UpdateFileSystem"],
        &[],
        &[],
    );
    are_taken::<Domain>(
        &["CreateElasticsearchDomain"],
        &["UpdateElasticsearchDomainConfig"],
        &[],
        &[],
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
    is_complete::<FileSystem>(json!({
        "FileSystemId": "fs-1", "ResourceARN": "a", "DNSName": "d",
        "LustreConfiguration": {"MountName": "m"}, "OpenZFSConfiguration": {"RootVolumeId": "v"},
    }));
    is_complete::<Domain>(json!({"DomainName": "d", "ARN": "a", "Endpoints": {"vpc": "e"}}));
}

/// Properties of a domain, with all that there is.
fn domain(count: u32, version: &str, tag: &str) -> Value {
    let statement =
        json!([{"Effect": "Allow", "Principal": "*", "Action": "es:*", "Resource": tag}]);
    let group = format!("arn:aws:logs:eu-west-1:111122223333:log-group:{tag}");
    json!({
        "DomainName": "search", "ElasticsearchVersion": version,
        "AccessPolicies": {"Version": "2012-10-17", "Statement": statement},
        "AdvancedOptions": {"rest.action.multi.allow_explicit_index": "true"},
        "AdvancedSecurityOptions": {
            "Enabled": true, "InternalUserDatabaseEnabled": "true", "AnonymousAuthEnabled": false,
            "MasterUserOptions": {"MasterUserName": "keeper", "MasterUserPassword": "Plain-1!"},
        },
        "CognitoOptions": {
            "Enabled": true, "IdentityPoolId": "i", "RoleArn": "arn:aws:iam::1:role/r", "UserPoolId": tag,
        },
        "DomainEndpointOptions": {
            "CustomEndpointEnabled": true, "CustomEndpoint": "search.example.org",
            "CustomEndpointCertificateArn": "arn:aws:acm:c", "EnforceHTTPS": true,
            "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07",
        },
        "EBSOptions": {"EBSEnabled": true, "VolumeType": "io1", "VolumeSize": 10, "Iops": "1000"},
        "ElasticsearchClusterConfig": {
            "InstanceCount": count, "InstanceType": "m5.large.elasticsearch",
            "DedicatedMasterEnabled": true, "DedicatedMasterCount": "3",
            "DedicatedMasterType": "m5.large.elasticsearch", "WarmEnabled": true, "WarmCount": 2,
            "WarmType": "ultrawarm1.medium.elasticsearch", "ColdStorageOptions": {"Enabled": true},
            "ZoneAwarenessEnabled": true, "ZoneAwarenessConfig": {"AvailabilityZoneCount": 2},
        },
        "EncryptionAtRestOptions": {"Enabled": true, "KmsKeyId": "1234-abcd"},
        "LogPublishingOptions": {
            "ES_APPLICATION_LOGS": {"CloudWatchLogsLogGroupArn": group, "Enabled": true},
        },
        "NodeToNodeEncryptionOptions": {"Enabled": true},
        "SnapshotOptions": {"AutomatedSnapshotStartHour": count},
        "VPCOptions": {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1", "subnet-2"]},
        "Tags": [{"Key": "tag", "Value": tag}],
    })
}

/// Properties of a file system, with all that there is for its kind.
fn file_system(kind: &str, capacity: u32, tag: &str) -> Value {
    let days = if tag == "one" { 7 } else { 8 };
    let iops = json!({"Mode": "USER_PROVISIONED", "Iops": capacity});
    let group = format!("arn:aws:logs:eu-west-1:1:log-group:{tag}");
    let common = json!({
        "AutomaticBackupRetentionDays": days, "DailyAutomaticBackupStartTime": format!("0{days}:00"),
        "WeeklyMaintenanceStartTime": format!("{days}:03:00"),
    });
    let (name, own) = match kind {
        "WINDOWS" => (
            "WindowsConfiguration",
            json!({
                "ThroughputCapacity": capacity, "Aliases": [format!("{tag}.example.org"), "it.example.org"],
                "AuditLogConfiguration": {
                    "FileAccessAuditLogLevel": "SUCCESS_ONLY", "FileShareAccessAuditLogLevel": "DISABLED",
                    "AuditLogDestination": group,
                },
                "CopyTagsToBackups": true, "DeploymentType": "MULTI_AZ_1", "DiskIopsConfiguration": iops,
                "FsrmConfiguration": {"FsrmServiceEnabled": true, "EventLogDestination": group},
                "PreferredSubnetId": "subnet-1",
                "SelfManagedActiveDirectoryConfiguration": {
                    "DnsIps": ["10.0.0.2"], "DomainName": "corp.example.org", "Password": tag,
                    "FileSystemAdministratorsGroup": "admins", "UserName": "keeper",
                    "OrganizationalUnitDistinguishedName": "OU=a",
                },
            }),
        ),
        "LUSTRE" => (
            "LustreConfiguration",
            json!({
                "AutoImportPolicy": if tag == "one" { "NEW" } else { "NONE" }, "CopyTagsToBackups": true,
                "DataCompressionType": if tag == "one" { "NONE" } else { "LZ4" },
                "DataReadCacheConfiguration": {"SizingMode": "USER_PROVISIONED", "SizeGiB": capacity},
                "DeploymentType": "PERSISTENT_1", "DriveCacheType": "READ", "EfaEnabled": false,
                "ExportPath": "s3://b/out", "ImportPath": "s3://b", "ImportedFileChunkSize": 1024,
                "LogConfiguration": {"Level": "WARN_ONLY", "Destination": group},
                "MetadataConfiguration": {"Mode": "USER_PROVISIONED", "Iops": capacity},
                "PerUnitStorageThroughput": 50, "ThroughputCapacity": capacity,
            }),
        ),
        "ONTAP" => (
            "OntapConfiguration",
            json!({
                "DeploymentType": "MULTI_AZ_2", "DiskIopsConfiguration": iops, "FsxAdminPassword": tag,
                "EndpointIpAddressRange": "198.19.0.0/24", "EndpointIpv6AddressRange": tag,
                "HAPairs": days, "PreferredSubnetId": "subnet-1", "RouteTableIds": [tag, "rtb-1"],
                "ThroughputCapacityPerHAPair": capacity,
            }),
        ),
        _ => (
            "OpenZFSConfiguration",
            json!({
                "CopyTagsToBackups": tag == "one", "CopyTagsToVolumes": tag == "one",
                "DeploymentType": "MULTI_AZ_1", "DiskIopsConfiguration": iops, "PreferredSubnetId": "subnet-1",
                "EndpointIpAddressRange": "198.19.0.0/28", "EndpointIpv6AddressRange": tag,
                "Options": ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"],
                "ReadCacheConfiguration": {"SizingMode": "USER_PROVISIONED", "SizeGiB": capacity},
                "RootVolumeConfiguration": {
                    "CopyTagsToSnapshots": true, "DataCompressionType": "LZ4", "ReadOnly": false,
                    "RecordSizeKiB": 128, "UserAndGroupQuotas": [
                        {"Id": 1, "StorageCapacityQuotaGiB": 10, "Type": "USER"},
                    ],
                    "NfsExports": [{"ClientConfigurations": [{"Clients": "*", "Options": ["rw"]}]}],
                },
                "RouteTableIds": [tag, "rtb-1"], "ThroughputCapacity": capacity,
            }),
        ),
    };
    let mut configuration = common;
    configuration.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let mut properties = json!({
        "FileSystemType": kind, "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"],
        "StorageCapacity": capacity, "StorageType": "SSD", "KmsKeyId": "1234-abcd",
        "NetworkType": if tag == "one" { "IPV4" } else { "DUAL" }, "Tags": [{"Key": "tag", "Value": tag}],
        name: configuration,
    });
    match kind {
        "LUSTRE" => properties["FileSystemTypeVersion"] = "2.15".into(),
        "OPENZFS" => {
            properties["BackupId"] = "backup-1".into();
            properties["FileSystemType"] = "OPENZFS".into();
        }
        _ => {}
    }
    properties
}

/// A file system of Windows as the service describes it.
fn file_systems(more: Value) -> (&'static str, Answer) {
    let mut it = json!({
        "FileSystemId": "fs-1", "ResourceARN": "a", "DNSName": "d", "Lifecycle": "AVAILABLE",
        "FileSystemType": "WINDOWS", "StorageCapacity": 32, "Tags": own(),
        "WindowsConfiguration": {
            "ThroughputCapacity": 16, "AutomaticBackupRetentionDays": 7,
            "AuditLogConfiguration": {
                "FileAccessAuditLogLevel": "SUCCESS_ONLY", "FileShareAccessAuditLogLevel": "DISABLED",
            },
            "Aliases": [
                {"Name": "a.example.org", "Lifecycle": "AVAILABLE"},
                {"Name": "b.example.org", "Lifecycle": "AVAILABLE"},
            ],
        },
    });
    it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ("DescribeFileSystems", answer(json!({"FileSystems": [it]})))
}

#[tokio::test]
async fn a_file_system_is_made_with_the_token_and_found_by_it() {
    let declared =
        json!({"FileSystemType": "WINDOWS", "SubnetIds": ["s"], "StorageCapacity": "32"});
    let made = json!({"FileSystem": {"FileSystemId": "fs-1", "Lifecycle": "CREATING"}});
    let (script, driver) = driver::<FileSystem>(vec![
        ("CreateFileSystem", answer(made)),
        file_systems(json!({"Lifecycle": "FAILED", "FailureDetails": {"Message": "no directory"}})),
        tagged(own()),
        file_systems(json!({})),
        file_systems(json!({"Lifecycle": "DELETING"})),
    ]);
    let request = creation(declared.clone());
    assert_eq!(driver.naming(), None);
    let begun = pending(driver.begin(&Request::Create(request.clone()), script.as_ref()).await);
    let next = poll(OperationKind::Create, "fs-1", &begun.cursor, declared);
    let error = driver.poll(&next).await.unwrap_err();
    assert!(error.message.contains("`fs-1` is FAILED: no directory"), "{error}");
    let Found::Ours(found) = driver.find(&request).await.unwrap() else { panic!("it is ours") };
    assert_eq!(found.physical_id.as_str(), "fs-1");
    assert_eq!(driver.find(&request).await.unwrap(), Found::Absent);
    script.assert_calls_start(&[
        &format!(r#"CreateFileSystem {{"ClientRequestToken":"{TOKEN}","FileSystemType":"WINDOWS""#),
        "effect fs-1",
        r#"DescribeFileSystems {"FileSystemIds":["fs-1"]}"#,
        "ListTagsForResource",
        "DescribeFileSystems {}",
        "DescribeFileSystems {}",
    ]);
    let restored = json!({
        "FileSystemType": "ONTAP", "SubnetIds": ["s"], "BackupId": "b",
        "OntapConfiguration": {"DeploymentType": "SINGLE_AZ_1"},
    });
    let error = driver.begin(&Request::Create(creation(restored)), script.as_ref()).await;
    assert!(error.unwrap_err().message.contains("`BackupId` cannot be given"));
}

#[tokio::test]
async fn an_update_of_a_file_system_says_what_differs_and_the_defaults_of_what_is_gone() {
    let windows = |configuration: Value| {
        json!({
            "FileSystemType": "WINDOWS", "SubnetIds": ["s"], "WindowsConfiguration": configuration,
        })
    };
    let (script, driver) = driver::<FileSystem>(vec![
        file_systems(json!({})),
        tagged(own()),
        ("AssociateFileSystemAliases", done()),
        ("DisassociateFileSystemAliases", done()),
        ("UpdateFileSystem", done()),
        file_systems(json!({"AdministrativeActions": [
            {"AdministrativeActionType": "FILE_SYSTEM_UPDATE", "Status": "IN_PROGRESS"},
        ]})),
        tagged(own()),
        file_systems(json!({"AdministrativeActions": [
            {"AdministrativeActionType": "FILE_SYSTEM_UPDATE", "Status": "IN_PROGRESS"},
        ]})),
        tagged(own()),
        file_systems(json!({"AdministrativeActions": [
            {"AdministrativeActionType": "STORAGE_OPTIMIZATION", "Status": "IN_PROGRESS"},
        ]})),
        tagged(own()),
    ]);
    let prior = windows(json!({
        "ThroughputCapacity": 16, "AutomaticBackupRetentionDays": 7,
        "AuditLogConfiguration": {
            "FileAccessAuditLogLevel": "SUCCESS_ONLY", "FileShareAccessAuditLogLevel": "DISABLED",
        },
        "Aliases": ["a.example.org", "b.example.org"],
    }));
    let wanted = windows(json!({
        "ThroughputCapacity": "32", "Aliases": ["b.example.org", "c.example.org"],
    }));
    let begun =
        pending(driver.begin(&change("fs-1", prior, wanted.clone()), script.as_ref()).await);
    let next = poll(OperationKind::Update, "fs-1", &begun.cursor, wanted.clone());
    assert!(pending(driver.poll(&next).await).waits_for.contains("which is being updated"));
    finished(driver.poll(&next).await);
    script.assert_calls_start(&[
        r#"DescribeFileSystems {"FileSystemIds":["fs-1"]}"#,
        "ListTagsForResource",
        r#"AssociateFileSystemAliases {"Aliases":["c.example.org"],"ClientRequestToken":""#,
        r#"DisassociateFileSystemAliases {"Aliases":["a.example.org"],"ClientRequestToken":""#,
        r#"UpdateFileSystem {"ClientRequestToken":""#,
        "DescribeFileSystems",
        "ListTagsForResource",
        "DescribeFileSystems",
        "ListTagsForResource",
        "DescribeFileSystems",
        "ListTagsForResource",
    ]);
    let sent = compact(script.input(4));
    let expected = concat!(
        r#""FileSystemId":"fs-1","WindowsConfiguration":{"AuditLogConfiguration":{"FileAccessAuditLogLevel":"#,
        r#""DISABLED","FileShareAccessAuditLogLevel":"DISABLED"},"AutomaticBackupRetentionDays":30,"#,
        r#""ThroughputCapacity":32}}"#
    );
    assert!(sent.ends_with(expected), "{sent}");
    let tokens = [2, 3, 4].map(|at| {
        let input = script.input(at);
        let token = input.get("ClientRequestToken").and_then(KnownValue::as_str).unwrap();
        assert!(token.len() <= 63);
        token.to_owned()
    });
    assert_eq!(BTreeSet::from(tokens).len(), 3);
}

/// Every setting that changes in place is taken by the operation that changes.
#[test]
fn every_setting_of_a_file_system_is_taken_by_an_operation() {
    let schema = Registry::embedded().get(FileSystem::FACTS.type_name).unwrap().unwrap();
    let model = ServiceModel::of(FileSystem::FACTS.service).unwrap();
    let members = |shape: &str| model.shape(shape).and_then(Shape::members).unwrap();
    let update = members(model.operation("UpdateFileSystem").unwrap().input.as_deref().unwrap());
    let apart = ["Aliases", "Options", "RootVolumeConfiguration", "RouteTableIds"];
    let mut seen = 0;
    for name in properties::<FileSystem>().iter().filter(|name| name.ends_with("Configuration")) {
        let node = schema.property(schema.root(), name).unwrap();
        let taken = members(&update[name].shape);
        for setting in schema.resolve(node).property_names() {
            let path = PropertyPath::root().name(name).name(setting);
            if schema.update_kind(&path) == UpdateKind::InPlace {
                let is_taken = taken.contains_key(setting) || apart.contains(&setting);
                assert!(is_taken, "{path}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

/// A domain as the service describes it.
fn domains(more: Value) -> (&'static str, Answer) {
    let mut domain = json!({
        "DomainName": "search", "DomainId": "1/search", "Created": true, "ElasticsearchVersion": "7.9",
        "ARN": "arn:aws:es:eu-west-1:1:domain/search", "Endpoint": "search-x.es.amazonaws.com",
        "ElasticsearchClusterConfig": {
            "InstanceType": "m4.large.elasticsearch", "InstanceCount": 2, "DedicatedMasterEnabled": false,
            "ZoneAwarenessEnabled": false, "WarmEnabled": false, "ColdStorageOptions": {"Enabled": false},
        },
        "AccessPolicies": "{\"Statement\":[]}",
        "AdvancedSecurityOptions": {"Enabled": true, "InternalUserDatabaseEnabled": true},
        "LogPublishingOptions": {"SEARCH_SLOW_LOGS": {"Enabled": true, "CloudWatchLogsLogGroupArn": "g"}},
        "SnapshotOptions": {"AutomatedSnapshotStartHour": 3},
    });
    domain.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ("DescribeElasticsearchDomains", answer(json!({"DomainStatusList": [domain]})))
}

fn no_domains() -> (&'static str, Answer) {
    ("DescribeElasticsearchDomains", answer(json!({"DomainStatusList": []})))
}

fn domain_tags() -> (&'static str, Answer) {
    ("ListTags", answer(json!({"TagList": own()})))
}

/// The service may answer with a domain of another owner: it is looked for before.
#[tokio::test]
async fn a_domain_is_created_after_it_is_durable_that_there_is_none() {
    let declared = json!({"DomainName": "search", "AccessPolicies": {"Statement": []}});
    let made = json!({"DomainStatus": {
        "DomainName": "search", "DomainId": "1/search", "ARN": "a", "Processing": true,
        "ElasticsearchClusterConfig": {},
    }});
    let (script, driver) = driver::<Domain>(vec![
        no_domains(),
        ("CreateElasticsearchDomain", answer(made)),
        domains(json!({"DomainProcessingStatus": "Creating"})),
        domain_tags(),
        domains(json!({"DomainProcessingStatus": "Active", "Processing": false})),
        domain_tags(),
    ]);
    let step = driver.begin(&Request::Create(creation(declared.clone())), script.as_ref()).await;
    let begun = pending(step);
    let next = poll(OperationKind::Create, "search", &begun.cursor, declared.clone());
    assert!(pending(driver.poll(&next).await).waits_for.contains("which is Creating"));
    let object = finished(driver.poll(&next).await);
    assert_eq!(object.properties.get("AccessPolicies"), known(declared).get("AccessPolicies"));
    let endpoint = object.attributes.get("DomainEndpoint").and_then(|it| it.as_str());
    assert_eq!(endpoint, Some("search-x.es.amazonaws.com"));
    script.assert_calls_start(&[
        r#"DescribeElasticsearchDomains {"DomainNames":["search"]}"#,
        "absent",
        concat!(
            r#"CreateElasticsearchDomain {"AccessPolicies":"{\"Statement\":[]}","DomainName":"search","#,
            r#""TagList":[{"Key":"rstack:operation","#
        ),
        "effect search",
        "DescribeElasticsearchDomains",
        "ListTags",
        "DescribeElasticsearchDomains",
        "ListTags",
    ]);

    let (script, driver) = self::driver::<Domain>(vec![domains(json!({}))]);
    let request = Request::Create(creation(json!({"DomainName": "search"})));
    let error = driver.begin(&request, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    script.assert_operations(&["DescribeElasticsearchDomains"]);
}

/// The update of a domain, and what it sent.
async fn domain_updated(prior: Value, properties: Value) -> (Result<Step, DriverError>, String) {
    let (script, driver) = driver::<Domain>(vec![
        domains(json!({})),
        domain_tags(),
        ("UpdateElasticsearchDomainConfig", done()),
        domains(json!({"Processing": true})),
        domain_tags(),
    ]);
    let step = driver.begin(&change("search", prior, properties), script.as_ref()).await;
    if script.made() < 3 {
        return (step, String::new());
    }
    let input = compact(script.input(2));
    (step, input)
}

#[tokio::test]
async fn an_update_of_a_domain_says_what_differs_and_the_defaults_of_what_is_gone() {
    let cluster =
        |config: Value| json!({"DomainName": "search", "ElasticsearchClusterConfig": config});
    let (step, sent) = domain_updated(
        cluster(json!({"InstanceCount": 2, "WarmEnabled": true})),
        cluster(json!({"InstanceCount": 2, "InstanceType": "m5.large.elasticsearch"})),
    )
    .await;
    pending(step);
    let expected = concat!(
        r#"{"DomainName":"search","ElasticsearchClusterConfig":{"InstanceCount":2,"#,
        r#""InstanceType":"m5.large.elasticsearch","WarmEnabled":false}}"#
    );
    assert_eq!(sent, expected);
    let logs = json!({"SEARCH_SLOW_LOGS": {"Enabled": true, "CloudWatchLogsLogGroupArn": "g"}});
    let before = json!({
        "DomainName": "search", "LogPublishingOptions": logs, "AccessPolicies": {"Statement": []},
        "SnapshotOptions": {"AutomatedSnapshotStartHour": 3}, "AdvancedSecurityOptions": {"Enabled": true},
    });
    let (step, sent) = domain_updated(before, json!({"DomainName": "search"})).await;
    pending(step);
    let expected = concat!(
        r#"{"AccessPolicies":"","DomainName":"search","#,
        r#""LogPublishingOptions":{"SEARCH_SLOW_LOGS":{"Enabled":false}},"#,
        r#""SnapshotOptions":{"AutomatedSnapshotStartHour":0}}"#
    );
    assert_eq!(sent, expected);
    // A network is not taken back, and that is said.
    let network = json!({"DomainName": "search", "VPCOptions": {"SubnetIds": ["s"]}});
    let (step, sent) = domain_updated(network, json!({"DomainName": "search"})).await;
    assert!(step.unwrap_err().message.contains("`VPCOptions` cannot be taken back"));
    assert_eq!(sent, "");
    // Credentials are sent when they change, and nothing shows them.
    let with = |password: &str, tag: &str| {
        let master = json!({"MasterUserName": "keeper", "MasterUserPassword": password});
        json!({
            "DomainName": "search", "ElasticsearchClusterConfig": {"InstanceCount": tag.len()},
            "AdvancedSecurityOptions": {"Enabled": true, "MasterUserOptions": master},
        })
    };
    let (_, sent) = domain_updated(with("a", "t"), with("b", "tt")).await;
    assert!(sent.contains("MasterUserOptions") && !sent.contains("ClusterConfig"), "{sent}");
    let (_, sent) = domain_updated(with("a", "t"), with("a", "ttt")).await;
    assert!(!sent.contains("MasterUserOptions") && sent.contains("ClusterConfig"), "{sent}");
}

#[tokio::test]
async fn a_version_is_upgraded_when_the_rest_is_as_declared() {
    let declared = |count: u32, version: &str| {
        json!({
            "DomainName": "search", "ElasticsearchVersion": version,
            "ElasticsearchClusterConfig": {"InstanceCount": count},
        })
    };
    let (script, driver) = driver::<Domain>(vec![
        domains(json!({})),
        domain_tags(),
        ("UpdateElasticsearchDomainConfig", done()),
        domains(json!({"Processing": true})),
        domain_tags(),
        domains(json!({"ElasticsearchClusterConfig": {"InstanceCount": 3}})),
        domain_tags(),
        ("UpgradeElasticsearchDomain", done()),
        domains(json!({
            "ElasticsearchClusterConfig": {"InstanceCount": 3}, "UpgradeProcessing": true,
        })),
        domain_tags(),
    ]);
    let request = change("search", declared(2, "7.9"), declared(3, "7.10"));
    let begun = pending(driver.begin(&request, script.as_ref()).await);
    let next = poll(OperationKind::Update, "search", &begun.cursor, declared(3, "7.10"));
    let begun = pending(driver.poll(&next).await);
    let next = poll(OperationKind::Update, "search", &begun.cursor, declared(3, "7.10"));
    assert!(pending(driver.poll(&next).await).waits_for.contains("being upgraded"));
    let upgrade = compact(script.input(7));
    assert_eq!(upgrade, r#"{"DomainName":"search","TargetVersion":"7.10"}"#);
    script.assert_finished();
}

/// The code is that of every wrong request: the message says that the change has to wait.
#[tokio::test]
async fn a_domain_that_is_changed_by_another_call_is_waited_for() {
    let mut busy =
        failure(ErrorKind::Invalid { property: None }, "ValidationException").unwrap_err();
    busy.message = "A change/update is in progress. Please wait for it to complete.".to_owned();
    let (script, driver) = driver::<Domain>(vec![
        domains(json!({})),
        domain_tags(),
        ("UpdateElasticsearchDomainConfig", Err(busy)),
    ]);
    let hours = |hour: u32| json!({"DomainName": "search", "SnapshotOptions": {"AutomatedSnapshotStartHour": hour}});
    let step = driver.begin(&change("search", hours(3), hours(4)), script.as_ref()).await;
    assert!(pending(step).waits_for.contains("to be changeable"));
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
        (
            "AWS::Elasticsearch::Domain",
            domain(2, "7.10", "one"),
            domain(3, "7.9", "two"),
            &["AdvancedSecurityOptions"],
        ),
        (
            "AWS::FSx::FileSystem",
            file_system("WINDOWS", 32, "one"),
            file_system("WINDOWS", 64, "two"),
            &["SecurityGroupIds", "WindowsConfiguration"],
        ),
        (
            "AWS::FSx::FileSystem",
            file_system("LUSTRE", 1200, "one"),
            file_system("LUSTRE", 2400, "two"),
            &["SecurityGroupIds"],
        ),
        (
            "AWS::FSx::FileSystem",
            file_system("ONTAP", 1024, "one"),
            file_system("ONTAP", 2048, "two"),
            &["SecurityGroupIds", "OntapConfiguration"],
        ),
        (
            "AWS::FSx::FileSystem",
            file_system("OPENZFS", 64, "one"),
            file_system("OPENZFS", 128, "two"),
            &["SecurityGroupIds", "BackupId", "OpenZFSConfiguration"],
        ),
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
