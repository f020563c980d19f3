//! The key of an object in the cloud: its type and its whole primary identifier.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{PhysicalId, ResourceType};

/// The primary identifier of an object: the values of its type's `primaryIdentifier`, in the order
/// of the registry's schema. Together they name one object of the type within an account and a
/// Region; what `Ref` returns may be one of them only, and names nothing by itself.
///
/// Written as Cloud Control writes it, the parts joined by `|`.
///
/// Source: "Identifying resources", AWS Cloud Control API User Guide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identifier(Vec<String>);

impl Identifier {
    /// The identifier of these parts.
    pub fn new(parts: impl IntoIterator<Item = String>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// The identifier that a person wrote, its parts joined by `|`.
    pub fn parse(text: &str) -> Self {
        Self(text.split('|').map(str::to_owned).collect())
    }

    /// The values, in the order of the schema.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The value of an identifier that has one part; the first value of every other.
    pub fn only(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// True if it is this one text.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.0.as_slice(), [only] if only == text)
    }
}

impl From<&str> for Identifier {
    fn from(only: &str) -> Self {
        Self(vec![only.to_owned()])
    }
}

impl From<String> for Identifier {
    fn from(only: String) -> Self {
        Self(vec![only])
    }
}

impl From<&PhysicalId> for Identifier {
    fn from(only: &PhysicalId) -> Self {
        Self::from(only.as_str())
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("|"))
    }
}

/// The key of an object: two objects of one account and Region are the same if and only if their
/// keys are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectKey {
    /// The type.
    pub resource_type: ResourceType,
    /// Its primary identifier.
    pub identifier: Identifier,
}

impl ObjectKey {
    /// The key of an object of this type.
    pub fn new(resource_type: ResourceType, identifier: Identifier) -> Self {
        Self { resource_type, identifier }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.resource_type, self.identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_compared_and_not_the_text_they_make() {
        let of = |parts: &[&str]| Identifier::new(parts.iter().map(|part| (*part).to_owned()));
        assert_ne!(of(&["a|b", "c"]), of(&["a", "b|c"]));
        assert_eq!(of(&["a", "b"]), Identifier::parse("a|b"));
        assert_eq!(of(&["a", "b"]).to_string(), "a|b");
        let json = serde_json::to_string(&of(&["a", "b"])).unwrap();
        assert_eq!(json, r#"["a","b"]"#);
    }
}
