//! Secrets behind unchanged references that have another version than the object was made with.

use rstack_model::plan::PlannedObject;
use rstack_model::state::ResourceState;
use rstack_model::value::SecretReference;
use rstack_model::{PropertyPath, UpdateKind, Value};

use crate::type_definition::TypeDefinition;

/// The rotated secrets of an object.
#[derive(Default)]
pub(super) struct Rotation {
    /// References whose new version is sent in place.
    pub(super) sent: Vec<String>,
    /// Where new values of parameters stand that cannot be changed in place.
    pub(super) fixed: Vec<PropertyPath>,
}

impl Rotation {
    /// A secret that was rotated elsewhere does not replace an object that was made with the value
    /// it had then; a parameter's new value does.
    pub(super) fn of(
        definition: &dyn TypeDefinition,
        desired: &PlannedObject,
        prior: &ResourceState,
    ) -> Self {
        let mut out = Self::default();
        for (path, reference) in places(desired) {
            let text = reference.to_string();
            let now = desired.secret_versions.get(&text);
            let before = prior.secret_versions.get(&text);
            if now.is_none() || before.is_none() || now == before {
                continue;
            }
            let is_fixed = definition.update_kind(&path) == UpdateKind::Replaces;
            match (is_fixed, reference) {
                (true, SecretReference::Parameter(_)) => out.fixed.push(path),
                (
                    true,
                    SecretReference::SecretsManager(_)
                    | SecretReference::SecureParameter(_)
                    | SecretReference::SignalUrl(_)
                    | SecretReference::Attribute(_),
                ) => {}
                (true, SecretReference::Hidden) | (false, _) => {
                    if !out.sent.contains(&text) {
                        out.sent.push(text);
                    }
                }
            }
        }
        out
    }
}

/// Every secret of the properties with the place that it stands in, in the order of the tree.
fn places(desired: &PlannedObject) -> Vec<(PropertyPath, SecretReference)> {
    let mut out = Vec::new();
    let top = desired.properties.iter().rev();
    let mut open: Vec<(PropertyPath, &Value)> =
        top.map(|(key, value)| (PropertyPath::root().name(key), value)).collect();
    while let Some((path, value)) = open.pop() {
        match value {
            Value::List(items) => {
                let items = items.iter().enumerate().rev();
                open.extend(items.map(|(i, item)| (path.index(i), item)));
            }
            Value::Map(map) => {
                open.extend(map.iter().rev().map(|(key, item)| (path.name(key), item)));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Text(_)
            | Value::Deferred(_) => {
                value.visit_secrets(&mut |it| out.push((path.clone(), it.clone())));
            }
        }
    }
    out
}
