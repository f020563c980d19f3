//! `rstack state unlock`: removes what a dead process left in a lock file.

use rstack_model::LockId;
use rstack_render::escape;
use rstack_store::Unlocked;

use super::error::RefusedEdit;
use super::name;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::store;
use crate::terminal::Terminal;

/// Unlocks a stack, if its holder is dead.
pub(super) fn run(
    global: &Global,
    stack: &str,
    lock_id: &str,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let store = store(global)?;
    let stack = name(global, &store, stack)?;
    let id = LockId::new(lock_id);
    match store.unlock(&stack, &id)? {
        Unlocked::Nobody => {
            terminal.note(&format!("Nobody holds the lock of `{stack}`: nothing to unlock."));
        }
        Unlocked::Dead(holder) => terminal.note(&format!(
            "Removed: {} had ended without giving back the lock of `{stack}`. What it was doing is \
             settled by the next plan or apply.",
            escape(&holder.to_string())
        )),
        Unlocked::Other(holder) => {
            let holder = Box::new(holder);
            return Err(RefusedEdit::OtherLock { stack, holder }.into());
        }
    }
    Ok(Exit::Done)
}
