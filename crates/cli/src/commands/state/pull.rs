//! `rstack state pull`: a copy of the state file.

use std::path::PathBuf;

use clap::Args;
use rstack_store::{StoreError, parse_state};

use crate::commands::known_stack;
use crate::context::Context;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::files::{NewFile, Purpose};
use crate::session::states;

/// The arguments of `rstack state pull`.
#[derive(Args, Debug)]
pub(crate) struct PullArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The file. An earlier copy is replaced.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace a file of another kind. A template, another state or a journal is never replaced.
    #[arg(long, requires = "file")]
    force: bool,
}

/// Writes the state to a file or to standard output.
pub(super) async fn run(context: &Context, args: &PullArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let backend = states(context)?.backend;
    let stack = known_stack::name(context, backend.as_ref(), Some(&args.stack), None).await?;
    known_stack::note_open_run(context, &stack, &backend.read(&stack).await?);
    let Some(bytes) = backend.copy(&stack).await? else {
        return Err(known_stack::no_state(context, stack).await.into());
    };
    let Some(path) = &args.file else {
        let text = String::from_utf8(bytes).map_err(|error| StoreError::Damaged {
            location: backend.location(),
            problem: error.to_string(),
        })?;
        let hint = Hint::begin_with(&["state", "pull", stack.as_str(), "FILE"]);
        terminal.exact(&text, hint.text(" writes it to a file"))?;
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
