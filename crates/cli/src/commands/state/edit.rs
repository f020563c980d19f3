//! What the commands that change a state share: the lock, the question, the words.

use rstack_model::plan::PlanBase;
use rstack_model::state::{ResourceState, State};
use rstack_model::{Address, StackName};
use rstack_render::escape;
use rstack_store::{LockedStack, StateStore, StoreError};
use serde_json::json;

use super::error::RefusedEdit;
use crate::commands::known_stack;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::{holder, note_dead_holder, store};
use crate::terminal::{Terminal, no_terminal};

/// A stack whose state is going to be changed.
pub(super) struct Editing {
    pub(super) locked: LockedStack,
    pub(super) state: State,
}

/// Takes the lock of a stack.
pub(super) fn lock(
    context: &Context,
    store: &StateStore,
    stack: &StackName,
    command: &str,
) -> Result<LockedStack, StoreError> {
    let locked = store.lock(stack, &holder(context, &format!("state {command}")))?;
    note_dead_holder(&locked, &context.terminal);
    Ok(locked)
}

/// The state of a stack under its lock.
///
/// # Errors
/// If a run is open, or nothing is known of the stack.
pub(super) fn open(context: &Context, stack: &str, command: &str) -> Result<Editing, CommandError> {
    let store = store(context)?;
    let stack = known_stack::name(context, &store, Some(stack), None)?;
    let locked = lock(context, &store, &stack, command)?;
    let stored = locked.read()?;
    if stored.journal.is_some() {
        return Err(StoreError::OpenJournal { location: locked.journal_path().into() }.into());
    }
    let state = stored.state.ok_or_else(|| known_stack::no_state(context, stack))?;
    Ok(Editing { locked, state })
}

/// Whether the user agrees to what was said.
pub(super) fn agreed(question: &str, yes: bool, terminal: &Terminal) -> Result<bool, CommandError> {
    if yes {
        return Ok(true);
    }
    if !terminal.interactive || terminal.json {
        return Err(no_terminal());
    }
    let agreed = terminal.confirm(question)?;
    if !agreed {
        terminal.note("Nothing was changed.");
    }
    Ok(agreed)
}

/// What a state was made from.
pub(super) fn base(state: &State) -> PlanBase {
    PlanBase { lineage: state.lineage.clone(), serial: state.serial }
}

/// Says that a state was published.
pub(super) fn done(what: &str, state: &State, terminal: &Terminal) -> Result<Exit, CommandError> {
    terminal
        .note(&format!("{what} The state of `{}` has serial {} now.", state.stack, state.serial));
    if terminal.json {
        terminal.line(&json!({"stack": state.stack, "serial": state.serial}).to_string())?;
    }
    Ok(Exit::Done)
}

/// An object in words: resource, type, physical ID.
pub(super) fn object_words(id: &Address, object: &ResourceState) -> String {
    format!(
        "`{}`, {} {}",
        escape(id.as_str()),
        escape(object.resource_type.as_str()),
        escape(object.physical_id.as_str())
    )
}

/// A logical ID that a template can hold.
pub(super) fn address(text: &str) -> Result<Address, RefusedEdit> {
    let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    if fits {
        return Ok(Address::new(text));
    }
    Err(RefusedEdit::Address(text.to_owned()))
}
