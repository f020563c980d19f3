//! Stacks that CloudFormation manages and that cannot be looked at.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::ErrorCode;
use rstack_render::escape;

use crate::terminal::Terminal;

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
