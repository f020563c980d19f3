//! Objects as the cloud shows them.

use rstack_model::{Identifier, KnownMap, PhysicalId};

/// An object that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its primary identifier, whole.
    pub identifier: Identifier,
    /// The return value of `Ref`.
    pub physical_id: PhysicalId,
    /// Its properties in the vocabulary of its CloudFormation type. Texts that may be secret are
    /// [`rstack_model::KnownValue::Secret`]. Write-only properties are absent.
    pub properties: KnownMap,
    /// The return values of `Fn::GetAtt`, by (dotted) attribute name.
    pub attributes: KnownMap,
}

impl Object {
    /// An object whose `Ref` is its whole identifier.
    pub fn named(physical_id: PhysicalId, properties: KnownMap, attributes: KnownMap) -> Self {
        Self { identifier: Identifier::from(&physical_id), physical_id, properties, attributes }
    }
}

/// The outcome of reading an object. That it could not be read is an error, never [`Self::Absent`].
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// The cloud said that it does not exist.
    Absent,
    /// It exists.
    Present(Object),
}
