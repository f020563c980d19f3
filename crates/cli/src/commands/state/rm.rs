//! `rstack state rm`: forgets resources without deleting their objects.

use std::collections::BTreeSet;

use clap::Args;
use rstack_model::Address;

use super::edit::{Editor, done, resources};
use crate::commands::known_stack::edited;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::{holder, states};

/// The arguments of `rstack state rm`.
#[derive(Args, Debug)]
pub(crate) struct RmArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The resources.
    #[arg(value_name = "LOGICAL_ID", required = true)]
    addresses: Vec<String>,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Forgets resources.
pub(super) async fn run(context: &Context, args: &RmArgs) -> Result<Exit, CommandError> {
    let addresses: BTreeSet<Address> =
        args.addresses.iter().map(|id| Address::new(id.as_str())).collect();
    let states = states(context)?;
    let stack = edited(context, &states, &args.stack).await?;
    let (holder, editor) = (holder(context, "state rm"), Editor { context, yes: args.yes });
    let state = rstack_ops::forget(&states, &stack, &addresses, &holder, &editor).await?;
    let Some(state) = state else { return Ok(Exit::Error) };
    let (count, noun) = resources(addresses.len());
    let what = format!(
        "Removed {count} {noun} from the state. A template that still has them creates new objects."
    );
    done(&what, &state, &context.terminal)
}
