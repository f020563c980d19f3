//! Saved plans. They hold no secret, but they name what will be changed: mode 0600, with a digest
//! against damage, and a format number.

use std::io::Write;
use std::path::Path;

use rstack_model::Digest;
use rstack_model::plan::Plan;
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// The number of the format of saved plans.
const FORMAT: u32 = 2;

/// What stands at the beginning of a saved plan.
const MARK: &[u8] = b"\"rstack-plan\":";

/// How far from the beginning it is looked for: a damaged plan is still no template.
const BEGIN: u64 = 32;

#[derive(Serialize, Deserialize)]
struct Saved {
    #[serde(rename = "rstack-plan")]
    format: u32,
    digest: Digest,
    plan: serde_json::Value,
}

/// Saves a plan.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(path: &Path, plan: &Plan) -> Result<(), CliError> {
    let plan = serde_json::to_value(plan)?;
    let saved = Saved { format: FORMAT, digest: Digest::of_json(&plan)?, plan };
    let mut bytes = serde_json::to_vec(&saved)?;
    bytes.push(b'\n');
    write(path, &bytes)
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
/// If it cannot be read, is damaged, or was saved by another version.
pub(crate) fn load(path: &Path) -> Result<Plan, CliError> {
    let problem = |problem: String| CliError::PlanFile { path: path.to_owned(), problem };
    let bytes =
        std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    let saved: Saved =
        serde_json::from_slice(&bytes).map_err(|error| problem(error.to_string()))?;
    if saved.format != FORMAT {
        return Err(problem(format!("its format is {}, not {FORMAT}", saved.format)));
    }
    if Digest::of_json(&saved.plan)? != saved.digest {
        return Err(problem("it was changed".to_owned()));
    }
    serde_json::from_value(saved.plan).map_err(|error| problem(error.to_string()))
}
