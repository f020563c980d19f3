//! Types whose objects share their names: an object of one type takes the name from the others.

/// A type, and the type whose objects' names it shares.
///
/// Sources: DynamoDB API Reference, `CreateTable`, `ResourceInUseException`: a table's name is one of the
/// account and Region, and a global table is a table; Amazon DocumentDB and Amazon Neptune Developer Guides,
/// "Managing … with the AWS CLI": both are served by the API of Amazon RDS, `DBClusterAlreadyExistsFault` and
/// `DBInstanceAlreadyExists`; Amazon OpenSearch Service Developer Guide, "Creating and managing domains": a
/// domain with either engine; Managed Service for Apache Flink API Reference, V2 `CreateApplication`.
const SHARED: [(&str, &str); 7] = [
    ("AWS::DocDB::DBCluster", "AWS::RDS::DBCluster"),
    ("AWS::DocDB::DBInstance", "AWS::RDS::DBInstance"),
    ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"),
    ("AWS::Elasticsearch::Domain", "AWS::OpenSearchService::Domain"),
    ("AWS::KinesisAnalytics::Application", "AWS::KinesisAnalyticsV2::Application"),
    ("AWS::Neptune::DBCluster", "AWS::RDS::DBCluster"),
    ("AWS::Neptune::DBInstance", "AWS::RDS::DBInstance"),
];

/// The type that stands for all whose objects share their names; mostly the type itself.
pub fn namespace(type_name: &str) -> &str {
    let shared = SHARED.iter().find(|(name, _)| *name == type_name);
    shared.map_or(type_name, |(_, namespace)| namespace)
}

/// Where an object with a name stands in the way of another one with the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameReach {
    /// In the same Region of the same account.
    Region,
    /// In every Region of the same account.
    Account,
    /// In every account of the partition.
    Partition,
}

/// Where names of a type's objects are unique.
///
/// Sources: Amazon S3 User Guide, "General purpose bucket naming rules": unique in a partition; AWS General
/// Reference, "AWS services that are global": IAM, CloudFront, Route 53, Organizations.
pub fn name_reach(type_name: &str) -> NameReach {
    match type_name {
        "AWS::S3::Bucket" => NameReach::Partition,
        _ => match type_name.split("::").nth(1) {
            Some("IAM" | "CloudFront" | "Route53" | "Organizations") => NameReach::Account,
            _ => NameReach::Region,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn types_that_share_names_call_them_alike() {
        let registry = Registry::embedded();
        for (name, shared) in SHARED {
            let names = |name: &str| {
                let schema = registry.get(name).unwrap().unwrap();
                let names = schema.unique_names().iter().flat_map(|it| it.name().to_vec());
                names.collect::<Vec<_>>()
            };
            let (own, others) = (names(name), names(shared));
            assert!(own.iter().any(|path| others.contains(path)), "{name} {own:?} {others:?}");
            assert_eq!(namespace(shared), shared);
        }
    }
}
