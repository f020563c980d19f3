//! Clusters and instances that take time: DocumentDB by the API of RDS, DMS, and DAX.
//!
//! An object needs a question to become stable, and one to be gone. While it is not stable it is neither
//! changed nor deleted. Names and maintenance windows come back in lower case, versions with all parts, keys
//! as ARNs.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Objects, Reply, list, refuse, set_tags, text, unset_tags};

const CLUSTER: &str = "AWS::DocDB::DBCluster";
const INSTANCE: &str = "AWS::DocDB::DBInstance";
const REPLICATION: &str = "AWS::DMS::ReplicationInstance";
const DAX: &str = "AWS::DAX::Cluster";
/// The final snapshots of clusters.
const SNAPSHOTS: &str = "cluster snapshots";

/// The tags of an object, which no description shows.
const TAGS: &str = "the tags";

/// The names that a type has.
#[derive(Clone, Copy)]
struct Type {
    name: &'static str,
    /// The member that names an object.
    id: &'static str,
    /// The member that operations on tags take.
    arn: &'static str,
    status: &'static str,
    answer: &'static str,
    busy: &'static str,
    missing: &'static str,
    taken: &'static str,
}

const TYPES: [Type; 4] = [
    Type {
        name: CLUSTER,
        id: "DBClusterIdentifier",
        arn: "DBClusterArn",
        status: "Status",
        answer: "DBCluster",
        busy: "InvalidDBClusterStateFault",
        missing: "DBClusterNotFoundFault",
        taken: "DBClusterAlreadyExistsFault",
    },
    Type {
        name: INSTANCE,
        id: "DBInstanceIdentifier",
        arn: "DBInstanceArn",
        status: "DBInstanceStatus",
        answer: "DBInstance",
        busy: "InvalidDBInstanceState",
        missing: "DBInstanceNotFound",
        taken: "DBInstanceAlreadyExists",
    },
    Type {
        name: REPLICATION,
        id: "ReplicationInstanceArn",
        arn: "ReplicationInstanceArn",
        status: "ReplicationInstanceStatus",
        answer: "ReplicationInstance",
        busy: "InvalidResourceStateFault",
        missing: "ResourceNotFoundFault",
        taken: "ResourceAlreadyExistsFault",
    },
    Type {
        name: DAX,
        id: "ClusterName",
        arn: "ClusterArn",
        status: "Status",
        answer: "Cluster",
        busy: "InvalidClusterStateFault",
        missing: "ClusterNotFoundFault",
        taken: "ClusterAlreadyExistsFault",
    },
];

/// True if an operation of RDS is about DocumentDB's clusters, which these names begin: every other name is
/// that of a database which exists, see `databases`.
pub(super) fn concerns(account: &Account, operation: &str, input: &Value) -> bool {
    let id = ["DBInstanceIdentifier", "DBClusterIdentifier"].map(|member| text(input, member));
    let id = id.into_iter().find(|id| !id.is_empty()).unwrap_or_default().to_lowercase();
    let is_there = |kind: &&str| account.data.get(*kind).is_some_and(|all| all.contains_key(&id));
    let describes = ["DescribeDBInstances", "DescribeDBClusters"].contains(&operation);
    !describes
        || id.is_empty()
        || id.starts_with("documents")
        || id.starts_with("node")
        || [CLUSTER, INSTANCE].iter().any(is_there)
}

/// Carries out an operation of RDS, DMS or DAX.
pub(super) fn carry_out(
    account: &mut Account,
    service: &str,
    operation: &str,
    input: &Value,
) -> Reply {
    if operation.contains("Tag") {
        return tag(account, operation, input);
    }
    if operation == "DescribeDBClusterSnapshots" {
        let name = text(input, "DBClusterSnapshotIdentifier");
        let found = account.data.get(SNAPSHOTS).and_then(|all| all.get(&name));
        let missing = || refuse(404, "DBClusterSnapshotNotFoundFault", "there is no snapshot");
        return Ok(json!({"DBClusterSnapshots": [found.ok_or_else(missing)?]}));
    }
    let kind = match (service, operation) {
        ("dms", _) => TYPES[2],
        ("dax", _) => TYPES[3],
        (_, operation) if operation.contains("DBInstance") => TYPES[1],
        _ => TYPES[0],
    };
    if operation.starts_with("Describe") {
        return describe(account, kind, input);
    }
    if operation.starts_with("Create") || operation.starts_with("Restore") {
        return create(account, kind, operation, input);
    }
    let id = if kind.name == REPLICATION {
        text(input, kind.id)
    } else {
        text(input, kind.id).to_lowercase()
    };
    let objects = account.data.entry(kind.name).or_default();
    let there = objects.get(&id).cloned();
    let mut object = there.ok_or_else(|| refuse(404, kind.missing, "there is no such object"))?;
    let status = text(&object, kind.status);
    if status != "available" {
        return Err(refuse(400, kind.busy, &format!("it is {status}")));
    }
    if operation.starts_with("Delete") {
        delete(account, kind, &object, input)?;
        object[kind.status] = "deleting".into();
    } else {
        match operation {
            "IncreaseReplicationFactor" | "DecreaseReplicationFactor" => resize(&mut object, input),
            _ => set(kind, &mut object, input)?,
        }
        object[kind.status] = "modifying".into();
    }
    let answer = json!({kind.answer: shown(&object)});
    account.data.entry(kind.name).or_default().insert(id, object);
    Ok(answer)
}

/// An object without what its service keeps to itself.
fn shown(object: &Value) -> Value {
    let mut shown = object.clone();
    shown.as_object_mut().unwrap().retain(|name, value| name != TAGS && !value.is_null());
    shown
}

fn describe(account: &mut Account, kind: Type, input: &Value) -> Reply {
    let wanted = match kind.name {
        REPLICATION => {
            let filter = &input["Filters"][0];
            let member = match filter["Name"].as_str() {
                Some("replication-instance-arn") => kind.id,
                _ => "ReplicationInstanceIdentifier",
            };
            (member, filter["Values"][0].as_str().unwrap().to_owned())
        }
        DAX => (kind.id, input["ClusterNames"][0].as_str().unwrap().to_owned()),
        _ => (kind.id, text(input, kind.id)),
    };
    let objects = account.data.entry(kind.name).or_default();
    let is = |object: &Value| text(object, wanted.0).eq_ignore_ascii_case(&wanted.1);
    let id = objects.iter().find(|(_, object)| is(object)).map(|(id, _)| id.clone());
    let id = id.ok_or_else(|| refuse(404, kind.missing, "there is no such object"))?;
    let object = objects.get_mut(&id).unwrap();
    let answer = json!({format!("{}s", kind.answer): [shown(object)]});
    // Time goes on with every question.
    match text(object, kind.status).as_str() {
        "deleting" => {
            objects.remove(&id);
        }
        _ => object[kind.status] = "available".into(),
    }
    Ok(answer)
}

/// A version with all its parts.
fn version(given: &str) -> Value {
    match given.matches('.').count() {
        1 => format!("{given}.0").into(),
        _ => given.into(),
    }
}

fn create(account: &mut Account, kind: Type, operation: &str, input: &Value) -> Reply {
    let named = if kind.name == REPLICATION { "ReplicationInstanceIdentifier" } else { kind.id };
    let name = text(input, named).to_lowercase();
    let taken = |object: &Value| text(object, named) == name;
    let objects = account.data.entry(kind.name).or_default();
    if objects.values().any(taken) {
        return Err(refuse(400, kind.taken, "the name is taken"));
    }
    let service = match kind.name {
        REPLICATION => "dms:REGION:ACCOUNT:rep",
        DAX => "dax:REGION:ACCOUNT:cache",
        CLUSTER => "rds:REGION:ACCOUNT:cluster",
        _ => "rds:REGION:ACCOUNT:db",
    };
    let service = service.replace("REGION", REGION).replace("ACCOUNT", ACCOUNT);
    let mut object = json!({named: name, kind.status: "creating", TAGS: list(input.get("Tags"))});
    match kind.name {
        CLUSTER => {
            assert!(operation.ends_with("PointInTime") || input["Engine"] == "docdb", "{input}");
            object["StorageEncrypted"] = "false".into();
            object["BackupRetentionPeriod"] = "1".into();
            object["Port"] = "27017".into();
            object["EngineVersion"] = "5.0.0".into();
            object["DbClusterResourceId"] = account.id("cluster-").into();
            object["Endpoint"] = format!("{name}.cluster-x.{REGION}.docdb.amazonaws.com").into();
            object["ReaderEndpoint"] =
                format!("{name}.cluster-ro-x.{REGION}.docdb.amazonaws.com").into();
        }
        INSTANCE => {
            let cluster = text(input, "DBClusterIdentifier").to_lowercase();
            let found = account.data.get(CLUSTER).and_then(|all| all.get(&cluster));
            let missing = || refuse(404, TYPES[0].missing, "there is no such cluster");
            if text(found.ok_or_else(missing)?, "Status") != "available" {
                return Err(refuse(400, TYPES[0].busy, "the cluster is not available"));
            }
            object["Endpoint"] = json!({
                "Address": format!("{name}.x.{REGION}.docdb.amazonaws.com"), "Port": 27017,
            });
        }
        REPLICATION => {
            object["ReplicationInstancePrivateIpAddresses"] = json!(["10.0.0.9", "10.0.1.9"]);
        }
        _ => {
            object["ClusterDiscoveryEndpoint"] = json!({
                "Address": format!("{name}.x.dax-clusters.{REGION}.amazonaws.com"),
                "Port": 8111,
                "URL": format!("dax://{name}.x.dax-clusters.{REGION}.amazonaws.com"),
            });
            object["TotalNodes"] = json!(0);
            object["Nodes"] = json!([]);
            let mut nodes = input.clone();
            nodes["NewReplicationFactor"] = input["ReplicationFactor"].clone();
            resize(&mut object, &nodes);
        }
    }
    set(kind, &mut object, input)?;
    let end = match kind.name {
        REPLICATION if input.get("ResourceIdentifier").is_some() => {
            text(input, "ResourceIdentifier").to_lowercase()
        }
        REPLICATION => account.id("R"),
        _ => name.clone(),
    };
    object[kind.arn] =
        format!("arn:aws:{service}{}{end}", if kind.name == DAX { "/" } else { ":" }).into();
    let id = text(&object, kind.id);
    account.note(kind.name, &id);
    let answer = json!({kind.answer: shown(&object)});
    account.data.entry(kind.name).or_default().insert(id, object);
    Ok(answer)
}

/// Sets what is given, as the service shows it; what is not given stays.
fn set(kind: Type, object: &mut Value, input: &Value) -> Result<(), crate::service_error::Refusal> {
    let members = |value: &Value, name: &str, more: &[(&str, &str)]| {
        let item = |id: &Value| {
            let mut item = json!({name: id});
            more.iter().for_each(|(name, value)| item[*name] = (*value).into());
            item
        };
        value.as_array().into_iter().flatten().map(item).collect::<Value>()
    };
    for (name, value) in input.as_object().into_iter().flatten() {
        let given = value.as_str().unwrap_or_default();
        let (name, value): (&str, Value) = match name.as_str() {
            "Tags"
            | "Engine"
            | "ApplyImmediately"
            | "MasterUserPassword"
            | "SnapshotIdentifier"
            | "SourceDBClusterIdentifier"
            | "RestoreToTime"
            | "RestoreType"
            | "UseLatestRestorableTime"
            | "RotateMasterUserPassword"
            | "NewReplicationFactor"
            | "CertificateRotationRestart"
            | "AllowMajorVersionUpgrade"
            | "ResourceIdentifier"
            | "GlobalClusterIdentifier"
            | "ReplicationFactor" => continue,
            name if name == kind.id => continue,
            "AvailabilityZones" if kind.name == DAX => continue,
            "EngineVersion" => ("EngineVersion", version(given)),
            "KmsKeyId" => {
                ("KmsKeyId", format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/1234-abcd").into())
            }
            "PreferredMaintenanceWindow" => (name.as_str(), given.to_lowercase().into()),
            "ReplicationInstanceIdentifier" => (name.as_str(), given.to_lowercase().into()),
            "StorageType" if given == "standard" => ("StorageType", Value::Null),
            "DBClusterIdentifier" => ("DBClusterIdentifier", given.to_lowercase().into()),
            "DBClusterParameterGroupName" => ("DBClusterParameterGroup", value.clone()),
            "DBSubnetGroupName" => ("DBSubnetGroup", value.clone()),
            "VpcSecurityGroupIds" => {
                ("VpcSecurityGroups", members(value, "VpcSecurityGroupId", &[("Status", "active")]))
            }
            "SecurityGroupIds" => (
                "SecurityGroups",
                members(value, "SecurityGroupIdentifier", &[("Status", "active")]),
            ),
            "EnablePerformanceInsights" => ("PerformanceInsightsEnabled", value.clone()),
            "EnableCloudwatchLogsExports" => ("EnabledCloudwatchLogsExports", value.clone()),
            "CloudwatchLogsExportConfiguration" => {
                let mut logs = list(object.get("EnabledCloudwatchLogsExports"));
                let all = logs.as_array_mut().unwrap();
                let off = list(value.get("DisableLogTypes"));
                all.retain(|log| !off.as_array().unwrap().contains(log));
                all.extend(list(value.get("EnableLogTypes")).as_array().unwrap().clone());
                ("EnabledCloudwatchLogsExports", logs)
            }
            "ManageMasterUserPassword" if given == "true" => (
                "MasterUserSecret",
                json!({
                    "SecretArn": format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds"),
                    "SecretStatus": "active",
                }),
            ),
            "ManageMasterUserPassword" => ("MasterUserSecret", Value::Null),
            "MasterUserSecretKmsKeyId" => continue,
            "ReplicationSubnetGroupIdentifier" => {
                ("ReplicationSubnetGroup", json!({"ReplicationSubnetGroupIdentifier": given}))
            }
            "SubnetGroupName" => ("SubnetGroup", value.clone()),
            "ParameterGroupName" => ("ParameterGroup", json!({"ParameterGroupName": given})),
            "NotificationTopicArn" => {
                ("NotificationConfiguration", json!({"TopicArn": given, "TopicStatus": "active"}))
            }
            "NotificationTopicStatus" => {
                if object["NotificationConfiguration"].is_object() {
                    object["NotificationConfiguration"]["TopicStatus"] = value.clone();
                }
                continue;
            }
            "SSESpecification" => {
                let status = if value["Enabled"] == true { "ENABLED" } else { "DISABLED" };
                ("SSEDescription", json!({"Status": status}))
            }
            name => (name, value.clone()),
        };
        object[name] = value;
    }
    Ok(())
}

/// Adds or removes nodes of a cluster of DAX.
fn resize(object: &mut Value, input: &Value) {
    let wanted = usize::try_from(input["NewReplicationFactor"].as_u64().unwrap()).unwrap();
    let zones = list(input.get("AvailabilityZones"));
    let gone = list(input.get("NodeIdsToRemove"));
    let nodes = object["Nodes"].as_array_mut().unwrap();
    nodes.retain(|node| !gone.as_array().unwrap().contains(&node["NodeId"]));
    nodes.truncate(wanted);
    let mut at = 0;
    while nodes.len() < wanted {
        let zone = zones.get(at).cloned().unwrap_or_else(|| format!("{REGION}a").into());
        let used = nodes.iter().filter_map(|node| node["NodeId"].as_str()?.parse::<u64>().ok());
        let number = used.max().unwrap_or(0) + 1;
        nodes.push(json!({"NodeId": number.to_string(), "AvailabilityZone": zone}));
        at += 1;
    }
    object["TotalNodes"] = json!(wanted);
}

/// Refuses a deletion, or takes the final snapshot that it asks for.
fn delete(
    account: &mut Account,
    kind: Type,
    object: &Value,
    input: &Value,
) -> Result<(), crate::service_error::Refusal> {
    if kind.name != CLUSTER {
        return Ok(());
    }
    let id = text(object, kind.id);
    let instances = account.data.get(INSTANCE).into_iter().flat_map(Objects::values);
    if instances.into_iter().any(|instance| text(instance, kind.id) == id) {
        return Err(refuse(400, kind.busy, "it still has instances"));
    }
    if object["DeletionProtection"] == "true" {
        return Err(refuse(400, "InvalidParameterCombination", "Cannot delete protected Cluster"));
    }
    let name = text(input, "FinalDBSnapshotIdentifier");
    match (name.is_empty(), input["SkipFinalSnapshot"] == "true") {
        (true, true) => Ok(()),
        (false, false) => {
            let snapshots = account.data.entry(SNAPSHOTS).or_default();
            if snapshots.contains_key(&name) {
                let code = "DBClusterSnapshotAlreadyExistsFault";
                return Err(refuse(400, code, "the name is taken"));
            }
            let snapshot = json!({"DBClusterSnapshotIdentifier": name, "DBClusterIdentifier": id});
            account.data.entry(SNAPSHOTS).or_default().insert(name.clone(), snapshot);
            account.note(SNAPSHOTS, &name);
            Ok(())
        }
        _ => Err(refuse(400, "InvalidParameterCombination", "either a snapshot or none")),
    }
}

fn tag(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = ["ResourceName", "ResourceArn"].map(|member| text(input, member)).concat();
    for kind in TYPES {
        let mut objects = account.data.get_mut(kind.name).into_iter().flat_map(Objects::values_mut);
        let Some(object) = objects.find(|object| text(object, kind.arn) == arn) else { continue };
        match operation {
            "AddTagsToResource" | "TagResource" => set_tags(&mut object[TAGS], &input["Tags"]),
            "RemoveTagsFromResource" | "UntagResource" => {
                unset_tags(&mut object[TAGS], &input["TagKeys"]);
            }
            "ListTags" => return Ok(json!({"Tags": object[TAGS]})),
            _ => return Ok(json!({"TagList": object[TAGS]})),
        }
        return Ok(json!({}));
    }
    Err(refuse(404, "ResourceNotFoundFault", "there is no such object"))
}
