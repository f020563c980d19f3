//! Cloud assemblies: the folder `cdk.out` that `cdk synth` writes, and the stacks in it.
//!
//! Source: "Cloud assembly schema", `@aws-cdk/cloud-assembly-schema`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::error::{CommandError, ErrorKind, Hint, unreadable_hint};

/// Why a cloud assembly, or a stack of one, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssemblyError {
    /// The manifest cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest cannot be understood.
    #[error("`{}` is not the manifest of a cloud assembly", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It has none or several stacks.
    #[error("`{}` holds {}", folder.display(), stacks_of(.names))]
    Stacks {
        /// The folder.
        folder: PathBuf,
        /// Its stacks.
        names: Vec<String>,
    },
    /// It has no stack of the name.
    #[error("`{}` holds no stack `{wanted}`", folder.display())]
    NoStack {
        /// The folder.
        folder: PathBuf,
        /// The stack that was named.
        wanted: String,
        /// Its stacks.
        names: Vec<String>,
    },
}

fn stacks_of(names: &[String]) -> String {
    match names {
        [] => "no stack".to_owned(),
        names => format!("several stacks: {}", names.join(", ")),
    }
}

impl From<AssemblyError> for CommandError {
    fn from(error: AssemblyError) -> Self {
        let (kind, hint) = match &error {
            AssemblyError::Read { source, .. } => (ErrorKind::Storage, unreadable_hint(source)),
            AssemblyError::Manifest { .. } => (ErrorKind::User, None),
            AssemblyError::Stacks { folder, names } if !names.is_empty() => {
                let hint = format!("name one as `{}/NAME`", folder.display());
                (ErrorKind::User, Some(Hint::from(hint)))
            }
            AssemblyError::NoStack { names, .. } if !names.is_empty() => {
                (ErrorKind::User, Some(Hint::from(format!("it holds {}", names.join(", ")))))
            }
            AssemblyError::Stacks { .. } | AssemblyError::NoStack { .. } => (ErrorKind::User, None),
        };
        Self::of(kind, &error).with_hint(hint)
    }
}

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
pub(crate) fn is_assembly(env: &Env, folder: &Path) -> bool {
    env.path(&manifest(folder)).is_file()
}

/// The stacks of an assembly, by name.
///
/// # Errors
/// If the manifest cannot be read or understood.
pub(crate) fn stacks(env: &Env, folder: &Path) -> Result<Vec<AssemblyStack>, AssemblyError> {
    let path = manifest(folder);
    let text = fs::read_to_string(env.path(&path))
        .map_err(|source| AssemblyError::Read { path: path.clone(), source })?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|source| AssemblyError::Manifest { path, source })?;
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
pub(crate) fn stack(
    env: &Env,
    folder: &Path,
    wanted: Option<&str>,
) -> Result<AssemblyStack, AssemblyError> {
    let all = stacks(env, folder)?;
    let names = all.iter().map(|stack| stack.name.clone()).collect();
    let mut fitting: Vec<AssemblyStack> = all
        .into_iter()
        .filter(|stack| wanted.is_none_or(|wanted| wanted == stack.name || wanted == stack.id))
        .collect();
    let folder = folder.to_owned();
    match (fitting.pop(), fitting.is_empty(), wanted) {
        (Some(stack), true, _) => Ok(stack),
        (None, _, Some(wanted)) => {
            Err(AssemblyError::NoStack { folder, wanted: wanted.to_owned(), names })
        }
        (_, _, _) => Err(AssemblyError::Stacks { folder, names }),
    }
}
