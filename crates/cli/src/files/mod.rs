//! Files: which may be read, how much of them, and which may be replaced.
//!
//! A file that the user names on the command line may be anywhere ([`read_named`]). A file that a
//! template, a cloud assembly or a project file names lies below the project ([`Project::read`]).
//! Only regular files are read and written, but for the streams that a user names: `-`,
//! `/dev/stdin`, `/dev/fd/N`. Every read has a bound in bytes.

mod content;
mod error;
mod named;
mod project;
mod project_file;
mod read;
mod write;

pub(crate) use content::{PLAN_BEGIN, is_plan as is_plan_text};
pub(crate) use error::FileError;
#[cfg(feature = "lint")]
pub(crate) use error::FileKind;
pub(crate) use named::{TemplateFile, begin_of, is_stream, read_named, read_opened};
pub(crate) use project::Project;
pub(crate) use project_file::ProjectFile;
pub(crate) use read::MEBIBYTE;
pub(crate) use write::{NewFile, Purpose};
