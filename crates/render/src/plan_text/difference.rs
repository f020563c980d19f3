//! One property that differs: its path, and before and after.

use rstack_catalog::service_default;
use rstack_model::plan::{Action, Change, Difference};
use rstack_model::{UpdateKind, Value};

use crate::line::Line;
use crate::style::{Detail, Role};
use crate::text_diff::line_diff;
use crate::tree::{INDENT, Node};
use crate::value::{TreeView, named};

/// The property with the values below it, in at most `room` columns where values can be broken.
pub(super) fn node(difference: &Difference, room: usize, detail: Detail) -> Node {
    values(label(difference), difference.before.as_ref(), difference.after.as_ref(), room, detail)
}

/// The value that a property which is no longer declared goes back to, as text; `None` for another
/// difference, where a new object is made, and where the default is not known: a service may keep the
/// value.
pub(super) fn reset(change: &Change, difference: &Difference) -> Option<String> {
    if change.action != Action::Update || difference.after.is_some() {
        return None;
    }
    let default = service_default(change.resource_type.as_str(), &difference.path);
    default.map(|value| value.to_string())
}

/// A property that is no longer declared, with what it goes back to.
pub(super) fn removed(difference: &Difference, reset: &str, room: usize, detail: Detail) -> Node {
    let mut label = label(difference);
    label.push(Role::Plain, &format!(" (goes back to {reset})"));
    values(label, difference.before.as_ref(), None, room, detail)
}

/// The mark, the path and the kind of change.
fn label(difference: &Difference) -> Line {
    let (mark, role) = match (&difference.before, &difference.after) {
        (None, _) => ("[+]", Role::Create),
        (Some(_), None) => ("[-]", Role::Delete),
        (Some(_), Some(_)) => ("[~]", Role::Update),
    };
    let mut label = Line::of(role, mark);
    label.push(Role::Plain, &format!(" {}", difference.path));
    match difference.update_kind {
        UpdateKind::Replaces => label.push(Role::Delete, " (forces replacement)"),
        UpdateKind::MayReplace => label.push(Role::Delete, " (may replace)"),
        UpdateKind::InPlace => {}
    }
    label
}

/// A label with a value that comes, goes, or is another one than before.
pub(super) fn values(
    label: Line,
    before: Option<&Value>,
    after: Option<&Value>,
    room: usize,
    detail: Detail,
) -> Node {
    let view = TreeView { detail, fold_policies: false };
    let inner = room.saturating_sub(INDENT);
    match (before, after) {
        (None, None) => Node::leaf(label),
        (None, Some(value)) | (Some(value), None) => named(label, value, room, view),
        (Some(before), Some(after)) => match line_diff(before, after, inner) {
            Some(body) => Node { line: label, body, children: Vec::new() },
            None => {
                let children = vec![
                    side(Line::of(Role::Delete, "[-]"), before, inner, view),
                    side(Line::of(Role::Create, "[+]"), after, inner, view),
                ];
                Node { line: label, body: Vec::new(), children }
            }
        },
    }
}

/// `[-] value`.
fn side(mark: Line, value: &Value, room: usize, view: TreeView) -> Node {
    let mut node = named(Line::default(), value, room, view);
    node.line = mark.with(Role::Plain, " ").then(node.line);
    node
}
