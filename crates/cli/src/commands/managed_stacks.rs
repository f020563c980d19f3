//! Stacks that CloudFormation manages: those of the same name, and those that cannot be looked at.

use std::collections::BTreeSet;

use rstack_driver::{Cloud, DriverError};
use rstack_model::{ErrorCode, StackName};
use rstack_render::escape;

use crate::error::{CommandError, Hint};
use crate::terminal::Terminal;

/// Refuses a stack without a state of which CloudFormation has one with the same name: each of its resources
/// would be made a second time. If the question fails, this is said, and the command goes on.
///
/// # Errors
/// If there is such a stack.
pub(super) async fn refuse_managed(
    cloud: &dyn Cloud,
    stack: &StackName,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let Some(stacks) = cloud.managed_stacks() else { return Ok(()) };
    let status = match stacks.status(stack.as_str()).await {
        Ok(Some(status)) => status,
        Ok(None) => return Ok(()),
        Err(error) => {
            let code = ErrorCode::ManagedStacksNotRead;
            terminal.note(&format!(
                "warning[{code}]: whether CloudFormation manages a stack `{stack}` already is not checked: {}",
                escape(&error.to_string())
            ));
            return Ok(());
        }
    };
    let message = format!(
        "stack `{stack}` has no state, and CloudFormation manages a stack of this name ({status}): every \
         resource would be made a second time"
    );
    let hint = "leave the stack to CloudFormation, or give the copy another name with `--stack-name`; if \
                rstack has applied it before, name the folder of its state with `--state-dir`";
    Err(CommandError::new(ErrorCode::StackManaged, message).with_hint(Some(Hint::from(hint))))
}

/// Says that a call was denied, or found no way, by which such stacks are looked at, and that the command
/// goes on; and which exports were not checked.
pub(super) fn note_not_read(terminal: &Terminal, error: &DriverError, exports: &BTreeSet<&str>) {
    let code = ErrorCode::ManagedStacksNotRead;
    let names: Vec<String> = exports.iter().map(|name| format!("`{name}`")).collect();
    let unchecked = match names.as_slice() {
        [] => String::new(),
        [only] => format!("; the export {only} is not checked"),
        names => format!("; the exports {} are not checked", names.join(", ")),
    };
    terminal.note(&format!(
        "warning[{code}]: stacks that CloudFormation manages are passed over: {}{}",
        escape(&error.to_string()),
        escape(&unchecked)
    ));
}
