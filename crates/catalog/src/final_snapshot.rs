//! Final snapshots: the types whose service can take one of an object before it deletes it, and the
//! objects of these types of which it takes none.

use rstack_model::{Value, ValueMap};

/// The rule for the final snapshots of one type.
#[derive(Debug, PartialEq, Eq)]
pub struct FinalSnapshot {
    resource_type: &'static str,
    /// The type of the snapshots: a resource type, or a name in the form of one where the registry has
    /// none.
    pub snapshot_type: &'static str,
    /// True if `Snapshot` is the `DeletionPolicy` of a resource that declares none.
    by_default: bool,
    exceptions: &'static [Exception],
}

/// Objects of which the service takes no final snapshot.
#[derive(Debug, PartialEq, Eq)]
struct Exception {
    property: &'static str,
    /// The value that makes the exception; `None` if every value does.
    value: Option<&'static str>,
    reason: &'static str,
}

/// An object of which its service takes no final snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFinalSnapshot {
    /// The property that makes it one.
    pub property: &'static str,
    /// The kind of object, such as `a read replica`, and the reason.
    pub reason: &'static str,
}

const fn rule(resource_type: &'static str, snapshot_type: &'static str) -> FinalSnapshot {
    FinalSnapshot { resource_type, snapshot_type, by_default: false, exceptions: &[] }
}

/// The types.
///
/// Sources: "DeletionPolicy attribute", AWS CloudFormation User Guide, for the types and the defaults;
/// `DeleteDBInstance`, Amazon RDS API Reference, for members of clusters and replicas; `DeleteCacheCluster`,
/// Amazon ElastiCache API Reference, for Memcached.
const RULES: [FinalSnapshot; 8] = [
    rule("AWS::DocDB::DBCluster", "AWS::DocDB::DBClusterSnapshot"),
    rule("AWS::EC2::Volume", "AWS::EC2::Snapshot"),
    FinalSnapshot {
        exceptions: &[Exception {
            property: "Engine",
            value: Some("memcached"),
            reason: "a Memcached cluster, which keeps nothing that can be restored",
        }],
        ..rule("AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::Snapshot")
    },
    rule("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::Snapshot"),
    rule("AWS::Neptune::DBCluster", "AWS::Neptune::DBClusterSnapshot"),
    FinalSnapshot { by_default: true, ..rule("AWS::RDS::DBCluster", "AWS::RDS::ClusterSnapshot") },
    FinalSnapshot {
        by_default: true,
        exceptions: &[
            Exception {
                property: "DBClusterIdentifier",
                value: None,
                reason: "an instance of a cluster, whose data are in the cluster's snapshot",
            },
            Exception {
                property: "SourceDBInstanceIdentifier",
                value: None,
                reason: "a read replica, whose data are in its source",
            },
            Exception {
                property: "SourceDBClusterIdentifier",
                value: None,
                reason: "a read replica, whose data are in its source",
            },
        ],
        ..rule("AWS::RDS::DBInstance", "AWS::RDS::DBSnapshot")
    },
    rule("AWS::Redshift::Cluster", "AWS::Redshift::Snapshot"),
];

impl FinalSnapshot {
    /// The rule of a type; `None` if no service takes a final snapshot of its objects.
    pub fn of(resource_type: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.resource_type == resource_type)
    }

    /// The types, in the order of their names.
    pub fn types() -> impl Iterator<Item = &'static str> {
        RULES.iter().map(|rule| rule.resource_type)
    }

    /// Why the service takes none of an object with these properties, if it takes none. A value that
    /// is not yet known makes no exception unless every value does.
    pub fn exception(&self, properties: &ValueMap) -> Option<NoFinalSnapshot> {
        let made = |it: &&Exception| match (properties.get(it.property), it.value) {
            (None | Some(Value::Null), _) => false,
            (Some(_), None) => true,
            (Some(is), Some(value)) => {
                is.as_str().is_some_and(|text| text.eq_ignore_ascii_case(value))
            }
        };
        let Exception { property, reason, .. } = self.exceptions.iter().find(made)?;
        Some(NoFinalSnapshot { property, reason })
    }

    /// True if a resource of the type with these properties has the `DeletionPolicy` `Snapshot` when it
    /// declares none.
    pub fn is_default(&self, properties: &ValueMap) -> bool {
        self.by_default && self.exception(properties).is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Registry;

    fn properties(json: serde_json::Value) -> ValueMap {
        let Value::Map(properties) = Value::from_json(json) else { panic!("no map") };
        properties
    }

    #[test]
    fn every_type_is_in_the_registry_and_has_the_properties_of_its_exceptions() {
        assert!(RULES.windows(2).all(|pair| pair[0].resource_type < pair[1].resource_type));
        for rule in &RULES {
            let schema = Registry::embedded().get(rule.resource_type).unwrap().unwrap();
            for Exception { property, .. } in rule.exceptions {
                let node = schema.property(schema.root(), property);
                assert!(node.is_some(), "{} has no {property}", rule.resource_type);
            }
        }
        assert!(FinalSnapshot::of("AWS::SQS::Queue").is_none());
    }

    #[test]
    fn members_replicas_and_memcached_have_no_final_snapshot() {
        let none = |resource_type: &str, declared: serde_json::Value| {
            let rule = FinalSnapshot::of(resource_type).unwrap();
            rule.exception(&properties(declared)).map(|none| none.property)
        };
        let instance = "AWS::RDS::DBInstance";
        assert_eq!(none(instance, json!({"Engine": "mysql"})), None);
        assert_eq!(none(instance, json!({"DBClusterIdentifier": null})), None);
        let member = json!({"DBClusterIdentifier": "c"});
        assert_eq!(none(instance, member), Some("DBClusterIdentifier"));
        let replica = json!({"SourceDBInstanceIdentifier": "i"});
        assert_eq!(none(instance, replica), Some("SourceDBInstanceIdentifier"));
        let cache = "AWS::ElastiCache::CacheCluster";
        assert_eq!(none(cache, json!({"Engine": "Memcached"})), Some("Engine"));
        assert_eq!(none(cache, json!({"Engine": "redis"})), None);
    }

    #[test]
    fn the_default_is_that_of_databases_which_stand_alone() {
        let default = |resource_type: &str, declared: serde_json::Value| {
            FinalSnapshot::of(resource_type).unwrap().is_default(&properties(declared))
        };
        assert!(default("AWS::RDS::DBCluster", json!({})));
        assert!(default("AWS::RDS::DBInstance", json!({})));
        assert!(!default("AWS::RDS::DBInstance", json!({"DBClusterIdentifier": "c"})));
        assert!(!default("AWS::RDS::DBInstance", json!({"SourceDBInstanceIdentifier": "i"})));
        assert!(!default("AWS::Neptune::DBCluster", json!({})));
    }
}
