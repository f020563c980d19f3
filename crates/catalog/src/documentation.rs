//! The documentation of a type for people: texts, defaults, permissions. Opened by nothing but the
//! commands that show it.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::PropertyPath;
use serde::Deserialize;
use serde_json::Value;

use crate::container::Container;
use crate::error::RegistryError;
use crate::path::SchemaPath;
use crate::registry::frame;
use crate::type_schema::Handler;

static DATA: &[u8] = include_bytes!("../data/documentation.bin");

/// The documentation of a type for people.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Documentation {
    about: Option<String>,
    texts: BTreeMap<String, String>,
    defaults: BTreeMap<String, Value>,
    deprecated: Vec<String>,
    permissions: BTreeMap<Handler, BTreeSet<String>>,
    tag_on_create: Option<bool>,
}

impl Documentation {
    /// The documentation of the type of this name; empty if there is no such type.
    ///
    /// # Errors
    /// If the data are damaged.
    pub fn of(type_name: &str) -> Result<Self, RegistryError> {
        let Some(json) = frame(&Container::open(DATA)?, type_name)? else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&json).map_err(|error| RegistryError::Type {
            type_name: type_name.to_owned(),
            problem: error.to_string(),
        })
    }

    /// The purpose of the type, in Markdown.
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The description of an attribute, in Markdown.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.texts.get(&format!("@{name}")).or_else(|| self.texts.get(name)).map(String::as_str)
    }

    /// The description of the property of this key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The default of the property of this key.
    pub(crate) fn default_of(&self, key: &str) -> Option<&Value> {
        self.defaults.get(key)
    }

    /// True if the path should no longer be used.
    pub(crate) fn is_deprecated(&self, path: &PropertyPath) -> bool {
        covered(&self.deprecated, path)
    }

    /// The actions that the caller must be allowed, by what is done.
    pub fn permissions(&self) -> &BTreeMap<Handler, BTreeSet<String>> {
        &self.permissions
    }

    /// True if objects can be created with tags; `None` if the registry does not say.
    pub fn tags_at_creation(&self) -> Option<bool> {
        self.tag_on_create
    }
}

fn covered(pointers: &[String], path: &PropertyPath) -> bool {
    pointers.iter().any(|pointer| SchemaPath::parse(pointer).covers(path))
}
