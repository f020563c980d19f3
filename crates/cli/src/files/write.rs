//! Writing the files that the user asks for: saved plans, copies of states.
//!
//! A file is there whole or not at all, for the user alone (mode 0600). It takes no link's place and
//! no device's. What is there is replaced if it has the same content, or is empty; a file with another
//! content with `--force` only; a template, a state of a stack or a journal never.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{OFlags, RenameFlags};
use rustix::io::Errno;

use super::content::Content;
use super::error::{FileError, FileKind};
use super::named::is_stream;
use super::project::{Project, flags, is_escape};
use super::read::{FileType as _, MEBIBYTE};
use crate::env::Env;

/// The most that is read of a file to recognize its content, in bytes: a template is no larger.
const MAX_LOOK: u64 = 64 * MEBIBYTE;

/// The endings of the names of a stack's own files, in a directory of states.
const STORE_FILES: [&str; 3] = ["json", "journal", "lock"];

/// The ending of the name of the folder of a stack's former states.
const BACKUPS: &str = "backup";

/// The folder of the sandbox in the state directory.
const SANDBOX_FOLDER: &str = "sandbox";

/// The names that are tried for the temporary file.
const ATTEMPTS: u32 = 100;

/// The permission bits of a written file.
const PRIVATE: u32 = 0o600;

/// The purpose of a written file, which decides what it may replace.
pub(crate) enum Purpose<'a> {
    /// A saved plan, which may replace a saved plan.
    Plan,
    /// The outputs of stacks, which may replace a file of outputs.
    Outputs,
    /// A copy of a state, which may replace a file that the function takes for an earlier copy.
    StateCopy(&'a dyn Fn(&[u8]) -> bool),
}

impl Purpose<'_> {
    fn content(&self) -> Content {
        match self {
            Self::Plan => Content::SavedPlan,
            Self::Outputs => Content::Outputs,
            Self::StateCopy(_) => Content::State,
        }
    }
}

/// A file that is to be written.
pub(crate) struct NewFile<'a> {
    /// The path that the user names.
    pub(crate) path: &'a Path,
    /// The directory of the states, whose names are rstack's own.
    pub(crate) states: &'a Path,
    /// The purpose.
    pub(crate) purpose: Purpose<'a>,
    /// True if a file of another content is replaced.
    pub(crate) force: bool,
}

impl NewFile<'_> {
    /// Checks that the file can be written, so that the refusal comes before the work.
    ///
    /// # Errors
    /// [`FileError`] as of [`Self::write`].
    pub(crate) fn check(&self, env: &Env) -> Result<(), FileError> {
        let (folder, name) = self.folder(env)?;
        self.present(&folder, &name).map(|_| ())
    }

    /// Writes the file, durably, in the place of what it may replace.
    ///
    /// # Errors
    /// [`FileError`] if a file is there that it does not replace, or it cannot be written.
    pub(crate) fn write(&self, env: &Env, bytes: &[u8]) -> Result<(), FileError> {
        let (folder, name) = self.folder(env)?;
        let is_present = self.present(&folder, &name)?;
        let (temporary, mut file) = temporary(&folder).map_err(|source| self.failed(source))?;
        let published = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| publish(&folder, &temporary, &name, is_present))
            .and_then(|()| sync(&folder));
        published.map_err(|source| {
            // It has another name by now, or is worth nothing.
            let _gone = folder.remove_file(&temporary);
            self.failed(source)
        })
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError::Write { path: self.path.to_owned(), source }
    }

    /// The open folder of the file, and its name there.
    fn folder(&self, env: &Env) -> Result<(Dir, PathBuf), FileError> {
        let path = self.path.to_owned();
        if is_stream(self.path) || is_output(self.path) {
            return Err(FileError::NoTarget { path, kind: FileKind::Stream });
        }
        let Some(name) = self.path.file_name().filter(|_| !ends_with_slash(self.path)) else {
            return Err(FileError::NoTarget { path, kind: FileKind::Directory });
        };
        let parent = self.path.parent().unwrap_or(Path::new(""));
        let project = Project::of(env, parent).map_err(|error| match error {
            FileError::Read { source, .. } => self.failed(source),
            other => other,
        })?;
        let folder = match project.is_marked() {
            true => project.open_folder(),
            false => Dir::open_ambient_dir(project.root(), ambient_authority()),
        };
        let folder = folder.map_err(|source| match is_escape(&source) {
            true => FileError::Outside { path: path.clone(), root: project.root().to_owned() },
            false => self.failed(source),
        })?;
        let real = |path: &Path| std::fs::canonicalize(env.path(path)).ok();
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        if let (Some(states), Some(parent)) = (real(self.states), real(parent))
            && parent.strip_prefix(states).is_ok_and(|inside| is_of_store(inside, Path::new(name)))
        {
            return Err(FileError::AmongStates { path });
        }
        Ok((folder, PathBuf::from(name)))
    }

    /// True if there is a file, which may be replaced.
    fn present(&self, folder: &Dir, name: &Path) -> Result<bool, FileError> {
        let path = || self.path.to_owned();
        let found = match folder.symlink_metadata(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            found => found.map_err(|source| self.failed(source))?,
        };
        if let Some(kind) = found.file_type().special() {
            return Err(FileError::NoTarget { path: path(), kind });
        }
        let bytes = look(folder, name).map_err(|source| self.failed(source))?;
        let (found, wanted) = (Content::of(&bytes), self.purpose.content());
        let is_replaced = match (found, &self.purpose) {
            (Content::Empty, _)
            | (Content::SavedPlan, Purpose::Plan)
            | (Content::Outputs, Purpose::Outputs) => true,
            (Content::State, Purpose::StateCopy(is_copy)) => {
                is_copy(&bytes) && !is_in_store(folder, name)
            }
            (Content::SavedPlan | Content::Outputs | Content::Other, _) if self.force => true,
            (Content::SavedPlan | Content::Outputs | Content::Other, _) => {
                return Err(FileError::OtherKind { path: path(), found, wanted });
            }
            (Content::State | Content::Journal | Content::Sandbox | Content::Template, _) => false,
        };
        match is_replaced {
            true => Ok(true),
            false => Err(FileError::Protected { path: path(), found }),
        }
    }
}

/// True if a name in a folder of the state directory is one that the store could use.
fn is_of_store(folder: &Path, name: &Path) -> bool {
    let Some(first) = folder.components().next() else {
        return name.extension().is_some_and(|kind| STORE_FILES.iter().any(|own| kind == *own));
    };
    first.as_os_str() == SANDBOX_FOLDER
        || Path::new(&first).extension().is_some_and(|kind| kind == BACKUPS)
}

/// True if a path names an output stream of the process.
fn is_output(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr"].iter().any(|stream| Path::new(stream) == path)
}

fn ends_with_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// The beginning of a regular file. The open follows no link and never waits.
fn look(folder: &Dir, name: &Path) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true);
    options.custom_flags(flags(OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY));
    let mut bytes = Vec::new();
    folder.open_with(name, &options)?.into_std().take(MAX_LOOK).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// True if a state lies in a store: its lock or its former states lie beside it.
fn is_in_store(folder: &Dir, name: &Path) -> bool {
    ["lock", "journal", BACKUPS]
        .iter()
        .any(|extension| folder.symlink_metadata(name.with_extension(extension)).is_ok())
}

/// A new, empty file beside the one that is to be written.
fn temporary(folder: &Dir) -> io::Result<(PathBuf, std::fs::File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(PRIVATE);
    let process = std::process::id();
    for attempt in 0..ATTEMPTS {
        let name = PathBuf::from(format!(".rstack-{process}-{attempt}.tmp"));
        match folder.open_with(&name, &options) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return Ok((name, opened?.into_std())),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Gives the temporary file its name. Where there was no file, one that has appeared since is not
/// replaced, if the file system can tell.
fn publish(folder: &Dir, temporary: &Path, name: &Path, is_present: bool) -> io::Result<()> {
    if !is_present {
        let renamed =
            rustix::fs::renameat_with(folder, temporary, folder, name, RenameFlags::NOREPLACE);
        match renamed {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    folder.rename(temporary, folder, name)
}

fn sync(folder: &Dir) -> io::Result<()> {
    // The folder itself may be open for its names alone.
    folder.open(".")?.sync_all()
}
