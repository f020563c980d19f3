//! `AWS::DocDB::DBCluster`.
//!
//! A cluster is created empty, from a snapshot, or as a copy of another one. The operations that restore take
//! less than the one that creates: the rest is given to the cluster when it is available. Its password is
//! that of its source, and is never read.

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::compare::Form;
use super::kind::{Asked, Change, Facts, Kind, Statuses, at, from_description};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::{Fields, arguments};
use crate::mapping::Rules;
use crate::resource_tags::TagCalls;

/// The operations of RDS on tags. The API of DocumentDB has its endpoint, its signing name and its version.
///
/// Source: botocore, models of `rds` and `docdb`.
pub(super) const TAGS: TagCalls = TagCalls {
    set: "AddTagsToResource",
    remove: "RemoveTagsFromResource",
    list: "ListTagsForResource",
    resource: "ResourceName",
    keys: "TagKeys",
    tags: "Tags",
    shown: "TagList",
    pair: ["Key", "Value"],
    next: None,
};

/// The engine, which tells these objects apart from others of RDS.
pub(super) const ENGINE: &str = "docdb";

const CREATE: &str = "CreateDBCluster";
const RESTORE: &str = "RestoreDBClusterFromSnapshot";
const COPY: &str = "RestoreDBClusterToPointInTime";
const MODIFY: &str = "ModifyDBCluster";

/// The property that an update says as a difference.
const LOGS: &str = "EnableCloudwatchLogsExports";

/// Properties that `ModifyDBCluster` takes.
///
/// Source: DocumentDB API reference, ModifyDBCluster.
const CHANGEABLE: [&str; 14] = [
    "BackupRetentionPeriod",
    "CopyTagsToSnapshot",
    "DBClusterParameterGroupName",
    "DeletionProtection",
    "ManageMasterUserPassword",
    "MasterUserPassword",
    "MasterUserSecretKmsKeyId",
    "NetworkType",
    "Port",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "ServerlessV2ScalingConfiguration",
    "StorageType",
    "VpcSecurityGroupIds",
];

/// Properties that an operation takes which restores. RDS takes more for its own engines.
///
/// Source: DocumentDB API reference, RestoreDBClusterFromSnapshot and RestoreDBClusterToPointInTime.
const RESTORED: [&str; 11] = [
    "CopyTagsToSnapshot",
    "DBClusterIdentifier",
    "DBSubnetGroupName",
    "DeletionProtection",
    LOGS,
    "KmsKeyId",
    "NetworkType",
    "Port",
    "ServerlessV2ScalingConfiguration",
    "StorageType",
    "VpcSecurityGroupIds",
];
const OF_SNAPSHOT: [&str; 4] =
    ["AvailabilityZones", "DBClusterParameterGroupName", "EngineVersion", "SnapshotIdentifier"];
const OF_CLUSTER: [&str; 4] =
    ["RestoreToTime", "RestoreType", "SourceDBClusterIdentifier", "UseLatestRestorableTime"];

/// Clusters of DocumentDB.
pub(super) struct DbCluster;

/// The values of properties that nothing declares.
///
/// Source: DocumentDB API reference, CreateDBCluster.
fn defaults() -> KnownMap {
    arguments([
        ("BackupRetentionPeriod", 1.into()),
        ("CopyTagsToSnapshot", false.into()),
        ("DeletionProtection", false.into()),
        ("NetworkType", "IPV4".into()),
        ("Port", 27017.into()),
        ("StorageType", "standard".into()),
    ])
}

fn is_declared(properties: &KnownMap, name: &str) -> bool {
    properties.get(name).is_some_and(|value| *value != KnownValue::Null)
}

/// The error of a property that a restored cluster cannot be given.
fn has_it_from_its_source(property: &str, operation: &str) -> DriverError {
    let message = format!(
        "`{property}` cannot be given to a cluster that is restored: it has the one of its source; leave it out"
    );
    let property = Some(PropertyPath::root().name(property));
    DriverError::new(ErrorKind::Invalid { property }, format!("rds:{operation}"), message)
}

#[async_trait]
impl Kind for DbCluster {
    const FACTS: Facts = Facts {
        type_name: "AWS::DocDB::DBCluster",
        noun: "DocumentDB cluster",
        service: Service::RDS,
        name: "DBClusterIdentifier",
        // Source: DocumentDB API reference, CreateDBCluster.
        max_length: 63,
        create: "rds:CreateDBCluster",
        describe: "DescribeDBClusters",
        delete: "DeleteDBCluster",
        answer: "DBCluster",
        items: "DBClusters",
        id: "DBClusterIdentifier",
        tagged: "DBClusterArn",
        tags: TAGS,
        tags_are_map: false,
        status: "Status",
        // Source: Amazon DocumentDB Developer Guide, Monitoring an Amazon DocumentDB cluster's status.
        statuses: Statuses {
            passing: &[
                "backing-up",
                "creating",
                "failing-over",
                "maintenance",
                "migrating",
                "modifying",
                "preparing-data-migration",
                "renaming",
                "resetting-master-credentials",
                "starting",
                "stopping",
                "upgrading",
            ],
            failed: &[
                "failed",
                "inaccessible-encryption-credentials",
                "incompatible-parameters",
                "migration-failed",
            ],
            deleting: "deleting",
            gone: "deleted",
        },
        // Source: DocumentDB API reference, CreateDBCluster: identifiers are stored in lower case; DBCluster
        // shows the ARN of a key, and every zone that the volume has.
        forms: &[
            ("AvailabilityZones", Form::More),
            ("DBClusterIdentifier", Form::AnyCase),
            ("DBClusterParameterGroupName", Form::AnyCase),
            ("DBSubnetGroupName", Form::AnyCase),
            ("EngineVersion", Form::Version),
            ("KmsKeyId", Form::Key),
            ("MasterUserSecretKmsKeyId", Form::Key),
            ("NetworkType", Form::AnyCase),
            ("PreferredMaintenanceWindow", Form::AnyCase),
        ],
    };

    fn question(asked: Asked<'_>) -> KnownMap {
        let (Asked::Identifier(name) | Asked::Name(name)) = asked;
        arguments([("DBClusterIdentifier", name.into())])
    }

    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let operation = if is_declared(properties, "SnapshotIdentifier") {
            RESTORE
        } else if is_declared(properties, "SourceDBClusterIdentifier") {
            COPY
        } else {
            CREATE
        };
        if operation != CREATE {
            for name in ["MasterUserPassword", "MasterUsername"] {
                if is_declared(properties, name) {
                    return Err(has_it_from_its_source(name, operation));
                }
            }
        }
        let own: &[&str] = if operation == RESTORE { &OF_SNAPSHOT } else { &OF_CLUSTER };
        let takes =
            |name: &str| operation == CREATE || RESTORED.contains(&name) || own.contains(&name);
        let given = properties.iter().filter(|(name, _)| takes(name));
        let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut input = Self::FACTS.members(operation, &given, &Rules::NONE)?;
        if operation != COPY {
            input.insert("Engine".to_owned(), ENGINE.into());
        }
        Ok((operation, input))
    }

    fn is_completed_later(properties: &KnownMap) -> bool {
        ["SnapshotIdentifier", "SourceDBClusterIdentifier"]
            .iter()
            .any(|name| is_declared(properties, name))
    }

    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut shown = from_description(
            &Self::FACTS,
            members,
            &[
                ("DBClusterParameterGroupName", "DBClusterParameterGroup"),
                ("DBSubnetGroupName", "DBSubnetGroup"),
                (LOGS, "EnabledCloudwatchLogsExports"),
                ("MasterUserSecretKmsKeyId", "MasterUserSecret/KmsKeyId"),
                ("VpcSecurityGroupIds", "VpcSecurityGroups/*/VpcSecurityGroupId"),
            ],
        )?;
        shown.remove("MasterUserPassword");
        let managed = at(members, "MasterUserSecret/SecretArn").is_some();
        shown.insert("ManageMasterUserPassword".to_owned(), managed.into());
        // The standard type is not shown, and neither are logs that are not exported.
        shown.entry("StorageType".to_owned()).or_insert_with(|| "standard".into());
        shown.entry(LOGS.to_owned()).or_insert_with(|| KnownValue::List(Vec::new()));
        for name in ["CopyTagsToSnapshot", "DeletionProtection", "StorageEncrypted"] {
            shown.entry(name.to_owned()).or_insert_with(|| false.into());
        }
        Ok(shown)
    }

    fn attributes(members: &KnownMap) -> KnownMap {
        let port = at(members, "Port").map(|port| match port {
            KnownValue::Number(port) => port.to_string().into(),
            other => other,
        });
        let places = [
            ("ClusterResourceId", at(members, "DbClusterResourceId")),
            ("Endpoint", at(members, "Endpoint")),
            ("Id", at(members, "DBClusterIdentifier")),
            ("Port", port),
            ("ReadEndpoint", at(members, "ReaderEndpoint")),
        ];
        let there = places.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        there.collect()
    }

    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError> {
        let differing = Self::FACTS.differing(change, &CHANGEABLE, &defaults());
        let mut input = Self::FACTS.members(MODIFY, &differing, &Rules::NONE)?;
        input.extend(logs(change)?);
        let rotates = |tree: &KnownMap| {
            let wanted =
                Fields::new(tree, "rds:ModifyDBCluster").boolean("RotateMasterUserPassword");
            wanted.map(|wanted| wanted == Some(true))
        };
        // A cluster that is completed has a password that was made a moment ago.
        if rotates(change.properties)? && !change.prior.is_empty() && !rotates(change.prior)? {
            input.insert("RotateMasterUserPassword".to_owned(), true.into());
        }
        if input.is_empty() {
            return Ok(false);
        }
        input.insert("DBClusterIdentifier".to_owned(), change.identifier.into());
        input.insert("ApplyImmediately".to_owned(), true.into());
        api.call(MODIFY, input).await.map(|_| true)
    }

    fn deletion(identifier: &str, _: &KnownMap) -> KnownMap {
        arguments([("DBClusterIdentifier", identifier.into()), ("SkipFinalSnapshot", true.into())])
    }
}

/// The member that turns exports of logs on and off; `None` if they are as declared.
fn logs(change: &Change<'_>) -> Result<Option<(String, KnownValue)>, DriverError> {
    let names = |tree: &KnownMap| Fields::new(tree, "rds:ModifyDBCluster").names(LOGS);
    let (wanted, before, shown) =
        (names(change.properties)?, names(change.prior)?, names(change.shown)?);
    if change.declared(LOGS).is_none() && before.is_empty() {
        return Ok(None);
    }
    let list = |names: Vec<&String>| {
        KnownValue::List(names.into_iter().map(|name| name.as_str().into()).collect())
    };
    let mut members = KnownMap::new();
    let on: Vec<_> = wanted.difference(&shown).collect();
    let off: Vec<_> = shown.difference(&wanted).collect();
    for (member, names) in [("EnableLogTypes", on), ("DisableLogTypes", off)] {
        if !names.is_empty() {
            members.insert(member.to_owned(), list(names));
        }
    }
    let member = "CloudwatchLogsExportConfiguration".to_owned();
    Ok((!members.is_empty()).then(|| (member, members.into())))
}
