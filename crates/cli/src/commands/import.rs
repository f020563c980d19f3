//! `rstack import`, which is not supported yet: the error says so, and what can be done.

use clap::Args;
use rstack_model::ErrorCode;

use crate::error::CommandError;
use crate::exit::Exit;

/// The arguments of `rstack import`, whatever they are.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    given: Vec<String>,
}

/// Fails: nothing is imported yet.
pub(crate) fn run(arguments: &ImportArgs) -> Result<Exit, CommandError> {
    tracing::debug!(arguments = arguments.given.len(), "import");
    let message = "rstack cannot import existing objects yet";
    let hint = "leave the object out of the template and refer to it by its name; `rstack resolve` takes what \
                an interrupted apply has made, `rstack state mv` moves a resource between stacks";
    Err(CommandError::new(ErrorCode::NoImport, message).with_hint(Some(hint)))
}
