//! Property paths: places inside a resource's property tree.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One step of a [`PropertyPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// An element of a list, counted from 0.
    Index(usize),
    /// A key of a map.
    Name(String),
}

/// A path from a resource's properties down to one value: `HlsPackage.AdTriggers[0]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropertyPath(Vec<PathSegment>);

impl PropertyPath {
    /// The path of the property tree itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    /// This path with one more key.
    #[must_use]
    pub fn name(&self, name: impl Into<String>) -> Self {
        self.with(PathSegment::Name(name.into()))
    }

    /// This path with one more index.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(PathSegment::Index(index))
    }

    /// This path with one more step.
    #[must_use]
    pub fn with(&self, segment: PathSegment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The path without its last step; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// The name of the top-level property this path is in.
    pub fn top(&self) -> Option<&str> {
        match self.0.first()? {
            PathSegment::Name(name) => Some(name),
            PathSegment::Index(_) => None,
        }
    }
}

impl FromIterator<PathSegment> for PropertyPath {
    fn from_iter<I: IntoIterator<Item = PathSegment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Name(name) if i == 0 => f.write_str(name)?,
                PathSegment::Name(name) => write!(f, ".{name}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
