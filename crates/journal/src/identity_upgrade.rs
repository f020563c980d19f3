//! Objects, journal entries and states that were written before objects had identifiers, as they
//! are written now. Pure.
//!
//! Formats 1 and 2 of a state and format 1 of a journal named an object by what `Ref` returns, and
//! a resource by its logical ID. The identifier is computed from what is recorded of the object.

use std::collections::BTreeMap;

use rstack_catalog::Registry;
use rstack_model::state::State;
use rstack_model::{Digest, Identifier, PhysicalId, ResourceType};
use serde_json::{Map, Value, json};

use crate::entry::IntentAction;

type Object = Map<String, Value>;

/// The cursor of objects that were not waited for before there were cursors.
const STABILIZING: &str = "settle";

/// The identifier of an object that is recorded without one.
fn identifier(type_name: &str, physical_id: &str, trees: &[&Object]) -> Identifier {
    match Registry::embedded().get(type_name) {
        Ok(Some(schema)) => schema.identifier_in(physical_id, trees),
        Ok(None) | Err(_) => Identifier::from(physical_id),
    }
}

fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn rename(object: &mut Object, from: &str, to: &str) {
    if let Some(value) = object.remove(from) {
        object.insert(to.to_owned(), value);
    }
}

/// Gives the recorded object its identifier.
fn object(value: &mut Value) {
    let Some(object) = value.as_object_mut() else { return };
    let trees = ["attributes", "properties"].into_iter();
    let trees: Vec<&Object> =
        trees.filter_map(|name| object.get(name).and_then(Value::as_object)).collect();
    let found = identifier(text(object, "resource_type"), text(object, "physical_id"), &trees);
    object.insert("identifier".to_owned(), json!(found));
    if text(object, "status") == "settling" {
        object.insert("cursor".to_owned(), json!(STABILIZING));
    }
}

/// Brings a state to the form in which objects have identifiers and resources have addresses.
pub(crate) fn state(value: &mut Value) {
    let Some(state) = value.as_object_mut() else { return };
    if let Some(resources) = state.get_mut("resources").and_then(Value::as_object_mut) {
        resources.values_mut().for_each(object);
    }
    for deposed in state.get_mut("deposed").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(deposed) = deposed.as_object_mut() {
            rename(deposed, "logical_id", "address");
            deposed.get_mut("object").into_iter().for_each(object);
        }
    }
    state.get_mut("former").into_iter().for_each(self::state);
}

/// The knowledge that reading the entries of an old journal needs: the objects that it was written
/// over, and the types of the objects that it makes.
#[derive(Debug, Default)]
pub(crate) struct Known<'a> {
    base: Option<&'a State>,
    types: Vec<(u64, ResourceType, Object)>,
    told: BTreeMap<u64, Identifier>,
}

impl<'a> Known<'a> {
    /// The knowledge about a journal that was written over this state.
    pub(crate) fn of(base: Option<&'a State>) -> Self {
        Self { base, ..Self::default() }
    }

    fn in_base(&self, resource_type: &str, physical_id: &str) -> Option<Identifier> {
        let base = self.base?;
        let deposed = base.deposed.iter().map(|deposed| &deposed.object);
        let mut all = base.resources.values().chain(deposed);
        let found = all.find(|object| {
            object.resource_type.as_str() == resource_type
                && object.physical_id == PhysicalId::from(physical_id)
        });
        found.map(|object| object.identifier.clone())
    }

    /// Brings an entry of format 1 to the present form.
    pub(crate) fn entry(&mut self, value: &mut Value) {
        let Some(entry) = value.as_object_mut() else { return };
        if let Some(intent) = entry.get_mut("intent").and_then(Value::as_object_mut) {
            self.intent(intent);
        } else if let Some(effect) = entry.get_mut("effect").and_then(Value::as_object_mut) {
            let operation = effect.get("operation").and_then(Value::as_u64).unwrap_or_default();
            let known = self.types.iter().find(|(number, _, _)| *number == operation);
            let physical_id = text(effect, "physical_id");
            let found = known.map_or_else(
                || Identifier::from(physical_id),
                |(_, resource_type, properties)| {
                    identifier(resource_type.as_str(), physical_id, &[properties])
                },
            );
            effect.insert("identifier".to_owned(), json!(found));
            self.told.insert(operation, found);
        } else {
            let operation = value.pointer("/done/operation").and_then(Value::as_u64);
            let told = operation.and_then(|operation| self.told.get(&operation));
            if let Some(made) = value.pointer_mut("/done/outcome/object") {
                object(made);
                // What was made is the object whose existence was recorded.
                if let (Some(told), Some(made)) = (told, made.as_object_mut()) {
                    made.insert("identifier".to_owned(), json!(told));
                }
            }
        }
    }

    fn intent(&mut self, intent: &mut Object) {
        rename(intent, "logical-id", "address");
        let resource_type = text(intent, "resource-type").to_owned();
        let operation = intent.get("operation").and_then(Value::as_u64).unwrap_or_default();
        let Some(action) = intent.get_mut("action").and_then(Value::as_object_mut) else { return };
        for (_, body) in action.iter_mut() {
            let Some(body) = body.as_object_mut() else { continue };
            let properties = body.get("object").and_then(|object| object.get("properties"));
            let properties = properties.and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(physical_id) = body.remove("physical_id") {
                let physical_id = physical_id.as_str().unwrap_or_default();
                let found = self
                    .in_base(&resource_type, physical_id)
                    .unwrap_or_else(|| identifier(&resource_type, physical_id, &[&properties]));
                let key = json!({ "resource_type": resource_type, "identifier": found });
                body.insert("key".to_owned(), key);
            }
            self.types.push((operation, ResourceType::from(resource_type.as_str()), properties));
        }
        // Its digest is that of the action in the present form. The action itself was covered by the
        // digest of its record.
        let action = serde_json::from_value::<IntentAction>(Value::Object(action.clone()));
        if let Some(digest) = action.ok().and_then(|action| Digest::of_json(&action).ok()) {
            intent.insert("input-digest".to_owned(), json!(digest));
        }
    }
}
