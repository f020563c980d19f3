//! The manifest of a cloud assembly, the folder `cdk.out` that `cdk synth` writes: its stacks, and
//! which template each has.
//!
//! Source: "Cloud assembly schema", `@aws-cdk/cloud-assembly-schema`. Only what rstack needs is read;
//! paths are taken as they are, and are for the reader of files to judge.

use std::fmt;

use serde_json::{Map, Value};

/// The kind of the artifacts that are stacks.
const STACK: &str = "aws:cloudformation:stack";

/// A stack of a cloud assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssemblyStack {
    /// The name of its artifact in the manifest.
    pub id: String,
    /// The name that it is deployed under.
    pub name: String,
    /// The path of its template, relative to the assembly's folder.
    pub template: String,
}

/// A mistake in a manifest. It quotes nothing of the text, which need not be a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// The text is not JSON from this line and column on, both from 1.
    Json {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// A part of it, such as `artifacts`, has another form than a manifest's.
    Form {
        /// The part.
        part: &'static str,
        /// The form that it must have.
        wanted: &'static str,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { line, column } => {
                write!(f, "it is no JSON at line {line}, column {column}")
            }
            Self::Form { part, wanted } => write!(f, "{part} must be {wanted}"),
        }
    }
}

impl std::error::Error for ManifestError {}

/// The stacks of a manifest, by name.
///
/// # Errors
/// [`ManifestError`] if the text is not the manifest of a cloud assembly.
pub fn assembly_stacks(text: &str) -> Result<Vec<AssemblyStack>, ManifestError> {
    let manifest: Value = serde_json::from_str(text)
        .map_err(|error| ManifestError::Json { line: error.line(), column: error.column() })?;
    let manifest = map(&manifest, "the manifest")?;
    let none = Map::new();
    let artifacts = match manifest.get("artifacts") {
        Some(artifacts) => map(artifacts, "`artifacts`")?,
        None => &none,
    };
    let mut stacks = Vec::new();
    for (id, artifact) in artifacts {
        let artifact = map(artifact, "an artifact")?;
        let kind = artifact.get("type").and_then(Value::as_str);
        if kind.ok_or(ManifestError::Form { part: "an artifact's `type`", wanted: "text" })?
            != STACK
        {
            continue;
        }
        let Some(properties) = artifact.get("properties") else { continue };
        let properties = map(properties, "an artifact's `properties`")?;
        let property = |name: &str, part| match properties.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ManifestError::Form { part, wanted: "text" }),
        };
        let Some(template) = property("templateFile", "a `templateFile`")? else { continue };
        let name = property("stackName", "a `stackName`")?.unwrap_or_else(|| id.clone());
        stacks.push(AssemblyStack { id: id.clone(), name, template });
    }
    stacks.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(stacks)
}

fn map<'v>(value: &'v Value, part: &'static str) -> Result<&'v Map<String, Value>, ManifestError> {
    value.as_object().ok_or(ManifestError::Form { part, wanted: "a map" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_have_the_name_that_they_are_deployed_under() {
        let text = r#"{"version": "36.0.0", "artifacts": {
            "B": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "b.json"}},
            "T": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
            "A": {"type": "aws:cloudformation:stack",
                  "properties": {"templateFile": "a/a.json", "stackName": "Live"}}}}"#;
        let stack = |id: &str, name: &str, template: &str| AssemblyStack {
            id: id.into(),
            name: name.into(),
            template: template.into(),
        };
        let expected = [stack("B", "B", "b.json"), stack("A", "Live", "a/a.json")];
        assert_eq!(assembly_stacks(text).unwrap(), expected);
        assert_eq!(assembly_stacks("{}").unwrap(), []);
    }

    #[test]
    fn mistakes_quote_nothing_of_the_text() {
        for (text, problem) in [
            ("aws_secret_access_key = k3y", "it is no JSON at line 1, column 1"),
            ("[\"k3y\"]", "the manifest must be a map"),
            ("{\"artifacts\": \"k3y\"}", "`artifacts` must be a map"),
            (
                "{\"artifacts\": {\"A\": {\"type\": [\"k3y\"]}}}",
                "an artifact's `type` must be text",
            ),
        ] {
            let error = assembly_stacks(text).unwrap_err().to_string();
            assert_eq!(error, problem);
        }
    }
}
