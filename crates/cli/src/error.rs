//! What a command can fail with, what to do about it, and with which exit code.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
#[cfg(feature = "lint")]
use std::sync::Arc;

use rstack_apply::{ApplyError, RecoverError, StepError};
use rstack_driver::{DriverError, ErrorKind};
#[cfg(feature = "lint")]
use rstack_lint::LintError;
use rstack_model::{InvalidId, LogicalId, StackName};
use rstack_plan::PlanError;
use rstack_sandbox::SandboxError;
use rstack_schema::RegistryError;
use rstack_state::StateError;

use crate::commands::RefusedEdit;
use crate::exit::Exit;
use crate::project::ProjectError;

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
    /// A saved plan was given a value for something that is no secret parameter of it.
    #[error("the saved plan takes no value for the parameter `{0}`")]
    PlanFileParameter(String),
    /// The value of a secret parameter is missing; a saved plan does not hold it.
    #[error("the saved plan needs the value of the secret parameter `{0}`, which is in no file")]
    SecretParameter(String),
    /// The value of a secret parameter is not the one that the plan was made with.
    #[error("the value of the secret parameter `{0}` is not the one that the plan was made with")]
    OtherSecret(String),
    /// A value was given for something that is no secret parameter of the stack.
    #[error("the stack takes no value for the parameter `{0}` here")]
    NoSecretParameter(String),
    /// Objects of a rollback need the values of secret parameters.
    #[error("the rollback needs the values of secret parameters: {}", quoted(.0))]
    OldSecrets(BTreeSet<String>),
    /// No apply of the stack waits to be rolled back.
    #[error("there is nothing to roll back: no apply of `{0}` failed or was interrupted half-way")]
    NothingToRollBack(StackName),
    /// There is no state of a stack.
    #[error("nothing is known of the stack `{stack}`")]
    NoState {
        /// The stack.
        stack: StackName,
        /// Whether the sandbox knows it, and was not asked.
        in_sandbox: bool,
    },
    /// No creation of a resource waits to be settled.
    #[error("no creation of `{logical_id}` in the stack `{stack}` waits to be settled")]
    NothingOpen {
        /// The stack.
        stack: StackName,
        /// The resource.
        logical_id: LogicalId,
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
    /// The state belongs to another place.
    #[error("the stack `{stack}` lives in {state}, the current environment is {current}")]
    OtherPlace {
        /// The stack.
        stack: StackName,
        /// Where the state says that it lives.
        state: String,
        /// Where we are.
        current: String,
    },
    /// `--delete-first` names something that is not in the template.
    #[error("`--delete-first {0}`: there is no such resource in the template")]
    DeleteFirst(String),
    /// `--timeout` names something that is not in the plan.
    #[error("`--timeout {0}=…`: there is no such resource in the stack")]
    Timeout(String),
    /// The cloud refused, or cannot be asked.
    #[error("{0}")]
    Cloud(DriverError),
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
    /// No plan can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Applying did not begin, or could not be recorded.
    #[error(transparent)]
    Apply(#[from] ApplyError),
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

fn names(stacks: &[StackName]) -> String {
    let names: Vec<String> = stacks.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

fn quoted(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn no_stack(known: &[PathBuf]) -> String {
    match known {
        [] => "no stack was named, and there is no template under `stacks/`".to_owned(),
        known => format!("no stack was named, and there are several: {}", list(known)),
    }
}

fn assembly_stacks(names: &[String]) -> String {
    match names {
        [] => "no stack".to_owned(),
        names => format!("several stacks: {}", names.join(", ")),
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

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NoStack { known } if known.is_empty() => Some(
                "name a template: `rstack plan path/to/template.yaml`, or put one under `stacks/`"
                    .to_owned(),
            ),
            Self::NoStack { .. } => Some("name one of them".to_owned()),
            Self::NoTemplate { known, .. } if known.is_empty() => {
                Some("give the path of a template".to_owned())
            }
            Self::NoTemplate { known, .. } => {
                Some(format!("the templates under `stacks/` are {}", list(known)))
            }
            Self::Folder { templates, .. } if templates.is_empty() => {
                Some("give the path of a template, or of a folder that `cdk synth` wrote".into())
            }
            Self::Folder { templates, .. } => Some(format!("it holds {}", list(templates))),
            Self::AssemblyStacks { folder, names } if !names.is_empty() => {
                Some(format!("name one as `{}/NAME`", folder.display()))
            }
            Self::NotInAssembly { names, .. } if !names.is_empty() => {
                Some(format!("it holds {}", names.join(", ")))
            }
            Self::SeveralStacks(_) => Some("name one of them".to_owned()),
            Self::FileName(_) => Some("give the stack a name with `--stack-name`".to_owned()),
            Self::SavedPlan { path } => {
                let path = path.display();
                Some(format!("look at it with `rstack show {path}`, or `rstack apply {path}`"))
            }
            Self::SecretParameter(name) => Some(format!("give it with `--parameter {name}=VALUE`")),
            Self::OtherSecret(_) => Some("nothing was changed; plan again".to_owned()),
            Self::PlanFileParameter(_) => {
                Some("everything but the values of secret parameters is decided in it".to_owned())
            }
            Self::NoSecretParameter(_) => {
                Some("only the values of secret (`NoEcho`) parameters can be given".to_owned())
            }
            Self::OldSecrets(names) => {
                let given: Vec<String> =
                    names.iter().map(|name| format!("`--parameter {name}=VALUE`")).collect();
                Some(format!(
                    "nothing was changed; give {}, the value it had before or the one it is to have",
                    given.join(", ")
                ))
            }
            Self::NothingToRollBack(_) => Some(
                "to go back further, apply the former template: `rstack apply`; `rstack destroy` \
                 deletes the stack"
                    .to_owned(),
            ),
            Self::PlanFileOption(_) => Some("plan again with it".to_owned()),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("check the permissions of the file".to_owned())
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("make its directory first".to_owned())
            }
            Self::DeleteFirst(_) | Self::Timeout(_) => {
                Some("give the logical ID of a resource, as `Resources` names it".to_owned())
            }
            Self::NotText { .. } => Some("a template is YAML or JSON in UTF-8".to_owned()),
            Self::TooLarge { .. } => {
                Some("is this the template? otherwise split the stack into several".to_owned())
            }
            Self::PlanFile { .. } => {
                Some("make a new one with `rstack plan --out FILE`".to_owned())
            }
            Self::NoState { in_sandbox: true, .. } => {
                Some("the sandbox knows it: add `--sandbox`".to_owned())
            }
            Self::NoState { .. } => Some("`rstack ls` lists the stacks".to_owned()),
            Self::NoOutput { known, .. } if !known.is_empty() => {
                Some(format!("it has {}", known.join(", ")))
            }
            Self::NothingOpen { .. } => Some(
                "it is needed only after an error that names this resource and this command"
                    .to_owned(),
            ),
            Self::NoTerminal => {
                Some("look at what would be done, then run the same with `--yes`".into())
            }
            Self::OtherPlace { .. } => Some(
                "choose the Region with `--region`, the account with `--profile`, or another \
                 directory with `--state-dir`"
                    .to_owned(),
            ),
            Self::NoCode { near: Some(near), .. }
            | Self::NoType { near: Some(near), .. }
            | Self::NoProperty { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::NoCode { near: None, .. } => {
                Some("`rstack explain` lists the codes of all findings".to_owned())
            }
            Self::NoType { near: None, .. } => {
                Some("`rstack docs` lists the services, `rstack docs AWS::SNS` types".to_owned())
            }
            Self::NoProperty { near: None, names, .. } if names.is_empty() => None,
            Self::NoProperty { near: None, names, .. } => {
                Some(format!("it has {}", names.join(", ")))
            }
            Self::Cloud(error) => cloud_hint(error),
            Self::State(error) => error.hint(),
            Self::Edit(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Apply(error) => apply_hint(error),
            Self::Sandbox(error) => sandbox_hint(error),
            Self::Weather(_) => Some("`rstack sandbox --help` tells what it can be".to_owned()),
            Self::Project(error) => error.hint.clone(),
            Self::UnknownRule { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::UnknownRule { near: None, .. } => Some(
                "name a code of rstack (`rstack explain` lists them), a rule of AWS's validator such \
                 as `W3005`, or one of your own rules"
                    .to_owned(),
            ),
            #[cfg(feature = "lint")]
            Self::NoRules { .. } => Some(
                "rules are files that end in `.rego` (Rego), `.json` (CEL) or `.guard` (Guard)"
                    .to_owned(),
            ),
            #[cfg(not(feature = "lint"))]
            Self::NoValidator => Some("build with the feature `lint`".to_owned()),
            #[cfg(not(feature = "aws"))]
            Self::NoAws => Some("use `--sandbox`, or build with the feature `aws`".to_owned()),
            #[cfg(feature = "lint")]
            Self::Lint(_) => None,
            Self::Template(_) => Some("`rstack explain CODE` says more of a finding".to_owned()),
            Self::Registry(_)
            | Self::Assembly { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::AssemblyStacks { .. }
            | Self::NotInAssembly { .. }
            | Self::Name(_)
            | Self::NoOutput { .. }
            | Self::Json(_)
            | Self::Output(_)
            | Self::Runtime(_) => None,
        }
    }
}

fn sandbox_hint(error: &SandboxError) -> Option<String> {
    match error {
        SandboxError::NoObject { .. } => {
            Some("`rstack sandbox ls` lists the objects of the sandbox".to_owned())
        }
        SandboxError::NoPlace { .. } => {
            Some("a path looks like `HlsPackage.SegmentDurationSeconds` or `Tags[0].Value`".into())
        }
        SandboxError::Io { .. } => Some(
            "the sandbox is kept in the state directory; choose one that can be written with \
             `--state-dir`"
                .to_owned(),
        ),
        SandboxError::Damaged { .. } | SandboxError::Newer { .. } => {
            Some("the states beside it know its objects: delete both to begin anew".to_owned())
        }
        SandboxError::CutOff => None,
    }
}

fn apply_hint(error: &ApplyError) -> Option<String> {
    match error {
        ApplyError::State(error) => error.hint(),
        ApplyError::Plan(error) => error.hint(),
        ApplyError::Cloud(error) => cloud_hint(error),
        ApplyError::BaseMoved { .. }
        | ApplyError::ObjectsMoved(_)
        | ApplyError::Environment { .. } => Some("nothing was changed; plan again".to_owned()),
        ApplyError::Recover(error) => recover_hint(error),
        ApplyError::Journal(_) => Some(
            "nothing was changed; restore `STACK.json` and `STACK.journal` that belong together"
                .to_owned(),
        ),
        ApplyError::Unsound(_) => {
            Some("this is a defect of rstack; please report it with the template".to_owned())
        }
    }
}

/// What to do when it is not known what came of an operation.
pub(crate) fn recover_hint(error: &RecoverError) -> Option<String> {
    match error {
        RecoverError::Step { source, .. } => step_hint(source),
        RecoverError::Ambiguous { logical_id, .. } => Some(format!(
            "look at the object; if the interrupted run made it, `rstack settle STACK {logical_id} \
             --ours PHYSICAL_ID`, if somebody else did, `rstack settle STACK {logical_id} \
             --not-ours`; nothing is changed until then"
        )),
    }
}

/// What to do about a failed step.
pub(crate) fn step_hint(error: &StepError) -> Option<String> {
    match error {
        StepError::Driver(error) | StepError::Secret { source: error, .. }
            if error.kind == ErrorKind::Credentials =>
        {
            Some(
                "nothing is lost: sign in again (`aws sso login`, `aws configure`; with `--profile` \
                 if you use one) and run the same command, which goes on from here"
                    .to_owned(),
            )
        }
        StepError::Driver(error) | StepError::Secret { source: error, .. } => cloud_hint(error),
        StepError::Parameter(name) => Some(format!("give it with `--parameter {name}=VALUE`")),
        StepError::Journal(error) => error.hint(),
        StepError::NoDriver(_) => Some(
            "this type has no native driver yet; the sandbox (`--sandbox`) serves every type"
                .to_owned(),
        ),
        StepError::OldParameter(name) => {
            Some(format!("apply again with the value it is to have: `--parameter {name}=VALUE`"))
        }
        StepError::KeepsRotating(_) => {
            Some("stop the rotation of the secret for some time, and apply again".to_owned())
        }
        StepError::Interrupted(_) => Some("run the same command again to go on".to_owned()),
        StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::Reference(_)
        | StepError::ParameterName(_)
        | StepError::Ambiguous(_) => None,
        StepError::Unsettled { .. } => Some(
            "it is recorded, and goes on in the cloud: run the same command again to wait on, or give \
             it more time with `--timeout LOGICAL_ID=90m`"
                .to_owned(),
        ),
    }
}

/// What to do about a failed call.
pub(crate) fn cloud_hint(error: &DriverError) -> Option<String> {
    match &error.kind {
        ErrorKind::Credentials if error.operation == "configuration" => Some(
            "choose one with `--region`, such as `--region eu-west-1`; without an account, try \
             `--sandbox`"
                .to_owned(),
        ),
        ErrorKind::Credentials => Some(
            "sign in (`aws sso login`, `aws configure`) or choose a profile with `--profile`; \
             without an account, try `--sandbox`"
                .to_owned(),
        ),
        ErrorKind::Unreachable => Some(
            "check the network, the Region (`--region`) and `AWS_ENDPOINT_URL` if it is set"
                .to_owned(),
        ),
        ErrorKind::AccessDenied { action: Some(action) } => {
            Some(format!("the caller needs permission for `{action}`"))
        }
        ErrorKind::AccessDenied { action: None } => {
            Some("the caller lacks a permission for this call".to_owned())
        }
        ErrorKind::Invalid { property: Some(property) } => {
            Some(format!("check the property `{property}`"))
        }
        ErrorKind::AlreadyExists => Some(
            "give it another name, or delete the object that has this name if nobody needs it"
                .to_owned(),
        ),
        ErrorKind::NotFound
        | ErrorKind::Throttled
        | ErrorKind::DependencyNotReady
        | ErrorKind::Invalid { property: None }
        | ErrorKind::Conflict
        | ErrorKind::Transient
        | ErrorKind::UnknownOutcome
        | ErrorKind::Unsupported => None,
    }
}
