//! Why a file is not read or not written.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::content::Content;
use crate::error::{CommandError, Hint, unreadable_hint};
use rstack_model::ErrorCode;

/// A file that is not read or not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The operating system refused to read it.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The operating system refused to write it.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// It is a directory, a device, a FIFO or a socket.
    #[error("`{}` is {kind}, not a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
        /// Its kind.
        kind: FileKind,
    },
    /// The path, or a link on it, leads out of the project.
    #[error("`{}` is outside of the project `{}`", path.display(), root.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// The project's folder.
        root: PathBuf,
    },
    /// It is part of a Git repository's own files, which can hold credentials.
    #[error("`{}` lies in a `.git` folder", path.display())]
    Repository {
        /// The file.
        path: PathBuf,
    },
    /// It has more bytes than are read.
    #[error("`{}` is too large: more than {limit} MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound, in mebibytes.
        limit: u64,
    },
    /// A folder, or all below it, has more files than are read.
    #[error("`{}` has more than {limit} files", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The bound.
        limit: usize,
    },
    /// Reading it takes too long.
    #[error("`{}` was not read within {seconds} s", path.display())]
    TooSlow {
        /// The file.
        path: PathBuf,
        /// The bound.
        seconds: i64,
    },
    /// It is a project file that another user could have written.
    #[error("`{}` {distrust}", path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// The reason.
        distrust: Distrust,
    },
    /// It is to be written, and is a directory, a link, a device, a FIFO, a socket or a stream.
    #[error("cannot write `{}`: it is {kind}, not a regular file", path.display())]
    NoTarget {
        /// The file.
        path: PathBuf,
        /// Its kind.
        kind: FileKind,
    },
    /// A file of another kind is there.
    #[error("`{}` exists and is {found}, not {wanted}", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// Its content.
        found: Content,
        /// The content that may be replaced.
        wanted: Content,
    },
    /// A file is there that no command replaces.
    #[error("`{}` is {found}, which rstack does not replace", path.display())]
    Protected {
        /// The file.
        path: PathBuf,
        /// Its content.
        found: Content,
    },
    /// The file would be taken for one of a stack's own, such as its state.
    #[error("`{}` has a name that is reserved in the state directory", path.display())]
    AmongStates {
        /// The file.
        path: PathBuf,
    },
}

/// A kind of file that is not regular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A FIFO.
    Fifo,
    /// A device.
    Device,
    /// A socket, or a kind that this program does not know.
    Other,
    /// A stream that is named in the place of a file: `-`, `/dev/stdin`.
    Stream,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::Link => "a symbolic link",
            Self::Fifo => "a FIFO",
            Self::Device => "a device",
            Self::Other => "a special file",
            Self::Stream => "a stream",
        })
    }
}

/// The reason why a project file does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It belongs to another user; the number is the user's.
    Owner(u32),
    /// Others can write it; the number is its permission bits.
    Writable(u32),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(user) => write!(f, "belongs to another user ({user})"),
            Self::Writable(mode) => write!(f, "can be written by others (mode {mode:o})"),
        }
    }
}

impl FileError {
    /// The advice that stands beside the error.
    pub(crate) fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::Read { source, .. } if too_many_files(source) => MORE_FILES.to_owned(),
            Self::Read { source, .. } => return unreadable_hint(source),
            Self::Write { path, source } if source.kind() == io::ErrorKind::NotFound => {
                match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    Some(folder) => format!("create the directory `{}` first", folder.display()),
                    None => "create its directory first".to_owned(),
                }
            }
            Self::Write { source, .. } if too_many_files(source) => MORE_FILES.to_owned(),
            Self::Write { .. } => return None,
            Self::NotRegular { kind: FileKind::Fifo, path } => {
                format!("give its content on standard input: `- < {}`", path.display())
            }
            Self::NotRegular { kind: FileKind::Link, .. } => {
                "name the file that the link leads to".to_owned()
            }
            Self::NotRegular { .. } => return None,
            Self::Outside { .. } => {
                "a project's files, and links in it, stay below the folder of the nearest \
                 `rstack.toml` or `.git`, or below the template's own folder; name a file elsewhere by \
                 its own path"
                    .to_owned()
            }
            Self::Repository { .. } => "put the file elsewhere in the project".to_owned(),
            Self::TooLarge { .. } => "is this the file that you mean?".to_owned(),
            Self::TooMany { .. } => {
                "leave out what the asset does not need, with `exclude` in the app".to_owned()
            }
            Self::TooSlow { .. } => "copy it to a local disk".to_owned(),
            Self::Untrusted { path, distrust: Distrust::Owner(_) } => {
                format!("if you trust it, make it yours: `chown $(id -u) {}`", path.display())
            }
            Self::Untrusted { path, distrust: Distrust::Writable(_) } => {
                format!("if you trust its content, run `chmod go-w {}`", path.display())
            }
            Self::OtherKind { wanted: Content::Outputs, .. } => "name another file".to_owned(),
            Self::OtherKind { .. } => "name another file, or replace it with `--force`".to_owned(),
            Self::NoTarget { .. } | Self::Protected { .. } | Self::AmongStates { .. } => {
                "name another file".to_owned()
            }
        };
        Some(Hint::from(hint))
    }
}

const MORE_FILES: &str = "allow the process more open files: `ulimit -n 256`";

/// True if the process or the system has no file descriptor left.
fn too_many_files(error: &io::Error) -> bool {
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

impl FileError {
    /// The code of the error.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Read { .. } => ErrorCode::FileNotRead,
            Self::Write { .. } => ErrorCode::FileNotWritten,
            Self::TooSlow { .. } | Self::TooLarge { .. } | Self::TooMany { .. } => {
                ErrorCode::FileTooLarge
            }
            Self::NotRegular { .. } | Self::NoTarget { .. } => ErrorCode::FileKind,
            Self::Outside { .. } => ErrorCode::FileOutsideProject,
            Self::Repository { .. } | Self::AmongStates { .. } => ErrorCode::FileReserved,
            Self::Untrusted { .. } => ErrorCode::FileNotTrusted,
            Self::OtherKind { .. } | Self::Protected { .. } => ErrorCode::FileExists,
        }
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        Self::of(error.code(), &error).with_hint(error.hint())
    }
}
