//! `rstack output`: the outputs of a stack, for people and for scripts.

use rstack_model::state::State;
use rstack_render::{output_value, outputs_json, outputs_text};

use super::show::state;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::store;
use crate::terminal::Terminal;

/// Prints all outputs, or the bare value of one.
pub(crate) fn run(
    global: &Global,
    stack: Option<&str>,
    output: Option<&str>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let (state, output) = match (state(global, stack, terminal), stack, output) {
        // With only one stack, its name may be left out here, too.
        (Err(CliError::NoState { .. }), Some(text), None) if only_stack(global)? => {
            (state(global, None, terminal)?, Some(text))
        }
        (state, _, output) => (state?, output),
    };
    match output {
        Some(name) => {
            let found = state.outputs.get(name).ok_or_else(|| CliError::NoOutput {
                stack: state.stack.clone(),
                output: name.to_owned(),
                known: state.outputs.keys().cloned().collect(),
            })?;
            if terminal.json {
                terminal.line(&output_json(&state, name)?)?;
            } else {
                terminal.line(&output_value(found))?;
            }
        }
        None if terminal.json => terminal.text(&outputs_json(&state)?)?,
        None => terminal.text(&outputs_text(&state, terminal.palette()))?,
    }
    Ok(Exit::Done)
}

/// Whether there is exactly one stack with a state.
fn only_stack(global: &Global) -> Result<bool, CliError> {
    Ok(store(global)?.stacks()?.len() == 1)
}

/// The value of one output as JSON.
fn output_json(state: &State, name: &str) -> Result<String, CliError> {
    let mut all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&outputs_json(state)?)?;
    Ok(all.remove(name).unwrap_or_default().to_string())
}
