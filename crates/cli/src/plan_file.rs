//! The files of saved plans. They hold no secret, but they name what will be changed: mode 0600.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rstack_ops::{PlanSigner, SavedPlan, SavedPlanError, read_plan, write_plan};
use rstack_plan::{CheckedPlan, RegistrySchemas};

use crate::approval::{Exposure, exposure};
use crate::env::Env;
use crate::error::{CommandError, ErrorKind, unreadable_hint};

/// Why a saved plan, or the file of one, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanFileError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others could have written it, and nothing says that it is the plan that was made.
    #[error("`{}` is not trusted: {exposure}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// How they could.
        exposure: Exposure,
    },
    /// It is larger than any saved plan.
    #[error("`{}` has more than {LIMIT} bytes, as no saved plan has", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
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
        let (kind, hint) = match &error {
            PlanFileError::Read { source, .. } => (ErrorKind::Storage, unreadable_hint(source)),
            PlanFileError::Write { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                (ErrorKind::Storage, Some("make its directory first".into()))
            }
            PlanFileError::Write { .. } => (ErrorKind::Storage, None),
            PlanFileError::Exposed { .. } => (
                ErrorKind::Refused,
                Some(
                    "nothing was changed; give the key that signed it with `--verify` or the digest \
                     that was approved with `--digest`, or make the file your own with mode 600 if \
                     you know that it is the right one"
                        .into(),
                ),
            ),
            PlanFileError::TooLarge { .. } => {
                (ErrorKind::User, Some("give the file that `rstack plan --out` wrote".into()))
            }
            PlanFileError::Unusable { .. } => {
                (ErrorKind::User, Some("make a new one with `rstack plan --out FILE`".into()))
            }
        };
        Self::of(kind, &error).with_hint(hint)
    }
}

/// What stands at the beginning of a saved plan.
const MARK: &[u8] = b"\"rstack-plan\":";

/// The bytes that a saved plan has at most.
const LIMIT: u64 = 256 * 1024 * 1024;

/// The permissions by which others can write a file.
const WRITTEN_BY_OTHERS: u32 = 0o022;

/// How far from the beginning it is looked for: a damaged plan is still no template.
const BEGIN: u64 = 32;

/// Saves a plan.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(
    env: &Env,
    path: &Path,
    plan: &CheckedPlan,
    signer: Option<&PlanSigner>,
) -> Result<(), PlanFileError> {
    let bytes = write_plan(plan, signer).map_err(|source| unusable(path, source))?;
    write(env, path, &bytes)
}

fn unusable(path: &Path, problem: SavedPlanError) -> PlanFileError {
    PlanFileError::Unusable { path: path.to_owned(), problem }
}

/// Writes a file that is there whole or not at all, for the user alone.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(env: &Env, path: &Path, bytes: &[u8]) -> Result<(), PlanFileError> {
    let write = |source| PlanFileError::Write { path: path.to_owned(), source };
    let target = env.path(path);
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(write)?;
    file.write_all(bytes).map_err(write)?;
    file.as_file().sync_all().map_err(write)?;
    file.persist(&target).map_err(|error| write(error.error))?;
    Ok(())
}

/// Whether a file is a saved plan, and not a template.
pub(crate) fn is_plan(env: &Env, path: &Path) -> bool {
    let mut begin = Vec::new();
    std::fs::File::open(env.path(path))
        .and_then(|file| file.take(BEGIN).read_to_end(&mut begin))
        .is_ok_and(|_| begin.windows(MARK.len()).any(|window| window == MARK))
}

/// A saved plan, and how others could have written its file.
pub(crate) struct Loaded {
    pub(crate) saved: SavedPlan,
    exposure: Option<Exposure>,
}

impl Loaded {
    /// The plan, if its file can have been written by the user alone, or `approved` says that the
    /// plan was found to be the one that was made.
    ///
    /// # Errors
    /// [`PlanFileError::Exposed`] if neither is so.
    pub(crate) fn trusted(self, path: &Path, approved: bool) -> Result<SavedPlan, PlanFileError> {
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
    let failed = |source| PlanFileError::Read { path: path.to_owned(), source };
    let file = File::open(env.path(path)).map_err(failed)?;
    let exposure = exposure(&file, WRITTEN_BY_OTHERS).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(PlanFileError::TooLarge { path: path.to_owned() });
    }
    let saved = read_plan(&bytes, &RegistrySchemas).map_err(|source| unusable(path, source))?;
    Ok(Loaded { saved, exposure })
}
