//! `rstack show`: what the state knows of a stack, or what a saved plan would change.

use std::path::Path;

use rstack_model::StackName;
use rstack_model::state::State;
use rstack_render::{plan_json, plan_text, state_json, state_text};
use rstack_store::StateStore;

use crate::args::{DetailArguments, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;
use crate::{plan_file, session, stack};

/// Shows a stack or a saved plan.
pub(crate) fn run(
    global: &Global,
    wanted: Option<&str>,
    detail: DetailArguments,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    if let Some(path) = wanted.map(Path::new).filter(|path| plan_file::is_plan(path)) {
        let plan = plan_file::load(path)?;
        if terminal.json {
            terminal.text(&plan_json(&plan)?)?;
        } else {
            terminal.text(&plan_text(&plan, &terminal.view(detail)))?;
        }
        return Ok(Exit::Done);
    }
    let state = state(global, wanted, terminal)?;
    if terminal.json {
        terminal.text(&state_json(&state)?)?;
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
    global: &Global,
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
    match (wanted, known.as_slice()) {
        (None, [only]) => return Ok(only.clone()),
        (None, [_, _, ..]) => return Err(CliError::SeveralStacks(known)),
        (None, []) | (Some(_), _) => {}
    }
    match (stack::find(wanted, None), wanted.map(StackName::parse)) {
        (Ok(file), _) => Ok(file.name),
        // A name without a template and without a state: the state is what is missing.
        (Err(CliError::NoTemplate { .. }), Some(Ok(name))) => Err(no_state(global, name)),
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
    let name = name(global, &store, wanted, None)?;
    let stored = store.read(&name)?;
    if stored.journal.is_some() {
        terminal.note(&format!(
            "note: a run of `{name}` is under way or was interrupted; this is the state before it."
        ));
    }
    stored.state.ok_or_else(|| no_state(global, name))
}

/// There is no state; the sandbox may have one that was not asked for.
pub(crate) fn no_state(global: &Global, stack: StackName) -> CliError {
    let sandbox = Global { sandbox: true, ..global.clone() };
    let in_sandbox = !global.sandbox
        && session::store(&sandbox)
            .and_then(|store| Ok(store.read(&stack)?))
            .is_ok_and(|stored| stored.state.is_some());
    CliError::NoState { stack, in_sandbox }
}
