//! Errors of the sandbox itself, as against errors that it answers.

use std::io;
use std::path::PathBuf;

use rstack_driver::{DriverError, ErrorKind};

/// The sandbox cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file operation failed.
    #[error("the sandbox file `{}` cannot be {action}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The action that failed, as a verb such as `read`.
        action: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not what was written.
    #[error(
        "the sandbox file `{}` is damaged: {problem}; delete it to begin with an empty sandbox",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage, with the record it is in.
        problem: String,
    },
    /// The file has a format of a later version.
    #[error("the sandbox file `{}` has format {found}, this version reads up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: u32,
        /// The format this version writes.
        known: u32,
    },
    /// Several objects of the type have this physical ID.
    #[error(
        "the sandbox has several objects `{physical_id}` of type `{resource_type}`: give an \
         identifier, `{}`",
        identifiers.join("` or `")
    )]
    SeveralObjects {
        /// The type.
        resource_type: String,
        /// The physical ID.
        physical_id: String,
        /// The identifiers of the objects.
        identifiers: Vec<String>,
    },
    /// A change could not be made durable, nor be taken back.
    #[error(
        "the sandbox file `{}` could not be written, and may hold part of the change",
        path.display()
    )]
    InDoubt {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// There is no such object.
    #[error("the sandbox has no object `{physical_id}` of type `{resource_type}`")]
    NoObject {
        /// The type.
        resource_type: String,
        /// The name.
        physical_id: String,
    },
    /// The path cannot be set.
    #[error(
        "cannot set `{path}`: it leads through a value that is not a map, or past the end of a list"
    )]
    NoPlace {
        /// The path.
        path: String,
    },
    /// No secret or parameter can have the name or the value.
    #[error("cannot put `{name}` into the sandbox: {message}")]
    Refused {
        /// The name.
        name: String,
        /// The service's reason.
        message: String,
    },
    /// A parameter keeps its kind.
    #[error("the parameter `{name}` is a `{is}`, and cannot become a `{asked}`")]
    OtherKind {
        /// The parameter.
        name: String,
        /// The kind that it has.
        is: String,
        /// The kind that it was to have.
        asked: crate::ParameterKind,
    },
    /// The work on the file was cut off.
    #[error("the work on the sandbox file was cut off")]
    CutOff,
}

impl SandboxError {
    /// The error as a driver returns it.
    pub(crate) fn of_call(&self, operation: &str) -> DriverError {
        let mut message = self.to_string();
        if let Self::Io { source, .. } | Self::InDoubt { source, .. } = self {
            message = format!("{message}: {source}");
        }
        let kind = match self {
            Self::InDoubt { .. } => ErrorKind::UnknownOutcome,
            // Nothing was changed.
            Self::Io { .. }
            | Self::Damaged { .. }
            | Self::Newer { .. }
            | Self::NoObject { .. }
            | Self::SeveralObjects { .. }
            | Self::NoPlace { .. }
            | Self::Refused { .. }
            | Self::OtherKind { .. }
            | Self::CutOff => ErrorKind::Unreachable,
        };
        DriverError::new(kind, operation, message)
    }
}
