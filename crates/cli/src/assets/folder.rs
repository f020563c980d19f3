//! The files of an asset: one file, or all that lie below a folder, in the order of their paths.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rstack_model::Packaging;

use super::AssetsError;
use crate::files::{FileError, Project};

/// The most files of an asset.
const MAX_FILES: usize = 100_000;

/// The depth to which folders may be nested. Links may lead to a folder around them.
const MAX_DEPTH: usize = 32;

/// The files of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Files {
    /// The asset, relative to the assembly.
    pub(super) source: PathBuf,
    /// The form in which it is uploaded.
    pub(super) packaging: Packaging,
    /// The files: the name in the archive, with `/`, and the path relative to the assembly.
    pub(super) files: Vec<(String, PathBuf)>,
}

impl Files {
    /// Lists the files of an asset. Links are followed as far as they stay in the assembly.
    ///
    /// # Errors
    /// [`AssetsError`] if a folder cannot be read, there are too many files, or the asset is a folder and
    /// is not packed.
    pub(super) fn of(
        project: &Project,
        source: &Path,
        packaging: Packaging,
    ) -> Result<Self, AssetsError> {
        let mut files = Vec::new();
        match (project.names(source, MAX_FILES)?, packaging) {
            (None, _) => {
                let name = source.file_name().map(OsString::from).unwrap_or_default();
                let name = name.into_string().map_err(|_| not_text(project, source))?;
                files.push((name, source.to_owned()));
            }
            (Some(_), Packaging::File) => {
                return Err(AssetsError::Folder { path: project.shown(source) });
            }
            (Some(names), Packaging::Zip) => {
                let mut walk = Walk { project, source, files: &mut files };
                walk.folder("", source, names, MAX_DEPTH)?;
            }
        }
        files.sort();
        Ok(Self { source: source.to_owned(), packaging, files })
    }
}

fn not_text(project: &Project, path: &Path) -> AssetsError {
    AssetsError::NotText { path: project.shown(path) }
}

struct Walk<'a> {
    project: &'a Project,
    source: &'a Path,
    files: &'a mut Vec<(String, PathBuf)>,
}

impl Walk<'_> {
    fn folder(
        &mut self,
        prefix: &str,
        folder: &Path,
        names: Vec<OsString>,
        depth: usize,
    ) -> Result<(), AssetsError> {
        let too_many =
            || FileError::TooMany { path: self.project.shown(self.source), limit: MAX_FILES };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(AssetsError::TooDeep { path: self.project.shown(folder) });
        };
        for name in names {
            let path = folder.join(&name);
            let name = name.into_string().map_err(|_| not_text(self.project, &path))?;
            match self.project.names(&path, MAX_FILES)? {
                Some(names) => self.folder(&format!("{prefix}{name}/"), &path, names, depth)?,
                None if self.files.len() >= MAX_FILES => return Err(too_many().into()),
                None => self.files.push((format!("{prefix}{name}"), path)),
            }
        }
        Ok(())
    }
}
