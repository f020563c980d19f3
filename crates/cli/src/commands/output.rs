//! `rstack output`: the outputs of a stack, for people and for scripts.

use rstack_render::{output_value, outputs_json, outputs_text};

use super::show::state;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Prints all outputs, or the bare value of one.
pub(crate) fn run(
    global: &Global,
    stack: Option<&str>,
    output: Option<&str>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let state = state(global, stack, terminal)?;
    match output {
        Some(name) => {
            let found = state.outputs.get(name).ok_or_else(|| CliError::NoOutput {
                stack: state.stack.clone(),
                output: name.to_owned(),
                known: state.outputs.keys().cloned().collect(),
            })?;
            terminal.line(&output_value(found))?;
        }
        None if terminal.json => terminal.line(&outputs_json(&state)?)?,
        None => terminal.text(&outputs_text(&state, terminal.palette()))?,
    }
    Ok(Exit::Done)
}
