//! Deletion protection: the property of an object that makes its service refuse to delete it.

use std::fmt;

use rstack_model::{Value, ValueMap};

use crate::kinds::Kind;
use crate::type_schema::TypeSchema;

/// Top-level properties that protect while they are true, in every type that has one as a boolean.
///
/// Sources: CloudFormation registry, descriptions of the properties; User Guide of EC2, "Change
/// instance termination protection"; CloudTrail User Guide, "Termination protection".
const SWITCHES: [&str; 6] = [
    "DeleteProtection",
    "DeletionProtected",
    "DeletionProtection",
    "DeletionProtectionEnabled",
    "DisableApiTermination",
    "TerminationProtectionEnabled",
];

/// Protections of another form: type, place, the value that protects, the value that does not.
///
/// Sources: CloudFormation registry, descriptions of the properties; Elastic Load Balancing API
/// reference, LoadBalancerAttribute; EMR Management Guide, "Using termination protection".
const OTHERS: [(&str, Place, &str, &str); 6] = [
    (
        "AWS::AutoScaling::AutoScalingGroup",
        Place::Property("DeletionProtection"),
        "prevent-all-deletion",
        "none",
    ),
    ("AWS::Cognito::UserPool", Place::Property("DeletionProtection"), "ACTIVE", "INACTIVE"),
    ("AWS::EMR::Cluster", Place::Within("Instances", "TerminationProtected"), "true", "false"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Place::Entry("LoadBalancerAttributes", "deletion_protection.enabled"),
        "true",
        "false",
    ),
    (
        "AWS::OpenSearchServerless::Collection",
        Place::Property("DeletionProtection"),
        "ENABLED",
        "DISABLED",
    ),
    (
        "AWS::VerifiedPermissions::PolicyStore",
        Place::Within("DeletionProtection", "Mode"),
        "ENABLED",
        "DISABLED",
    ),
];

/// The place of a protection among the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A top-level property.
    Property(&'static str),
    /// A property of a map.
    Within(&'static str, &'static str),
    /// The `Value` of the entry of a list whose `Key` is this.
    Entry(&'static str, &'static str),
}

/// A property that protects an object from deletion now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletionProtection {
    place: Place,
    off: &'static str,
}

impl DeletionProtection {
    /// The value that takes the protection off.
    pub fn off(&self) -> &'static str {
        self.off
    }
}

/// The property as a template has it: `DeletionProtection`, `Instances.TerminationProtected`,
/// `LoadBalancerAttributes[deletion_protection.enabled]`.
impl fmt::Display for DeletionProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Property(name) => f.write_str(name),
            Place::Within(outer, inner) => write!(f, "{outer}.{inner}"),
            Place::Entry(list, key) => write!(f, "{list}[{key}]"),
        }
    }
}

impl TypeSchema {
    /// The property that protects an object with these properties from deletion, if one does. A value
    /// that is not yet known protects nothing.
    pub fn deletion_protection(&self, properties: &ValueMap) -> Option<DeletionProtection> {
        let mut others = OTHERS.iter().filter(|(name, ..)| *name == self.name());
        let other = others.find_map(|(_, place, on, off)| {
            let protects = is(place.value(properties)?, on);
            protects.then_some(DeletionProtection { place: *place, off })
        });
        if other.is_some() {
            return other;
        }
        SWITCHES.iter().find_map(|name| {
            let protects = is(properties.get(*name)?, "true") && self.is_switch(name);
            protects.then_some(DeletionProtection { place: Place::Property(name), off: "false" })
        })
    }

    /// True if the top-level property is a boolean.
    fn is_switch(&self, name: &str) -> bool {
        self.property(self.root(), name)
            .is_some_and(|node| self.resolve(node).kinds().as_slice() == [Kind::Boolean])
    }
}

impl Place {
    fn value(self, properties: &ValueMap) -> Option<&Value> {
        match self {
            Self::Property(name) => properties.get(name),
            Self::Within(outer, inner) => properties.get(outer)?.as_map()?.get(inner),
            Self::Entry(list, key) => {
                let mut entries = properties.get(list)?.as_list()?.iter().filter_map(Value::as_map);
                entries
                    .find(|entry| entry.get("Key").and_then(Value::as_str) == Some(key))?
                    .get("Value")
            }
        }
    }
}

/// True if the value is this text, or the boolean of this text.
fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::Bool(value) => value.to_string() == text,
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Text(_)
        | Value::Deferred(_) => value.as_str().is_some_and(|is| is.eq_ignore_ascii_case(text)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Registry;

    fn of(resource_type: &str, properties: serde_json::Value) -> Option<String> {
        let schema = Registry::embedded().get(resource_type).unwrap().unwrap();
        let Value::Map(properties) = Value::from_json(properties) else { panic!("no map") };
        schema.deletion_protection(&properties).map(|found| format!("{found} {}", found.off()))
    }

    #[test]
    fn a_switch_protects_while_it_is_true_as_boolean_or_text() {
        let table = "AWS::DynamoDB::Table";
        let on = Some("DeletionProtectionEnabled false".to_owned());
        assert_eq!(of(table, json!({"DeletionProtectionEnabled": true})), on);
        assert_eq!(of(table, json!({"DeletionProtectionEnabled": "true"})), on);
        assert_eq!(of(table, json!({"DeletionProtectionEnabled": false})), None);
        assert_eq!(of(table, json!({})), None);
        let instance = of("AWS::EC2::Instance", json!({"DisableApiTermination": true}));
        assert_eq!(instance.as_deref(), Some("DisableApiTermination false"));
    }

    #[test]
    fn a_property_of_the_same_name_and_another_kind_is_no_switch() {
        assert_eq!(of("AWS::SQS::Queue", json!({"DeletionProtection": true})), None);
        let pool = |mode: &str| of("AWS::Cognito::UserPool", json!({"DeletionProtection": mode}));
        assert_eq!(pool("ACTIVE").as_deref(), Some("DeletionProtection INACTIVE"));
        assert_eq!(pool("INACTIVE"), None);
    }

    #[test]
    fn protections_within_maps_and_lists_are_found() {
        let balancer = |value: &str| {
            let entry = json!({"Key": "deletion_protection.enabled", "Value": value});
            let other = json!({"Key": "idle_timeout.timeout_seconds", "Value": "true"});
            of(
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                json!({"LoadBalancerAttributes": [other, entry]}),
            )
        };
        let on = "LoadBalancerAttributes[deletion_protection.enabled] false";
        assert_eq!(balancer("true").as_deref(), Some(on));
        assert_eq!(balancer("false"), None);
        let store = json!({"DeletionProtection": {"Mode": "ENABLED"}});
        let found = of("AWS::VerifiedPermissions::PolicyStore", store);
        assert_eq!(found.as_deref(), Some("DeletionProtection.Mode DISABLED"));
    }

    #[test]
    fn every_entry_names_a_property_of_its_type() {
        for (name, place, ..) in OTHERS {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            let (Place::Property(top) | Place::Within(top, _) | Place::Entry(top, _)) = place;
            let node = schema.property(schema.root(), top);
            assert!(node.is_some(), "{name} has no {top}");
            if let (Place::Within(_, inner), Some(node)) = (place, node) {
                assert!(schema.property(node, inner).is_some(), "{name} has no {top}.{inner}");
            }
        }
        for name in SWITCHES {
            let has = |schema: &TypeSchema| schema.is_switch(name);
            let mut all = Registry::embedded().names();
            let used = all.any(|of| Registry::embedded().get(of).unwrap().is_some_and(|s| has(&s)));
            assert!(used, "no type has the switch {name}");
        }
    }
}
