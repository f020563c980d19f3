//! `rstack rollback`: rolls back an apply that failed or was interrupted.

use rstack_model::plan::PlanMode;
use rstack_ops::{Rollback, RolledBack};

use super::existing_stack::ExistingStack;
use super::outcome::tell;
use crate::args::{ExistingStackArgs, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::holder;
use crate::terminal::Terminal;

/// Rolls a stack back.
pub(crate) async fn run(
    global: &Global,
    arguments: &ExistingStackArgs,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let found = ExistingStack::open(global, arguments, "roll back", terminal).await?;
    let Some(existing) = found else { return Ok(Exit::Done) };
    let front = existing.front_end(arguments, terminal);
    let ExistingStack { session, stack, secrets } = &existing;
    let (asked, holder) = (Rollback { stack, secrets }, holder("rollback"));
    let rolling_back = rstack_ops::rollback(&session.ops, &asked, &holder, &front);
    match session.display.during(rolling_back).await? {
        RolledBack::NothingLeft => {
            terminal
                .note(&format!("Nothing is left of the stack `{stack}`: nothing to roll back."));
            Ok(Exit::Done)
        }
        RolledBack::Planned(applied) => {
            tell(session, (stack, PlanMode::Rollback), applied, terminal)
        }
    }
}
