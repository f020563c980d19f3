//! `rstack state mv`: gives a resource another logical ID, or another stack.

use clap::Args;
use rstack_apply::{Entropy, RandomEntropy};
use rstack_model::{Address, StackName};
use rstack_ops::Move;

use super::edit::{Editor, address, done};
use crate::commands::known_stack::edited;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::{holder, states};
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
    /// The new logical ID.
    #[arg(value_name = "TO")]
    to: String,
    /// The stack to move the resource to. Defaults to its own.
    #[arg(long, value_name = "STACK")]
    to_stack: Option<String>,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Renames or moves a resource.
pub(super) async fn run(context: &Context, asked: &MvArgs) -> Result<Exit, CommandError> {
    let (from, to) = (Address::new(asked.from.as_str()), address(&asked.to)?);
    let states = states(context)?;
    let stack = edited(context, &states, &asked.stack).await?;
    let other = asked.to_stack.as_deref().map(StackName::parse).transpose();
    let other = other.map_err(StackError::Name)?.filter(|other| *other != stack);
    let (holder, editor) = (holder(context, "state mv"), Editor { context, yes: asked.yes });
    let (state, done_words) = match &other {
        None => {
            let renaming = rstack_ops::rename(&states, &stack, (&from, &to), &holder, &editor);
            (renaming.await?, format!("Renamed `{from}` to `{to}` in the state."))
        }
        Some(other) => {
            let lineage = RandomEntropy.lineage();
            let moved = Move { from: &stack, address: &from, to: other, new_address: &to, lineage };
            let moving = rstack_ops::move_resource(&states, &moved, &holder, &editor);
            let Some(state) = moving.await? else { return Ok(Exit::Error) };
            (state, format!("Moved `{from}` to `{to}` in the state of `{other}`."))
        }
    };
    let what = format!("{done_words} No cloud resource was changed.");
    done(&what, &state, &context.terminal)
}
