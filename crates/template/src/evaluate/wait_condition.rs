//! Wait conditions: the `Ref` of a handle is a URL that lets its holder signal, and thus a secret. Where a
//! condition itself names its handle, no secret is needed.

use rstack_model::value::{SecretReference, TextPart};
use rstack_model::{ResourceType, Value, ValueMap};

/// The type of handles.
pub(super) const HANDLE: &str = "AWS::CloudFormation::WaitConditionHandle";
/// The type of conditions.
const CONDITION: &str = "AWS::CloudFormation::WaitCondition";

/// Replaces the URL in the `Handle` of a condition by what identifies the handle.
pub(super) fn name_handle(resource_type: &ResourceType, properties: &mut ValueMap) {
    if resource_type.as_str() != CONDITION {
        return;
    }
    let Some(value) = properties.get_mut("Handle") else { return };
    let named = match &*value {
        Value::Text(text) => match text.parts() {
            [TextPart::Secret(SecretReference::SignalUrl(handle))] => Some((**handle).clone()),
            _ => None,
        },
        _ => None,
    };
    if let Some(named) = named {
        *value = named;
    }
}
