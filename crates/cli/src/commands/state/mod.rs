//! `rstack state`: looks at what rstack knows of a stack and changes it, without a cloud.
//!
//! `list`, `show`, `pull` and `history` read one file that is replaced as a whole, and take no lock.
//! Everything else takes the stack's lock and publishes a new state in one step.

mod apart;
mod args;
mod edit;
mod error;
mod history;
mod list;
mod mv;
mod pull;
mod push;
mod repair;
mod rm;
mod unlock;

use rstack_model::{Serial, StackName};
use rstack_store::StateStore;

pub(crate) use args::StateCommand;
pub(crate) use error::RefusedEdit;

use super::show;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Runs a command.
pub(super) fn run(
    global: &Global,
    command: StateCommand,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    match command {
        StateCommand::List { stack } => list::list(global, stack.as_deref(), terminal),
        StateCommand::Show { stack, address } => list::show(global, &stack, &address, terminal),
        StateCommand::Mv { stack, from, to, to_stack, yes } => {
            mv::run(global, &mv::Move { stack, from, to, to_stack, yes }, terminal)
        }
        StateCommand::Rm { stack, addresses, yes } => {
            rm::run(global, &stack, &addresses, yes, terminal)
        }
        StateCommand::Pull { stack, file } => pull::run(global, &stack, file.as_deref(), terminal),
        StateCommand::Push { stack, file, yes, force } => {
            push::push(global, &stack, &file, (yes, force.as_deref()), terminal)
        }
        StateCommand::History { stack, serial } => history::run(global, &stack, serial, terminal),
        StateCommand::Restore { stack, serial, yes } => {
            push::restore(global, &stack, Serial(serial), yes, terminal)
        }
        StateCommand::Repair { stack, accept_edit, restore, cut_journal, yes } => {
            let mend = repair::Mend::of(accept_edit, restore.map(Serial), cut_journal);
            repair::run(global, &stack, mend, yes, terminal)
        }
        StateCommand::Unlock { stack, lock_id } => unlock::run(global, &stack, &lock_id, terminal),
    }
}

/// The name of a stack that need not be known: its state may be lost, or the stack be destroyed.
fn name(global: &Global, store: &StateStore, stack: &str) -> Result<StackName, CliError> {
    show::name(global, store, Some(stack), None)
        .or_else(|_| StackName::parse(stack).map_err(CliError::Name))
}
