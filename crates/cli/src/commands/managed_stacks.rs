//! Stacks that CloudFormation manages and that the caller may not look at.

use rstack_driver::DriverError;
use rstack_model::ErrorCode;
use rstack_render::escape;

use crate::terminal::Terminal;

/// Says that a call was denied by which such stacks are looked at, and that the command goes on.
pub(super) fn note_denied(terminal: &Terminal, denied: &DriverError) {
    let code = ErrorCode::ManagedStacksNotRead;
    terminal.note(&format!(
        "warning[{code}]: stacks that CloudFormation manages are passed over: {}",
        escape(&denied.to_string())
    ));
}
