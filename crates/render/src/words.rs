//! The words and marks that plans, states and events have in common.

use rstack_model::plan::{Action, Certainty, ReplaceOrder};
use rstack_model::state::{Environment, ObjectStatus};

use crate::line::Line;
use crate::style::Role;

/// `1 object`, `2 objects`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// The mark of an action, as `cdk diff` and `terraform plan` write theirs: `[+/-]` creates the new
/// object first, `[-/+]` deletes the old one first, a question mark says that it may not happen.
pub(crate) fn mark(action: Action, certainty: Certainty) -> Line {
    let (role, mark) = match action {
        Action::NoOp => (Role::Dim, " "),
        Action::Create => (Role::Create, "+"),
        Action::Update => (Role::Update, "~"),
        Action::Record => (Role::Dim, "="),
        Action::Replace(ReplaceOrder::CreateFirst) => (Role::Delete, "+/-"),
        Action::Replace(ReplaceOrder::DeleteFirst) => (Role::Delete, "-/+"),
        Action::Delete => (Role::Delete, "-"),
        Action::Retain | Action::Forget => (Role::Dim, "○"),
        Action::Restore => (Role::Update, "←"),
    };
    let doubt = match certainty {
        Certainty::Certain => "",
        Certainty::Possible => "?",
    };
    Line::of(role, &format!("[{mark}{doubt}]"))
}

/// The stable name of an action in JSON.
pub(crate) fn action_name(action: Action) -> &'static str {
    match action {
        Action::NoOp => "no-op",
        Action::Create => "create",
        Action::Update => "update",
        Action::Record => "record",
        Action::Replace(_) => "replace",
        Action::Delete => "delete",
        Action::Retain => "retain",
        Action::Forget => "forget",
        Action::Restore => "restore",
    }
}

/// `sandbox 000000000000, eu-west-1` or `account 123456789012, eu-west-1`.
pub(crate) fn place(environment: &Environment) -> String {
    let Environment { account, region, sandbox, .. } = environment;
    let kind = if *sandbox { "sandbox" } else { "account" };
    format!("{kind} {account}, {region}")
}

/// The remark about an object that is not ready.
pub(crate) fn unready(status: ObjectStatus) -> Option<&'static str> {
    match status {
        ObjectStatus::Ready => None,
        ObjectStatus::Stabilizing => Some("not stable yet when it was last checked"),
        ObjectStatus::Incomplete => Some("incomplete: the next apply replaces it"),
        ObjectStatus::PartlyUpdated => Some("partly updated: the next apply updates it"),
    }
}
