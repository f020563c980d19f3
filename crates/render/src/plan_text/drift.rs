//! Changes that were made outside rstack since the last apply.

use rstack_model::plan::{Change, Checked, Plan, PlanMode};

use super::{difference, subject};
use crate::line::Line;
use crate::object_names::object_names;
use crate::style::{Detail, Role, View};
use crate::tree::{INDENT, Node};

/// Every object that is gone or is not what was applied last, with what was applied and what is
/// in the cloud now.
pub(super) fn lines(plan: &Plan, view: &View) -> Vec<Line> {
    let drifted = plan.changes.values().filter_map(|change| drifted(plan.mode, change, view));
    drifted.flat_map(|node| node.draw()).collect()
}

fn drifted(mode: PlanMode, change: &Change, view: &View) -> Option<Node> {
    let prior = change.prior.as_ref()?;
    let gone = change.checked == Checked::Absent && mode != PlanMode::Rollback;
    let (mark, role) = if gone {
        ("[-] ", Role::Delete)
    } else if change.drift.is_empty() {
        return None;
    } else {
        ("[~] ", Role::Update)
    };
    let mut line = Line::of(role, mark)
        .then(subject(&change.resource_type, &change.address))
        .with(Role::Dim, &format!(" {}", object_names(prior)));
    if gone {
        line.push(Role::Plain, "  it is gone from the cloud");
    }
    let room = view.columns() - INDENT;
    let children = match view.detail {
        Detail::Compact => {
            let paths = super::reason::paths(&change.drift);
            line.push(Role::Plain, &format!("  {paths}"));
            Vec::new()
        }
        Detail::Normal | Detail::Full => {
            change.drift.iter().map(|d| difference::node(d, room, view.detail)).collect()
        }
    };
    Some(Node { line, body: Vec::new(), children })
}
