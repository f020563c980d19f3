//! The kinds of errors and warnings that are not findings about a template, in one table.

use std::fmt;

use crate::code::codes;

codes! {
    /// A kind of error or warning of rstack itself: of the command line, the state, the cloud or a
    /// step of a plan. Its name is part of the interface: scripts go by it, and `rstack explain` has a
    /// page about it. No [`Code`](crate::Code) has the same name.
    enum ErrorCode;

    /// A call that the caller has no permission for.
    AccessDenied = "access-denied",
    /// An app has found errors in its own constructs.
    AppError = "app-error",
    /// An app warns of its own constructs.
    AppWarning = "app-warning",
    /// An asset of a kind that is not published, such as a container image.
    AssetNotSupported = "asset-not-supported",
    /// A state that cannot be repaired in the requested way.
    CannotRepair = "cannot-repair",
    /// A question that needs an answer where no user can be asked.
    ConfirmationNeeded = "confirmation-needed",
    /// An object that changed during the call, or is in use.
    Conflict = "conflict",
    /// An interrupted create of which the cloud does not say who made the object.
    CreateInDoubt = "create-in-doubt",
    /// A nested stack that was not created within its own time limit.
    CreationTimeout = "creation-timeout",
    /// Credentials that are missing, expired or refused.
    Credentials = "credentials",
    /// An old object that cannot be deleted before its replacement exists.
    DeleteFirstBlocked = "delete-first-blocked",
    /// Resources that depend on each other in a circle, found by the planner.
    DependencyCycle = "dependency-cycle",
    /// An object that a call depends on and that is not ready.
    DependencyNotReady = "dependency-not-ready",
    /// A resource type or property that `rstack docs` does not know.
    DocsNotFound = "docs-not-found",
    /// A resource type that no driver of this program serves.
    DriverMissing = "driver-missing",
    /// A template whose lookups lead to ever more lookups.
    EndlessLookups = "endless-lookups",
    /// An account, Region or cloud other than the one of the state or plan.
    EnvironmentMismatch = "environment-mismatch",
    /// An export that would go or change while another stack imports it.
    ExportInUse = "export-in-use",
    /// A name that another stack exports already.
    ExportTaken = "export-taken",
    /// A program that was built without the feature that a command needs.
    FeatureMissing = "feature-missing",
    /// A file that exists and is not replaced.
    FileExists = "file-exists",
    /// A FIFO, device, folder or link where a regular file is needed.
    FileKind = "file-kind",
    /// A file that cannot be read.
    FileNotRead = "file-not-read",
    /// A file that other users can write.
    FileNotTrusted = "file-not-trusted",
    /// A file that cannot be written.
    FileNotWritten = "file-not-written",
    /// A path that leads out of the project.
    FileOutsideProject = "file-outside-project",
    /// A path that is reserved for Git or for rstack's own files.
    FileReserved = "file-reserved",
    /// A file that exceeds a limit of bytes or of time.
    FileTooLarge = "file-too-large",
    /// A `--force` that does not repeat the name of the stack.
    ForceMismatch = "force-mismatch",
    /// A handler of a custom resource that reports that its request failed.
    HandlerFailed = "handler-failed",
    /// A response of a handler that breaks the contract of custom resources.
    HandlerResponse = "handler-response",
    /// A handler of a custom resource that does not respond in time.
    HandlerSilent = "handler-silent",
    /// A container image that cannot be built or pushed.
    ImageNotBuilt = "image-not-built",
    /// A defect of rstack.
    Internal = "internal",
    /// A run that the user stopped.
    Interrupted = "interrupted",
    /// Arguments that the command does not accept.
    InvalidArguments = "invalid-arguments",
    /// A CDK cloud assembly that cannot be used.
    InvalidAssembly = "invalid-assembly",
    /// A text that is not a logical ID.
    InvalidLogicalId = "invalid-logical-id",
    /// A project file with a mistake.
    InvalidProjectFile = "invalid-project-file",
    /// A request that the service rejects.
    InvalidRequest = "invalid-request",
    /// A name that a stack cannot have.
    InvalidStackName = "invalid-stack-name",
    /// A journal that was removed or replaced during its run.
    JournalLost = "journal-lost",
    /// A journal that does not fit its state.
    JournalMismatch = "journal-mismatch",
    /// A run that was interrupted and has to be recovered first.
    JournalOpen = "journal-open",
    /// A key that cannot be used.
    KeyUnusable = "key-unusable",
    /// A stack lock that was lost during a run.
    LockLost = "lock-lost",
    /// A lock other than the named one.
    LockMismatch = "lock-mismatch",
    /// A log filter that cannot be understood.
    LogFilter = "log-filter",
    /// Stacks that CloudFormation manages and that the caller may not look at.
    ManagedStacksNotRead = "managed-stacks-not-read",
    /// A template with placeholders for what the CDK has not looked up.
    MissingContext = "missing-context",
    /// A dependency on a resource that is not in the stack.
    MissingDependency = "missing-dependency",
    /// A name that another object has.
    NameConflict = "name-conflict",
    /// Objects that exist cannot be taken into a stack.
    NoImport = "no-import",
    /// A Region that is not configured.
    NoRegion = "no-region",
    /// A stack without a state.
    NoState = "no-state",
    /// A file, folder or resource where a stack is needed.
    NotAStack = "not-a-stack",
    /// An account and Region without the bucket for the assets of CDK apps.
    NotBootstrapped = "not-bootstrapped",
    /// An operation that the driver does not support.
    NotSupported = "not-supported",
    /// A resource without an interrupted create.
    NothingToResolve = "nothing-to-resolve",
    /// A stack without a failed or interrupted apply.
    NothingToRollBack = "nothing-to-roll-back",
    /// Topics that would be notified of the events of a stack, and are not.
    NotificationArns = "notification-arns",
    /// An object that exists already in the cloud.
    ObjectExists = "object-exists",
    /// An object that does not exist in the cloud.
    ObjectNotFound = "object-not-found",
    /// An object that a property of its own protects from deletion.
    ObjectProtected = "object-protected",
    /// An option that does not belong to the kind of plan or stack that was given.
    OptionConflict = "option-conflict",
    /// An output that cannot be evaluated.
    OutputNotEvaluated = "output-not-evaluated",
    /// Standard output that cannot be written.
    OutputNotWritten = "output-not-written",
    /// An output value that would act in the log of a workflow.
    OutputUnsafe = "output-unsafe",
    /// A parameter value that cannot be read.
    ParameterNotRead = "parameter-not-read",
    /// A parameter that takes no value from this command.
    ParameterNotTaken = "parameter-not-taken",
    /// A parameter with two values.
    ParameterTwice = "parameter-twice",
    /// A saved plan that contradicts the state.
    PlanContradictsState = "plan-contradicts-state",
    /// A saved plan whose run was interrupted.
    PlanInterrupted = "plan-interrupted",
    /// A saved plan without the requested signature or digest.
    PlanNotApproved = "plan-not-approved",
    /// A plan whose state or objects changed since it was made.
    PlanOutdated = "plan-outdated",
    /// A saved plan that cannot be used.
    PlanUnusable = "plan-unusable",
    /// A property that can neither be changed nor replace its object.
    PropertyFixed = "property-fixed",
    /// A logical ID that another resource has.
    ResourceExists = "resource-exists",
    /// A rule that cannot be allowed.
    RuleNotAllowed = "rule-not-allowed",
    /// A template that the requested rules did not check.
    RulesNotChecked = "rules-not-checked",
    /// Rules from files that cannot be loaded or run.
    RulesNotLoaded = "rules-not-loaded",
    /// The file of the sandbox, which cannot be used.
    SandboxFile = "sandbox-file",
    /// An object of the sandbox that does not exist or is ambiguous.
    SandboxObject = "sandbox-object",
    /// A property path that cannot be set in the sandbox.
    SandboxPath = "sandbox-path",
    /// A secret or parameter that cannot be put into the sandbox.
    SandboxPut = "sandbox-put",
    /// A setting that the sandbox does not have.
    SandboxSetting = "sandbox-setting",
    /// A secret attribute that was shown once, to an earlier run.
    SecretLost = "secret-lost",
    /// A secret on the command line.
    SecretOnCommandLine = "secret-on-command-line",
    /// A secret parameter with another value than the plan was made with.
    SecretParameterDiffers = "secret-parameter-differs",
    /// A secret parameter without a value.
    SecretParameterMissing = "secret-parameter-missing",
    /// A secret that is rotated faster than its users take it up.
    SecretRotates = "secret-rotates",
    /// A secret whose version cannot be looked up.
    SecretUnchecked = "secret-unchecked",
    /// A final snapshot that does not exist, of an object that is gone.
    SnapshotMissing = "snapshot-missing",
    /// A stack without a state of which CloudFormation has one of the same name.
    StackManaged = "stack-managed",
    /// Two templates that lead to the same stack name.
    StackNameConflict = "stack-name-conflict",
    /// A template or stack that does not exist.
    StackNotFound = "stack-not-found",
    /// A command that needs the name of a stack.
    StackNotNamed = "stack-not-named",
    /// A state or journal that is damaged.
    StateDamaged = "state-damaged",
    /// A state directory that cannot be used.
    StateDirectory = "state-directory",
    /// A state file that other users can read or write.
    StateExposed = "state-exposed",
    /// A file of a format that this version does not know.
    StateFormat = "state-format",
    /// A state of another lineage.
    StateLineage = "state-lineage",
    /// A stack that another process works on.
    StateLocked = "state-locked",
    /// A former state that is not kept.
    StateNotKept = "state-not-kept",
    /// A state or journal that cannot be written any more.
    StateNotWritten = "state-not-written",
    /// A state file that holds another stack.
    StateOfOtherStack = "state-of-other-stack",
    /// A state with a lower serial than the present one.
    StateOlder = "state-older",
    /// A storage of states that refuses an operation.
    StateStorage = "state-storage",
    /// A state file that exceeds the limit of bytes.
    StateTooLarge = "state-too-large",
    /// A CDK app that cannot be synthesized.
    SynthFailed = "synth-failed",
    /// A template with findings that are errors.
    TemplateInvalid = "template-invalid",
    /// A template that is not text.
    TemplateNotText = "template-not-text",
    /// A stack that must not be destroyed.
    TerminationProtection = "termination-protection",
    /// Too many requests for a service.
    Throttled = "throttled",
    /// A service that fails for the moment.
    Transient = "transient",
    /// A code that does not exist.
    UnknownCode = "unknown-code",
    /// A call of which it is not known if it was carried out.
    UnknownOutcome = "unknown-outcome",
    /// An output that the stack does not have.
    UnknownOutput = "unknown-output",
    /// A resource that the stack does not have.
    UnknownResource = "unknown-resource",
    /// A rule or warning that does not exist.
    UnknownRule = "unknown-rule",
    /// A service that cannot be reached.
    Unreachable = "unreachable",
    /// A value that cannot be evaluated.
    ValueNotEvaluated = "value-not-evaluated",
    /// An object that did not become ready in time.
    WaitTimeout = "wait-timeout",
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn codes_are_sorted_and_share_no_name_with_findings() {
        assert!(ErrorCode::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.name()), Some(*code));
            assert_eq!(Code::parse(code.name()), None);
        }
    }
}
