//! `rstack destroy`: deletes what a stack made. The template is not needed.

use clap::Args;
use rstack_model::plan::PlanMode;
use rstack_ops::Destroy;
use rstack_plan::DestroyOptions;

use super::existing_stack::ExistingStack;
use super::outcome::tell;
use crate::args::ExistingStackArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::holder;

/// The arguments of `rstack destroy`.
#[derive(Args, Debug)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    stack: ExistingStackArgs,
    /// Delete secrets without their recovery window.
    #[arg(long)]
    purge: bool,
}

/// Destroys a stack.
pub(crate) async fn run(context: &Context, args: &DestroyArgs) -> Result<Exit, CommandError> {
    let found = ExistingStack::open(context, &args.stack, "destroy").await?;
    let Some(existing) = found else { return Ok(Exit::Done) };
    let front = existing.front_end(context, &args.stack);
    let ExistingStack { session, stack, secrets } = &existing;
    let asked = Destroy { stack, secrets, options: DestroyOptions { purge: args.purge } };
    let holder = holder(context, "destroy");
    let destroying = rstack_ops::destroy(&session.ops, &asked, &holder, &front);
    let applied = session.display.during(destroying).await?;
    tell(context, &front, (stack, PlanMode::Destroy), applied)
}
