//! Reading files of rules from disk: regular files of a bounded size. What is named and cannot be read
//! as rules is an error, never left out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rstack_lint::{RuleFile, RuleLanguage, RuleSource};

use super::error::CheckError;
use crate::env::Env;
use crate::files::{FileError, read_named};

/// The longest file of rules, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The most files of rules, and the deepest folder that they are looked for in.
const MAX_FILES: usize = 1_000;
const MAX_DEPTH: usize = 32;

/// The files of rules that are meant: files, and folders with all below them.
///
/// # Errors
/// If one cannot be read, or there is none where some are meant to be.
pub(super) fn read(
    env: &Env,
    paths: &[PathBuf],
    source: RuleSource,
) -> Result<Vec<RuleFile>, CheckError> {
    let mut reader = Reader { env, source, files: Vec::new() };
    for path in paths {
        let before = reader.files.len();
        reader.add(path, 0)?;
        if reader.files.len() == before {
            return Err(CheckError::NoRules { path: path.clone() });
        }
    }
    Ok(reader.files)
}

struct Reader<'a> {
    env: &'a Env,
    source: RuleSource,
    files: Vec<RuleFile>,
}

impl Reader<'_> {
    fn add(&mut self, path: &Path, depth: usize) -> Result<(), CheckError> {
        let read = |source| CheckError::Read { path: path.to_owned(), source };
        if fs::metadata(self.env.path(path)).map_err(read)?.is_dir() {
            return self.add_folder(path, depth);
        }
        let Some(language) = language(path) else { return Ok(()) };
        if self.files.len() >= MAX_FILES {
            return Err(CheckError::TooManyRules { path: path.to_owned(), limit: MAX_FILES });
        }
        let text = self.text(path)?;
        let name = path.display().to_string();
        self.files.push(RuleFile { name, language, source: self.source, text });
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path, depth: usize) -> Result<(), CheckError> {
        let read = |source| CheckError::Read { path: folder.to_owned(), source };
        if depth >= MAX_DEPTH {
            let source = io::Error::other("it is nested too deep");
            return Err(read(source));
        }
        let entries: Result<Vec<_>, _> =
            fs::read_dir(self.env.path(folder)).map_err(read)?.collect();
        let mut entries = entries.map_err(read)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(read)?;
            // A link to a folder may lead back: it is not followed, and not passed over either.
            let is_linked_folder = kind.is_symlink() && entry.path().is_dir();
            if is_linked_folder && !is_hidden(&path) {
                return Err(CheckError::LinkedRules { path });
            }
            if kind.is_dir() || (!is_linked_folder && language(&path).is_some()) {
                self.add(&path, depth + 1)?;
            }
        }
        Ok(())
    }

    /// A file that the user or the project named, which a link cannot lead out of the project.
    fn text(&self, path: &Path) -> Result<String, CheckError> {
        let bytes = read_named(self.env, path, MAX_FILE).map_err(|error| match error {
            FileError::TooLarge { path, .. } => CheckError::LongRules { path, limit: MAX_FILE },
            FileError::NotRegular { path, kind } => CheckError::SpecialRules { path, kind },
            other => CheckError::File(other),
        })?;
        let text = String::from_utf8(bytes).map_err(|error| CheckError::Read {
            path: path.to_owned(),
            source: io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()),
        })?;
        if text.trim().is_empty() {
            return Err(CheckError::NoRules { path: path.to_owned() });
        }
        Ok(text)
    }
}

fn language(path: &Path) -> Option<RuleLanguage> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.and_then(RuleLanguage::of_extension)
}

/// True if a name begins with a dot, as those do with which a mounted folder is exchanged.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
