//! The errors of operations, and what to do about them.

use rstack_ops::OpsError;

use super::engine::{apply_hint, apply_kind, cloud_hint};
use super::state::{state_hint, state_kind};
use super::{CommandError, ErrorKind, Hint};

impl From<OpsError> for CommandError {
    fn from(error: OpsError) -> Self {
        Self::of(kind(&error), &error).with_hint(hint(&error))
    }
}

fn kind(error: &OpsError) -> ErrorKind {
    match error {
        OpsError::State(error) => state_kind(error),
        OpsError::Apply(error) => apply_kind(error),
        OpsError::Cloud(_) => ErrorKind::Cloud,
        OpsError::OtherEnvironment { .. } | OpsError::Digest(_) => ErrorKind::Config,
        OpsError::Plan(_)
        | OpsError::NoResource { .. }
        | OpsError::Questions
        | OpsError::NoSecretParameter(_)
        | OpsError::SavedPlanParameter(_)
        | OpsError::SecretParameter(_) => ErrorKind::User,
        OpsError::AlreadyBegun
        | OpsError::Contradicts(_)
        | OpsError::NothingToRollBack { .. }
        | OpsError::OldSecrets(_)
        | OpsError::NothingOpen { .. }
        | OpsError::OtherSecret(_) => ErrorKind::Refused,
    }
}

fn hint(error: &OpsError) -> Option<Hint> {
    match error {
        OpsError::State(error) => state_hint(error),
        OpsError::Plan(error) => error.hint().map(Hint::from),
        OpsError::Apply(error) => apply_hint(error),
        OpsError::Cloud(error) => cloud_hint(error).map(Hint::from),
        OpsError::OtherEnvironment { .. } => Some(Hint::from(
            "choose the Region with `--region`, the account with `--profile`, or another directory \
             with `--state-dir`",
        )),
        OpsError::NoResource { .. } => {
            Some(Hint::from("give the logical ID of a resource, as `Resources` names it"))
        }
        OpsError::Questions | OpsError::Digest(_) => None,
        OpsError::Contradicts(_) => Some(Hint::from(
            "nothing was changed; the plan is not one that was made from this state: plan again, and \
             find out who wrote it",
        )),
        OpsError::AlreadyBegun => {
            Some(Hint::from("what that run did is recorded; plan again to go on from there"))
        }
        OpsError::NothingToRollBack { deposed: 1.., .. } => {
            Some(Hint::from("apply the template again, and they are deleted"))
        }
        OpsError::NothingToRollBack { stack, deposed: 0 } => Some(
            Hint::from("to go back further, apply the former template; ")
                .command(&["destroy", stack.as_str()])
                .text(" deletes the stack"),
        ),
        OpsError::OldSecrets(names) => {
            let given: Vec<String> =
                names.iter().map(|name| format!("`--parameter-from {name}=FILE`")).collect();
            Some(Hint::from(format!(
                "nothing was changed; give {}, the value it had before or the one it is to have",
                given.join(", ")
            )))
        }
        OpsError::NothingOpen { .. } => Some(Hint::from(
            "it is needed only after an error that names this resource and this command",
        )),
        OpsError::NoSecretParameter(_) => {
            Some(Hint::from("only the values of secret (`NoEcho`) parameters can be given"))
        }
        OpsError::SavedPlanParameter(_) => {
            Some(Hint::from("everything but the values of secret parameters is decided in it"))
        }
        OpsError::SecretParameter(name) => {
            let variable = crate::env::PARAMETER_VARIABLE;
            Some(Hint::from(format!(
                "give it with `--parameter-from {name}=FILE`, or in the variable `{variable}{name}`"
            )))
        }
        OpsError::OtherSecret(_) => Some(Hint::from("nothing was changed; plan again")),
    }
}
