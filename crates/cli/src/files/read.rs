//! Reading an open file: regular files only, with a bound in bytes and in time.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use cap_std::fs::FileTypeExt as _;

use super::error::{FileError, FileKind};
use crate::env::Env;

/// Bytes of a mebibyte.
pub(crate) const MEBIBYTE: u64 = 1 << 20;

/// The seconds that reading a regular file may take: one on a file system that hardly answers is
/// given up.
const SECONDS: i64 = 60;

/// The bytes that are read between two looks at the clock.
const CHUNK: u64 = MEBIBYTE;

/// The type of a file, as the standard library and `cap-std` each have it.
pub(super) trait FileType: Copy {
    /// The kind, if the file is not regular.
    fn special(self) -> Option<FileKind>;
}

macro_rules! file_type {
    ($name:ty) => {
        impl FileType for $name {
            fn special(self) -> Option<FileKind> {
                let kinds = [
                    (self.is_dir(), FileKind::Directory),
                    (self.is_symlink(), FileKind::Link),
                    (self.is_fifo(), FileKind::Fifo),
                    (self.is_block_device() || self.is_char_device(), FileKind::Device),
                    (!self.is_file(), FileKind::Other),
                ];
                kinds.into_iter().find_map(|(is_so, kind)| is_so.then_some(kind))
            }
        }
    };
}

file_type!(std::fs::FileType);
file_type!(cap_std::fs::FileType);

/// The metadata of an open file, which must be regular.
///
/// # Errors
/// [`FileError::NotRegular`], and [`FileError::Read`] from `fstat`.
pub(super) fn regular(file: &File, path: &Path) -> Result<Metadata, FileError> {
    let found = file.metadata().map_err(|source| read_error(path, source))?;
    match found.file_type().special() {
        None => Ok(found),
        Some(kind) => Err(FileError::NotRegular { path: path.to_owned(), kind }),
    }
}

/// The whole of an open regular file of at most `limit` bytes.
///
/// # Errors
/// [`FileError`] if it is not regular, larger, slower than the bound, or cannot be read.
pub(super) fn whole(env: &Env, file: &File, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    if regular(file, path)?.len() > limit {
        return Err(too_large(path, limit));
    }
    let now = || (env.clock)().as_second();
    let deadline = now().saturating_add(SECONDS);
    bounded(file, path, limit, &|| now() <= deadline)
}

/// All that a reader gives, of at most `limit` bytes, while `may_go_on`.
///
/// # Errors
/// [`FileError::TooLarge`], [`FileError::TooSlow`], [`FileError::Read`].
pub(super) fn bounded(
    mut from: impl Read,
    path: &Path,
    limit: u64,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    loop {
        let read = from.by_ref().take(CHUNK).read_to_end(&mut bytes);
        let read = read.map_err(|source| read_error(path, source))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            return Err(too_large(path, limit));
        }
        if read == 0 {
            return Ok(bytes);
        }
        if !may_go_on() {
            return Err(FileError::TooSlow { path: path.to_owned(), seconds: SECONDS });
        }
    }
}

pub(super) fn read_error(path: &Path, source: io::Error) -> FileError {
    FileError::Read { path: path.to_owned(), source }
}

fn too_large(path: &Path, limit: u64) -> FileError {
    FileError::TooLarge { path: path.to_owned(), limit: limit / MEBIBYTE }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_reader_without_end_is_given_up() {
        let path = Path::new("zero");
        let endless = bounded(io::repeat(b'x'), path, 3 * MEBIBYTE, &|| true).unwrap_err();
        assert!(matches!(endless, FileError::TooLarge { limit: 3, .. }), "{endless}");
        let looks = Cell::new(0);
        let slow = bounded(io::repeat(b'x'), path, 9 * MEBIBYTE, &|| {
            looks.set(looks.get() + 1);
            looks.get() < 2
        });
        assert!(matches!(slow, Err(FileError::TooSlow { .. })), "{slow:?}");
        assert_eq!(bounded(&b"text"[..], path, 4, &|| true).unwrap(), b"text");
        assert!(bounded(&b"texts"[..], path, 4, &|| true).is_err());
    }
}
