//! Why a state cannot be changed as the user asked.

use std::path::PathBuf;

use rstack_journal::ReviseError;
use rstack_model::{Address, Serial, StackName};
use rstack_store::{LockHolder, StoreError};

use crate::args::Global;
use crate::error::state_hint;

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

impl RefusedEdit {
    /// What to do about it.
    pub(crate) fn hint(&self, global: &Global) -> Option<String> {
        let line = |stack: &str, words: &[&str]| {
            let (command, options) = words.split_at(1);
            global.line(&[&["state"], command, &[stack], options].concat())
        };
        match self {
            Self::Revise(ReviseError::NoResource { stack, .. }) => {
                Some(format!("`{}` names them", line(stack, &["list"])))
            }
            Self::NoResource { stack, .. } => {
                Some(format!("`{}` names them", line(stack.as_str(), &["list"])))
            }
            Self::Revise(ReviseError::Exists { .. }) => {
                Some("choose another logical ID, or move that resource away first".to_owned())
            }
            Self::Address(_) => None,
            Self::Unusable {
                stack,
                source:
                    StoreError::Damaged { .. }
                    | StoreError::Checksum { .. }
                    | StoreError::TooLarge { .. },
            } => Some(format!(
                "nothing was changed; take another copy (`{}`); what is to be edited is the state \
                 itself, and `{}` accepts it",
                line(stack.as_str(), &["history"]),
                line(stack.as_str(), &["repair", "--accept-edit"])
            )),
            Self::Unusable { source, .. } => state_hint(source, global),
            Self::Apart { .. } => {
                Some("objects cannot move between accounts or Regions".to_owned())
            }
            Self::Lineage { stack, .. } => Some(format!(
                "it is the state of a stack that was made another time; to replace the present one \
                 all the same, add `--force {stack}`"
            )),
            Self::Older { stack, .. } => Some(format!(
                "what was made since would be forgotten; to go back all the same, add `--force \
                 {stack}`"
            )),
            Self::Place { .. } => Some(
                "choose the directory of its states with `--state-dir`, or `--sandbox`".to_owned(),
            ),
            Self::Force { stack, .. } => {
                Some(format!("write the name out to say that you mean it: `--force {stack}`"))
            }
            Self::NoBackup { stack, .. } => {
                Some(format!("`{}` lists those that are", line(stack.as_str(), &["history"])))
            }
            Self::OtherLock { holder, stack, .. } => {
                let unlock = line(stack.as_str(), &["unlock", holder.id.as_str()]);
                Some(format!("if that is the one: `{unlock}`"))
            }
        }
    }
}
