//! Documents in OpenAPI, as the drivers of API Gateway need them.
//!
//! Source: OpenAPI Specification 3.0.1, OpenAPI Object: `info` with `title` and `version` is required.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use crate::iam::Fields;
use crate::mapping::{json_text, json_tree};

/// A document without a path, for an API of this name and version.
pub(crate) fn empty(name: Option<&str>, version: Option<&str>) -> KnownValue {
    let info = json!({"title": name.unwrap_or("api"), "version": version.unwrap_or("1.0")});
    let tree = KnownValue::from_json(json!({"openapi": "3.0.1", "info": info, "paths": {}}));
    json_text(&tree).unwrap_or(tree)
}

/// Names an API like its document, if no name is declared.
///
/// # Errors
/// If the document has no title.
pub(crate) fn name_by_title(
    fields: Fields<'_>,
    body: &KnownValue,
    properties: &mut KnownMap,
) -> Result<(), DriverError> {
    if fields.value("Name").is_some() {
        return Ok(());
    }
    let tree = json_tree(body);
    let title = tree.get("info").and_then(|info| info.get("title")).cloned();
    let title = title.filter(|title| title.expose_str().is_some());
    let problem = "is missing, and `Body` has no title";
    let title = title.ok_or_else(|| fields.invalid("Name", problem))?;
    properties.insert("Name".to_owned(), title);
    Ok(())
}
