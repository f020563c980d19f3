//! What to do about an error of the engine, of a cloud or of the sandbox.

use rstack_apply::{ApplyError, RecoverError, StepError};
use rstack_driver::{DriverError, ErrorKind};
use rstack_sandbox::SandboxError;

use super::state::state_hint;
use crate::again::quoted;
use crate::args::Global;

pub(super) fn sandbox_hint(error: &SandboxError, global: &Global) -> Option<String> {
    match error {
        SandboxError::NoObject { .. } => {
            Some(format!("`{}` lists the objects of the sandbox", global.line(&["sandbox", "ls"])))
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

/// What to do about it.
pub(super) fn apply_hint(error: &ApplyError, global: &Global) -> Option<String> {
    match error {
        ApplyError::State(error) => state_hint(error, global),
        ApplyError::Plan(error) => error.hint(),
        ApplyError::Cloud(error) => cloud_hint(error),
        ApplyError::BaseMoved { .. }
        | ApplyError::ObjectsMoved(_)
        | ApplyError::Environment { .. } => Some("nothing was changed; plan again".to_owned()),
        ApplyError::Recover(error) => recover_hint(error, global),
        ApplyError::Journal { stack, .. } => Some(format!(
            "nothing was changed; `{}` says whether one of them is damaged; otherwise restore \
             `{stack}.json` and `{stack}.journal` that belong together",
            global.line(&["state", "repair", stack.as_str()])
        )),
        ApplyError::Digest(_) => {
            Some("this is a defect of rstack; please report it with the template".to_owned())
        }
    }
}

/// What to do when it is not known what came of an operation.
pub(crate) fn recover_hint(error: &RecoverError, global: &Global) -> Option<String> {
    match error {
        RecoverError::Step { source, .. } => step_hint(source, global),
        RecoverError::InputDigest { .. } => Some(
            "nothing was changed; restore the journal from a copy: a record of it is not the one that \
             was written"
                .to_owned(),
        ),
        RecoverError::Ambiguous { stack, address, .. } => {
            let resolve = ["resolve", stack.as_str(), address.as_str()];
            let ours = global.line(&[&resolve[..], &["--ours", "PHYSICAL_ID"]].concat());
            let not_ours = global.line(&[&resolve[..], &["--not-ours"]].concat());
            Some(format!(
                "look at the object; if the interrupted run made it, `{ours}`, if somebody else did, \
                 `{not_ours}`; nothing is changed until then"
            ))
        }
    }
}

/// What to do about a failed step.
pub(crate) fn step_hint(error: &StepError, global: &Global) -> Option<String> {
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
        StepError::Journal(error) => state_hint(error, global),
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
        StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::Reference(_)
        | StepError::ParameterName(_)
        | StepError::Ambiguous(_)
        | StepError::Digest(_)
        // How to go on depends on what the run was for, and is told at its end.
        | StepError::Interrupted(_) => None,
        StepError::Unsettled { .. } => Some(
            "it is recorded, and goes on in the cloud: run the same command again to wait on, or give \
             it more time with `--timeout LOGICAL_ID=90m`"
                .to_owned(),
        ),
    }
}

/// What to do about missing or refused credentials of a profile.
pub(super) fn profile_hint(profile: &str) -> String {
    let profile = quoted(profile);
    format!(
        "sign in (`aws sso login --profile {profile}`) or choose another profile with `--profile`; \
         without an account, try `--sandbox`"
    )
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
