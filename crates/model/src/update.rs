//! Update kinds: the effect that a change of a property has on its object.

use serde::{Deserialize, Serialize};

/// The effect of a change of a property on its object, from the least to the most.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateKind {
    /// The object is changed in place.
    #[default]
    InPlace,
    /// The object is changed in place or replaced, by a rule of the service that is not known or
    /// depends on more than the property.
    MayReplace,
    /// A new object replaces it.
    Replaces,
}

impl UpdateKind {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::InPlace => "in-place",
            Self::MayReplace => "may-replace",
            Self::Replaces => "replaces",
        }
    }
}
