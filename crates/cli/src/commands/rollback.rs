//! `rstack rollback`: goes back to what was there before an apply that did not come to its end.

use std::collections::BTreeSet;

use rstack_apply::{GivenSecret, SecretParameters, old_secrets};
use rstack_model::plan::Plan;
use rstack_render::escape;

use super::apply::consent;
use super::undo::Known;
use crate::args::{Global, UndoArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Rolls a stack back.
pub(crate) async fn run(
    global: &Global,
    arguments: &UndoArguments,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let words = ("rollback", "roll back");
    let Some(known) = Known::open(global, arguments, words, terminal).await? else {
        return Ok(Exit::Done);
    };
    let Known { session, locked, parameters, state } = &known;
    let stack = locked.stack();
    if session.engine.forget_bare(locked, state).await? {
        terminal.note(&format!("Nothing is left of the stack `{stack}`: nothing to roll back."));
        return Ok(Exit::Done);
    }
    let planning = session.engine.plan_rollback(state);
    let Some(plan) = session.display.during(planning).await? else {
        let (stack, left_over) = (stack.clone(), state.deposed.len());
        return Err(CliError::NothingToRollBack { stack, left_over });
    };
    Known::show(&plan, arguments, terminal)?;
    tell_secrets(&plan, parameters, terminal)?;
    // Without steps only what is known of the former state goes.
    if !plan.is_noop() && !consent(&plan, arguments.yes, terminal)? {
        return Ok(Exit::Error);
    }
    known.carry_out(&plan, arguments, terminal).await
}

/// Tells which objects will have another secret than before, and refuses if one would have none.
fn tell_secrets(
    plan: &Plan,
    parameters: &SecretParameters,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let mut missing = BTreeSet::new();
    for old in old_secrets(plan, parameters) {
        let (id, name) = (escape(old.address.as_str()), escape(&old.parameter));
        match old.given {
            GivenSecret::Same => {}
            GivenSecret::Other => terminal.note(&format!(
                "note: the value given for `{name}` is not the one that `{id}` had before: it will \
                 have the one that was given."
            )),
            GivenSecret::Missing => {
                terminal.note(&format!(
                    "`{id}` is made with the secret parameter `{name}`, whose value is kept nowhere."
                ));
                missing.insert(old.parameter);
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(CliError::OldSecrets(missing)) }
}
