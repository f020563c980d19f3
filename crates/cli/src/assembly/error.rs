//! The errors of cloud assemblies.

use std::path::PathBuf;
use std::sync::Arc;

use rstack_model::ErrorCode;
use rstack_template::{Annotation, ManifestError, MissingContext};

use crate::error::{CommandError, Hint};
use crate::files::FileError;

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
    /// A stack is for an account that is none.
    #[error("`{}` cannot be used", path.display())]
    Account {
        /// The manifest.
        path: PathBuf,
        /// The stack and the account.
        source: ManifestError,
    },
    /// A newer version of the CDK wrote it.
    #[error("`{}` was written by a newer version of the CDK", path.display())]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// The versions.
        source: ManifestError,
    },
    /// Assemblies are nested too deeply, or there are too many stacks.
    #[error("`{}` has too many stacks or nested assemblies", folder.display())]
    TooLarge {
        /// The folder.
        folder: PathBuf,
    },
    /// Stacks wait for each other.
    #[error("the stacks of `{}` depend on each other in a circle: {}", folder.display(), names.join(", "))]
    Circle {
        /// The folder.
        folder: PathBuf,
        /// The stacks that are in or behind the circle.
        names: Vec<String>,
    },
    /// `cdk synth` has put placeholders in the place of what it was to look up.
    #[error("`{}` has placeholders: `cdk synth` has not looked up {}", template.display(), keys(.missing))]
    MissingContext {
        /// The template.
        template: PathBuf,
        /// The look-ups.
        missing: Arc<[MissingContext]>,
    },
    /// The app has found errors itself.
    #[error("the app has found {} of `{}`: {}", errors_of(.errors), template.display(), texts(.errors))]
    Annotated {
        /// The template.
        template: PathBuf,
        /// The errors.
        errors: Vec<Annotation>,
    },
    /// Its assets are parameters, as version 1 of the CDK makes them.
    #[error("`{}` takes assets by parameters such as `{parameter}`, as version 1 of the CDK does: rstack does \
             not publish them", template.display())]
    AssetParameters {
        /// The template.
        template: PathBuf,
        /// One of the parameters.
        parameter: String,
    },
    /// It has none or several stacks.
    #[error("`{}` has {}", folder.display(), stacks_of(.names))]
    Stacks {
        /// The folder.
        folder: PathBuf,
        /// Its stacks.
        names: Vec<String>,
    },
    /// Two of its stacks have one name, under which one state is kept.
    #[error("two stacks of `{}` are called `{name}`", folder.display())]
    SameName {
        /// The folder.
        folder: PathBuf,
        /// The name.
        name: String,
    },
    /// It has no stack of the name.
    #[error("`{}` has no stack `{wanted}`", folder.display())]
    NoStack {
        /// The folder.
        folder: PathBuf,
        /// The stack that was named.
        wanted: String,
        /// True if it is the path of a stage, which has stacks.
        is_stage: bool,
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

/// The most look-ups that an error names.
const SHOWN: usize = 8;

fn errors_of(errors: &[Annotation]) -> String {
    match errors.len() {
        1 => "an error".to_owned(),
        many => format!("{many} errors"),
    }
}

fn texts(errors: &[Annotation]) -> String {
    let shown = errors.iter().take(SHOWN);
    let shown: Vec<String> = shown.map(|it| format!("`{}`: {}", it.construct, it.text)).collect();
    match errors.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

fn keys(missing: &[MissingContext]) -> String {
    let shown = missing.iter().take(SHOWN);
    let keys: Vec<String> = shown.map(|it| format!("`{}`", it.key)).collect();
    match missing.len().saturating_sub(SHOWN) {
        0 => keys.join(", "),
        more => format!("{} and {more} more", keys.join(", ")),
    }
}

/// The hint for a file of an assembly that cannot be read. One that is missing is written by the CDK.
pub(crate) fn assembly_file_hint(error: &FileError) -> Option<Hint> {
    match error {
        FileError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Some(Hint::from("the assembly is not complete: run `cdk synth` again"))
        }
        other => other.hint(),
    }
}

impl From<AssemblyError> for CommandError {
    fn from(error: AssemblyError) -> Self {
        let hint = match &error {
            AssemblyError::File(file) => assembly_file_hint(file),
            AssemblyError::Stacks { folder, names } if !names.is_empty() => {
                Some(Hint::from(format!("name one as `{}/NAME`", folder.display())))
            }
            AssemblyError::NoStack { folder, wanted, is_stage: true, .. } => {
                let folder = folder.display();
                Some(Hint::from(format!("it is a stage: name its stacks as `{folder}/{wanted}/*`")))
            }
            AssemblyError::NoStack { names, .. } if !names.is_empty() => {
                Some(Hint::from(format!("the stacks in it are {}", names.join(", "))))
            }
            AssemblyError::Manifest { .. } => Some(Hint::from("run `cdk synth` again")),
            AssemblyError::Account { .. } => Some(Hint::from(
                "give the stack an `env` with an account in the app, or none, and run `cdk synth` again",
            )),
            AssemblyError::Newer { .. } => Some(Hint::from(
                "take a newer rstack, or run `cdk synth` with an older version of the CDK",
            )),
            AssemblyError::MissingContext { .. } => Some(Hint::from(
                "run `cdk synth` with credentials of the account, and commit `cdk.context.json`",
            )),
            AssemblyError::AssetParameters { .. } => Some(Hint::from(
                "take version 2 of the CDK, or set `@aws-cdk/core:newStyleStackSynthesis` in the context of \
                 the app, and run `cdk synth` again",
            )),
            AssemblyError::Annotated { .. } => Some(Hint::from(
                "repair the app, or let it acknowledge the finding, and run `cdk synth` again",
            )),
            AssemblyError::SameName { .. } => Some(Hint::from(
                "give each a `stackName` of its own in the app, or name one by its path in the app and \
                 keep its state elsewhere with `--state-dir`",
            )),
            AssemblyError::Circle { .. } => {
                Some(Hint::from("take a dependency out of the app, and run `cdk synth` again"))
            }
            AssemblyError::TooLarge { .. } => {
                Some(Hint::from("divide the app, or name the folder of a nested assembly"))
            }
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
            Self::Manifest { .. }
            | Self::Account { .. }
            | Self::Newer { .. }
            | Self::AssetParameters { .. }
            | Self::TooLarge { .. }
            | Self::Circle { .. } => ErrorCode::InvalidAssembly,
            Self::MissingContext { .. } => ErrorCode::MissingContext,
            Self::Annotated { .. } => ErrorCode::AppError,
            Self::SameName { .. } => ErrorCode::StackNameConflict,
            Self::Stacks { names, .. } if names.is_empty() => ErrorCode::InvalidAssembly,
            Self::Stacks { .. } => ErrorCode::StackNotNamed,
            Self::NoStack { .. } => ErrorCode::StackNotFound,
        }
    }
}
