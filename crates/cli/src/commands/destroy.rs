//! `rstack destroy`: deletes what a stack made. The template is not needed.

use rstack_model::plan::PlanMode;
use rstack_ops::Destroy;
use rstack_plan::DestroyOptions;

use super::existing_stack::ExistingStack;
use super::outcome::tell;
use crate::args::{ExistingStackArgs, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::holder;
use crate::terminal::Terminal;

/// Destroys a stack; with `purge` nothing of it is kept for a while.
pub(crate) async fn run(
    global: &Global,
    arguments: &ExistingStackArgs,
    purge: bool,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let found = ExistingStack::open(global, arguments, "destroy", terminal).await?;
    let Some(existing) = found else { return Ok(Exit::Done) };
    let front = existing.front_end(arguments, terminal);
    let ExistingStack { session, stack, secrets } = &existing;
    let asked = Destroy { stack, secrets, options: DestroyOptions { purge } };
    let holder = holder("destroy");
    let destroying = rstack_ops::destroy(&session.ops, &asked, &holder, &front);
    let applied = session.display.during(destroying).await?;
    tell(session, (stack, PlanMode::Destroy), applied, terminal)
}
