//! The errors of operations, and what to do about them.

use rstack_apply::ApplyError;
use rstack_model::ErrorCode;
use rstack_ops::{Consumer, ExportChange, ExportConflict, OpsError};

use super::engine::{apply_code, apply_hint, cloud_hint, plan_code, plan_error};
use super::state::{state_code, state_hint};
use super::{CommandError, Hint};

impl From<OpsError> for CommandError {
    fn from(error: OpsError) -> Self {
        if let OpsError::Plan(error) | OpsError::Apply(ApplyError::Plan(error)) = &error {
            return plan_error(error);
        }
        if let OpsError::Exports(conflicts) = &error {
            return exports_error(&error, conflicts);
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
        OpsError::Exports(conflicts) => {
            conflicts.first().map_or(ErrorCode::ExportInUse, export_code)
        }
        OpsError::NamesOfRun(_) => ErrorCode::NameConflict,
        OpsError::TerminationProtection { .. } => ErrorCode::TerminationProtection,
        OpsError::Hindered { .. } => ErrorCode::ObjectProtected,
        OpsError::Preview { .. } => ErrorCode::PlanUnusable,
        OpsError::Questions => ErrorCode::EndlessLookups,
        OpsError::NoSecretParameter(_) | OpsError::SavedPlanParameter(_) => {
            ErrorCode::ParameterNotTaken
        }
        OpsError::SecretParameter(_) | OpsError::OldSecrets(_) => ErrorCode::SecretParameterMissing,
        OpsError::ParametersMoved { .. }
        | OpsError::AwaitedMissing { .. }
        | OpsError::ImportMoved { .. } => ErrorCode::PlanOutdated,
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
        OpsError::NamesOfRun(_) => Some(Hint::from(
            "give one of them another name, or leave it out, and rstack chooses one",
        )),
        OpsError::Exports(_) | OpsError::Questions | OpsError::Digest(_) => None,
        OpsError::Hindered { .. } => Some(Hint::from(
            "nothing was changed; empty it first, or keep it with `DeletionPolicy: Retain`",
        )),
        OpsError::TerminationProtection { .. } => Some(Hint::from(
            "apply the stack with `--no-termination-protection` first, or without the protection in the \
             app",
        )),
        OpsError::Preview { .. } => {
            Some(Hint::from("apply the stacks that it needs first, or all of them"))
        }
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
        OpsError::AwaitedMissing { .. } | OpsError::ImportMoved { .. } => {
            Some(Hint::from("nothing of this stack was changed; plan again"))
        }
        OpsError::OtherSecret(_) | OpsError::ParametersMoved { .. } => {
            Some(Hint::from("nothing was changed; plan again"))
        }
    }
}

/// The error of exports that cannot be as a plan has them: one for each, with a code and a hint of its
/// own.
fn exports_error(error: &OpsError, conflicts: &[ExportConflict]) -> CommandError {
    let of = |it: &ExportConflict| {
        CommandError::new(export_code(it), it.to_string()).with_hint(Some(export_hint(it)))
    };
    let mut errors = conflicts.iter().map(of);
    match errors.next() {
        Some(first) => CommandError { others: errors.collect(), ..first },
        None => CommandError::of(ErrorCode::ExportInUse, error),
    }
}

fn export_code(conflict: &ExportConflict) -> ErrorCode {
    match conflict {
        ExportConflict::InUse { .. } => ErrorCode::ExportInUse,
        ExportConflict::Taken { .. } | ExportConflict::TakenByManaged { .. } => {
            ErrorCode::ExportTaken
        }
    }
}

fn export_hint(conflict: &ExportConflict) -> String {
    let (change, consumers) = match conflict {
        ExportConflict::InUse { change, consumers, .. } => (*change, consumers),
        ExportConflict::Taken { .. } => {
            return "give the export another name: a name is exported once in an account and Region"
                .to_owned();
        }
        ExportConflict::TakenByManaged { stack, .. } => {
            return format!(
                "give the export another name, or delete `{stack}` in CloudFormation first: a name is \
                 exported once in an account and Region"
            );
        }
    };
    let (mut ours, mut managed) = (Vec::new(), Vec::new());
    for consumer in consumers {
        let name = format!("`{}`", consumer.name());
        match consumer {
            Consumer::Stack { .. } => ours.push(name),
            Consumer::Managed(_) => managed.push(name),
        }
    }
    let managed = (!managed.is_empty()).then(|| {
        format!("update {} in CloudFormation without the import first", managed.join(", "))
    });
    let ours = (!ours.is_empty()).then(|| consumer_hint(change, &ours.join(", ")));
    ours.into_iter().chain(managed).collect::<Vec<_>>().join("; ")
}

/// The hint about stacks of ours that import an export.
fn consumer_hint(change: ExportChange, stacks: &str) -> String {
    match change {
        ExportChange::Destroyed => {
            format!("destroy {stacks} first, or apply it without the import")
        }
        ExportChange::Removed => {
            format!(
                "apply {stacks} without the import first, alone with `--exclusively`, then remove the export"
            )
        }
        ExportChange::Changed => format!(
            "keep the value, or export the new one under another name and apply {stacks} with that \
             import, alone with `--exclusively`; then the former export can go"
        ),
    }
}
