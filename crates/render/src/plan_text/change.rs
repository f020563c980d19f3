//! The change of one resource: its line, and the tree of its properties.

use rstack_catalog::required_state;
use rstack_model::plan::{Action, Certainty, Change, Plan, Reason, ReplaceOrder};
use rstack_model::{SnapshotName, Value, ValueMap};

use super::reason::{paths, propagation_wait, reasons, replacement};
use super::{difference, subject};
use crate::built_in;
use crate::line::Line;
use crate::object_names::object_names;
use crate::removals::Removals;
use crate::style::{Detail, Role, View};
use crate::summary::goes_for_another;
use crate::tree::{INDENT, Node};
use crate::value::{TreeView, inline, properties};
use crate::words::mark;

/// The resource with its properties below.
pub(super) fn tree(change: &Change, plan: &Plan, removals: &Removals<'_>, view: &View) -> Node {
    let mut line = mark(change.action, change.certainty)
        .with(Role::Plain, " ")
        .then(subject(&change.resource_type, &change.address));
    if let Some(prior) = &change.prior {
        line.push(Role::Dim, &format!(" {}", object_names(prior)));
    }
    line.append(remarks(change, plan, removals));
    let room = view.columns() - INDENT;
    let children = if shows_everything(change) {
        let tree = TreeView { detail: view.detail, fold_policies: view.detail != Detail::Full };
        let new = change.desired.as_ref().map(|desired| &desired.properties);
        new.map_or_else(Vec::new, |new| properties(new, room, tree))
    } else if shows_differences(change.action) {
        let node = |d| match difference::reset(change, d) {
            Some(reset) => difference::removed(d, &reset, room, view.detail),
            None => difference::node(d, room, view.detail),
        };
        change.differences.iter().map(node).collect()
    } else {
        Vec::new()
    };
    Node { line, body: Vec::new(), children }
}

/// The resource as cells of one line: mark, type, name, and what identifies it or is changed.
pub(super) fn compact(change: &Change, plan: &Plan, removals: &Removals<'_>) -> Vec<Line> {
    let mut what = Line::of(Role::Name, change.address.as_str());
    if let Some(prior) = &change.prior {
        what.push(Role::Dim, &format!(" {}", object_names(prior)));
    } else if let Some((name, value)) = change
        .desired
        .as_ref()
        .and_then(|desired| identifying(&desired.properties, change.resource_type.as_str()))
    {
        what.push(Role::Dim, &format!(" {name}: "));
        what.append(inline(value));
    }
    let certain = change.certainty == Certainty::Certain;
    if shows_differences(change.action) && certain && !change.differences.is_empty() {
        what.push(Role::Plain, &format!("  {}", paths(&change.differences)));
    }
    what.append(remarks(change, plan, removals));
    let subject = Line::plain(change.resource_type.as_str());
    vec![mark(change.action, change.certainty), subject, what]
}

/// The property by which people tell objects of this type apart.
fn identifying<'a>(properties: &'a ValueMap, resource_type: &str) -> Option<(&'a str, &'a Value)> {
    let kind = resource_type.rsplit("::").next().unwrap_or_default();
    let names = [format!("{kind}Name"), "Name".to_owned(), format!("{kind}Id"), "Id".to_owned()];
    names.iter().find_map(|name| {
        let (name, value) = properties.get_key_value(name)?;
        Some((name.as_str(), value))
    })
}

/// New objects are shown whole, also those that take the place of one of another type.
fn shows_everything(change: &Change) -> bool {
    match change.action {
        Action::Create => true,
        Action::Replace(_) => {
            change.reasons.iter().any(|reason| matches!(reason, Reason::TypeChanged { .. }))
        }
        Action::NoOp
        | Action::Update
        | Action::Record
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => false,
    }
}

fn shows_differences(action: Action) -> bool {
    match action {
        Action::Update | Action::Replace(_) | Action::Restore => true,
        Action::NoOp
        | Action::Create
        | Action::Record
        | Action::Delete
        | Action::Retain
        | Action::Forget => false,
    }
}

/// The remarks behind the resource's name: the action where the mark does not say it, the data that
/// are lost, and why.
fn remarks(change: &Change, plan: &Plan, removals: &Removals<'_>) -> Line {
    let (what, role) = match change.action {
        Action::Replace(order) => {
            let mut what = replacement(change).unwrap_or_else(|| "replace".to_owned());
            match order {
                ReplaceOrder::CreateFirst => {}
                ReplaceOrder::DeleteFirst => what.push_str(", the old object goes first"),
            }
            (what, Role::Delete)
        }
        Action::Retain => ("stays in the cloud, no longer managed".to_owned(), Role::Dim),
        Action::Forget => ("leaves the state".to_owned(), Role::Dim),
        Action::Restore => {
            let back = "the object from before comes back";
            let goes = if goes_for_another(change) { ", this one is deleted" } else { "" };
            (format!("{back}{goes}"), Role::Update)
        }
        Action::NoOp | Action::Create | Action::Update | Action::Record | Action::Delete => {
            (String::new(), Role::Plain)
        }
    };
    let (remark, remark_role) = remark(change, removals);
    let mut reasons = reasons(change);
    reasons.extend(waits_for(change, plan));
    reasons.extend(needs_state(change, removals));
    reasons.extend(built_in::effects(change, removals));
    let reasons = reasons.join("; ");
    let mut line = Line::default();
    for (role, text) in
        [(role, what.as_str()), (remark_role, &remark), (Role::Update, reasons.as_str())]
    {
        if !text.is_empty() {
            line.push(Role::Plain, "  ");
            line.push(role, text);
        }
    }
    line
}

/// The fate of the object of a change, where the reader would not expect it.
fn remark(change: &Change, removals: &Removals<'_>) -> (String, Role) {
    let Some(object) = &change.prior else { return (String::new(), Role::Plain) };
    let id = &change.address;
    if let Some(snapshot) = removals.snapshot(id, object) {
        (final_snapshot(snapshot), Role::Good)
    } else if change.stateful && removals.deletes(id, object) {
        ("(holds data, will be lost)".to_owned(), Role::Warning)
    } else if matches!(change.action, Action::Replace(_)) && removals.forgets(id, object) {
        ("(the old object is kept)".to_owned(), Role::Warning)
    } else {
        (String::new(), Role::Plain)
    }
}

/// `(final snapshot live-db-0123456789ab)`.
pub(super) fn final_snapshot(snapshot: &SnapshotName) -> String {
    format!("(final snapshot {snapshot})")
}

/// The state that the object must be in for its service to change or delete it. Whether it is, only its
/// service knows when it is asked to.
fn needs_state(change: &Change, removals: &Removals<'_>) -> Option<String> {
    let object = change.prior.as_ref()?;
    let touched = change.action == Action::Update || removals.deletes(&change.address, object);
    let needed = required_state(object.resource_type.as_str()).filter(|_| touched)?;
    Some(format!(
        "the service changes and deletes it only while it is {}: {}",
        needed.state, needed.remedy
    ))
}

/// The resources that the change waits for before it sends a secret that was rotated.
fn waits_for(change: &Change, plan: &Plan) -> Option<String> {
    let waits = plan.propagation_waits.get(&change.address)?;
    let rotated = |reference: &String| {
        let says = |reason: &Reason| matches!(reason, Reason::SecretRotated { reference: of } if of == reference);
        change.reasons.iter().any(says)
    };
    waits.iter().find(|it| rotated(&it.reference)).map(propagation_wait)
}
