//! The calls and members by which the services delete with a final snapshot, and show what is left.

use crate::definition::Service;

/// The names of one type's calls.
pub(super) struct Names {
    resource_type: &'static str,
    /// The service that is called.
    pub(super) service: Service,
    /// The operation that deletes.
    pub(super) delete: &'static str,
    /// The operation that describes the object.
    pub(super) describe: &'static str,
    /// The member of both that names the object.
    pub(super) identifier: &'static str,
    /// The member of the deletion that must be false, where the service has one.
    pub(super) skip: Option<&'static str>,
    /// The member of the deletion that names the snapshot.
    pub(super) snapshot: &'static str,
    /// The list of objects in the description.
    pub(super) objects: &'static str,
    /// The member that has an object's status.
    pub(super) status: &'static str,
    /// The operation that describes snapshots.
    pub(super) snapshots: &'static str,
    /// The member that names a snapshot there, in question and answer.
    pub(super) snapshot_name: &'static str,
    /// The list of snapshots in the answer.
    pub(super) listed: &'static str,
    /// The member of a snapshot that names the object that it is of.
    pub(super) source: &'static str,
    /// The member of a snapshot that names the node that it was taken from, where that may stand for
    /// the object: its name is the object's with a suffix.
    pub(super) node: Option<&'static str>,
    /// Switches of the template that the deletion has as members, too.
    pub(super) switches: &'static [&'static str],
}

const fn cluster(resource_type: &'static str) -> Names {
    Names {
        resource_type,
        service: Service::RDS,
        delete: "DeleteDBCluster",
        describe: "DescribeDBClusters",
        identifier: "DBClusterIdentifier",
        skip: Some("SkipFinalSnapshot"),
        snapshot: "FinalDBSnapshotIdentifier",
        objects: "DBClusters",
        status: "Status",
        snapshots: "DescribeDBClusterSnapshots",
        snapshot_name: "DBClusterSnapshotIdentifier",
        listed: "DBClusterSnapshots",
        source: "DBClusterIdentifier",
        node: None,
        switches: &[],
    }
}

/// The types. Clusters of DocumentDB and Neptune are deleted by RDS: their APIs have its endpoint, its
/// signing name, its version and these operations.
///
/// Sources: botocore, models of `rds`, `docdb`, `neptune`, `elasticache` and `redshift`; Amazon RDS API
/// Reference, `DeleteDBInstance`; Amazon ElastiCache API Reference, `Snapshot`.
static NAMES: [Names; 7] = [
    cluster("AWS::DocDB::DBCluster"),
    Names {
        resource_type: "AWS::ElastiCache::CacheCluster",
        service: Service::ELASTICACHE,
        delete: "DeleteCacheCluster",
        describe: "DescribeCacheClusters",
        identifier: "CacheClusterId",
        skip: None,
        snapshot: "FinalSnapshotIdentifier",
        objects: "CacheClusters",
        status: "CacheClusterStatus",
        snapshots: "DescribeSnapshots",
        snapshot_name: "SnapshotName",
        listed: "Snapshots",
        source: "CacheClusterId",
        node: None,
        switches: &[],
    },
    Names {
        resource_type: "AWS::ElastiCache::ReplicationGroup",
        service: Service::ELASTICACHE,
        delete: "DeleteReplicationGroup",
        describe: "DescribeReplicationGroups",
        identifier: "ReplicationGroupId",
        skip: None,
        snapshot: "FinalSnapshotIdentifier",
        objects: "ReplicationGroups",
        status: "Status",
        snapshots: "DescribeSnapshots",
        snapshot_name: "SnapshotName",
        listed: "Snapshots",
        source: "ReplicationGroupId",
        node: Some("CacheClusterId"),
        switches: &[],
    },
    cluster("AWS::Neptune::DBCluster"),
    Names { switches: &["DeleteAutomatedBackups"], ..cluster("AWS::RDS::DBCluster") },
    Names {
        resource_type: "AWS::RDS::DBInstance",
        service: Service::RDS,
        delete: "DeleteDBInstance",
        describe: "DescribeDBInstances",
        identifier: "DBInstanceIdentifier",
        skip: Some("SkipFinalSnapshot"),
        snapshot: "FinalDBSnapshotIdentifier",
        objects: "DBInstances",
        status: "DBInstanceStatus",
        snapshots: "DescribeDBSnapshots",
        snapshot_name: "DBSnapshotIdentifier",
        listed: "DBSnapshots",
        source: "DBInstanceIdentifier",
        node: None,
        switches: &["DeleteAutomatedBackups"],
    },
    Names {
        resource_type: "AWS::Redshift::Cluster",
        service: Service::REDSHIFT,
        delete: "DeleteCluster",
        describe: "DescribeClusters",
        identifier: "ClusterIdentifier",
        skip: Some("SkipFinalClusterSnapshot"),
        snapshot: "FinalClusterSnapshotIdentifier",
        objects: "Clusters",
        status: "ClusterStatus",
        snapshots: "DescribeClusterSnapshots",
        snapshot_name: "SnapshotIdentifier",
        listed: "Snapshots",
        source: "ClusterIdentifier",
        node: None,
        switches: &[],
    },
];

/// The names of a type; `None` if it is deleted by none of these calls.
pub(super) fn of(resource_type: &str) -> Option<&'static Names> {
    NAMES.iter().find(|names| names.resource_type == resource_type)
}
