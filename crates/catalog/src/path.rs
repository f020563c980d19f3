//! Paths as schemas write them, with `*` for "any element".

use std::fmt;

use rstack_model::{PathSegment, PropertyPath};
use serde::{Deserialize, Deserializer};

/// A path such as `/properties/HlsIngest/ingestEndpoints/*/Id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaPath(Vec<String>);

impl SchemaPath {
    /// Parses a JSON pointer below `/properties`. `/properties` between segments, which some
    /// schemas write, is left out.
    pub fn parse(pointer: &str) -> Self {
        let segments = pointer.split('/').filter(|s| !s.is_empty() && *s != "properties");
        Self(segments.map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
    }

    /// The segments; `*` stands for any element of a list and any key of a map.
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// True if a property path is this path or lies under it. Schemas often leave out the `*` of a
    /// list; an index that meets no `*` is passed over.
    pub fn covers(&self, path: &PropertyPath) -> bool {
        let mut rest = path.segments().iter().peekable();
        for expected in &self.0 {
            let found = loop {
                let Some(segment) = rest.next() else { return false };
                match segment {
                    PathSegment::Index(_) if expected != "*" => {}
                    PathSegment::Index(_) => break true,
                    PathSegment::Name(name) => break expected == "*" || name == expected,
                }
            };
            if !found {
                return false;
            }
        }
        true
    }

    /// The path as a property path, if it has no `*`.
    pub fn concrete(&self) -> Option<PropertyPath> {
        let plain = self.0.iter().all(|segment| segment != "*");
        plain.then(|| self.0.iter().cloned().map(PathSegment::Name).collect())
    }
}

/// From a JSON pointer.
impl<'de> Deserialize<'de> for SchemaPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

/// Dotted, as `Fn::GetAtt` names attributes.
impl fmt::Display for SchemaPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_path_covers_itself_and_what_is_under_it() {
        let path = SchemaPath::parse("/properties/Rules/*/Id");
        let at = |index| PropertyPath::root().name("Rules").index(index);
        assert!(path.covers(&at(3).name("Id")) && path.covers(&at(0).name("Id").name("x")));
        assert!(!path.covers(&at(3)) && !path.covers(&at(3).name("Name")));
        let loose = SchemaPath::parse("/properties/Rules/Id");
        assert!(loose.covers(&at(3).name("Id")) && !loose.covers(&at(3)));
    }
}
