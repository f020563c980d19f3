//! `rstack destroy`: deletes what a stack made. The template is not needed.

use clap::Args;
use rstack_plan::DestroyOptions;

use super::destroy_stack::{DestroyRequest, destroy_stack};
use super::destroy_stacks;
use super::existing_stack::ExistingStack;
use crate::args::ExistingStackArgs;
use crate::assembly::Beside;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::parameters::RunParameters;
use crate::stack;

/// The arguments of `rstack destroy`.
#[derive(Args, Debug)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    stack: ExistingStackArgs,
    /// Delete secrets without their recovery window.
    #[arg(long)]
    purge: bool,
    /// Of a `cdk.out` folder, leave out the stacks that need the named ones.
    #[arg(long)]
    exclusively: bool,
}

/// Destroys a stack, or stacks of an app.
pub(crate) async fn run(context: &Context, args: &DestroyArgs) -> Result<Exit, CommandError> {
    let options = DestroyOptions { purge: args.purge };
    let parameters = RunParameters::read_secrets(context, &args.stack.parameters)?;
    let request = DestroyRequest { context, stack: &args.stack, options };
    let ExistingStackArgs { stack, stack_name, .. } = &args.stack;
    if let (Some(text), None) = (stack, stack_name)
        && stack::is_in_assembly(&context.env, text)
    {
        let beside = if args.exclusively { Beside::Nothing } else { Beside::Dependants };
        let files = stack::find_all(&context.env, Some(text), None, beside)?;
        if files.len() > 1 {
            return destroy_stacks::run(request, files, parameters).await;
        }
    }
    let found = ExistingStack::open(context, &args.stack, &parameters, "destroy").await?;
    let Some(existing) = found else { return Ok(Exit::Done) };
    destroy_stack(request, &existing, None).await
}
