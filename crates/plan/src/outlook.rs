//! What will be known of attributes when the users of a resource are planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstack_model::state::ResourceState;
use rstack_model::value::{Attribute, AttributeRef, Attributes};
use rstack_model::{Address, PropertyPath, Value};

use crate::facts::TypeFacts;

/// What becomes of one resource's attributes.
pub(crate) enum Outlook {
    /// The object stays as it is.
    Same(Box<ResourceState>),
    /// The object stays and is changed at these paths.
    Updated { prior: Box<ResourceState>, changed: Vec<PropertyPath>, facts: Arc<dyn TypeFacts> },
    /// There will be a new object; `Ref` is known if it returns a declared property. If the
    /// replacement is only possible, `kept` is the object that may turn out to stay.
    New { reference: Option<Value>, kept: Option<Box<ResourceState>> },
}

/// The outlooks of the resources planned so far.
#[derive(Default)]
pub(crate) struct Outlooks(BTreeMap<Address, Outlook>);

/// The attributes that are sure: those that may change are unknown.
pub(crate) struct Sure<'a>(&'a Outlooks);

/// The attributes as they are if no attribute of a kept object changes.
pub(crate) struct Unchanged<'a>(&'a Outlooks);

impl Outlooks {
    pub(crate) fn insert(&mut self, id: Address, outlook: Outlook) {
        self.0.insert(id, outlook);
    }

    pub(crate) fn sure(&self) -> Sure<'_> {
        Sure(self)
    }

    pub(crate) fn unchanged(&self) -> Unchanged<'_> {
        Unchanged(self)
    }

    fn attribute(&self, reference: &AttributeRef, may_change: bool) -> Option<Value> {
        match self.0.get(&reference.address)? {
            Outlook::Same(state) => state.attribute(&reference.attribute),
            Outlook::Updated { prior, changed, facts } => {
                if let Attribute::Named(name) = &reference.attribute {
                    let changed: Vec<&PropertyPath> = changed.iter().collect();
                    if may_change && facts.attribute_may_change(name, &changed) {
                        return None;
                    }
                }
                prior.attribute(&reference.attribute)
            }
            Outlook::New { reference: declared, kept } => {
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
