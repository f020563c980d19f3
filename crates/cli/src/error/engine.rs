//! The errors of the engine, of a cloud and of the sandbox, and what to do about them.

use std::collections::BTreeMap;

use rstack_apply::{ApplyError, RecoverError, StepError};
use rstack_driver::{DriverError, ErrorKind as CloudError};
use rstack_model::plan::{Change, Reason};
use rstack_model::value::{Attribute, AttributeRef, ParameterReference, SecretsManagerReference};
use rstack_model::{Address, ErrorCode};
use rstack_plan::PlanError;
use rstack_sandbox::SandboxError;

use super::state::{state_code, state_hint};
use super::{CommandError, Hint};
use crate::shell_word::quoted;

impl From<SandboxError> for CommandError {
    fn from(error: SandboxError) -> Self {
        let code = match error {
            SandboxError::NoObject { .. } | SandboxError::SeveralObjects { .. } => {
                ErrorCode::SandboxObject
            }
            SandboxError::NoPlace { .. } => ErrorCode::SandboxPath,
            SandboxError::Refused { .. } | SandboxError::OtherKind { .. } => ErrorCode::SandboxPut,
            SandboxError::Newer { .. } => ErrorCode::StateFormat,
            SandboxError::Io { .. }
            | SandboxError::InDoubt { .. }
            | SandboxError::Damaged { .. }
            | SandboxError::CutOff => ErrorCode::SandboxFile,
        };
        Self::of(code, &error).with_hint(sandbox_hint(&error))
    }
}

fn sandbox_hint(error: &SandboxError) -> Option<Hint> {
    let hint = match error {
        SandboxError::NoObject { .. } | SandboxError::SeveralObjects { .. } => {
            let list = Hint::begin_with(&["sandbox", "ls"]);
            return Some(list.text(" lists the objects of the sandbox"));
        }
        SandboxError::NoPlace { .. } => {
            Some("a path looks like `HlsPackage.SegmentDurationSeconds` or `Tags[0].Value`".into())
        }
        SandboxError::OtherKind { name, .. } => {
            let remove = ["sandbox", "remove", "AWS::SSM::Parameter", name.as_str()];
            let hint = Hint::from("leave `--type` out, or ").command(&remove);
            return Some(hint.text(" and put it again"));
        }
        SandboxError::Refused { .. } => None,
        SandboxError::Io { .. } | SandboxError::InDoubt { .. } => Some(
            "the sandbox is kept in the state directory; choose one that can be written with \
             `--state-dir`"
                .to_owned(),
        ),
        SandboxError::Damaged { .. } | SandboxError::Newer { .. } => Some(
            "the sandbox's states refer to its objects: to start empty, delete both".to_owned(),
        ),
        SandboxError::CutOff => None,
    };
    hint.map(Hint::from)
}

impl From<DriverError> for CommandError {
    fn from(error: DriverError) -> Self {
        Self::new(error.error_code(), error.to_string()).with_hint(cloud_hint(&error))
    }
}

/// The code of an error of applying.
pub(super) fn apply_code(error: &ApplyError) -> ErrorCode {
    match error {
        ApplyError::State(error) => state_code(error),
        ApplyError::Plan(error) => plan_code(error),
        ApplyError::Cloud(error) => error.error_code(),
        ApplyError::Recover(error) => error.code(),
        ApplyError::BaseMoved { .. } | ApplyError::ObjectsMoved(_) => ErrorCode::PlanOutdated,
        ApplyError::Environment { .. } => ErrorCode::EnvironmentMismatch,
        ApplyError::Journal { .. } => ErrorCode::JournalMismatch,
        ApplyError::Digest(_) => ErrorCode::Internal,
    }
}

/// The code of an error of the planner. Several errors have the code of the first.
pub(super) fn plan_code(error: &PlanError) -> ErrorCode {
    match error {
        PlanError::Cycle { .. } => ErrorCode::DependencyCycle,
        PlanError::NameTaken { .. } | PlanError::NameOfOther { .. } => ErrorCode::NameConflict,
        PlanError::ReferrerInTheWay { .. } => ErrorCode::DeleteFirstBlocked,
        PlanError::Protected { .. } => ErrorCode::ObjectProtected,
        PlanError::Fixed { .. } | PlanError::Refused { .. } => ErrorCode::PropertyFixed,
        PlanError::SecretLost { .. } => ErrorCode::SecretLost,
        PlanError::Several(errors) => errors.first().map_or(ErrorCode::NameConflict, plan_code),
        PlanError::Function { .. } => ErrorCode::ValueNotEvaluated,
        PlanError::UnknownDependency { .. } => ErrorCode::MissingDependency,
        PlanError::Broken(_) => ErrorCode::Internal,
    }
}

/// The error of a command that cannot make a plan. Several resources that prevent it are an error
/// each, with a code of its own; a hint that serves all of them is with the last.
pub(super) fn plan_error(error: &PlanError) -> CommandError {
    let shared = error.shared_hint();
    let of_part = |part: &PlanError| {
        let hint = if shared.is_none() { part.hint() } else { None };
        CommandError::of(plan_code(part), part).with_hint(hint)
    };
    let mut errors: Vec<CommandError> = error.parts().iter().map(of_part).collect();
    if let Some(last) = errors.last_mut() {
        last.hints.extend(shared.map(Hint::from));
    }
    let mut errors = errors.into_iter();
    match errors.next() {
        Some(first) => CommandError { others: errors.collect(), ..first },
        None => CommandError::of(plan_code(error), error),
    }
}

/// The hint for a failed run.
pub(super) fn apply_hint(error: &ApplyError) -> Option<Hint> {
    match error {
        ApplyError::State(error) => state_hint(error),
        ApplyError::Plan(error) => error.hint().map(Hint::from),
        ApplyError::Cloud(error) => cloud_hint(error).map(Hint::from),
        ApplyError::BaseMoved { .. }
        | ApplyError::ObjectsMoved(_)
        | ApplyError::Environment { .. } => Some(Hint::from("nothing was changed; plan again")),
        ApplyError::Recover(error) => recover_hint(error),
        ApplyError::Journal { stack, .. } => Some(
            Hint::from("nothing was changed; ").command(&["state", "repair", stack.as_str()]).text(
                format!(
                    " reports whether one of them is damaged; otherwise restore `{stack}.json` and \
                     `{stack}.journal` that belong together"
                ),
            ),
        ),
        ApplyError::Digest(_) => {
            Some(Hint::from("this is a defect of rstack: report it with the template"))
        }
    }
}

/// The hint for an operation whose outcome is not known.
pub(crate) fn recover_hint(error: &RecoverError) -> Option<Hint> {
    match error {
        RecoverError::Step { source, .. } => step_hint(source),
        RecoverError::InputDigest { .. } => Some(Hint::from(
            "nothing was changed; restore the journal from a copy: a record of it is not the one that \
             was written",
        )),
        RecoverError::Ambiguous { stack, address, .. } => {
            let resolve = ["resolve", stack.as_str(), address.as_str()];
            let ours = [&resolve[..], &["--ours", "PHYSICAL_ID"]].concat();
            let not_ours = [&resolve[..], &["--not-ours"]].concat();
            Some(
                Hint::from("look at the object; if the interrupted run made it, ")
                    .command(&ours)
                    .text(", if not, ")
                    .command(&not_ours)
                    .text("; nothing is changed until then"),
            )
        }
    }
}

/// The hint for an update in place that the service refused, of a property that it may refuse to
/// change in place. Nothing was deleted.
pub(crate) fn replace_hint(change: &Change, error: &StepError) -> Option<Hint> {
    let StepError::Driver(error) = error else { return None };
    let refused = match &error.kind {
        CloudError::Invalid { property } => property.as_ref(),
        CloudError::Conflict | CloudError::Unsupported => None,
        CloudError::NotFound
        | CloudError::AlreadyExists
        | CloudError::Throttled
        | CloudError::DependencyNotReady
        | CloudError::AccessDenied { .. }
        | CloudError::Credentials
        | CloudError::Handler(_)
        | CloudError::Unreachable
        | CloudError::Transient
        | CloudError::UnknownOutcome => return None,
    };
    let open = change.reasons.iter().find_map(|reason| match reason {
        Reason::MayReplace(path) if refused.is_none_or(|at| at.top() == path.top()) => Some(path),
        _ => None,
    })?;
    Some(Hint::from(format!(
        "the service may not change `{open}` in place; `--replace {}` makes a new object, and deletes \
         the old one last",
        change.address
    )))
}

/// The hint for a value that does not fit, where it comes of a custom resource of the sandbox, whose attributes
/// are invented. `changes` has the custom resources of the plan.
pub(crate) fn invented_hint(
    changes: &BTreeMap<Address, Change>,
    error: &StepError,
) -> Option<Hint> {
    let StepError::Function(error) = error else { return None };
    let custom = |of: &&AttributeRef| {
        changes.get(&of.address).is_some_and(|change| change.resource_type.is_custom())
    };
    let of = error.of.iter().find(custom)?;
    let resource = of.address.logical_id();
    let entry = match &of.attribute {
        Attribute::Ref => format!("`{resource}: {{physicalId: …}}`"),
        Attribute::Named(name) => format!("`{resource}: {{data: {{{name}: …}}}}`"),
    };
    Some(Hint::from(format!(
        "the sandbox runs no handler and has invented `{of}`: give it the form that the template needs \
         with {entry} in `sandbox/custom.yaml` of the state directory"
    )))
}

/// The hint for a failed step.
pub(crate) fn step_hint(error: &StepError) -> Option<Hint> {
    let hint = match error {
        StepError::Driver(error) | StepError::Secret { source: error, .. }
            if error.kind == CloudError::Credentials =>
        {
            Some(
                "nothing is lost: sign in again (`aws sso login`, `aws configure`; with `--profile` \
                 if you use one) and run the same command, which goes on from here"
                    .to_owned(),
            )
        }
        StepError::Secret { reference, source } => {
            let put = put_words(source, reference).map(|words| put_hint(&words));
            return put.or_else(|| cloud_hint(source).map(Hint::from));
        }
        StepError::Driver(error) => cloud_hint(error),
        StepError::Parameter(name) => Some(format!("give it with `--parameter {name}=VALUE`")),
        StepError::Journal(error) => return state_hint(error),
        StepError::NoDriver(_) => Some(
            "this rstack has no driver for the type: use the version that made the object".to_owned(),
        ),
        StepError::OldParameter(name) => {
            Some(format!("apply again with the value it is to have: `--parameter {name}=VALUE`"))
        }
        StepError::CreationTimeout { .. } => Some(
            "give it more time: a larger `TimeoutInMinutes`, or none, and apply again".to_owned(),
        ),
        StepError::KeepsRotating(_) => {
            Some("stop the rotation of the secret for some time, and apply again".to_owned())
        }
        StepError::SecretLost(attribute) => Some(format!(
            "replace `{}` with `--replace` and its logical ID: the new object shows a new secret",
            attribute.of
        )),
        StepError::SecretInName(_) => Some(
            "give the object a name of its own: a name is shown in plans, states and logs".to_owned(),
        ),
        StepError::SecretAttribute(_) => Some(
            "plan and apply again, which reads the object; if this stays, keep the value in Secrets Manager \
             and refer to it as `{{resolve:secretsmanager:…}}`"
                .to_owned(),
        ),
        StepError::NotGiven(reference) => Some(format!(
            "look at the object of `{}`: another service than AWS's may leave attributes out",
            reference.address
        )),
        StepError::NoAttribute(_) => Some(
            "attributes are what the handler returned in `Data` when it was called last: return it \
             there, and change a property of the resource so that the handler is called again"
                .to_owned(),
        ),
        StepError::Function(_)
        | StepError::NotKnown(_)
        | StepError::Reference(_)
        | StepError::ParameterName(_)
        | StepError::Ambiguous(_)
        | StepError::Digest(_)
        // The way on depends on what the run was for, and is shown at its end.
        | StepError::Interrupted(_) => None,
        StepError::NotStabilized { .. } => Some(
            "it is recorded, and goes on in the cloud: run the same command again to wait on, or give \
             it more time with `--timeout LOGICAL_ID=90m`"
                .to_owned(),
        ),
    };
    hint.map(Hint::from)
}

/// The hint for missing or refused credentials of a profile.
pub(crate) fn profile_hint(profile: &str) -> String {
    let profile = quoted(profile);
    format!(
        "sign in (`aws sso login --profile {profile}`) or choose another profile with `--profile`; \
         without an account, try `--sandbox`"
    )
}

/// The command that puts the missing secret or parameter of a reference into the sandbox; `None` if
/// the error is another one, or one of a real account.
pub(crate) fn put_words(error: &DriverError, reference: &str) -> Option<Vec<String>> {
    // Where the version is missing, the message says which there are.
    let exists = error.has_code("ParameterVersionNotFound");
    if error.kind != CloudError::NotFound || exists || !error.operation.starts_with("sandbox ") {
        return None;
    }
    let body = reference.strip_prefix("{{resolve:")?.strip_suffix("}}")?;
    let (service, body) = body.split_once(':')?;
    let words = match service {
        "secretsmanager" => {
            let name = SecretsManagerReference::parse(body).ok()?.secret_id;
            vec!["put-secret".to_owned(), name, "-".to_owned()]
        }
        "ssm" => {
            let name = ParameterReference::parse(body).ok()?.name;
            vec!["put-parameter".to_owned(), name, "VALUE".to_owned()]
        }
        "ssm-secure" => {
            let name = ParameterReference::parse(body).ok()?.name;
            let kind = ["--type", "SecureString"].map(str::to_owned);
            [vec!["put-parameter".to_owned(), name, "-".to_owned()], kind.to_vec()].concat()
        }
        _ => return None,
    };
    Some([vec!["sandbox".to_owned()], words].concat())
}

fn put_hint(words: &[String]) -> Hint {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Hint::begin_with(&words).text(PUT)
}

/// The effect of a command of [`put_words`].
pub(crate) const PUT: &str = " puts one there; `-` reads its value from standard input";

/// The hint for a failed call.
pub(crate) fn cloud_hint(error: &DriverError) -> Option<String> {
    match &error.kind {
        CloudError::Credentials if error.operation == "configuration" => Some(
            "choose one with `--region`, such as `--region eu-west-1`; without an account, try \
             `--sandbox`"
                .to_owned(),
        ),
        CloudError::Credentials => Some(
            "sign in (`aws sso login`, `aws configure`) or choose a profile with `--profile`; \
             without an account, try `--sandbox`"
                .to_owned(),
        ),
        CloudError::Unreachable if error.operation.starts_with("sandbox ") => Some(
            "the sandbox keeps its objects in the state directory: check its rights, its disk and \
             `ulimit -n`"
                .to_owned(),
        ),
        CloudError::Unreachable => Some(
            "check the network, the Region (`--region`) and `AWS_ENDPOINT_URL` if it is set"
                .to_owned(),
        ),
        CloudError::AccessDenied { action: Some(action) } => {
            Some(format!("the caller needs permission for `{action}`"))
        }
        CloudError::AccessDenied { action: None } => {
            Some("the caller lacks a permission for this call".to_owned())
        }
        CloudError::Invalid { property: Some(property) } => {
            Some(format!("check the property `{property}`"))
        }
        CloudError::AlreadyExists => Some(
            "give it another name. rstack cannot import objects yet: to keep the existing one, leave it out of \
             the template and refer to it by its name. If an apply that was rolled back has left it \
             (`DeletionPolicy: Retain`), delete it"
                .to_owned(),
        ),
        CloudError::NotFound
        | CloudError::Throttled
        | CloudError::DependencyNotReady
        | CloudError::Invalid { property: None }
        | CloudError::Handler(_)
        | CloudError::Conflict
        | CloudError::Transient
        | CloudError::UnknownOutcome
        | CloudError::Unsupported => None,
    }
}
