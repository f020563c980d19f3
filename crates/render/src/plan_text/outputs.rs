//! The outputs that change.

use rstack_model::plan::{OutputChange, Plan};

use super::difference::values;
use crate::line::Line;
use crate::style::{Role, View};
use crate::tree::Node;

/// One line for each new or removed output, and a tree for each changed one.
pub(super) fn lines(plan: &Plan, view: &View) -> Vec<Line> {
    let changed = plan.outputs.iter().filter(|(_, output)| output.differs());
    changed.flat_map(|(name, output)| node(name, output, view).draw()).collect()
}

fn node(name: &str, output: &OutputChange, view: &View) -> Node {
    let after = output.after.as_ref().map(|after| &after.value);
    let (role, mark) = match (&output.before, after) {
        (None, _) => (Role::Create, "[+] "),
        (Some(_), None) => (Role::Delete, "[-] "),
        (Some(_), Some(_)) => (Role::Update, "[~] "),
    };
    let label = Line::of(role, mark).with(Role::Name, name);
    values(label, output.before.as_ref(), after, view.columns(), view.detail)
}
