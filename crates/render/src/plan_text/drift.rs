//! Changes that were made outside rstack since the last apply.

use rstack_model::UpdateKind;
use rstack_model::plan::{Change, Checked, Difference, Plan, PlanMode};

use super::reason::paths;
use super::{difference, subject};
use crate::line::Line;
use crate::object_names::object_names;
use crate::style::{Detail, Role, View};
use crate::summary::stays_different;
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
    let stays = stays_different(mode, change);
    let room = view.columns() - INDENT;
    let children = match view.detail {
        Detail::Compact => {
            // Those that stay so are named behind.
            let named = change.drift.iter().filter(|it| !stays || !it.forces_replacement());
            let named: Vec<Difference> = named.cloned().collect();
            if !named.is_empty() {
                line.push(Role::Plain, &format!("  {}", paths(&named)));
            }
            Vec::new()
        }
        Detail::Normal | Detail::Full => {
            let shown = change.drift.iter().map(as_drift);
            shown.map(|it| difference::node(&it, room, view.detail)).collect()
        }
    };
    if stays {
        line.push(Role::Plain, &format!("  {}", left(change)));
    }
    Some(Node { line, body: Vec::new(), children })
}

/// A difference as it is shown: drift alone forces no replacement.
fn as_drift(difference: &Difference) -> Difference {
    let update_kind = match difference.update_kind {
        UpdateKind::Replaces => UpdateKind::InPlace,
        other => other,
    };
    Difference { update_kind, ..difference.clone() }
}

/// The properties that the apply leaves as they are, and the option that sets them back.
fn left(change: &Change) -> String {
    let left: Vec<Difference> =
        change.drift.iter().filter(|it| it.forces_replacement()).cloned().collect();
    let (stay, it) = if left.len() == 1 { ("stays", "it") } else { ("stay", "them") };
    format!(
        "{} {stay} so: only a replacement sets {it} back (`--replace {}`)",
        paths(&left),
        change.address
    )
}
