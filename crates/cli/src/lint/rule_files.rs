//! Reading files of rules from disk.

use std::fs;
use std::path::{Path, PathBuf};

use rstack_lint::{RuleFile, RuleLanguage};

use super::error::CheckError;
use crate::env::Env;

/// The files of rules that are meant: files, and folders with all below them.
///
/// # Errors
/// If one cannot be read, or there is none where some are meant to be.
pub(super) fn read(env: &Env, paths: &[PathBuf]) -> Result<Vec<RuleFile>, CheckError> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        add(env, path, &mut files)?;
        if files.len() == before {
            return Err(CheckError::NoRules { path: path.clone() });
        }
    }
    Ok(files)
}

fn add(env: &Env, path: &Path, files: &mut Vec<RuleFile>) -> Result<(), CheckError> {
    let read = |source| CheckError::Read { path: path.to_owned(), source };
    if fs::metadata(env.path(path)).map_err(read)?.is_dir() {
        let entries: Result<Vec<_>, _> = fs::read_dir(env.path(path)).map_err(read)?.collect();
        let mut entries = entries.map_err(read)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // Links to folders are not followed: they may lead back.
            let kind = entry.file_type().map_err(read)?;
            if kind.is_dir() || entry.path().is_file() {
                add(env, &path.join(entry.file_name()), files)?;
            }
        }
        return Ok(());
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if let Some(language) = extension.and_then(RuleLanguage::of_extension) {
        let text = fs::read_to_string(env.path(path)).map_err(read)?;
        files.push(RuleFile { name: path.display().to_string(), language, text });
    }
    Ok(())
}
