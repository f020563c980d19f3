//! The files of saved plans. They hold no secret, but they name what will be changed: mode 0600.

use std::io::Write;
use std::path::Path;

use rstack_ops::{SavedPlanError, read_plan, write_plan};
use rstack_plan::CheckedPlan;

use crate::error::CliError;

/// What stands at the beginning of a saved plan.
const MARK: &[u8] = b"\"rstack-plan\":";

/// How far from the beginning it is looked for: a damaged plan is still no template.
const BEGIN: u64 = 32;

/// Saves a plan.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(path: &Path, plan: &CheckedPlan) -> Result<(), CliError> {
    let bytes = write_plan(plan).map_err(|source| unusable(path, source))?;
    write(path, &bytes)
}

fn unusable(path: &Path, source: SavedPlanError) -> CliError {
    CliError::PlanFile { path: path.to_owned(), problem: source.to_string() }
}

/// Writes a file that is there whole or not at all, for the user alone.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let write = |source| CliError::Write { path: path.to_owned(), source };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(write)?;
    file.write_all(bytes).map_err(write)?;
    file.as_file().sync_all().map_err(write)?;
    file.persist(path).map_err(|error| write(error.error))?;
    Ok(())
}

/// Whether a file is a saved plan, and not a template.
pub(crate) fn is_plan(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(BEGIN).read_to_end(&mut begin))
        .is_ok_and(|_| begin.windows(MARK.len()).any(|window| window == MARK))
}

/// Loads a saved plan.
///
/// # Errors
/// If it cannot be read, is damaged or not sound, or was saved by another version.
pub(crate) fn load(path: &Path) -> Result<CheckedPlan, CliError> {
    let bytes =
        std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    read_plan(&bytes).map_err(|source| unusable(path, source))
}
