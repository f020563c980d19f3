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

/// What to do with a state. What changes one takes the stack's lock, keeps a copy of what was
/// there, and refuses while a run is open.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List the resources of a state.
    List(list::ListArgs),
    /// Show everything that is known of one resource.
    Show(list::ShowArgs),
    /// Give a resource another logical ID, or move it to another stack: renamed in the template,
    /// too, it is not replaced.
    Mv(mv::MvArgs),
    /// Forget resources without deleting their objects.
    Rm(rm::RmArgs),
    /// Write the state to a file, or to standard output.
    Pull(pull::PullArgs),
    /// Put the state of a file in the place of a stack's own.
    Push(push::PushArgs),
    /// List the states that are kept, or show one.
    History(history::HistoryArgs),
    /// Go back to a state that is kept: only what rstack knows goes back, no object is changed.
    Restore(push::RestoreArgs),
    /// Say what is wrong with a state or a journal that is refused, and mend it.
    Repair(repair::RepairArgs),
    /// Remove what a dead process left in the lock file. The lock of a living one is never broken.
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
