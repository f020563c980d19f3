//! `rstack destroy`: deletes what a stack made. The template is not needed.

use super::apply::consent;
use super::undo::Known;
use crate::args::{Global, UndoArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Destroys a stack; with `purge` nothing of it is kept for a while.
pub(crate) async fn run(
    global: &Global,
    arguments: &UndoArguments,
    purge: bool,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let words = ("destroy", "destroy");
    let Some(known) = Known::open(global, arguments, words, terminal).await? else {
        return Ok(Exit::Done);
    };
    let Known { session, parameters, state, .. } = &known;
    let observing = session.engine.observe(None, state, parameters);
    let observations = session.display.during(observing).await?;
    let mut plan = session.engine.plan_destroy(state, &observations)?;
    plan.purge = purge;
    Known::show(&plan, arguments, terminal)?;
    if !consent(&plan, arguments.yes, terminal)? {
        return Ok(Exit::Error);
    }
    known.carry_out(&plan, arguments, terminal).await
}
