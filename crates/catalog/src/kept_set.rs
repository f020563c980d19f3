//! Lists that a service keeps as sets, though the registry does not say that their order means nothing.

use rstack_model::{PathSegment, PropertyPath};

/// The lists, by type and the names on their paths.
///
/// Sources: `DescribeTable`, Amazon DynamoDB API Reference, which returns `AttributeDefinitions` and
/// `NonKeyAttributes` in an order of its own; `CreateDBCluster`, Amazon RDS API Reference: the cluster is in all
/// of the zones; "Subject Alternative Name", RFC 5280, whose names have no order; `CreateUserPool`, Amazon
/// Cognito API Reference.
const SETS: [(&str, &[&str]); 8] = [
    ("AWS::CertificateManager::Certificate", &["SubjectAlternativeNames"]),
    ("AWS::Cognito::UserPool", &["AliasAttributes"]),
    ("AWS::Cognito::UserPool", &["UsernameAttributes"]),
    ("AWS::DynamoDB::Table", &["AttributeDefinitions"]),
    ("AWS::DynamoDB::Table", &["GlobalSecondaryIndexes", "Projection", "NonKeyAttributes"]),
    ("AWS::DynamoDB::Table", &["LocalSecondaryIndexes", "Projection", "NonKeyAttributes"]),
    ("AWS::Neptune::DBCluster", &["AvailabilityZones"]),
    ("AWS::RDS::DBCluster", &["AvailabilityZones"]),
];

/// True if a service keeps the list at a path as a set.
pub(crate) fn is_kept_as_a_set(type_name: &str, path: &PropertyPath) -> bool {
    let names = || {
        path.segments().iter().filter_map(|segment| match segment {
            PathSegment::Name(name) => Some(name.as_str()),
            PathSegment::Index(_) => None,
        })
    };
    SETS.iter().any(|(known, list)| *known == type_name && list.iter().copied().eq(names()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn the_types_have_the_lists() {
        for (name, list) in SETS {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            let path = list.iter().enumerate().fold(PropertyPath::root(), |path, (at, part)| {
                if at == 1 { path.index(0).name(*part) } else { path.name(*part) }
            });
            assert!(schema.node(&path).is_some(), "{name} {path}");
            assert!(schema.is_set(&path), "{name} {path}");
        }
    }
}
