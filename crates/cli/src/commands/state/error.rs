//! Why a state cannot be changed as the user asked.

use rstack_journal::ReviseError;
use rstack_model::{Address, ErrorCode, StackName};
use rstack_ops::EditError;
use rstack_store::{LockHolder, StoreError};

use crate::error::{CommandError, Hint, state_code, state_hint};

/// Why a command of `rstack state` was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefusedEdit {
    /// A name that no resource can have in a template.
    #[error("`{0}` is not a logical ID: use letters and digits")]
    Address(String),
    /// Forced with other words than the stack's name.
    #[error("`--force {given}` does not name the stack `{stack}`")]
    Force {
        /// The text that was given.
        given: String,
        /// The stack.
        stack: StackName,
    },
    /// Another lock than the one that was named.
    #[error("stack `{stack}` has another lock: {holder}")]
    OtherLock {
        /// The stack.
        stack: StackName,
        /// The holder that is named.
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

impl From<EditError> for CommandError {
    fn from(error: EditError) -> Self {
        let code = match &error {
            EditError::State(error) => {
                return Self::of(state_code(error), error).with_hint(state_hint(error));
            }
            EditError::NoState { .. } => ErrorCode::NoState,
            EditError::Revise(ReviseError::NoResource { .. }) => ErrorCode::UnknownResource,
            EditError::Revise(ReviseError::Exists { .. }) => ErrorCode::ResourceExists,
            EditError::OtherEnvironment { .. } | EditError::StateOfOtherEnvironment { .. } => {
                ErrorCode::EnvironmentMismatch
            }
            EditError::Unusable { source, .. } => state_code(source),
            EditError::Lineage { .. } => ErrorCode::StateLineage,
            EditError::Older { .. } => ErrorCode::StateOlder,
            EditError::NotKept { .. } => ErrorCode::StateNotKept,
        };
        Self::of(code, &error).with_hint(hint(&error))
    }
}

/// The hint of an edit that was not made.
fn hint(error: &EditError) -> Option<Hint> {
    let begin = Hint::default;
    let text = match error {
        EditError::State(error) => return state_hint(error),
        EditError::NoState { .. } => {
            return Some(Hint::begin_with(&["ls"]).text(" lists the stacks"));
        }
        EditError::Revise(ReviseError::NoResource { stack, .. }) => {
            return Some(with_command(begin(), stack, &["list"]).text(" lists its resources"));
        }
        EditError::Revise(ReviseError::Exists { .. }) => {
            "choose another logical ID, or move that resource away first".to_owned()
        }
        EditError::Unusable {
            stack,
            source:
                StoreError::Damaged { .. } | StoreError::Checksum { .. } | StoreError::TooLarge { .. },
        } => {
            let hint = Hint::from("nothing was changed; take another copy (");
            let hint = with_command(hint, stack.as_str(), &["history"])
                .text("); what is to be edited is the state itself, and ");
            let hint = with_command(hint, stack.as_str(), &["repair", "--accept-edit"]);
            return Some(hint.text(" accepts it"));
        }
        EditError::Unusable { source, .. } => return state_hint(source),
        EditError::OtherEnvironment { .. } => {
            "objects cannot move between accounts or Regions".to_owned()
        }
        EditError::Lineage { stack, .. } => format!(
            "it is the state of a stack that was made another time; to replace the present one \
             nevertheless, add `--force {stack}`"
        ),
        EditError::Older { stack, .. } => format!(
            "objects created since then would no longer be managed; to go back nevertheless, add `--force {stack}`"
        ),
        EditError::StateOfOtherEnvironment { sandbox_here: false, sandbox_there: true, .. } => {
            "add `--sandbox`".to_owned()
        }
        EditError::StateOfOtherEnvironment { sandbox_here: true, sandbox_there: false, .. } => {
            "leave `--sandbox` out".to_owned()
        }
        EditError::StateOfOtherEnvironment { .. } => {
            "choose the directory of its states with `--state-dir`".to_owned()
        }
        EditError::NotKept { stack, .. } => {
            let hint = with_command(begin(), stack.as_str(), &["history"]);
            return Some(hint.text(" lists the copies"));
        }
    };
    Some(Hint::from(text))
}

impl From<RefusedEdit> for CommandError {
    fn from(error: RefusedEdit) -> Self {
        let code = match error {
            RefusedEdit::Address(_) => ErrorCode::InvalidLogicalId,
            RefusedEdit::Force { .. } => ErrorCode::ForceMismatch,
            RefusedEdit::OtherLock { .. } => ErrorCode::LockMismatch,
            RefusedEdit::NoResource { .. } => ErrorCode::UnknownResource,
        };
        Self::of(code, &error).with_hint(error.hint())
    }
}

/// A command of `rstack state` on a stack.
fn with_command(hint: Hint, stack: &str, words: &[&str]) -> Hint {
    let (command, options) = words.split_at(words.len().min(1));
    hint.command(&[&["state"], command, &[stack], options].concat())
}

impl RefusedEdit {
    /// The next step for the user.
    fn hint(&self) -> Option<Hint> {
        match self {
            Self::NoResource { stack, .. } => Some(
                with_command(Hint::default(), stack.as_str(), &["list"])
                    .text(" lists its resources"),
            ),
            Self::Address(_) => None,
            Self::Force { stack, .. } => Some(Hint::from(format!(
                "write the name out to say that you mean it: `--force {stack}`"
            ))),
            Self::OtherLock { holder, stack } => {
                let hint = Hint::from("if that is the one: ");
                let words = ["unlock", holder.id.as_str()];
                Some(with_command(hint, stack.as_str(), &words))
            }
        }
    }
}
