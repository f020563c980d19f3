//! `rstack state mv`: gives a resource another logical ID, or another stack.

use clap::Args;
use rstack_apply::{Entropy, RandomEntropy};
use rstack_journal::{dependants, rename};
use rstack_model::state::State;
use rstack_model::{Address, StackName};
use rstack_ops::describe;
use rstack_store::fs::Handover;
use rstack_store::{LockedStack, StateStore, StoreError};

use super::edit::{Editing, address, agreed, base, done, lock, open};
use super::error::RefusedEdit;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::store;
use crate::stack::StackError;

/// The arguments of `rstack state mv`.
#[derive(Args, Debug)]
pub(crate) struct MvArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The resource.
    #[arg(value_name = "FROM")]
    from: String,
    /// Its new logical ID.
    #[arg(value_name = "TO")]
    to: String,
    /// The stack that it is to belong to; else it stays in its own.
    #[arg(long, value_name = "STACK")]
    to_stack: Option<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// Renames or moves a resource.
pub(super) fn run(context: &Context, asked: &MvArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let (from, to) = (Address::new(asked.from.as_str()), address(&asked.to)?);
    let Editing { locked, mut state } = open(context, &asked.stack, "mv")?;
    if let Some(other) = &asked.to_stack {
        let other = StackName::parse(other).map_err(StackError::Name)?;
        if other != state.stack {
            return between(context, asked, Editing { locked, state }, &other);
        }
    }
    let before = base(&state);
    rename(&mut state, &from, &to).map_err(RefusedEdit::from)?;
    let state = locked.revise(state, &before)?;
    done(&format!("`{from}` is `{to}`; nothing was changed in the cloud."), &state, terminal)
}

/// The state that a resource is moved to: its own, or the first one of a new stack.
fn destination(
    context: &Context,
    source: &State,
    stack: &StackName,
) -> Result<(LockedStack, State), CommandError> {
    let store: StateStore = store(context)?;
    let locked = lock(context, &store, stack, "mv")?;
    let stored = locked.read()?;
    if stored.journal.is_some() {
        return Err(StoreError::OpenJournal { location: locked.journal_path().into() }.into());
    }
    let state = stored.state.unwrap_or_else(|| {
        State::empty(RandomEntropy.lineage(), stack.clone(), source.environment.clone())
    });
    if state.environment != source.environment {
        let (ours, theirs) = (describe(&source.environment), describe(&state.environment));
        let (from, to) = (source.stack.clone(), stack.clone());
        return Err(RefusedEdit::Apart { from, to, ours, theirs }.into());
    }
    Ok((locked, state))
}

fn between(
    context: &Context,
    asked: &MvArgs,
    Editing { locked, state }: Editing,
    stack: &StackName,
) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let (from, to) = (Address::new(asked.from.as_str()), address(&asked.to)?);
    let (there, other) = destination(context, &state, stack)?;
    let depending: Vec<String> = dependants(&state, &from).map(|id| format!("`{id}`")).collect();
    let name = state.stack.clone();
    let handover = Handover::new(state, &from, other, &to).map_err(RefusedEdit::from)?;
    if !depending.is_empty() {
        terminal.note(&format!(
            "{} of `{name}` depend on `{from}`: their templates have to name it in another way.",
            depending.join(", "),
        ));
        let question = format!("Move `{from}` to `{stack}` all the same?");
        if !agreed(&question, asked.yes, terminal)? {
            return Ok(Exit::Error);
        }
    }
    let state = handover.publish(&locked, &there)?;
    let what = format!("`{from}` is `{to}` of `{stack}`; nothing was changed in the cloud.");
    done(&what, &state, terminal)
}
