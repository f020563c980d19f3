//! Changes that a service refuses by their values, though it changes the property in place.

use rstack_model::{Value, ValueMap};

/// A rule about the change of a property.
enum Rule {
    /// The number does not become smaller.
    Grows,
    /// The elements with one key keep these properties.
    Keeps { key: &'static str, properties: &'static [&'static str] },
}

/// The rules: type, property, rule, and the rule in words.
///
/// Sources: `ModifyVolume`, Amazon EC2 API Reference; `ModifyDBInstance` and "Increasing DB instance storage
/// capacity", Amazon RDS User Guide; "GlobalSecondaryIndexes", AWS::DynamoDB::Table, AWS CloudFormation User
/// Guide, and `UpdateTable`, Amazon DynamoDB API Reference.
const RULES: [(&str, &str, Rule, &str); 3] = [
    (
        "AWS::DynamoDB::Table",
        "GlobalSecondaryIndexes",
        Rule::Keeps { key: "IndexName", properties: &["KeySchema", "Projection"] },
        "an index keeps its key and its projection: declare another index under another name",
    ),
    ("AWS::EC2::Volume", "Size", Rule::Grows, "a volume does not become smaller"),
    ("AWS::RDS::DBInstance", "AllocatedStorage", Rule::Grows, "storage does not become smaller"),
];

/// The first top-level property whose change the service surely refuses, and the rule.
pub fn refused_change(
    type_name: &str,
    before: &ValueMap,
    after: &ValueMap,
) -> Option<(&'static str, &'static str)> {
    let own = RULES.iter().filter(|(name, ..)| *name == type_name);
    let mut refused = own.filter(|(_, property, rule, _)| {
        let values = before.get(*property).zip(after.get(*property));
        values.is_some_and(|(before, after)| rule.is_broken(before, after))
    });
    refused.next().map(|(_, property, _, words)| (*property, *words))
}

impl Rule {
    fn is_broken(&self, before: &Value, after: &Value) -> bool {
        match self {
            Self::Grows => number(before).zip(number(after)).is_some_and(|(b, a)| a < b),
            Self::Keeps { key, properties } => {
                let (Value::List(before), Value::List(after)) = (before, after) else {
                    return false;
                };
                after.iter().any(|element| {
                    let same = before.iter().find(|other| part(other, key) == part(element, key));
                    part(element, key).is_some()
                        && same.is_some_and(|other| {
                            properties
                                .iter()
                                .any(|name| differs(part(other, name), part(element, name)))
                        })
                })
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn part<'a>(element: &'a Value, name: &str) -> Option<&'a Value> {
    element.as_map()?.get(name)
}

/// True if both are known and differ.
fn differs(before: Option<&Value>, after: Option<&Value>) -> bool {
    let known = |value: Option<&Value>| !value.is_some_and(Value::has_unknown);
    known(before) && known(after) && before != after
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Registry;

    fn refused(type_name: &str, before: serde_json::Value, after: serde_json::Value) -> bool {
        let map = |json| match Value::from_json(json) {
            Value::Map(map) => map,
            _ => panic!("no map"),
        };
        refused_change(type_name, &map(before), &map(after)).is_some()
    }

    #[test]
    fn sizes_grow_and_indexes_keep_their_keys() {
        let size = |size: i64| json!({"Size": size});
        assert!(refused("AWS::EC2::Volume", size(100), size(50)));
        assert!(!refused("AWS::EC2::Volume", size(50), json!({"Size": "100"})));
        let index = |name: &str, projection: &str| {
            let projection = json!({"ProjectionType": projection});
            json!({"IndexName": name, "KeySchema": [], "Projection": projection})
        };
        let table = "AWS::DynamoDB::Table";
        let with = |indexes: serde_json::Value| json!({"GlobalSecondaryIndexes": indexes});
        let before = || with(json!([index("a", "ALL"), index("b", "ALL")]));
        assert!(refused(table, before(), with(json!([index("a", "KEYS_ONLY")]))));
        assert!(!refused(table, before(), with(json!([index("b", "ALL"), index("c", "ALL")]))));
    }

    #[test]
    fn the_types_have_the_properties() {
        for (name, property, ..) in RULES {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            assert!(schema.root().property_names().any(|own| own == property), "{name} {property}");
        }
    }
}
