//! The context in which identifiers and attributes of an object are invented.

use rstack_catalog::{SchemaPath, TypeSchema};
use rstack_model::ResourceType;
use rstack_model::state::Environment;

use crate::derive::{Derivation, UPPER};
use crate::names;
use crate::redaction::JsonMap;

/// Everything that identifiers and attributes are derived from. The same context gives the same inventions.
#[derive(Clone, Copy)]
pub(crate) struct IdContext<'a> {
    pub(crate) seed: u64,
    pub(crate) environment: &'a Environment,
    pub(crate) resource_type: &'a ResourceType,
    pub(crate) schema: &'a TypeSchema,
    pub(crate) properties: &'a JsonMap,
    pub(crate) nonce: &'a str,
}

impl<'a> IdContext<'a> {
    /// The bytes derived for one part of the object.
    pub(crate) fn derive(&self, part: &str) -> Derivation {
        let region = self.environment.region.as_str();
        Derivation::new(&[&self.seed.to_string(), region, self.nonce, part])
    }

    /// The service as host names and ARNs write it.
    pub(crate) fn service(&self) -> String {
        self.resource_type.service().unwrap_or("service").to_ascii_lowercase()
    }

    /// The last part of the type's name.
    pub(crate) fn resource(&self) -> &'a str {
        self.resource_type.as_str().rsplit("::").next().unwrap_or("Resource")
    }

    /// The declared text of a top-level property.
    pub(crate) fn text(&self, property: &str) -> Option<&'a str> {
        self.properties.get(property)?.as_str()
    }

    /// The declared text at a path.
    pub(crate) fn text_at(&self, path: &SchemaPath) -> Option<String> {
        let (first, rest) = path.segments().split_first()?;
        let mut value = self.properties.get(first)?;
        for segment in rest {
            value = value.get(segment)?;
        }
        match value {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(n) => Some(n.to_string()),
            serde_json::Value::Bool(b) => Some(b.to_string()),
            serde_json::Value::Null
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        }
    }

    /// True if the type itself sets the path.
    pub(crate) fn is_read_only(&self, path: &SchemaPath) -> bool {
        path.concrete().is_some_and(|path| self.schema.is_read_only(&path))
    }

    /// The name the object has or, if it has none, one as CloudFormation would choose.
    pub(crate) fn name(&self) -> String {
        let property = names::property(self.schema);
        let declared = property.into_iter().chain(["Name".to_owned()]);
        let declared = declared.filter_map(|property| self.text(&property)).next();
        declared.map_or_else(|| self.chosen_name(), str::to_owned)
    }

    /// `Stack-LogicalId-ABCDEF123456`.
    pub(crate) fn chosen_name(&self) -> String {
        let mut parts = self.nonce.split('/').skip(1);
        let stack = parts.next().unwrap_or("x");
        // Behind the address stands the number of objects that were made for it.
        let mut path: Vec<&str> = parts.collect();
        path.pop();
        let address = if path.is_empty() { "x".to_owned() } else { path.join("-") };
        format!("{stack}-{address}-{}", self.derive("name").text(UPPER, 12))
    }
}
