//! `rstack rollback`: rolls back an apply that failed or was interrupted.

use clap::Args;
use rstack_model::plan::PlanMode;
use rstack_ops::{Rollback, RolledBack};

use super::existing_stack::ExistingStack;
use super::outcome::tell;
use crate::args::ExistingStackArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::parameters::RunParameters;
use crate::session::holder;

/// The end of the help, after the options.
pub(crate) const HELP: &str = "Use it after an apply that failed with `--no-rollback` (exit code 5), was \
    interrupted (130) or crashed. It restores the properties of changed objects, deletes new objects, \
    and adopts old objects again that were not deleted yet. After several such applies it restores \
    the result of the last complete one.";

/// The arguments of `rstack rollback`.
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    stack: ExistingStackArgs,
}

/// Rolls a stack back.
pub(crate) async fn run(context: &Context, args: &RollbackArgs) -> Result<Exit, CommandError> {
    let parameters = RunParameters::read_secrets(context, &args.stack.parameters)?;
    let found = ExistingStack::open(context, &args.stack, &parameters, "roll back").await?;
    let Some(existing) = found else { return Ok(Exit::Done) };
    let front = existing.front_end(context, &args.stack);
    let ExistingStack { session, stack, secrets } = &existing;
    let (asked, holder) = (Rollback { stack, secrets }, holder(context, "rollback"));
    let rolling_back = rstack_ops::rollback(&session.ops, &asked, &holder, &front);
    match session.display.during(rolling_back).await? {
        RolledBack::NothingLeft => {
            context
                .terminal
                .note(&format!("Stack `{stack}` has no resources left: nothing to roll back."));
            Ok(Exit::Done)
        }
        RolledBack::Planned(applied) => tell(context, &front, (stack, PlanMode::Rollback), applied),
    }
}
