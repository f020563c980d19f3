//! What a command can fail with, and with which exit code. What to do about it is in `hint`.

mod engine;
mod hint;
mod ops;
mod state;
mod words;

use std::io;
use std::path::PathBuf;
#[cfg(feature = "lint")]
use std::sync::Arc;

use rstack_catalog::RegistryError;
use rstack_driver::DriverError;
#[cfg(feature = "lint")]
use rstack_lint::LintError;
use rstack_model::{InvalidId, StackName};
use rstack_ops::OpsError;
use rstack_sandbox::SandboxError;
use rstack_state::StateError;

use crate::commands::RefusedEdit;
use crate::exit::Exit;
use crate::project::ProjectError;

pub(crate) use engine::{cloud_hint, recover_hint, step_hint};
pub(crate) use state::state_hint;
use words::{assembly_stacks, names, no_stack};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The template has errors, which have been shown.
    #[error("{0}")]
    Template(String),
    /// No stack was named and there is not exactly one.
    #[error("{}", no_stack(.known))]
    NoStack {
        /// The templates under `stacks/`.
        known: Vec<PathBuf>,
    },
    /// What was named is neither a file nor a name under `stacks/`.
    #[error("there is no template `{text}`")]
    NoTemplate {
        /// What was named.
        text: String,
        /// The templates under `stacks/`.
        known: Vec<PathBuf>,
    },
    /// A folder that is no cloud assembly.
    #[error("`{}` is a folder, not a template", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The templates in it.
        templates: Vec<PathBuf>,
    },
    /// A cloud assembly's manifest that cannot be understood.
    #[error("`{}` is not the manifest of a cloud assembly", path.display())]
    Assembly {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A cloud assembly with none or several stacks.
    #[error("`{}` holds {}", folder.display(), assembly_stacks(.names))]
    AssemblyStacks {
        /// The folder.
        folder: PathBuf,
        /// Its stacks.
        names: Vec<String>,
    },
    /// A cloud assembly without the stack that was named.
    #[error("`{}` holds no stack `{wanted}`", folder.display())]
    NotInAssembly {
        /// The folder.
        folder: PathBuf,
        /// The stack that was named.
        wanted: String,
        /// Its stacks.
        names: Vec<String>,
    },
    /// No stack was named, and several have a state.
    #[error("no stack was named, and there are several: {}", names(.0))]
    SeveralStacks(Vec<StackName>),
    /// A stack's name that is not allowed.
    #[error("{0}")]
    Name(InvalidId),
    /// A template's file name that cannot name a stack.
    #[error("{0}")]
    FileName(InvalidId),
    /// A saved plan where a template is wanted.
    #[error("`{}` is a saved plan, not a template", path.display())]
    SavedPlan {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is not text.
    #[error("`{}` is not a text file: {problem}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
    /// A file that is too large for a template.
    #[error("`{}` is too large for a template: more than {limit} MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The size that templates may have.
        limit: usize,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A saved plan that cannot be used.
    #[error("`{}` is not a saved plan of this rstack: {problem}", path.display())]
    PlanFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A saved plan was given together with what only a template takes.
    #[error("a saved plan takes no `{0}`: that is decided in it")]
    PlanFileOption(&'static str),
    /// There is no state of a stack.
    #[error("nothing is known of the stack `{stack}`")]
    NoState {
        /// The stack.
        stack: StackName,
        /// Whether the sandbox knows it, and was not asked.
        in_sandbox: bool,
    },
    /// There is no such output.
    #[error("the stack `{stack}` has no output `{output}`")]
    NoOutput {
        /// The stack.
        stack: StackName,
        /// The output.
        output: String,
        /// The outputs it has.
        known: Vec<String>,
    },
    /// A project file that cannot be understood.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A rule was allowed or denied that there is not.
    #[error("{place}: there is no rule or warning `{name}`")]
    UnknownRule {
        /// What was named.
        name: String,
        /// Where it was named.
        place: String,
        /// The nearest name that there is.
        near: Option<String>,
    },
    /// An error of rstack's own was allowed.
    #[error("{place}: `{name}` is an error, and cannot be allowed")]
    NotAllowed {
        /// What was named.
        name: String,
        /// Where it was named.
        place: String,
    },
    /// A file or folder of rules without any.
    #[cfg(feature = "lint")]
    #[error("`{}` holds no rules", path.display())]
    NoRules {
        /// The file or folder.
        path: PathBuf,
    },
    /// Rules that cannot be loaded.
    #[cfg(feature = "lint")]
    #[error("{0}")]
    Lint(Arc<LintError>),
    /// The program was built without the validator, which rule files need.
    #[cfg(not(feature = "lint"))]
    #[error("this rstack was built without the validator, which checks rules from files")]
    NoValidator,
    /// Nobody can be asked.
    #[error("there is no terminal to ask on, and `--yes` was not given; nothing was changed")]
    NoTerminal,
    /// `--timeout` names something that is not in the plan.
    #[error("`--timeout {0}=…`: there is no such resource in the stack")]
    Timeout(String),
    /// The cloud refused, or cannot be asked.
    #[error("{0}")]
    Cloud(DriverError),
    /// The credentials of a profile are missing or refused.
    #[error("{error}")]
    Profile {
        /// The profile.
        profile: String,
        /// What the cloud says.
        error: DriverError,
    },
    /// The sandbox's file cannot be used.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The environment asks for a sandbox that there is not.
    #[error("`RSTACK_SANDBOX` asks for `{0}`, which means nothing to the sandbox")]
    Weather(String),
    /// State or journal cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A state cannot be changed like this.
    #[error(transparent)]
    Edit(#[from] RefusedEdit),
    /// An operation did not begin, or could not be recorded.
    #[error(transparent)]
    Ops(#[from] OpsError),
    /// `rstack explain` of a code that there is not.
    #[error("there is no finding `{text}`")]
    NoCode {
        /// What was asked for.
        text: String,
        /// What was perhaps meant.
        near: Option<String>,
    },
    /// There is no such resource type.
    #[error("there is no resource type `{text}`")]
    NoType {
        /// What was asked for.
        text: String,
        /// What was perhaps meant.
        near: Option<String>,
    },
    /// A type, or a property of one, that has no such property.
    #[error("`{holder}` has no property `{name}`")]
    NoProperty {
        /// The type or property.
        holder: String,
        /// What was asked for.
        name: String,
        /// What was perhaps meant.
        near: Option<String>,
        /// The properties it has.
        names: Vec<String>,
    },
    /// The schemas are damaged.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The program was built without the native drivers.
    #[cfg(not(feature = "aws"))]
    #[error("this rstack was built without AWS")]
    NoAws,
    /// JSON cannot be written.
    #[error("the result cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Standard output or input is broken.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// The runtime cannot start.
    #[error("the program cannot start its threads")]
    Runtime(#[source] io::Error),
}

impl From<DriverError> for CliError {
    fn from(error: DriverError) -> Self {
        Self::Cloud(error)
    }
}

/// Whether nobody reads our output any more: the pipe is closed, or the terminal.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
        || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

impl CliError {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            // Whoever read our output has seen enough.
            Self::Output(source) if is_gone(source) => Exit::Done,
            _ => Exit::Error,
        }
    }

    /// Whether it is about one template, and others can be checked nevertheless.
    pub(crate) fn is_of_a_file(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::NotText { .. } | Self::TooLarge { .. })
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Output(source) if is_gone(source))
    }
}
