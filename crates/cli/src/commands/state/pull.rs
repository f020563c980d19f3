//! `rstack state pull`: a copy of the state file.

use std::path::PathBuf;

use clap::Args;
use rstack_store::{StoreError, parse_state};

use crate::commands::known_stack;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::{NewFile, Purpose};
use crate::session::store;

/// The arguments of `rstack state pull`.
#[derive(Args, Debug)]
pub(crate) struct PullArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The file. It may replace an earlier copy.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace a file of another kind; a template, another state or a journal stays.
    #[arg(long, requires = "file")]
    force: bool,
}

/// Writes the state to a file or to standard output.
pub(super) fn run(context: &Context, args: &PullArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let store = store(context)?;
    let stack = known_stack::name(context, &store, Some(&args.stack), None)?;
    if store.read(&stack)?.journal.is_some() {
        terminal.note(&format!(
            "note: a run of `{stack}` is under way or was interrupted; this is the state before it."
        ));
    }
    let bytes = store.copy(&stack)?.ok_or_else(|| known_stack::no_state(context, stack.clone()))?;
    let Some(path) = &args.file else {
        let text = String::from_utf8(bytes).map_err(|error| StoreError::Damaged {
            location: store.directory().join(format!("{stack}.json")).into(),
            problem: error.to_string(),
        })?;
        terminal.text(&text)?;
        return Ok(Exit::Done);
    };
    let pulled = parse_state(path.as_path(), &bytes, &stack)?;
    let is_copy = |bytes: &[u8]| {
        let copy = parse_state(path.as_path(), bytes, &stack);
        copy.is_ok_and(|copy| copy.lineage == pulled.lineage && copy.serial <= pulled.serial)
    };
    let states = context.env.path(&context.global.state_dir);
    let (purpose, states) = (Purpose::StateCopy(&is_copy), states.as_path());
    NewFile { path, states, purpose, force: args.force }.write(&context.env, &bytes)?;
    terminal.note(&format!("The state of `{stack}` is in `{}`.", path.display()));
    Ok(Exit::Done)
}
