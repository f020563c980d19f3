//! `rstack state`: looks at what rstack knows of a stack and changes it, without a cloud.
//!
//! `list`, `show`, `pull` and `history` read one file that is replaced as a whole, and take no lock.
//! Everything else takes the stack's lock and publishes a new state in one step.

mod base_mismatch;
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

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;

/// The commands of `rstack state`. Those that change a state take the stack's lock, keep a copy of
/// the state before, and refuse while a run is open.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List the resources of a state.
    List(list::ListArgs),
    /// Show the record of one resource in the state.
    Show(list::ShowArgs),
    /// Rename a resource or move it to another stack in the state, so that the same change of the
    /// template does not replace its object.
    Mv(mv::MvArgs),
    /// Remove resources from the state without deleting their objects.
    Rm(rm::RmArgs),
    /// Write the state to a file, or to standard output.
    Pull(pull::PullArgs),
    /// Replace a stack's state with the state in a file.
    Push(push::PushArgs),
    /// List the copies of earlier states, or show one.
    History(history::HistoryArgs),
    /// Restore a copy of an earlier state. Changes no objects.
    Restore(push::RestoreArgs),
    /// Diagnose and repair a damaged state or journal.
    Repair(repair::RepairArgs),
    /// Clear the lock of a process that has ended. The lock of a running process is never broken.
    Unlock(unlock::UnlockArgs),
}

/// Runs a command.
pub(crate) async fn run(context: &Context, command: StateCommand) -> Result<Exit, CommandError> {
    match command {
        StateCommand::List(args) => list::list(context, &args).await,
        StateCommand::Show(args) => list::show(context, &args).await,
        StateCommand::Mv(args) => mv::run(context, &args).await,
        StateCommand::Rm(args) => rm::run(context, &args).await,
        StateCommand::Pull(args) => pull::run(context, &args).await,
        StateCommand::Push(args) => push::push(context, &args).await,
        StateCommand::History(args) => history::run(context, &args).await,
        StateCommand::Restore(args) => push::restore(context, &args).await,
        StateCommand::Repair(args) => repair::run(context, &args).await,
        StateCommand::Unlock(args) => unlock::run(context, &args).await,
    }
}
