//! `rstack state rm`: forgets resources without deleting their objects.

use std::collections::BTreeSet;

use clap::Args;
use rstack_journal::{dependants, take_out};
use rstack_model::Address;

use super::edit::{Editing, agreed, base, done, object_words, open};
use super::error::RefusedEdit;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;

/// The arguments of `rstack state rm`.
#[derive(Args, Debug)]
pub(crate) struct RmArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The resources.
    #[arg(value_name = "LOGICAL_ID", required = true)]
    addresses: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// Forgets resources.
pub(super) fn run(context: &Context, args: &RmArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let ids: BTreeSet<Address> =
        args.addresses.iter().map(|id| Address::new(id.as_str())).collect();
    let Editing { locked, mut state } = open(context, &args.stack, "rm")?;
    let before = base(&state);
    let mut told = Vec::new();
    for id in &ids {
        for other in dependants(&state, id).filter(|other| !ids.contains(*other)) {
            told.push(format!("`{other}` depends on `{id}` and stays in the state."));
        }
    }
    for id in &ids {
        let taken = take_out(&mut state, id).map_err(RefusedEdit::from)?;
        told.extend(taken.objects().map(|object| {
            format!("{} stays in the cloud and is forgotten.", object_words(id, object))
        }));
    }
    told.iter().for_each(|line| terminal.note(line));
    let count = ids.len();
    let noun = if count == 1 { "resource" } else { "resources" };
    if !agreed(&format!("Forget {count} {noun} of `{}`?", state.stack), args.yes, terminal)? {
        return Ok(Exit::Error);
    }
    let state = locked.revise(state, &before)?;
    let what =
        format!("Forgotten: {count} {noun}. A template that still has them makes new objects.");
    done(&what, &state, terminal)
}
