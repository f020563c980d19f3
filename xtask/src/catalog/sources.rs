//! The published packages that the catalog is built from.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde_json::Value;

/// The registry's schemas with cfn-lint's patches, by type name.
pub(super) fn resource_schemas(lint: &Path) -> Result<BTreeMap<String, Value>, Box<dyn Error>> {
    let mut schemas = BTreeMap::new();
    for entry in std::fs::read_dir(lint.join("cfnlint/data/schemas/resources"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let schema: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let name = schema.get("typeName").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !name.is_empty() {
            schemas.insert(name, schema);
        }
    }
    Ok(schemas)
}

/// AWS's service specification: its resources, and the property types that they use.
pub(super) struct Specification {
    resources: BTreeMap<String, Value>,
    definitions: BTreeMap<String, Value>,
    /// The property types of each resource, by their IDs.
    uses: BTreeMap<String, Vec<String>>,
}

impl Specification {
    pub(super) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let db: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let keyed = |pointer: &str, key: &str| {
            let entities = db.pointer(pointer).and_then(Value::as_array)?;
            let keyed = entities
                .iter()
                .filter_map(|entity| Some((entity.get(key)?.as_str()?.to_owned(), entity.clone())));
            Some(keyed.collect::<BTreeMap<String, Value>>())
        };
        let form = "the service specification has another form";
        let uses = db.pointer("/schema/usesType/forward").and_then(Value::as_object).ok_or(form)?;
        let uses = uses.iter().map(|(id, edges)| {
            let edges = edges.as_array().into_iter().flatten();
            let ids = edges.filter_map(|edge| Some(edge.get("$id")?.as_str()?.to_owned()));
            (id.clone(), ids.collect())
        });
        Ok(Self {
            resources: keyed("/schema/resource/entities", "cloudFormationType").ok_or(form)?,
            definitions: keyed("/schema/typeDefinition/entities", "$id").ok_or(form)?,
            uses: uses.collect(),
        })
    }

    /// A resource type.
    pub(super) fn resource(&self, name: &str) -> Option<&Value> {
        self.resources.get(name)
    }

    /// The property type of this ID.
    pub(super) fn definition(&self, id: &str) -> Option<&Value> {
        self.definitions.get(id)
    }

    /// The property types that a resource uses.
    pub(super) fn used<'a>(&'a self, resource: &'a Value) -> impl Iterator<Item = &'a Value> {
        let id = resource.get("$id").and_then(Value::as_str).unwrap_or_default();
        let used = self.uses.get(id).into_iter().flatten();
        used.filter_map(|id| self.definitions.get(id))
    }
}

/// The members of an object in an object.
pub(super) fn object<'a>(
    value: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// The elements of a list in an object.
pub(super) fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The texts of a list in an object.
pub(super) fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}
