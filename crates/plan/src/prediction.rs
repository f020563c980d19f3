//! The attributes of a resource, as far as they are known when its users are planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstack_model::state::ResourceState;
use rstack_model::value::{Attribute, AttributeRef, Attributes};
use rstack_model::{Address, PropertyPath, Value, ValueMap};

use crate::input::Observation;
use crate::type_definition::TypeDefinition;

/// An object of the state as it was read now. It is borrowed: a large stack is not copied for what
/// its resources refer to.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    prior: &'a ResourceState,
    observation: Option<&'a Observation>,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(prior: &'a ResourceState, observation: Option<&'a Observation>) -> Self {
        Self { prior, observation }
    }

    /// An attribute: as it was read, or else as the state remembers it.
    fn attribute(&self, attribute: &Attribute) -> Option<Value> {
        match (attribute, self.observation) {
            (Attribute::Named(name), Some(Observation::Present { attributes, .. })) => {
                let remembered = self.prior.attributes.contains_key(name);
                let top = name.split_once('.').map(|(top, _)| top);
                let part_was_read = top.is_some_and(|top| attributes.contains_key(top));
                if attributes.contains_key(name) || (part_was_read && !remembered) {
                    return read(attributes, name);
                }
                self.prior.attribute(attribute)
            }
            (Attribute::Ref | Attribute::Named(_), _) => self.prior.attribute(attribute),
        }
    }
}

/// An attribute that was read; nested names are looked up whole, then segment by segment.
fn read(attributes: &ValueMap, name: &str) -> Option<Value> {
    if let Some(value) = attributes.get(name) {
        return Some(value.clone());
    }
    let (first, rest) = name.split_once('.')?;
    if let Value::Map(map) = attributes.get(first)? { read(map, rest) } else { None }
}

/// The prospect of one resource's attributes.
pub(crate) enum Prediction<'a> {
    /// The object stays as it is.
    Same(Seen<'a>),
    /// The object stays and is changed at these paths.
    Updated { prior: Seen<'a>, changed: Vec<PropertyPath>, definition: Arc<dyn TypeDefinition> },
    /// There will be a new object; `Ref` is known if it returns a declared property. If the
    /// replacement is only possible, `kept` is the object that may turn out to stay.
    New { reference: Option<Value>, kept: Option<Seen<'a>> },
}

/// The predictions of the resources planned so far.
#[derive(Default)]
pub(crate) struct Predictions<'a>(BTreeMap<Address, Prediction<'a>>);

/// The attributes that are sure: those that may change are unknown.
pub(crate) struct Sure<'a>(&'a Predictions<'a>);

/// The attributes as they are if no attribute of a kept object changes.
pub(crate) struct Unchanged<'a>(&'a Predictions<'a>);

impl<'a> Predictions<'a> {
    pub(crate) fn insert(&mut self, id: Address, prediction: Prediction<'a>) {
        self.0.insert(id, prediction);
    }

    pub(crate) fn sure(&self) -> Sure<'_> {
        Sure(self)
    }

    pub(crate) fn unchanged(&self) -> Unchanged<'_> {
        Unchanged(self)
    }

    fn attribute(&self, reference: &AttributeRef, may_change: bool) -> Option<Value> {
        match self.0.get(&reference.address)? {
            Prediction::Same(state) => state.attribute(&reference.attribute),
            Prediction::Updated { prior, changed, definition } => {
                let changes = match &reference.attribute {
                    Attribute::Ref => definition.ref_may_change(),
                    Attribute::Named(name) => {
                        let changed: Vec<&PropertyPath> = changed.iter().collect();
                        definition.attribute_may_change(name, &changed)
                    }
                };
                if may_change && changes {
                    return None;
                }
                prior.attribute(&reference.attribute)
            }
            Prediction::New { reference: declared, kept } => {
                let declared = match reference.attribute {
                    Attribute::Ref => declared.clone(),
                    Attribute::Named(_) => None,
                };
                // A declared name is what `Ref` returns for the new object and the kept one alike.
                let kept = kept.as_ref().filter(|_| !may_change);
                declared.or_else(|| kept?.attribute(&reference.attribute))
            }
        }
    }
}

impl Attributes for Sure<'_> {
    fn attribute(&self, reference: &AttributeRef) -> Option<Value> {
        self.0.attribute(reference, true)
    }
}

impl Attributes for Unchanged<'_> {
    fn attribute(&self, reference: &AttributeRef) -> Option<Value> {
        self.0.attribute(reference, false)
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::KnownValue;
    use rstack_model::value::redacted_map;

    use super::*;

    fn attributes(json: &str) -> ValueMap {
        let value = KnownValue::from_json(serde_json::from_str(json).unwrap());
        let KnownValue::Map(map) = value else { panic!("{json}") };
        redacted_map(&map)
    }

    #[test]
    fn an_attribute_is_as_it_was_read() {
        let text = r#"{"A":"read","B":{"C":"read","D":{"E":"read"}},"F.G":"read"}"#;
        let map = attributes(text);
        for name in ["A", "B.C", "B.D.E", "F.G"] {
            assert_eq!(read(&map, name), Some(Value::from("read")), "{name}");
        }
        for name in ["B.X", "A.X", "F", "X"] {
            assert_eq!(read(&map, name), None, "{name}");
        }
    }
}
