//! `rstack state push` and `rstack state restore`: another state in the place of a stack's own.

use std::path::PathBuf;

use clap::Args;
use rstack_model::{Serial, StackName};
use rstack_ops::{EditError, Replaced, Replacement, States};
use rstack_store::parse_state;

use super::edit::{Editor, done};
use super::error::RefusedEdit;
use crate::commands::known_stack::any_name;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::{MEBIBYTE, read_named};
use crate::session::{holder, states};

/// The largest file that is read, in bytes.
const LIMIT: u64 = 256 * MEBIBYTE;

/// The arguments of `rstack state push`.
#[derive(Args, Debug)]
pub(crate) struct PushArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The file, as written by `state pull`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    /// Replace a state of another lineage, or a newer one. The value is the name of the stack.
    #[arg(long, value_name = "STACK")]
    force: Option<String>,
}

/// The arguments of `rstack state restore`.
#[derive(Args, Debug)]
pub(crate) struct RestoreArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The serial of the copy, from `state history`.
    #[arg(value_name = "SERIAL")]
    serial: u64,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

/// Puts the state of a file in place.
pub(super) async fn push(context: &Context, args: &PushArgs) -> Result<Exit, CommandError> {
    let (file, force) = (args.file.as_path(), args.force.as_deref());
    let states = states(context)?;
    // A stack whose state is lost has a name only.
    let stack = any_name(context, states.backend.as_ref(), &args.stack).await?;
    let unusable = |source| EditError::Unusable { stack: stack.clone(), source };
    let bytes = read_named(&context.env, file, LIMIT)?;
    let state = Box::new(parse_state(file, &bytes, &stack).map_err(unusable)?);
    if let Some(given) = force.filter(|given| *given != stack.as_str()) {
        return Err(RefusedEdit::Force { given: given.to_owned(), stack }.into());
    }
    let (location, force) = (file.into(), force.is_some());
    let given = Replacement::Given { state, location, force };
    replace(context, (&states, &stack, "state push"), &given, args.yes).await
}

/// Puts a state that is kept in place.
pub(super) async fn restore(context: &Context, args: &RestoreArgs) -> Result<Exit, CommandError> {
    let states = states(context)?;
    let stack = any_name(context, states.backend.as_ref(), &args.stack).await?;
    let kept = Replacement::Kept(Serial(args.serial));
    replace(context, (&states, &stack, "state restore"), &kept, args.yes).await
}

async fn replace(
    context: &Context,
    (states, stack, command): (&States, &StackName, &str),
    replacement: &Replacement,
    yes: bool,
) -> Result<Exit, CommandError> {
    let (holder, editor) = (holder(context, command), Editor { context, yes });
    let other = (replacement, context.global.sandbox);
    let replaced = rstack_ops::replace_state(states, stack, other, &holder, &editor).await?;
    let Some(Replaced { serial, kept_present, state }) = replaced else { return Ok(Exit::Error) };
    let kept = if kept_present { " A copy of the former state is kept." } else { "" };
    let what = format!("Replaced the state by serial {serial}.{kept} Plan the stack next.");
    done(&what, &state, &context.terminal)
}
