//! Declared properties in the form that a type's provider takes.

use rstack_catalog::{Node, TypeSchema};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::mapping::to_schema;

/// The properties that are sent: scalars of the schema's kinds, documents as trees, without nulls
/// and without what only the service sets. A template may write a number as text, which
/// CloudFormation takes and a provider's schema refuses.
pub(super) fn sent(schema: &TypeSchema, declared: &KnownMap) -> KnownMap {
    map(schema, Some(schema.root()), &PropertyPath::root(), declared)
}

fn map(
    schema: &TypeSchema,
    node: Option<&Node>,
    path: &PropertyPath,
    declared: &KnownMap,
) -> KnownMap {
    let mut out = KnownMap::new();
    for (name, item) in declared {
        let path = path.name(name);
        if *item == KnownValue::Null || !schema.takes(&path) {
            continue;
        }
        let node = node.and_then(|node| schema.property(node, name));
        out.insert(name.clone(), value(schema, node, &path, item));
    }
    out
}

fn value(
    schema: &TypeSchema,
    node: Option<&Node>,
    path: &PropertyPath,
    declared: &KnownValue,
) -> KnownValue {
    if let Some(node) = node.filter(|node| schema.is_document(node)) {
        return to_schema(declared, schema, node).unwrap_or_else(|| declared.clone());
    }
    match declared {
        KnownValue::Map(members) => KnownValue::Map(map(schema, node, path, members)),
        KnownValue::List(items) => {
            let element = node.and_then(|node| schema.element(node));
            let items = items.iter().enumerate();
            let items = items.map(|(at, item)| value(schema, element, &path.index(at), item));
            KnownValue::List(items.collect())
        }
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => node
            .and_then(|node| to_schema(declared, schema, node))
            .unwrap_or_else(|| declared.clone()),
    }
}

#[cfg(test)]
mod tests {
    use rstack_catalog::Registry;
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    fn check(type_name: &str, declared: serde_json::Value, expected: serde_json::Value) {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        assert_eq!(sent(&schema, &known(declared)), known(expected), "{type_name}");
    }

    #[test]
    fn scalars_and_documents_take_the_form_of_the_schema() {
        check(
            "AWS::SQS::Queue",
            json!({
                "DelaySeconds": "5", "FifoQueue": "true", "QueueName": null,
                "Tags": [{"Key": "cost", "Value": 7}],
            }),
            json!({
                "DelaySeconds": 5, "FifoQueue": true,
                "Tags": [{"Key": "cost", "Value": "7"}],
            }),
        );
        check(
            "AWS::StepFunctions::StateMachine",
            json!({"Definition": "{\"StartAt\": \"A\"}", "RoleArn": "arn:r"}),
            json!({"Definition": {"StartAt": "A"}, "RoleArn": "arn:r"}),
        );
    }

    #[test]
    fn what_only_the_service_sets_is_not_sent() {
        check(
            "AWS::SQS::Queue",
            json!({"QueueName": "q", "Arn": "arn:x"}),
            json!({"QueueName": "q"}),
        );
    }
}
