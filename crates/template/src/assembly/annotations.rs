//! The findings of an app about its constructs: `Annotations.of(scope).addError()` and `addWarning()`, and the
//! rules of tools such as cdk-nag.
//!
//! Source: "Cloud assembly schema", `ArtifactMetadataEntryType`; the CLI of the CDK deploys no stack with an error.

use serde_json::{Map, Value};

use super::{ManifestError, list_of, map};

/// A finding of an app about one of its constructs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// True if the stack must not be deployed with it.
    pub is_error: bool,
    /// The path of the construct in the app.
    pub construct: String,
    /// The finding.
    pub text: String,
}

/// The annotations in a file of metadata, which a manifest names by `additionalMetadataFile`.
///
/// # Errors
/// [`ManifestError`] if the text is not one of metadata.
pub fn annotations(text: &str) -> Result<Vec<Annotation>, ManifestError> {
    let metadata: Value = serde_json::from_str(text)
        .map_err(|error| ManifestError::Json { line: error.line(), column: error.column() })?;
    of_metadata(map(&metadata, "the metadata of a stack")?)
}

/// The annotations in the metadata of a stack: the entries of each construct.
pub(super) fn of_metadata(metadata: &Map<String, Value>) -> Result<Vec<Annotation>, ManifestError> {
    let mut out = Vec::new();
    for (construct, entries) in metadata {
        for entry in list_of(entries, "an entry of `metadata`")? {
            let is_error = match entry.get("type").and_then(Value::as_str) {
                Some("aws:cdk:error") => true,
                Some("aws:cdk:warning") => false,
                _ => continue,
            };
            let text = entry.get("data").and_then(Value::as_str).unwrap_or_default().trim();
            let (construct, text) = (construct.clone(), text.to_owned());
            out.push(Annotation { is_error, construct, text });
        }
    }
    Ok(out)
}
