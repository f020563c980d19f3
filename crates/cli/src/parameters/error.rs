//! Why the values of parameters cannot be used, and what to do about it.

use std::io;
use std::path::PathBuf;

use rstack_model::ErrorCode;
use rstack_template::{ParameterFileError, ParameterFileProblem, Place};

use crate::env::PARAMETER_VARIABLE;
use crate::error::CommandError;
use crate::files::FileError;

/// Why the value of a parameter cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParameterError {
    /// The file of a value cannot be read.
    #[error("cannot read the value of `{name}` from `{}`", .path.display())]
    File {
        /// The parameter.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// Standard input cannot be read.
    #[error("cannot read the value of parameter `{name}` from standard input")]
    Input {
        /// The parameter.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// A value is too long, or is no text.
    #[error("the value of `{name}` in `{}` is not UTF-8 text of at most 64 KiB", .path.display())]
    Value {
        /// The parameter.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// A variable is no text.
    #[error("the variable `{PARAMETER_VARIABLE}{0}` is not valid UTF-8")]
    Variable(String),
    /// Two parameters are to be read from standard input, which is read once.
    #[error("the parameters `{first}` and `{second}` are both read from standard input")]
    InputTwice {
        /// The first parameter.
        first: String,
        /// The second one.
        second: String,
    },
    /// A parameter is given twice.
    #[error("parameter `{0}` is given by both `--parameter` and `--parameter-from`")]
    Twice(String),
    /// The terminal cannot be read.
    #[error("cannot read the value of the parameter `{name}` from the terminal")]
    Prompt {
        /// The parameter.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// A file of values cannot be read.
    #[error("cannot read the values of parameters")]
    ValuesFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// A file of values is no text.
    #[error("`{}` is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// A file of values has another form.
    #[error("{}:{}: {error}", .path.display(), error.place)]
    Form {
        /// The file.
        path: PathBuf,
        /// The problem.
        error: ParameterFileError,
    },
    /// A file has a tag that no resource can have.
    #[error("the tag `{key}` in `{}` cannot be used: {problem}", .path.display())]
    Tag {
        /// The file.
        path: PathBuf,
        /// The tag's key.
        key: String,
        /// The problem.
        problem: String,
    },
    /// A file has a list for a parameter that takes one value.
    #[error("{}:{place}: `{name}` takes one value, and the file has a list", .path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// The place in it.
        place: Place,
        /// The parameter.
        name: String,
    },
    /// A file asks for the last value of a parameter that has none.
    #[error("{}:{place}: `{name}` has no previous value", .path.display())]
    NoPrevious {
        /// The file.
        path: PathBuf,
        /// The place in it.
        place: Place,
        /// The parameter.
        name: String,
        /// True if it had a secret value, which is not stored.
        secret: bool,
    },
    /// A file has a parameter that the template does not have.
    #[error("{}:{place}: the template has no parameter `{name}`", .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The place in it.
        place: Place,
        /// The parameter.
        name: String,
        /// The most similar name that the template has.
        near: Option<String>,
    },
    /// A value is for a stack that is not among those of the command.
    #[error("`{stack}:{name}`: the command has no stack `{stack}`")]
    NoStack {
        /// The text before the colon.
        stack: String,
        /// The parameter.
        name: String,
        /// The stacks of the command.
        known: Vec<String>,
    },
    /// No stack of the command has a parameter.
    #[error("no stack of the run has the parameter `{0}`")]
    NotTaken(String),
}

impl ParameterError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Twice(_) | Self::InputTwice { .. } => ErrorCode::ParameterTwice,
            Self::Form { error, .. } => match error.problem {
                ParameterFileProblem::Twice(_) => ErrorCode::ParameterTwice,
                _ => ErrorCode::ParameterNotRead,
            },
            Self::Unknown { .. } | Self::NoStack { .. } | Self::NotTaken(_) => {
                ErrorCode::ParameterNotTaken
            }
            Self::File { .. }
            | Self::Input { .. }
            | Self::Value { .. }
            | Self::Variable(_)
            | Self::Prompt { .. }
            | Self::ValuesFile { .. }
            | Self::NotText(_)
            | Self::Tag { .. }
            | Self::List { .. }
            | Self::NoPrevious { .. } => ErrorCode::ParameterNotRead,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Twice(_) => "leave one of them out".to_owned(),
            Self::InputTwice { .. } => "give one of them in a file".to_owned(),
            Self::File { .. }
            | Self::Input { .. }
            | Self::Value { .. }
            | Self::Variable(_)
            | Self::Prompt { .. } => {
                "check the file or the variable; a value is UTF-8 text of at most 64 KiB".to_owned()
            }
            Self::ValuesFile { source: FileError::Read { .. }, path } => format!(
                "check the path `{}`: it begins at the folder in which the command runs",
                path.display()
            ),
            Self::ValuesFile { .. } | Self::NotText(_) | Self::Form { .. } => {
                "a file of values is JSON or YAML in one of the forms that `rstack explain \
                 parameter-not-read` shows"
                    .to_owned()
            }
            Self::Tag { .. } => "change the tag, or take it out".to_owned(),
            Self::List { .. } => "write one value".to_owned(),
            Self::NoPrevious { secret: true, name, .. } => format!(
                "it is secret and was not stored: give it again, in the variable \
                 `{PARAMETER_VARIABLE}{name}` or with `--parameter-from {name}=FILE`"
            ),
            Self::NoPrevious { secret: false, .. } => {
                "write its `ParameterValue` instead of `UsePreviousValue`".to_owned()
            }
            Self::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::Unknown { near: None, .. } => "take it out of the file".to_owned(),
            Self::NoStack { known, .. } => match known.as_slice() {
                [] => "name a stack".to_owned(),
                known => format!("the stacks are {}", known.join(", ")),
            },
            Self::NotTaken(_) => {
                "take it out, or look for a slip in its name: `rstack validate` names what a template \
                 takes"
                    .to_owned()
            }
        }
    }
}

impl From<ParameterError> for CommandError {
    fn from(error: ParameterError) -> Self {
        Self::of(error.code(), &error).with_hint(Some(error.hint()))
    }
}
