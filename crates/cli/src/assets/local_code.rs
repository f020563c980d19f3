//! Code that lies beside a template and is uploaded under the digest of its files.

use std::path::{Path, PathBuf};

use rstack_model::{AssetUpload, Packaging};

use crate::env::Env;
use crate::files::{FileError, Project};

/// The files in the folder of a template that are no code: the results of `sam build`, the repository's own files,
/// and the project file.
///
/// Source: `aws_lambda_builders/workflows/python_pip/workflow.py`, AWS Lambda Builders, for the first two.
const NO_CODE: [&str; 3] = [".aws-sam", ".git", "rstack.toml"];

/// Code that a template has beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalCode {
    /// The folder of the template, or one above it.
    pub(crate) folder: PathBuf,
    /// The code, relative to that folder.
    pub(crate) source: PathBuf,
    /// The form in which it is uploaded.
    pub(crate) packaging: Packaging,
    /// The key of the object.
    pub(crate) key: String,
    /// The files that an upload sends.
    pub(crate) upload: AssetUpload,
}

/// The folder in which the files of code lie. Where the code is the whole folder, the states and what is no code
/// are no part of it: states change with every apply.
///
/// # Errors
/// [`FileError`] if the folder cannot be resolved.
pub(crate) fn folder_of(env: &Env, folder: &Path, source: &Path) -> Result<Project, FileError> {
    let project = Project::alone(env, folder)?;
    if source != Path::new(".") {
        return Ok(project);
    }
    let states = env.states.iter().cloned();
    // A relative folder of states begins at the current directory, as the folder does.
    let states = states.map(|states| match env.current_directory() {
        Some(directory) => directory.join(states),
        None => states,
    });
    project.leaving_out(states.chain(NO_CODE.map(PathBuf::from)))
}
