//! The texts of secret attributes that a run has seen.
//!
//! They are in no record: of an attribute that is shown once, the text is lost with the run. A state has the
//! [`SecretAttribute`] in its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rstack_driver::{Object, Observed};
use rstack_model::state::ResourceState;
use rstack_model::value::{SecretAttribute, SecretReference};
use rstack_model::{KnownMap, KnownValue, PhysicalId, SecretString, Token, Value, ValueMap};

/// The texts, for as long as the run lasts. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ShownSecrets(Arc<Mutex<BTreeMap<SecretAttribute, SecretString>>>);

impl ShownSecrets {
    fn texts(&self) -> MutexGuard<'_, BTreeMap<SecretAttribute, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of an attribute, if the run has seen it.
    pub(crate) fn get(&self, attribute: &SecretAttribute) -> Option<SecretString> {
        self.texts().get(attribute).cloned()
    }

    /// Remembers the secret attributes of an object, and puts what they are into its record.
    /// `returned_by` is the operation that returned them, where it matters.
    pub(crate) fn note(
        &self,
        of: &PhysicalId,
        returned_by: Option<&Token>,
        shown: &KnownMap,
        recorded: &mut ValueMap,
    ) {
        let hidden = Value::secret(SecretReference::Hidden);
        for (name, value) in shown {
            let KnownValue::Secret(text) = value else { continue };
            // What repeats a declared secret is known by that.
            let Some(place) = recorded.get_mut(name).filter(|recorded| **recorded == hidden) else {
                continue;
            };
            // Its driver does not show it: it is the same as long as the object is, but for data of a custom
            // resource.
            if text.expose().is_empty() && returned_by.is_some() {
                continue;
            }
            let (name, returned_by) = (name.clone(), returned_by.cloned());
            let attribute = SecretAttribute { name, of: of.clone(), returned_by };
            *place = Value::secret(SecretReference::Attribute(attribute.clone()));
            if !text.expose().is_empty() {
                self.texts().insert(attribute, text.clone());
            }
        }
    }

    /// The text of an attribute, out of an object that was read for it.
    pub(crate) fn seen(
        &self,
        attribute: &SecretAttribute,
        observed: Observed,
    ) -> Option<SecretString> {
        let Observed::Present(Object { physical_id, mut attributes, .. }) = observed else {
            return None;
        };
        let Some(KnownValue::Secret(text)) = attributes.remove(&attribute.name) else {
            return None;
        };
        if physical_id != attribute.of || text.expose().is_empty() {
            return None;
        }
        self.texts().insert(attribute.clone(), text.clone());
        Some(text)
    }
}

/// The object of a secret attribute that can be read for it.
pub(crate) fn source<'a>(
    attribute: &SecretAttribute,
    objects: impl IntoIterator<Item = &'a ResourceState>,
) -> Option<&'a ResourceState> {
    // A response is read once.
    if attribute.returned_by.is_some() {
        return None;
    }
    let is_it = |value: &Value| {
        let mut found = false;
        value.visit_secrets(&mut |reference| {
            found |= matches!(reference, SecretReference::Attribute(it) if it == attribute);
        });
        found
    };
    objects.into_iter().find(|object| {
        object.physical_id == attribute.of
            && object.attributes.get(&attribute.name).is_some_and(is_it)
    })
}

/// The secret attributes that properties hold.
pub(crate) fn secret_attributes<'a>(
    properties: impl IntoIterator<Item = &'a Value>,
    found: &mut dyn FnMut(&'a SecretAttribute),
) {
    for value in properties {
        value.visit_secrets(&mut |reference| {
            if let SecretReference::Attribute(attribute) = reference {
                found(attribute);
            }
        });
    }
}
