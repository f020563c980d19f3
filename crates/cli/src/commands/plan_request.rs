//! The arguments that stacks are planned with.

use crate::args::{LintArguments, PlanArguments, StackArguments};
use crate::context::Context;

/// The arguments that every stack of a run is planned with.
#[derive(Clone, Copy)]
pub(super) struct PlanRequest<'a> {
    pub(super) context: &'a Context,
    pub(super) stack: &'a StackArguments,
    pub(super) plan: &'a PlanArguments,
    pub(super) lint: &'a LintArguments,
    /// The command, for those who find the stack locked.
    pub(super) command: &'a str,
}
