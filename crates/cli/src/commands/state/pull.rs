//! `rstack state pull`: a copy of the state file.

use std::path::Path;

use rstack_store::StoreError;

use crate::args::Global;
use crate::commands::show;
use crate::error::CliError;
use crate::exit::Exit;
use crate::plan_file;
use crate::session::store;
use crate::terminal::Terminal;

/// Writes the state to a file or to standard output.
pub(super) fn run(
    global: &Global,
    stack: &str,
    file: Option<&Path>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let store = store(global)?;
    let stack = show::name(global, &store, Some(stack), None)?;
    if store.read(&stack)?.journal.is_some() {
        terminal.note(&format!(
            "note: a run of `{stack}` is under way or was interrupted; this is the state before it."
        ));
    }
    let bytes = store.copy(&stack)?.ok_or_else(|| show::no_state(global, stack.clone()))?;
    let Some(path) = file else {
        let text = String::from_utf8(bytes).map_err(|error| StoreError::Damaged {
            location: store.directory().join(format!("{stack}.json")).into(),
            problem: error.to_string(),
        })?;
        terminal.text(&text)?;
        return Ok(Exit::Done);
    };
    plan_file::write(path, &bytes)?;
    terminal.note(&format!("The state of `{stack}` is in `{}`.", path.display()));
    Ok(Exit::Done)
}
