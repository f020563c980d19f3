//! Properties that a service has as a map of texts.

use rstack_catalog::TypeSchema;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::definition::TextAttributes;
use crate::mapping::{MappingError, of_text, text_of};

/// The map of properties, for a new object or for one that exists.
///
/// # Errors
/// If a property cannot be a text.
pub(super) fn texts(
    kind: &TextAttributes,
    properties: &KnownMap,
    is_new: bool,
) -> Result<KnownMap, MappingError> {
    let mut out = KnownMap::new();
    for (property, value) in properties {
        if *value == KnownValue::Null {
            continue;
        }
        let text = text_of(value, &PropertyPath::root().name(property))?;
        let left_out = is_new
            && kind.only_true.contains(property)
            && text.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"));
        if !left_out {
            out.insert(kind.key(property).to_owned(), text);
        }
    }
    Ok(out)
}

/// The properties that a map shows, as far as the type has them.
pub(super) fn properties(kind: &TextAttributes, texts: &KnownMap, schema: &TypeSchema) -> KnownMap {
    let mut out = KnownMap::new();
    for property in &kind.only_true {
        out.insert(property.clone(), KnownValue::from(false));
    }
    for (key, text) in texts {
        let property = kind.property(key);
        let node = schema.property(schema.root(), property);
        let value = node.and_then(|node| of_text(text, schema, node));
        out.extend(value.map(|value| (property.to_owned(), value)));
    }
    out
}

#[cfg(test)]
mod tests {
    use rstack_catalog::Registry;
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    fn kind() -> TextAttributes {
        serde_json::from_value(json!({
            "member": "Attributes", "renames": {"Arn": "QueueArn"}, "onlyTrue": ["FifoQueue"],
        }))
        .unwrap()
    }

    #[test]
    fn properties_are_texts_and_come_back_as_their_kinds() {
        let declared = known(json!({
            "DelaySeconds": 5, "FifoQueue": true, "SqsManagedSseEnabled": "false",
            "RedrivePolicy": {"deadLetterTargetArn": "arn", "maxReceiveCount": 3},
        }));
        let made = texts(&kind(), &declared, true).unwrap();
        let expected = json!({
            "DelaySeconds": "5", "FifoQueue": "true", "SqsManagedSseEnabled": "false",
            "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn\",\"maxReceiveCount\":3}",
        });
        assert_eq!(made, known(expected));
        let schema = Registry::embedded().get("AWS::SQS::Queue").unwrap().unwrap();
        let mut shown = made;
        shown.insert("QueueArn".to_owned(), "arn:q".into());
        shown.insert("ApproximateNumberOfMessages".to_owned(), "0".into());
        let expected = json!({
            "Arn": "arn:q", "DelaySeconds": 5, "FifoQueue": true, "SqsManagedSseEnabled": false,
            "RedrivePolicy": {"deadLetterTargetArn": "arn", "maxReceiveCount": 3},
        });
        assert_eq!(properties(&kind(), &shown, &schema), known(expected));
    }

    #[test]
    fn what_is_given_only_if_it_is_true_is_shown_as_false_without_it() {
        let declared = known(json!({"FifoQueue": false}));
        assert_eq!(texts(&kind(), &declared, true).unwrap(), KnownMap::new());
        assert_eq!(texts(&kind(), &declared, false).unwrap(), known(json!({"FifoQueue": "false"})));
        let schema = Registry::embedded().get("AWS::SQS::Queue").unwrap().unwrap();
        assert_eq!(properties(&kind(), &KnownMap::new(), &schema), declared);
    }
}
