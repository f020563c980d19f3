//! Why checks cannot be made as they were asked for.

#[cfg(feature = "lint")]
use std::io;
#[cfg(feature = "lint")]
use std::path::PathBuf;

#[cfg(feature = "lint")]
use rstack_lint::LintError;
use rstack_model::ErrorCode;

#[cfg(feature = "lint")]
use crate::error::unreadable_hint;
use crate::error::{CommandError, Hint};
#[cfg(feature = "lint")]
use crate::files::{FileError, FileKind};
use crate::project::ProjectError;

/// Why checks cannot be made as they were asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The project file asks for rules that are not there.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A rule was allowed or denied that there is not.
    #[error("{place}: no rule or warning `{name}` exists")]
    UnknownRule {
        /// The name that was given.
        name: String,
        /// Where it was named.
        place: String,
        /// The nearest name that there is.
        near: Option<String>,
    },
    /// An error of rstack's own was allowed.
    #[error("{place}: `{name}` is an error and cannot be allowed")]
    NotAllowed {
        /// The name that was given.
        name: String,
        /// Where it was named.
        place: String,
    },
    /// A file of rules that is not read.
    #[cfg(feature = "lint")]
    #[error(transparent)]
    File(#[from] FileError),
    /// A FIFO, device or socket where a file of rules is named.
    #[cfg(feature = "lint")]
    #[error("`{}` is {kind}, not a regular file", path.display())]
    SpecialRules {
        /// The file.
        path: PathBuf,
        /// Its kind.
        kind: FileKind,
    },
    /// A file or folder of rules cannot be read.
    #[cfg(feature = "lint")]
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder of rules without any.
    #[cfg(feature = "lint")]
    #[error("`{}` has no rules", path.display())]
    NoRules {
        /// The file or folder.
        path: PathBuf,
    },
    /// A link to a folder where rules are looked for.
    #[cfg(feature = "lint")]
    #[error("`{}` is a link to a folder, which rstack does not search for rules", path.display())]
    LinkedRules {
        /// The link.
        path: PathBuf,
    },
    /// A file of rules that is too long.
    #[cfg(feature = "lint")]
    #[error("`{}` is too long for rules: more than {} KiB", path.display(), limit >> 10)]
    LongRules {
        /// The file.
        path: PathBuf,
        /// The most bytes.
        limit: u64,
    },
    /// Too many files of rules.
    #[cfg(feature = "lint")]
    #[error("there are more than {limit} files of rules, up to `{}`", path.display())]
    TooManyRules {
        /// The first file that is too many.
        path: PathBuf,
        /// The most files.
        limit: usize,
    },
    /// Rules that cannot be loaded, or that failed.
    #[cfg(feature = "lint")]
    #[error("{0}")]
    Lint(LintError),
    /// Rules that were asked for and did not run on a template.
    #[cfg(feature = "lint")]
    #[error("the requested rules did not check `{template}`: {reason}")]
    NotChecked {
        /// The template.
        template: String,
        /// The reason.
        reason: String,
    },
    /// The program was built without the validator, which rule files need.
    #[cfg(not(feature = "lint"))]
    #[error("this rstack was built without the validator, which checks rules from files")]
    NoValidator,
}

impl CheckError {
    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Project(error) => error.hint.clone().map(Hint::from),
            Self::UnknownRule { near: Some(near), .. } => {
                Some(Hint::from(format!("did you mean `{near}`?")))
            }
            Self::UnknownRule { near: None, .. } => Some(Hint::from(
                "name a code of rstack (`rstack explain` lists them), a rule of AWS's validator such \
                 as `W3005`, or one of your own rules",
            )),
            Self::NotAllowed { name, .. } => Some(Hint::from(format!(
                "`rstack explain {name}` says what it means and what to do"
            ))),
            // A file's error has a hint of its own.
            #[cfg(feature = "lint")]
            Self::File(_) => None,
            #[cfg(feature = "lint")]
            Self::Read { source, .. } => unreadable_hint(source),
            #[cfg(feature = "lint")]
            Self::NoRules { .. } => Some(Hint::from(
                "rules are files that end in `.rego` (Rego), `.json` (CEL) or `.guard` (Guard)",
            )),
            #[cfg(feature = "lint")]
            Self::SpecialRules { .. } => {
                Some(Hint::from("rules are read from regular files; write them into one"))
            }
            #[cfg(feature = "lint")]
            Self::LinkedRules { .. } => Some(Hint::from("name the folder itself")),
            #[cfg(feature = "lint")]
            Self::LongRules { .. } | Self::TooManyRules { .. } => {
                Some(Hint::from("name the files of rules, not a folder of other files"))
            }
            #[cfg(feature = "lint")]
            Self::Lint(LintError::RuleName { .. }) => {
                Some(Hint::from("give the rule a name of your own, such as `MY-ORG-1`"))
            }
            #[cfg(feature = "lint")]
            Self::Lint(LintError::NoRules { .. }) => Some(Hint::from(
                "a file of rules has at least one rule that is evaluated; leave others out",
            )),
            #[cfg(feature = "lint")]
            Self::Lint(_) => None,
            #[cfg(feature = "lint")]
            Self::NotChecked { .. } => Some(Hint::from(
                "a template counts as valid only when its rules have run: make it smaller, correct \
                 the rules, or give them more time with `[lint] budget` in rstack.toml",
            )),
            #[cfg(not(feature = "lint"))]
            Self::NoValidator => Some(Hint::from("build with the feature `lint`")),
        }
    }
}

impl From<CheckError> for CommandError {
    fn from(error: CheckError) -> Self {
        #[cfg(feature = "lint")]
        if let CheckError::File(error) = error {
            return error.into();
        }
        let code = match &error {
            CheckError::Project(_) => ErrorCode::InvalidProjectFile,
            CheckError::UnknownRule { .. } => ErrorCode::UnknownRule,
            CheckError::NotAllowed { .. } => ErrorCode::RuleNotAllowed,
            #[cfg(feature = "lint")]
            CheckError::File(error) => error.code(),
            #[cfg(feature = "lint")]
            CheckError::Read { .. } => ErrorCode::FileNotRead,
            #[cfg(feature = "lint")]
            CheckError::NoRules { .. }
            | CheckError::SpecialRules { .. }
            | CheckError::LinkedRules { .. }
            | CheckError::LongRules { .. }
            | CheckError::TooManyRules { .. }
            | CheckError::Lint(_) => ErrorCode::RulesNotLoaded,
            #[cfg(feature = "lint")]
            CheckError::NotChecked { .. } => ErrorCode::RulesNotChecked,
            #[cfg(not(feature = "lint"))]
            CheckError::NoValidator => ErrorCode::FeatureMissing,
        };
        Self::of(code, &error).with_hint(error.hint())
    }
}
