//! Exit codes. They are part of the interface: scripts and CI go by them.

use std::process::ExitCode;

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// An error; nothing was changed unless the message says so.
    Error = 1,
    /// There are changes (`plan --detailed-exitcode`).
    Changes = 2,
    /// The check found errors or differences.
    Check = 3,
    /// Apply failed and was rolled back.
    RolledBack = 4,
    /// Apply failed; what was done is recorded and stays.
    Partial = 5,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl Exit {
    /// All ends, by their number.
    pub(crate) const ALL: [Self; 7] = [
        Self::Done,
        Self::Error,
        Self::Changes,
        Self::Check,
        Self::RolledBack,
        Self::Partial,
        Self::Interrupted,
    ];

    /// The exit code of a process.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
