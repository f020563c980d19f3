//! `rstack resolve`: the user says whether an interrupted create made the object, when the cloud
//! cannot tell.

use clap::Args;
use rstack_apply::Decision;
use rstack_model::{Address, Identifier};
use rstack_render::escape;

use super::known_stack::place;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::{Session, holder, place_of_stored, states};

/// The arguments of `rstack resolve`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("decision").required(true)))]
pub(crate) struct ResolveArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The resource that the error names.
    #[arg(value_name = "LOGICAL_ID")]
    address: String,
    /// The interrupted create made the object with this physical ID: add it to the state.
    #[arg(long, value_name = "PHYSICAL_ID", group = "decision")]
    ours: Option<String>,
    /// The interrupted create made no object: leave the existing object alone.
    #[arg(long, group = "decision")]
    not_ours: bool,
}

/// Records what the user says of the open creations of a resource.
pub(crate) async fn run(context: &Context, args: ResolveArgs) -> Result<Exit, CommandError> {
    let ResolveArgs { stack, address, ours, not_ours: _ } = args;
    let terminal = &context.terminal;
    let backend = states(context)?.backend;
    let (stack, place) = place(context, backend.as_ref(), Some(&stack), None).await?;
    let place = place_of_stored(context, place, &backend.read(&stack).await?);
    let session = Session::open(context, &place, Display::new(terminal.clone())).await?;
    let decision = match ours {
        Some(id) => Decision::Ours(Identifier::parse(&id)),
        None => Decision::NotOurs,
    };
    let id = Address::new(address);
    let holder = holder(context, "resolve");
    rstack_ops::resolve(&session.ops, &stack, &id, &decision, &holder).await?;
    let what = match decision {
        Decision::Ours(object) => format!("made `{}`", escape(&object.to_string())),
        Decision::NotOurs => "made nothing".to_owned(),
    };
    terminal
        .note(&format!("Recorded: the interrupted create of `{}` {what}.", escape(id.as_str())));
    terminal.note(&format!("Plan, apply or destroy `{stack}` again to continue."));
    Ok(Exit::Done)
}
