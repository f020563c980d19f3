//! A policy as it is declared, and the policies that objects are seen with.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::holder::Holder;
use crate::iam::{Fields, is_partly_unknown, required_document, same_document};

/// A policy as it is declared.
pub(super) struct Declared {
    /// The objects that hold it, each once, in the declared order.
    pub(super) holders: Vec<String>,
    /// As it was declared.
    pub(super) document: KnownValue,
    /// As a call takes it.
    pub(super) text: KnownValue,
}

impl Declared {
    /// # Errors
    /// If a property is missing or of another form.
    pub(super) fn parse(kind: Holder, properties: &KnownMap) -> Result<Self, DriverError> {
        let fields = Fields::new(properties, kind.action());
        let text = required_document(fields, "PolicyDocument")?;
        let document = fields.value("PolicyDocument").unwrap_or(&text).clone();
        let property = kind.property();
        fields.names(property)?;
        let (mut holders, mut seen) = (Vec::new(), BTreeSet::new());
        for name in fields.list(property)?.iter().filter_map(KnownValue::expose_str) {
            if seen.insert(name) {
                holders.push(name.to_owned());
            }
        }
        if holders.is_empty() {
            return Err(fields.invalid(property, "is empty"));
        }
        Ok(Self { holders, document, text })
    }

    pub(super) fn is_held_by(&self, name: &str) -> bool {
        self.holders.iter().any(|holder| holder == name)
    }

    /// True if an object that is declared with this policy has it: a policy that means something
    /// else was put by another owner. One with a secret that is not known cannot be compared, and is
    /// taken for this one.
    pub(super) fn is(&self, policy: &KnownValue) -> bool {
        is_partly_unknown(&self.document) || same_document(&self.document, policy)
    }
}
