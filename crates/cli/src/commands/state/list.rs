//! `rstack state list` and `rstack state show`: what a state knows.

use clap::Args;
use rstack_model::Address;
use rstack_render::{resource_text, resources_json, resources_text};

use super::error::RefusedEdit;
use crate::args::DetailArguments;
use crate::commands::known_stack::state;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;

/// The arguments of `rstack state list`.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// The stack. Can be omitted if only one stack exists.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
}

/// The arguments of `rstack state show`.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The resource.
    #[arg(value_name = "LOGICAL_ID")]
    address: String,
}

/// Lists the resources.
pub(super) async fn list(context: &Context, args: &ListArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let state = state(context, args.stack.as_deref()).await?;
    if terminal.json {
        terminal.text(&resources_json(&state, None)?)?;
    } else {
        terminal.text(&resources_text(&state, &terminal.view(DetailArguments::default())))?;
    }
    Ok(Exit::Done)
}

/// Shows one resource.
pub(super) async fn show(context: &Context, args: &ShowArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let state = state(context, Some(&args.stack)).await?;
    let id = Address::new(args.address.as_str());
    let view = terminal.view(DetailArguments::default());
    let Some(text) = resource_text(&state, &id, &view) else {
        let stack = state.stack;
        return Err(RefusedEdit::NoResource { stack, address: id }.into());
    };
    if terminal.json {
        terminal.text(&resources_json(&state, Some(&id))?)?;
    } else {
        terminal.text(&text)?;
    }
    Ok(Exit::Done)
}
