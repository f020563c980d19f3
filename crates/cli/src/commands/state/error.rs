//! Why a state cannot be changed as the user asked.

use std::path::PathBuf;

use rstack_journal::ReviseError;
use rstack_model::{Address, Serial, StackName};
use rstack_store::{LockHolder, StoreError};

use crate::error::{CommandError, ErrorKind, Hint, state_hint};

/// Why a command of `rstack state` was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefusedEdit {
    /// A resource is not there, or its new name is taken.
    #[error(transparent)]
    Revise(#[from] ReviseError),
    /// A name that no resource can have in a template.
    #[error("`{0}` is no logical ID: one holds letters and digits")]
    Address(String),
    /// The two stacks do not live in one place.
    #[error("the stack `{to}` lives in {theirs}, `{from}` in {ours}")]
    Apart {
        /// Where the resource is.
        from: StackName,
        /// Where it is to go.
        to: StackName,
        /// Where the first one lives.
        ours: String,
        /// Where the other one lives.
        theirs: String,
    },
    /// A file that is no sound state, and is not the state of a stack either.
    #[error("this state of `{stack}` cannot be used")]
    Unusable {
        /// The stack.
        stack: StackName,
        /// What is wrong with it.
        source: StoreError,
    },
    /// Another lineage.
    #[error(
        "`{}` is of another line of states than the state of `{stack}`: {theirs}, not {ours}",
        path.display()
    )]
    Lineage {
        /// The file.
        path: PathBuf,
        /// The stack.
        stack: StackName,
        /// The lineage of the state.
        ours: String,
        /// The lineage in the file.
        theirs: String,
    },
    /// An older state.
    #[error("`{}` has serial {theirs}, the state of `{stack}` has {ours}", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// The stack.
        stack: StackName,
        /// The serial of the state.
        ours: Serial,
        /// The serial in the file.
        theirs: Serial,
    },
    /// A state of another place.
    #[error("`{}` is a state of {theirs}, the states here are of {ours}", path.display())]
    Place {
        /// True for a file that is a state of the sandbox, and for states here that are.
        sandbox: (bool, bool),
        /// The file.
        path: PathBuf,
        /// Where the stack lives.
        ours: String,
        /// Where that of the file lives.
        theirs: String,
    },
    /// Forced with other words than the stack's name.
    #[error("`--force {given}` does not name the stack `{stack}`")]
    Force {
        /// What was given.
        given: String,
        /// The stack.
        stack: StackName,
    },
    /// No such copy is kept.
    #[error("no state of `{stack}` with serial {serial} is kept")]
    NoBackup {
        /// The stack.
        stack: StackName,
        /// The serial.
        serial: Serial,
    },
    /// Another lock than the one that was named.
    #[error("the lock file of `{stack}` names another lock: {holder}")]
    OtherLock {
        /// The stack.
        stack: StackName,
        /// What is there.
        holder: Box<LockHolder>,
    },
    /// No resource of this name.
    #[error("the state of `{stack}` has no resource `{address}`")]
    NoResource {
        /// The stack.
        stack: StackName,
        /// The resource.
        address: Address,
    },
}

impl From<RefusedEdit> for CommandError {
    fn from(error: RefusedEdit) -> Self {
        Self::of(ErrorKind::Refused, &error).with_hint(error.hint())
    }
}

/// A command of `rstack state` on a stack.
fn with_command(hint: Hint, stack: &str, words: &[&str]) -> Hint {
    let (command, options) = words.split_at(words.len().min(1));
    hint.command(&[&["state"], command, &[stack], options].concat())
}

impl RefusedEdit {
    /// What to do about it.
    fn hint(&self) -> Option<Hint> {
        let begin = Hint::default;
        let text = match self {
            Self::Revise(ReviseError::NoResource { stack, .. }) => {
                return Some(with_command(begin(), stack, &["list"]).text(" names them"));
            }
            Self::NoResource { stack, .. } => {
                return Some(with_command(begin(), stack.as_str(), &["list"]).text(" names them"));
            }
            Self::Revise(ReviseError::Exists { .. }) => {
                "choose another logical ID, or move that resource away first".to_owned()
            }
            Self::Address(_) => return None,
            Self::Unusable {
                stack,
                source:
                    StoreError::Damaged { .. }
                    | StoreError::Checksum { .. }
                    | StoreError::TooLarge { .. },
            } => {
                let hint = Hint::from("nothing was changed; take another copy (");
                let hint = with_command(hint, stack.as_str(), &["history"])
                    .text("); what is to be edited is the state itself, and ");
                let hint = with_command(hint, stack.as_str(), &["repair", "--accept-edit"]);
                return Some(hint.text(" accepts it"));
            }
            Self::Unusable { source, .. } => return state_hint(source),
            Self::Apart { .. } => "objects cannot move between accounts or Regions".to_owned(),
            Self::Lineage { stack, .. } => format!(
                "it is the state of a stack that was made another time; to replace the present one \
                 all the same, add `--force {stack}`"
            ),
            Self::Older { stack, .. } => format!(
                "what was made since would be forgotten; to go back all the same, add `--force \
                 {stack}`"
            ),
            Self::Place { sandbox: (true, false), .. } => "add `--sandbox`".to_owned(),
            Self::Place { sandbox: (false, true), .. } => "leave `--sandbox` out".to_owned(),
            Self::Place { .. } => {
                "choose the directory of its states with `--state-dir`".to_owned()
            }
            Self::Force { stack, .. } => {
                format!("write the name out to say that you mean it: `--force {stack}`")
            }
            Self::NoBackup { stack, .. } => {
                let hint = with_command(begin(), stack.as_str(), &["history"]);
                return Some(hint.text(" lists those that are"));
            }
            Self::OtherLock { holder, stack } => {
                let hint = Hint::from("if that is the one: ");
                let words = ["unlock", holder.id.as_str()];
                return Some(with_command(hint, stack.as_str(), &words));
            }
        };
        Some(Hint::from(text))
    }
}
