//! The class of each code, and the exit codes of the commands that fail with it.

use rstack_model::ErrorCode;

use super::ErrorKind;
use crate::exit::Exit;

impl ErrorKind {
    /// The class of the errors with this code.
    pub fn of(code: ErrorCode) -> Self {
        match code {
            ErrorCode::AssetNotSupported
            | ErrorCode::DeleteFirstBlocked
            | ErrorCode::DependencyCycle
            | ErrorCode::DocsNotFound
            | ErrorCode::EndlessLookups
            | ErrorCode::ExportTaken
            | ErrorCode::FileKind
            | ErrorCode::FileOutsideProject
            | ErrorCode::FileTooLarge
            | ErrorCode::InvalidArguments
            | ErrorCode::InvalidAssembly
            | ErrorCode::InvalidLogicalId
            | ErrorCode::InvalidStackName
            | ErrorCode::KeyUnusable
            | ErrorCode::LogFilter
            | ErrorCode::ManagedStacksNotRead
            | ErrorCode::MissingContext
            | ErrorCode::MissingDependency
            | ErrorCode::NameConflict
            | ErrorCode::ObjectProtected
            | ErrorCode::NoState
            | ErrorCode::NotAStack
            | ErrorCode::AppError
            | ErrorCode::AppWarning
            | ErrorCode::NotificationArns
            | ErrorCode::OptionConflict
            | ErrorCode::OutputNotEvaluated
            | ErrorCode::ParameterNotRead
            | ErrorCode::ParameterNotTaken
            | ErrorCode::ParameterTwice
            | ErrorCode::PlanUnusable
            | ErrorCode::PropertyFixed
            | ErrorCode::RuleNotAllowed
            | ErrorCode::RulesNotLoaded
            | ErrorCode::SandboxObject
            | ErrorCode::SynthFailed
            | ErrorCode::ImageNotBuilt
            | ErrorCode::SandboxPath
            | ErrorCode::SandboxPut
            | ErrorCode::SecretOnCommandLine
            | ErrorCode::SecretParameterMissing
            | ErrorCode::StackManaged
            | ErrorCode::StackNameConflict
            | ErrorCode::StackNotFound
            | ErrorCode::StackNotNamed
            | ErrorCode::StateDirectory
            | ErrorCode::TemplateInvalid
            | ErrorCode::TemplateNotText
            | ErrorCode::UnknownCode
            | ErrorCode::UnknownOutput
            | ErrorCode::UnknownResource
            | ErrorCode::UnknownRule
            | ErrorCode::ValueNotEvaluated => Self::User,
            ErrorCode::EnvironmentMismatch
            | ErrorCode::FeatureMissing
            | ErrorCode::FileNotTrusted
            | ErrorCode::InvalidProjectFile
            | ErrorCode::NoImport
            | ErrorCode::NoRegion
            | ErrorCode::NotBootstrapped
            | ErrorCode::SandboxSetting => Self::Config,
            ErrorCode::CannotRepair
            | ErrorCode::ConfirmationNeeded
            | ErrorCode::ExportInUse
            | ErrorCode::FileExists
            | ErrorCode::FileReserved
            | ErrorCode::ForceMismatch
            | ErrorCode::Interrupted
            | ErrorCode::JournalLost
            | ErrorCode::JournalOpen
            | ErrorCode::LockLost
            | ErrorCode::LockMismatch
            | ErrorCode::NothingToResolve
            | ErrorCode::NothingToRollBack
            | ErrorCode::OutputUnsafe
            | ErrorCode::PlanContradictsState
            | ErrorCode::PlanInterrupted
            | ErrorCode::PlanNotApproved
            | ErrorCode::PlanOutdated
            | ErrorCode::ResourceExists
            | ErrorCode::RulesNotChecked
            | ErrorCode::SecretParameterDiffers
            | ErrorCode::StateLineage
            | ErrorCode::StateLocked
            | ErrorCode::StateNotKept
            | ErrorCode::StateOlder
            | ErrorCode::TerminationProtection => Self::Refused,
            ErrorCode::AccessDenied
            | ErrorCode::Conflict
            | ErrorCode::CreateInDoubt
            | ErrorCode::CreationTimeout
            | ErrorCode::Credentials
            | ErrorCode::DependencyNotReady
            | ErrorCode::DriverMissing
            | ErrorCode::HandlerFailed
            | ErrorCode::HandlerResponse
            | ErrorCode::HandlerSilent
            | ErrorCode::InvalidRequest
            | ErrorCode::NotSupported
            | ErrorCode::ObjectExists
            | ErrorCode::ObjectNotFound
            | ErrorCode::SecretLost
            | ErrorCode::SecretRotates
            | ErrorCode::SecretUnchecked
            | ErrorCode::SnapshotMissing
            | ErrorCode::Throttled
            | ErrorCode::Transient
            | ErrorCode::UnknownOutcome
            | ErrorCode::Unreachable
            | ErrorCode::WaitTimeout => Self::Cloud,
            ErrorCode::FileNotRead
            | ErrorCode::FileNotWritten
            | ErrorCode::JournalMismatch
            | ErrorCode::OutputNotWritten
            | ErrorCode::SandboxFile
            | ErrorCode::StateDamaged
            | ErrorCode::StateExposed
            | ErrorCode::StateFormat
            | ErrorCode::StateStorage
            | ErrorCode::StateNotWritten
            | ErrorCode::StateOfOtherStack
            | ErrorCode::StateTooLarge => Self::Storage,
            ErrorCode::Internal => Self::Internal,
        }
    }
}

/// The sentence about the exit codes that the page of a code ends with.
pub(crate) fn exit_codes(code: ErrorCode) -> String {
    let [before, rolled_back, partial, interrupted] =
        [Exit::Error, Exit::RolledBack, Exit::Partial, Exit::Interrupted].map(|exit| exit as u8);
    match code {
        ErrorCode::SecretOnCommandLine
        | ErrorCode::SecretUnchecked
        | ErrorCode::SnapshotMissing
        | ErrorCode::OutputNotEvaluated
        | ErrorCode::AppWarning
        | ErrorCode::NotificationArns
        | ErrorCode::ManagedStacksNotRead
        | ErrorCode::LogFilter => {
            "Exit code: this is a warning and changes no exit code.".to_owned()
        }
        ErrorCode::Interrupted => format!("Exit code: {interrupted}."),
        code if fails_a_step(code) => format!(
            "Exit code: {before} if nothing was begun; {rolled_back} if a step of an apply failed and \
             the apply was rolled back; {partial} if a step failed and the changes stay."
        ),
        code => format!("Exit code: {}.", ErrorKind::of(code).exit() as u8),
    }
}

/// True if a step of a plan can fail with the code.
fn fails_a_step(code: ErrorCode) -> bool {
    ErrorKind::of(code) == ErrorKind::Cloud && code != ErrorCode::NoRegion
        || matches!(
            code,
            ErrorCode::Internal
                | ErrorCode::SecretParameterMissing
                | ErrorCode::StateNotWritten
                | ErrorCode::ValueNotEvaluated
        )
}

#[cfg(test)]
mod tests {
    use rstack_apply::StepError;
    use rstack_driver::{DriverError, ErrorKind as CloudError, HandlerFailure};

    use super::*;

    #[test]
    fn the_codes_of_failed_steps_have_the_exit_codes_of_a_run() {
        let driver = |kind| StepError::Driver(DriverError::new(kind, "s:Call", "no"));
        let errors = [
            driver(CloudError::NotFound),
            driver(CloudError::AlreadyExists),
            driver(CloudError::Throttled),
            driver(CloudError::DependencyNotReady),
            driver(CloudError::AccessDenied { action: None }),
            driver(CloudError::Credentials),
            driver(CloudError::Invalid { property: None }),
            driver(CloudError::Handler(HandlerFailure::Reported)),
            driver(CloudError::Handler(HandlerFailure::Response)),
            driver(CloudError::Handler(HandlerFailure::Silent)),
            driver(CloudError::Conflict),
            driver(CloudError::Transient),
            driver(CloudError::Unreachable),
            driver(CloudError::UnknownOutcome),
            driver(CloudError::Unsupported),
            StepError::NoDriver("AWS::A::B".into()),
            StepError::Parameter("P".into()),
            StepError::OldParameter("P".into()),
            StepError::Ambiguous("two".into()),
            StepError::CreationTimeout { minutes: 5, running: Default::default() },
            StepError::KeepsRotating("A".into()),
            StepError::Digest("x".into()),
        ];
        for error in errors {
            let text = exit_codes(error.code());
            assert!(text.contains("4 if a step"), "{}: {text}", error.code());
        }
        let interrupted = StepError::Interrupted("A".into()).code();
        assert_eq!(exit_codes(interrupted), "Exit code: 130.");
        assert_eq!(exit_codes(ErrorCode::StateLocked), "Exit code: 1.");
    }
}
