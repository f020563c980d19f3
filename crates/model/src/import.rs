//! Imports: the exports of other stacks that a stack uses, and the places that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Address;

/// The place in a stack that uses an export of another stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importer {
    /// A property of a resource.
    Resource(Address),
    /// An output.
    Output(String),
    /// A condition or rule of the template.
    Template,
}

impl fmt::Display for Importer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(address) => write!(f, "resource `{address}`"),
            Self::Output(name) => write!(f, "output `{name}`"),
            Self::Template => write!(f, "a condition"),
        }
    }
}

/// The imports of a stack: names of exports, with the places that use them.
pub type Imports = BTreeMap<String, BTreeSet<Importer>>;

/// Adds imports to others.
pub fn add_imports(imports: &mut Imports, more: &Imports) {
    for (export, places) in more {
        imports.entry(export.clone()).or_default().extend(places.iter().cloned());
    }
}
