//! The files of saved plans. They hold no secret, but they name what will be changed: mode 0600.

use std::path::{Path, PathBuf};

use rstack_ops::{SavedPlanError, read_plan, write_plan};
use rstack_plan::CheckedPlan;

use crate::env::Env;
use crate::error::{CommandError, ErrorKind};
use crate::files::{
    FileError, MEBIBYTE, NewFile, PLAN_BEGIN, begin_of, is_plan_text, is_stream, read_named,
};

/// The largest saved plan, in bytes.
const MAX_PLAN: u64 = 256 * MEBIBYTE;

/// Why a saved plan, or the file of one, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The plan in it cannot be used.
    #[error("`{}` is not a saved plan of this rstack: {problem}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: SavedPlanError,
    },
}

impl From<PlanFileError> for CommandError {
    fn from(error: PlanFileError) -> Self {
        match error {
            PlanFileError::File(error) => error.into(),
            PlanFileError::Unusable { .. } => Self::of(ErrorKind::User, &error)
                .with_hint(Some("make a new one with `rstack plan --out FILE`")),
        }
    }
}

/// Saves a plan.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(env: &Env, file: &NewFile<'_>, plan: &CheckedPlan) -> Result<(), PlanFileError> {
    let bytes = write_plan(plan).map_err(|source| unusable(file.path, source))?;
    Ok(file.write(env, &bytes)?)
}

fn unusable(path: &Path, problem: SavedPlanError) -> PlanFileError {
    PlanFileError::Unusable { path: path.to_owned(), problem }
}

/// Whether a file is a saved plan, and not a template.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn is_plan(env: &Env, path: &Path) -> Result<bool, FileError> {
    Ok(is_plan_text(&begin_of(env, path, PLAN_BEGIN)?))
}

/// Whether an argument, which may be the name of a stack, too, is the file of a saved plan.
pub(crate) fn names_plan(env: &Env, path: &Path) -> bool {
    (is_stream(path) || env.path(path).is_file()) && is_plan(env, path).unwrap_or(false)
}

/// Loads a saved plan.
///
/// # Errors
/// If it cannot be read, is damaged or not sound, or was saved by another version.
pub(crate) fn load(env: &Env, path: &Path) -> Result<CheckedPlan, PlanFileError> {
    let bytes = read_named(env, path, MAX_PLAN)?;
    read_plan(&bytes).map_err(|source| unusable(path, source))
}
