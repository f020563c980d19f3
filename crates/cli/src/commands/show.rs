//! `rstack show`: what the state knows of a stack.

use rstack_model::StackName;
use rstack_model::state::State;
use rstack_render::{state_json, state_text};
use rstack_state::StateStore;

use crate::args::{DetailArguments, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;
use crate::{session, stack};

/// Shows a stack.
pub(crate) fn run(
    global: &Global,
    wanted: Option<&str>,
    detail: DetailArguments,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let state = state(global, wanted, terminal)?;
    if terminal.json {
        terminal.line(&state_json(&state)?)?;
    } else {
        terminal.text(&state_text(&state, &terminal.view(detail)))?;
    }
    Ok(Exit::Done)
}

/// The name of a stack that is known already: that of a state, or that of a template.
///
/// # Errors
/// If it is neither.
pub(crate) fn name(
    store: &StateStore,
    wanted: Option<&str>,
    stack_name: Option<&str>,
) -> Result<StackName, CliError> {
    if let Some(name) = stack_name {
        return StackName::parse(name).map_err(CliError::Name);
    }
    let known = store.stacks()?;
    if let Some(text) = wanted
        && let Some(name) = known.iter().find(|name| name.as_str() == text)
    {
        return Ok(name.clone());
    }
    if let (None, [only]) = (wanted, known.as_slice()) {
        return Ok(only.clone());
    }
    match (stack::find(wanted, None), wanted.map(StackName::parse)) {
        (Ok(file), _) => Ok(file.name),
        // A name without a template and without a state: the state is what is missing.
        (Err(CliError::NoTemplate { .. }), Some(Ok(name))) => Err(CliError::NoState(name)),
        (Err(error), _) => Err(error),
    }
}

/// The state of a stack, as it was published last.
///
/// # Errors
/// If there is none.
pub(crate) fn state(
    global: &Global,
    wanted: Option<&str>,
    terminal: &Terminal,
) -> Result<State, CliError> {
    let store = session::store(global)?;
    let name = name(&store, wanted, None)?;
    let stored = store.read(&name)?;
    if stored.journal.is_some() {
        terminal.note(&format!(
            "note: a run of `{name}` is under way or was interrupted; this is the state before it."
        ));
    }
    stored.state.ok_or(CliError::NoState(name))
}
