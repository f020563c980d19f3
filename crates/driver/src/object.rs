//! Objects as the cloud shows them.

use rstack_model::{KnownMap, PhysicalId};

/// An object that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its name: what `Ref` returns.
    pub physical_id: PhysicalId,
    /// Its properties in the vocabulary of its CloudFormation type. Texts that may be secret are
    /// [`rstack_model::KnownValue::Secret`]. Write-only properties are absent.
    pub properties: KnownMap,
    /// What `Fn::GetAtt` returns, by (dotted) attribute name.
    pub attributes: KnownMap,
}

/// What reading an object found. That it could not be read is an error, never [`Self::Absent`].
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// The cloud said that it does not exist.
    Absent,
    /// It exists.
    Present(Object),
}
