//! The errors of finding the stack that is meant.

use std::path::{Path, PathBuf};

use rstack_catalog::nearest;
use rstack_model::{ErrorCode, InvalidId, StackName};

use super::is_path;
use crate::assembly::{ASSEMBLY, AssemblyError};
use crate::error::{CommandError, Hint};
use crate::files::FileError;

/// Why it is not known which stack is meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    /// No stack was named and there is not exactly one.
    #[error("{}", no_stack(.known))]
    NoStack {
        /// The templates under `stacks/`.
        known: Vec<PathBuf>,
    },
    /// The argument is neither a file nor a name under `stacks/`.
    #[error("no template `{text}` exists")]
    NoTemplate {
        /// The argument.
        text: String,
        /// The templates under `stacks/`, or in the folder that the path names.
        known: Vec<PathBuf>,
    },
    /// Two templates of a folder whose names are changed into the same name.
    #[error("`{}` and `{}` have the same stack name `{name}`", path.display(), other.display())]
    SameName {
        /// The template that was named.
        path: PathBuf,
        /// The other one.
        other: PathBuf,
        /// The name of both.
        name: StackName,
    },
    /// One name for several stacks.
    #[error("`--stack-name {name}` was given for several stacks")]
    OneName {
        /// The name.
        name: String,
    },
    /// A folder that is no cloud assembly.
    #[error("`{}` is a folder, not a template", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The templates in it.
        templates: Vec<PathBuf>,
    },
    /// A cloud assembly that cannot be used.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// A stack's name that is not allowed.
    #[error("{0}")]
    Name(InvalidId),
    /// A template's file name that cannot name a stack.
    #[error("{0}")]
    FileName(InvalidId),
    /// A template that comes through a stream, which names no stack.
    #[error("the template `{}` has no file name that names the stack", path.display())]
    NoName {
        /// The stream.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A saved plan where a template is wanted.
    #[error("`{}` is a saved plan, not a template", path.display())]
    SavedPlan {
        /// The file.
        path: PathBuf,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

fn no_stack(known: &[PathBuf]) -> String {
    match known {
        [] => "no stack was named, and `stacks/` has no template".to_owned(),
        known => format!("no stack was named, and several exist: {}", list(known)),
    }
}

impl StackError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoStack { .. } => ErrorCode::StackNotNamed,
            Self::NoTemplate { .. } => ErrorCode::StackNotFound,
            Self::SameName { .. } => ErrorCode::StackNameConflict,
            Self::OneName { .. } => ErrorCode::OptionConflict,
            Self::Folder { .. } | Self::SavedPlan { .. } => ErrorCode::NotAStack,
            Self::Name(_) | Self::FileName(_) | Self::NoName { .. } => ErrorCode::InvalidStackName,
            Self::Assembly(error) => error.code(),
            Self::File(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::NoStack { known } if known.is_empty() => {
                "name a template: `rstack plan path/to/template.yaml`, or put one under `stacks/`"
                    .to_owned()
            }
            Self::NoStack { .. } => "name one of them".to_owned(),
            Self::NoTemplate { text, known } => no_template_hint(text, known),
            Self::SameName { .. } => "give each a name with `--stack-name`".to_owned(),
            Self::OneName { .. } => "leave it out, or name one stack".to_owned(),
            Self::Folder { templates, .. } if templates.is_empty() => {
                "give the path of a template, or of a folder that `cdk synth` wrote".to_owned()
            }
            Self::Folder { templates, .. } => format!("name a template in it: {}", list(templates)),
            Self::FileName(_) | Self::NoName { .. } => {
                "give the stack a name with `--stack-name`".to_owned()
            }
            Self::SavedPlan { path } => {
                let path = path.to_string_lossy();
                let hint = Hint::from("look at it with ").command(&["show", &path]);
                return Some(hint.text(", or carry it out with ").command(&["apply", &path]));
            }
            Self::Assembly(_) | Self::File(_) | Self::Name(_) => return None,
        };
        Some(Hint::from(hint))
    }
}

/// The hint where there is no template: the name that was meant, else those that there are.
fn no_template_hint(text: &str, known: &[PathBuf]) -> String {
    let names: Vec<String> = known.iter().map(|path| path.display().to_string()).collect();
    let near = nearest(text, names.iter().map(String::as_str));
    if Path::new(text).starts_with(ASSEMBLY) {
        return "run `cdk synth` first, or have rstack run the app of `cdk.json` with `--synth`"
            .to_owned();
    }
    match (near, known, is_path(text)) {
        (Some(near), _, _) => format!("did you mean `{near}`?"),
        (None, [], true) => "paths begin in the current directory".to_owned(),
        (None, [], false) => "give the path of a template".to_owned(),
        (None, known, true) => format!("the templates there are {}", list(known)),
        (None, known, false) => format!("the templates under `stacks/` are {}", list(known)),
    }
}

impl From<StackError> for CommandError {
    fn from(error: StackError) -> Self {
        match error {
            StackError::Assembly(error) => error.into(),
            StackError::File(error) => error.into(),
            error => Self::of(error.code(), &error).with_hint(error.hint()),
        }
    }
}
