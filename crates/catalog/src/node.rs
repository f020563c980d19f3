//! One node of a schema.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Number, Value};

use crate::kinds::Kind;

/// The schema of one property, element or definition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    #[serde(rename = "type")]
    types: Types,
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    pub(crate) properties: BTreeMap<String, Node>,
    pub(crate) pattern_properties: BTreeMap<String, Node>,
    pub(crate) additional_properties: Additional,
    pub(crate) items: Option<Box<Node>>,
    pub(crate) required: Vec<String>,
    #[serde(rename = "enum")]
    pub(crate) allowed: Vec<Value>,
    pub(crate) pattern: Option<String>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) minimum: Option<Number>,
    pub(crate) maximum: Option<Number>,
    pub(crate) insertion_order: Option<bool>,
    #[serde(rename = "oneOf")]
    pub(crate) one_of: Vec<Node>,
    #[serde(rename = "anyOf")]
    pub(crate) any_of: Vec<Node>,
    #[serde(rename = "allOf")]
    pub(crate) all_of: Vec<Node>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Types {
    #[default]
    Any,
    One(String),
    Several(Vec<String>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Additional {
    Allowed(bool),
    Like(Box<Node>),
}

impl Default for Additional {
    fn default() -> Self {
        Self::Allowed(true)
    }
}

impl Node {
    /// The kinds the node allows; empty if it says nothing of it.
    pub fn kinds(&self) -> Vec<Kind> {
        match &self.types {
            Types::Any => Vec::new(),
            Types::One(name) => Kind::parse(name).into_iter().collect(),
            Types::Several(names) => names.iter().filter_map(|name| Kind::parse(name)).collect(),
        }
    }

    /// The nodes that may apply beside this one.
    pub fn branches(&self) -> impl Iterator<Item = &Node> {
        self.one_of.iter().chain(&self.any_of).chain(&self.all_of)
    }

    /// The name of the definition that it stands for, if it does.
    pub(crate) fn definition(&self) -> Option<&str> {
        self.reference.as_deref()?.rsplit('/').next()
    }

    /// The names of the properties it declares itself.
    pub fn property_names(&self) -> impl Iterator<Item = &str> {
        self.properties.keys().map(String::as_str)
    }

    /// The names of the properties that must be there.
    pub fn required(&self) -> &[String] {
        &self.required
    }

    /// The values it allows; empty if it allows all.
    pub fn allowed(&self) -> &[Value] {
        &self.allowed
    }

    /// The schema of a list's elements.
    pub fn items(&self) -> Option<&Node> {
        self.items.as_deref()
    }

    /// The declared properties.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.properties.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// The regular expression a text must match.
    pub fn pattern(&self) -> Option<&str> {
        self.pattern.as_deref()
    }

    /// The shortest and the longest text allowed, in characters.
    pub fn length(&self) -> (Option<u64>, Option<u64>) {
        (self.min_length, self.max_length)
    }

    /// The fewest and the most elements allowed.
    pub fn count(&self) -> (Option<u64>, Option<u64>) {
        (self.min_items, self.max_items)
    }

    /// The smallest and the largest number allowed.
    pub fn range(&self) -> (Option<&Number>, Option<&Number>) {
        (self.minimum.as_ref(), self.maximum.as_ref())
    }
}
