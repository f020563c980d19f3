//! `rstack state unlock`: removes what a dead process left in a lock file.

use clap::Args;
use rstack_model::LockId;
use rstack_render::escape;
use rstack_store::Unlocked;

use super::error::RefusedEdit;
use crate::commands::known_stack::any_name;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::states;

/// The arguments of `rstack state unlock`.
#[derive(Args, Debug)]
pub(crate) struct UnlockArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The ID of the lock, from the message.
    #[arg(value_name = "LOCK_ID")]
    lock_id: String,
}

/// Unlocks a stack, if its holder is dead.
pub(super) async fn run(context: &Context, args: &UnlockArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let backend = states(context)?.backend;
    let stack = any_name(context, backend.as_ref(), &args.stack).await?;
    let id = LockId::new(args.lock_id.as_str());
    match backend.unlock(&stack, &id).await? {
        Unlocked::NotHeld => {
            terminal.note(&format!("No process holds the lock of `{stack}`: nothing to unlock."));
        }
        Unlocked::Dead(holder) => terminal.note(&format!(
            "Removed: {} ended without releasing the lock of `{stack}`. The next plan or apply \
             recovers its run.",
            escape(&holder.to_string())
        )),
        Unlocked::Other(holder) => {
            let holder = Box::new(holder);
            return Err(RefusedEdit::OtherLock { stack, holder }.into());
        }
    }
    Ok(Exit::Done)
}
