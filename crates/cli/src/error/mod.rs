//! The error of a command. Every module has precise errors of its own; they become this one at the
//! border of the command, which adds the hint and decides the exit code.

mod catalog;
mod class;
mod engine;
mod hint;
mod ops;
mod state;

use std::error::Error;
use std::fmt;
use std::io;

use rstack_model::ErrorCode;

use crate::exit::Exit;

pub(crate) use class::exit_codes;
pub(crate) use engine::{
    PUT, cloud_hint, invented_hint, profile_hint, put_words, recover_hint, replace_hint, step_hint,
};
pub use hint::Hint;
pub(crate) use state::{state_code, state_hint};

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line, a template or another file of the user has to be changed.
    User,
    /// The environment has to be changed: credentials, a project file, how rstack was built.
    Config,
    /// Nothing was done, because it could not be done safely.
    Refused,
    /// The cloud refused, or could not be asked.
    Cloud,
    /// A file or a stream cannot be read or written.
    Storage,
    /// A defect of rstack.
    Internal,
    /// No process reads the output any more. There is nothing to say.
    Gone,
}

impl ErrorKind {
    /// The end of a command that fails like this.
    pub fn exit(self) -> Exit {
        match self {
            // The reader of the output has seen enough.
            Self::Gone => Exit::Done,
            Self::User
            | Self::Config
            | Self::Refused
            | Self::Cloud
            | Self::Storage
            | Self::Internal => Exit::Error,
        }
    }
}

/// The reason why a command failed, and the next steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    /// The stable code, about which `rstack explain` has a page.
    pub code: ErrorCode,
    /// The class.
    pub kind: ErrorKind,
    /// The message, in one sentence.
    pub message: String,
    /// The causes behind it, the nearest first.
    pub causes: Vec<String>,
    /// The next steps for the user.
    pub hints: Vec<Hint>,
    /// The other errors of the same operation, each with a code and hints of its own. They are shown
    /// after this one, which decides the exit code.
    pub others: Vec<Self>,
}

impl CommandError {
    /// An error with nothing behind it.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let (kind, message) = (ErrorKind::of(code), message.into());
        let (causes, hints, others) = (Vec::new(), Vec::new(), Vec::new());
        Self { code, kind, message, causes, hints, others }
    }

    /// The error of a module.
    pub(crate) fn of(code: ErrorCode, error: &dyn Error) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { causes, ..Self::new(code, error.to_string()) }
    }

    /// With a hint, if there is one.
    pub(crate) fn with_hint(mut self, hint: Option<impl Into<Hint>>) -> Self {
        self.hints.extend(hint.map(Into::into));
        self
    }

    /// The operating system refuses what the program needs.
    pub(crate) fn io(code: ErrorCode, message: impl Into<String>, source: &io::Error) -> Self {
        let causes = vec![source.to_string()];
        Self { causes, ..Self::new(code, message) }
    }

    /// True if there is nothing to say.
    pub(crate) fn is_silent(&self) -> bool {
        self.kind == ErrorKind::Gone
    }
}

/// The hint for a file that cannot be read.
pub(crate) fn unreadable_hint(source: &io::Error) -> Option<Hint> {
    let denied = source.kind() == io::ErrorKind::PermissionDenied;
    denied.then(|| Hint::from("check the permissions of the file"))
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        let causes = vec![error.to_string()];
        let message = "cannot write the result as JSON";
        Self { causes, ..Self::new(ErrorCode::Internal, message) }
    }
}
