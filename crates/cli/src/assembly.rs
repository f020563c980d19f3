//! Cloud assemblies: the folder `cdk.out` that `cdk synth` writes, and the stacks in it.
//!
//! Source: "Cloud assembly schema", `@aws-cdk/cloud-assembly-schema`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// One stack of an assembly.
pub(crate) struct AssemblyStack {
    /// The name its artifact has in the manifest.
    id: String,
    /// The name it is deployed under.
    pub(crate) name: String,
    /// Its template.
    pub(crate) path: PathBuf,
}

#[derive(serde::Deserialize)]
struct Manifest {
    #[serde(default)]
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(serde::Deserialize)]
struct Artifact {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, serde::Deserialize)]
struct Properties {
    #[serde(rename = "templateFile")]
    template_file: Option<String>,
    #[serde(rename = "stackName")]
    stack_name: Option<String>,
}

fn manifest(folder: &Path) -> PathBuf {
    folder.join("manifest.json")
}

/// Whether a folder is a cloud assembly.
pub(crate) fn is_assembly(folder: &Path) -> bool {
    manifest(folder).is_file()
}

/// The stacks of an assembly, by name.
///
/// # Errors
/// If the manifest cannot be read or understood.
pub(crate) fn stacks(folder: &Path) -> Result<Vec<AssemblyStack>, CliError> {
    let path = manifest(folder);
    let text = fs::read_to_string(&path)
        .map_err(|source| CliError::Read { path: path.clone(), source })?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|source| CliError::Assembly { path, source })?;
    let mut stacks: Vec<AssemblyStack> = manifest
        .artifacts
        .into_iter()
        .filter(|(_, artifact)| artifact.kind == "aws:cloudformation:stack")
        .filter_map(|(id, artifact)| {
            let path = folder.join(artifact.properties.template_file?);
            let name = artifact.properties.stack_name.unwrap_or_else(|| id.clone());
            Some(AssemblyStack { id, name, path })
        })
        .collect();
    stacks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(stacks)
}

/// The stack with this name, or the only one.
///
/// # Errors
/// If there is no such stack, or several and none was named.
pub(crate) fn stack(folder: &Path, wanted: Option<&str>) -> Result<AssemblyStack, CliError> {
    let all = stacks(folder)?;
    let names = all.iter().map(|stack| stack.name.clone()).collect();
    let mut fitting: Vec<AssemblyStack> = all
        .into_iter()
        .filter(|stack| wanted.is_none_or(|wanted| wanted == stack.name || wanted == stack.id))
        .collect();
    let folder = folder.to_owned();
    match (fitting.pop(), fitting.is_empty(), wanted) {
        (Some(stack), true, _) => Ok(stack),
        (None, _, Some(wanted)) => {
            Err(CliError::NotInAssembly { folder, wanted: wanted.to_owned(), names })
        }
        (_, _, _) => Err(CliError::AssemblyStacks { folder, names }),
    }
}
