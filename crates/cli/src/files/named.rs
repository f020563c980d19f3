//! Files that the user names: anywhere, and streams.
//!
//! A link of a project that leads out of it is the project's choice and not the user's: it is not
//! followed. A stream (`-`, `/dev/stdin`, `/dev/fd/N`, as a shell's `<(…)` has it) is read once,
//! whole, however often its content is asked for.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use rustix::fs::OFlags;

use super::error::FileError;
use super::project::{Project, flags};
use super::read::{FileType as _, MEBIBYTE, bounded, read_error, whole};
use crate::env::Env;

/// The most that is read of a stream, in bytes.
const MAX_STREAM: u64 = 256 * MEBIBYTE;

/// A stream that is named as a file.
enum Stream {
    /// Standard input.
    Input,
    /// Another open file of the process.
    Descriptor,
}

fn stream(path: &Path) -> Option<Stream> {
    let text = path.to_str()?;
    let number = ["/dev/fd/", "/proc/self/fd/"].iter().find_map(|start| text.strip_prefix(start));
    match (text, number) {
        ("-" | "/dev/stdin", _) | (_, Some("0")) => Some(Stream::Input),
        (_, Some(number)) => number.parse::<u32>().ok().map(|_| Stream::Descriptor),
        (_, None) => None,
    }
}

/// True if a path names a stream: `-`, `/dev/stdin`, `/dev/fd/N`.
pub(crate) fn is_stream(path: &Path) -> bool {
    stream(path).is_some()
}

/// The whole of a file that the user names, of at most `limit` bytes.
///
/// # Errors
/// [`FileError`] if it is neither regular nor a stream, is too large, is a link that leads out of its
/// project, or cannot be read.
pub(crate) fn read_named(env: &Env, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_opened(env, path, limit).map(|(bytes, _)| bytes)
}

/// As [`read_named`], with the open file that was read, which says whose it is; a stream has none.
///
/// # Errors
/// As [`read_named`].
pub(crate) fn read_opened(
    env: &Env,
    path: &Path,
    limit: u64,
) -> Result<(Vec<u8>, Option<File>), FileError> {
    if let Some(stream) = stream(path) {
        let bytes = read_stream(env, path, &stream)?;
        return Ok((bounded(bytes.as_slice(), path, limit, &|| true)?, None));
    }
    let file = open(env, path)?;
    Ok((whole(env, &file, path, limit)?, Some(file)))
}

/// The first bytes of a file that the user names.
///
/// # Errors
/// As [`read_named`].
pub(crate) fn begin_of(env: &Env, path: &Path, bytes: u64) -> Result<Vec<u8>, FileError> {
    use std::io::Read;
    if let Some(stream) = stream(path) {
        let all = read_stream(env, path, &stream)?;
        let end = all.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
        return Ok(all.get(..end).unwrap_or_default().to_owned());
    }
    let (file, mut begin) = (open(env, path)?, Vec::new());
    file.take(bytes).read_to_end(&mut begin).map_err(|source| read_error(path, source))?;
    Ok(begin)
}

/// Opens a regular file that the user names.
fn open(env: &Env, path: &Path) -> Result<File, FileError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    if let Some(name) = path.file_name() {
        let project = Project::of(env, folder)?;
        if project.is_marked() {
            return project.open(Path::new(name));
        }
    }
    let failed = |source| read_error(path, source);
    let opened = env.path(path);
    // A device may do something when it is opened.
    let found = std::fs::metadata(&opened).map_err(failed)?;
    if let Some(kind) = found.file_type().special() {
        return Err(FileError::NotRegular { path: path.to_owned(), kind });
    }
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags(OFlags::NONBLOCK | OFlags::NOCTTY));
    options.open(opened).map_err(failed)
}

fn read_stream(env: &Env, path: &Path, stream: &Stream) -> Result<Arc<Vec<u8>>, FileError> {
    match stream {
        Stream::Input => env.streams.read.once(Path::new("-"), || {
            let mut input = env.streams.input.lock().unwrap_or_else(PoisonError::into_inner);
            bounded(&mut *input, path, MAX_STREAM, &|| true)
        }),
        Stream::Descriptor => env.streams.read.once(path, || {
            let file = File::open(path).map_err(|source| read_error(path, source))?;
            bounded(file, path, MAX_STREAM, &|| true)
        }),
    }
}

/// The file of a template: one that the user names, or one that is found in a folder or named by a
/// cloud assembly, and lies below the project of that folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateFile {
    /// The user's path.
    Named(PathBuf),
    /// A path relative to a folder.
    Below {
        /// The folder, as the user knows it.
        folder: PathBuf,
        /// The path of the file in it.
        name: PathBuf,
    },
}

impl TemplateFile {
    /// The path as the user knows it; `stdin` for standard input.
    pub(crate) fn shown(&self) -> PathBuf {
        match self {
            Self::Named(path) if path == Path::new("-") => PathBuf::from("stdin"),
            Self::Named(path) => path.clone(),
            Self::Below { folder, name } => folder.join(name),
        }
    }

    /// The folder that the template's own paths begin at: that of the file, or the current directory
    /// for a stream.
    pub(crate) fn folder(&self) -> PathBuf {
        match self {
            Self::Named(path) if is_stream(path) => PathBuf::new(),
            Self::Named(_) | Self::Below { .. } => {
                self.shown().parent().unwrap_or(Path::new("")).to_owned()
            }
        }
    }

    /// The whole of the file, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FileError`] as of [`read_named`] and [`Project::read`].
    pub(crate) fn read(&self, env: &Env, limit: u64) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Named(path) => read_named(env, path, limit),
            Self::Below { folder, name } => Project::of(env, folder)?.read(env, name, limit),
        }
    }
}
