//! The errors of operations, and what to do about them.

use rstack_apply::ApplyError;
use rstack_model::ErrorCode;
use rstack_ops::OpsError;

use super::engine::{apply_code, apply_hint, cloud_hint, plan_code, plan_error};
use super::state::{state_code, state_hint};
use super::{CommandError, Hint};

impl From<OpsError> for CommandError {
    fn from(error: OpsError) -> Self {
        if let OpsError::Plan(error) | OpsError::Apply(ApplyError::Plan(error)) = &error {
            return plan_error(error);
        }
        Self::of(code(&error), &error).with_hint(hint(&error))
    }
}

fn code(error: &OpsError) -> ErrorCode {
    match error {
        OpsError::State(error) => state_code(error),
        OpsError::Apply(error) => apply_code(error),
        OpsError::Plan(error) => plan_code(error),
        OpsError::Cloud(error) => error.error_code(),
        OpsError::OtherEnvironment { .. } => ErrorCode::EnvironmentMismatch,
        OpsError::Digest(_) => ErrorCode::Internal,
        OpsError::NoResource { .. } => ErrorCode::UnknownResource,
        OpsError::Questions => ErrorCode::EndlessLookups,
        OpsError::NoSecretParameter(_) | OpsError::SavedPlanParameter(_) => {
            ErrorCode::ParameterNotTaken
        }
        OpsError::SecretParameter(_) | OpsError::OldSecrets(_) => ErrorCode::SecretParameterMissing,
        OpsError::AlreadyBegun => ErrorCode::PlanInterrupted,
        OpsError::Contradicts(_) => ErrorCode::PlanContradictsState,
        OpsError::NothingToRollBack { .. } => ErrorCode::NothingToRollBack,
        OpsError::NothingOpen { .. } => ErrorCode::NothingToResolve,
        OpsError::OtherSecret(_) => ErrorCode::SecretParameterDiffers,
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
        OpsError::NoResource { near: Some(near), .. } => {
            Some(Hint::from(format!("did you mean `{near}`?")))
        }
        OpsError::NoResource { near: None, .. } => {
            Some(Hint::from("give a logical ID from `Resources`"))
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
            "`rstack resolve` is needed only after an error that names it and the resource",
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
