//! The files of saved plans. They hold no secret, but they name what will be changed: mode 0600.

use std::fs::File;
use std::path::{Path, PathBuf};

use rstack_ops::{
    PlanSigner, Saved, SavedPlanError, SavedStack, read_saved, write_plan, write_run,
};
use rstack_plan::{CheckedPlan, RegistrySchemas};

use crate::approval::{Exposure, exposure};
use crate::env::Env;
use crate::error::CommandError;
use crate::files::{
    FileError, MEBIBYTE, NewFile, PLAN_BEGIN, begin_of, is_plan_text, is_stream, read_opened,
};
use rstack_model::{Digest, ErrorCode};

/// The largest saved plan, in bytes.
const MAX_PLAN: u64 = 256 * MEBIBYTE;

/// Why a saved plan, or the file of one, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Others could have written it, and nothing says that it is the plan that was made.
    #[error("`{}` is not trusted: {exposure}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The permissions that let them.
        exposure: Exposure,
    },
    /// The plan in it cannot be used.
    #[error("`{}` is not a saved plan of this rstack: {problem}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The problem with it.
        problem: SavedPlanError,
    },
}

impl From<PlanFileError> for CommandError {
    fn from(error: PlanFileError) -> Self {
        match error {
            PlanFileError::File(error) => error.into(),
            PlanFileError::Exposed { .. } => Self::of(ErrorCode::FileNotTrusted, &error).with_hint(Some(
                "nothing was changed; give the key that signed it with `--verify` or the digest \
                 that was approved with `--digest`, or make the file your own with mode 600 if \
                 you know that it is the right one",
            )),
            PlanFileError::Unusable { .. } => Self::of(ErrorCode::PlanUnusable, &error)
                .with_hint(Some("make a new one with `rstack plan --out FILE`")),
        }
    }
}

/// The permissions by which others can write a file.
const WRITTEN_BY_OTHERS: u32 = 0o022;

/// Saves a plan.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(
    env: &Env,
    file: &NewFile<'_>,
    plan: &CheckedPlan,
    signer: Option<&PlanSigner>,
) -> Result<(), PlanFileError> {
    let bytes = write_plan(plan, signer).map_err(|source| unusable(file.path, source))?;
    Ok(file.write(env, &bytes)?)
}

/// The digest of the plans of a run that are going to be saved.
///
/// # Errors
/// If they cannot be written as JSON.
pub(crate) fn run_digest(
    file: &NewFile<'_>,
    stacks: &[SavedStack],
) -> Result<Digest, PlanFileError> {
    rstack_ops::run_digest(stacks).map_err(|source| unusable(file.path, source))
}

/// Saves the plans of a run of several stacks.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save_run(
    env: &Env,
    file: &NewFile<'_>,
    stacks: &[SavedStack],
    signer: Option<&PlanSigner>,
) -> Result<(), PlanFileError> {
    let bytes = write_run(stacks, signer).map_err(|source| unusable(file.path, source))?;
    Ok(file.write(env, &bytes)?)
}

fn unusable(path: &Path, problem: SavedPlanError) -> PlanFileError {
    PlanFileError::Unusable { path: path.to_owned(), problem }
}

/// True if a file is a saved plan, and not a template.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn is_plan(env: &Env, path: &Path) -> Result<bool, FileError> {
    Ok(is_plan_text(&begin_of(env, path, PLAN_BEGIN)?))
}

/// True if an argument, which may be the name of a stack, too, is the file of a saved plan.
pub(crate) fn names_plan(env: &Env, path: &Path) -> bool {
    (is_stream(path) || env.path(path).is_file()) && is_plan(env, path).unwrap_or(false)
}

/// A saved plan, or those of a run, and how others could have written its file.
pub(crate) struct Loaded {
    pub(crate) saved: Saved,
    exposure: Option<Exposure>,
}

impl Loaded {
    /// The plan, if its file can have been written by the user alone, or `approved` says that the
    /// plan was found to be the one that was made.
    ///
    /// # Errors
    /// [`PlanFileError::Exposed`] if neither is so.
    pub(crate) fn trusted(self, path: &Path, approved: bool) -> Result<Saved, PlanFileError> {
        match self.exposure.filter(|_| !approved) {
            Some(exposure) => Err(PlanFileError::Exposed { path: path.to_owned(), exposure }),
            None => Ok(self.saved),
        }
    }
}

/// Loads a saved plan.
///
/// # Errors
/// If it cannot be read, is damaged or not sound, or was saved by another version.
pub(crate) fn load(env: &Env, path: &Path) -> Result<Loaded, PlanFileError> {
    let (bytes, file) = read_opened(env, path, MAX_PLAN)?;
    let exposed = |file: &File| exposure(file, WRITTEN_BY_OTHERS);
    // A stream comes from the command that the user connected to it.
    let exposure = file.as_ref().map(exposed).transpose();
    let exposure =
        exposure.map_err(|source| FileError::Read { path: path.to_owned(), source })?.flatten();
    let saved = read_saved(&bytes, &RegistrySchemas).map_err(|source| unusable(path, source))?;
    Ok(Loaded { saved, exposure })
}
