//! Cloud assemblies: the folder `cdk.out` that `cdk synth` writes, and the stacks in it.
//!
//! Source: "Cloud assembly schema", `@aws-cdk/cloud-assembly-schema`.

use std::path::{Path, PathBuf};

use rstack_template::{ManifestError, assembly_stacks};

use crate::env::Env;
use crate::error::{CommandError, Hint};
use crate::files::{FileError, MEBIBYTE, Project, TemplateFile};
use rstack_model::ErrorCode;

/// Why a cloud assembly, or a stack of one, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssemblyError {
    /// The manifest cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The manifest cannot be understood.
    #[error("`{}` is not the manifest of a cloud assembly", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The mistake.
        source: ManifestError,
    },
    /// It has none or several stacks.
    #[error("`{}` has {}", folder.display(), stacks_of(.names))]
    Stacks {
        /// The folder.
        folder: PathBuf,
        /// Its stacks.
        names: Vec<String>,
    },
    /// It has no stack of the name.
    #[error("`{}` has no stack `{wanted}`", folder.display())]
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
        let hint = match &error {
            AssemblyError::File(file) => file.hint(),
            AssemblyError::Stacks { folder, names } if !names.is_empty() => {
                Some(Hint::from(format!("name one as `{}/NAME`", folder.display())))
            }
            AssemblyError::NoStack { names, .. } if !names.is_empty() => {
                Some(Hint::from(format!("the stacks in it are {}", names.join(", "))))
            }
            AssemblyError::Manifest { .. } => Some(Hint::from("run `cdk synth` again")),
            AssemblyError::Stacks { .. } | AssemblyError::NoStack { .. } => None,
        };
        Self::of(error.code(), &error).with_hint(hint)
    }
}

impl AssemblyError {
    /// The code of the error.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::File(error) => error.code(),
            Self::Manifest { .. } => ErrorCode::InvalidAssembly,
            Self::Stacks { names, .. } if names.is_empty() => ErrorCode::InvalidAssembly,
            Self::Stacks { .. } => ErrorCode::StackNotNamed,
            Self::NoStack { .. } => ErrorCode::StackNotFound,
        }
    }
}

/// One stack of an assembly.
pub(crate) struct AssemblyStack {
    /// The name its artifact has in the manifest.
    id: String,
    /// The name it is deployed under.
    pub(crate) name: String,
    /// Its template.
    pub(crate) template: TemplateFile,
}

/// The name of the manifest in the assembly's folder.
const MANIFEST: &str = "manifest.json";

/// The largest manifest, in bytes.
const MAX_MANIFEST: u64 = 16 * MEBIBYTE;

/// True if a folder is a cloud assembly.
pub(crate) fn is_assembly(env: &Env, folder: &Path) -> bool {
    env.path(&folder.join(MANIFEST)).is_file()
}

/// The stacks of an assembly, by name.
///
/// # Errors
/// If the manifest cannot be read or understood.
pub(crate) fn stacks(env: &Env, folder: &Path) -> Result<Vec<AssemblyStack>, AssemblyError> {
    let project = Project::of(env, folder)?;
    let bytes = project.read(env, Path::new(MANIFEST), MAX_MANIFEST)?;
    let text = String::from_utf8_lossy(&bytes);
    let unusable = |source| AssemblyError::Manifest { path: folder.join(MANIFEST), source };
    let stacks = assembly_stacks(&text).map_err(unusable)?.into_iter().map(|stack| {
        let rstack_template::AssemblyStack { id, name, template } = stack;
        let (folder, template) = (folder.to_owned(), PathBuf::from(template));
        AssemblyStack { id, name, template: TemplateFile::Below { folder, name: template } }
    });
    Ok(stacks.collect())
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
