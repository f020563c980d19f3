//! `rstack state pull`: a copy of the state file.

use std::path::PathBuf;

use clap::Args;
use rstack_store::StoreError;

use crate::commands::known_stack;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::plan_file;
use crate::session::store;

/// The arguments of `rstack state pull`.
#[derive(Args, Debug)]
pub(crate) struct PullArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The file.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
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
    plan_file::write(&context.env, path, &bytes)?;
    terminal.note(&format!("The state of `{stack}` is in `{}`.", path.display()));
    Ok(Exit::Done)
}
