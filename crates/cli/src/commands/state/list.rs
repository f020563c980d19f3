//! `rstack state list` and `rstack state show`: what a state knows.

use rstack_model::Address;
use rstack_render::{resource_text, resources_json, resources_text};

use super::error::RefusedEdit;
use crate::args::{DetailArguments, Global};
use crate::commands::show::state;
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Lists the resources.
pub(super) fn list(
    global: &Global,
    stack: Option<&str>,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let state = state(global, stack, terminal)?;
    if terminal.json {
        terminal.text(&resources_json(&state, None)?)?;
    } else {
        terminal.text(&resources_text(&state, &terminal.view(DetailArguments::default())))?;
    }
    Ok(Exit::Done)
}

/// Shows one resource.
pub(super) fn show(
    global: &Global,
    stack: &str,
    address: &str,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let state = state(global, Some(stack), terminal)?;
    let id = Address::new(address);
    let view = terminal.view(DetailArguments::default());
    let Some(text) = resource_text(&state, &id, &view) else {
        let stack = state.stack;
        return Err(RefusedEdit::NoResource { stack, address: id }.into());
    };
    if terminal.json {
        terminal.text(&resources_json(&state, Some(&id))?)?;
    } else {
        terminal.text(&text)?;
    }
    Ok(Exit::Done)
}
