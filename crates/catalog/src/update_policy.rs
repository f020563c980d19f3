//! Updates that CloudFormation carries out in another way where a resource has an `UpdatePolicy`: step by
//! step, through a deployment, or not at all.
//!
//! Source: "UpdatePolicy attribute", AWS CloudFormation Template Reference.

/// An entry of `UpdatePolicy`: the type it is for, its name, and the properties whose changes it governs;
/// none means all.
const GOVERNED: [(&str, &str, &[&str]); 9] = [
    (ASG, "AutoScalingReplacingUpdate", LAUNCHED),
    (ASG, "AutoScalingRollingUpdate", LAUNCHED),
    (ASG, "AutoScalingScheduledAction", &["DesiredCapacity", "MaxSize", "MinSize"]),
    ("AWS::AppStream::Fleet", "StopAfterUpdate", &[]),
    ("AWS::AppStream::Fleet", "StopBeforeUpdate", &[]),
    ("AWS::ElastiCache::ReplicationGroup", "UseOnlineResharding", SHARDS),
    ("AWS::Elasticsearch::Domain", "EnableVersionUpgrade", &["ElasticsearchVersion"]),
    ("AWS::Lambda::Alias", "CodeDeployLambdaAliasUpdate", &["FunctionVersion"]),
    ("AWS::OpenSearchService::Domain", "EnableVersionUpgrade", &["EngineVersion"]),
];

const ASG: &str = "AWS::AutoScaling::AutoScalingGroup";

/// The properties that decide which instances a group launches, and where.
const LAUNCHED: &[&str] = &[
    "AvailabilityZones",
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "PlacementGroup",
    "VPCZoneIdentifier",
];

const SHARDS: &[&str] = &["NodeGroupConfiguration", "NumNodeGroups"];

/// True if an entry of the `UpdatePolicy` of a type governs a change of a property.
pub fn governs(resource_type: &str, entry: &str, property: &str) -> bool {
    GOVERNED.iter().any(|(of, name, properties)| {
        *of == resource_type
            && *name == entry
            && (properties.is_empty() || properties.contains(&property))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn types_and_properties_are_those_of_the_registry() {
        for (of, entry, properties) in GOVERNED {
            let schema = Registry::embedded().get(of).unwrap().unwrap_or_else(|| panic!("{of}"));
            for property in properties {
                let known = schema.root().property_names().any(|name| name == *property);
                assert!(known, "{of} {entry}: {property}");
                assert!(governs(of, entry, property));
            }
            assert_eq!(governs(of, entry, "Tags"), properties.is_empty());
        }
    }
}
