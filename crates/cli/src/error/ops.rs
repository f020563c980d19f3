//! What to do about an operation that did not begin.

use rstack_ops::OpsError;

use super::engine::{apply_hint, cloud_hint};
use super::state::state_hint;
use crate::args::Global;

/// Where a resource is named that is not there.
pub(super) const RESOURCE: &str = "give the logical ID of a resource, as `Resources` names it";

/// What to do about it.
pub(super) fn ops_hint(error: &OpsError, global: &Global) -> Option<String> {
    match error {
        OpsError::State(error) => state_hint(error, global),
        OpsError::Plan(error) => error.hint(),
        OpsError::Apply(error) => apply_hint(error, global),
        OpsError::Cloud(error) => cloud_hint(error),
        OpsError::OtherEnvironment { .. } => Some(
            "choose the Region with `--region`, the account with `--profile`, or another \
             directory with `--state-dir`"
                .to_owned(),
        ),
        OpsError::DeleteFirst(_) => Some(RESOURCE.to_owned()),
        OpsError::Questions => None,
        OpsError::AlreadyBegun => {
            Some("what that run did is recorded; plan again to go on from there".to_owned())
        }
        OpsError::NothingToRollBack { deposed: 1.., .. } => {
            Some("apply the template again, and they are deleted".to_owned())
        }
        OpsError::NothingToRollBack { stack, deposed: 0 } => Some(format!(
            "to go back further, apply the former template; `{}` deletes the stack",
            global.line(&["destroy", stack.as_str()])
        )),
        OpsError::OldSecrets(names) => {
            let given: Vec<String> =
                names.iter().map(|name| format!("`--parameter {name}=VALUE`")).collect();
            Some(format!(
                "nothing was changed; give {}, the value it had before or the one it is to have",
                given.join(", ")
            ))
        }
        OpsError::NothingOpen { .. } => Some(
            "it is needed only after an error that names this resource and this command".to_owned(),
        ),
        OpsError::NoSecretParameter(_) => {
            Some("only the values of secret (`NoEcho`) parameters can be given".to_owned())
        }
        OpsError::SavedPlanParameter(_) => {
            Some("everything but the values of secret parameters is decided in it".to_owned())
        }
        OpsError::SecretParameter(name) => Some(format!("give it with `--parameter {name}=VALUE`")),
        OpsError::OtherSecret(_) => Some("nothing was changed; plan again".to_owned()),
    }
}
