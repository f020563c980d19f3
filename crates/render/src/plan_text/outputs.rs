//! The outputs that change.

use rstack_model::plan::{OutputChange, Plan};

use super::difference::values;
use crate::line::Line;
use crate::style::{Detail, Role, View};
use crate::tree::Node;
use crate::value::inline;

/// One line for each new or removed output and each that cannot be evaluated, and a tree for each
/// changed one. A compact plan has only those that cannot be evaluated.
pub(super) fn lines(plan: &Plan, view: &View) -> Vec<Line> {
    let told = plan.outputs.iter().filter(|(_, output)| {
        output.problem.is_some() || (output.differs() && view.detail != Detail::Compact)
    });
    told.flat_map(|(name, output)| node(name, output, view).draw()).collect()
}

fn node(name: &str, output: &OutputChange, view: &View) -> Node {
    if let Some(problem) = &output.problem {
        let label = Line::of(Role::Warning, "[!] ")
            .with(Role::Name, name)
            .with(Role::Plain, &format!(": cannot be evaluated and is left out: {problem}"));
        return Node::leaf(label);
    }
    let after = output.after.as_ref().map(|after| &after.value);
    let (role, mark) = match (&output.before, after) {
        (None, _) => (Role::Create, "[+] "),
        (Some(_), None) => (Role::Delete, "[-] "),
        (Some(_), Some(_)) => (Role::Update, "[~] "),
    };
    let label = Line::of(role, mark).with(Role::Name, name).then(export(output));
    values(label, output.before.as_ref(), after, view.columns(), view.detail)
}

/// The name that the output is exported under, where it differs: other stacks take it by that.
fn export(output: &OutputChange) -> Line {
    let Some(after) = &output.after else { return Line::default() };
    match (&output.exported_before, &after.export) {
        (None, Some(after)) => Line::of(Role::Dim, " exported as ").then(inline(after)),
        (Some(before), Some(after)) if after.as_str() != Some(before) => {
            Line::of(Role::Dim, &format!(" exported as {before} → ")).then(inline(after))
        }
        (Some(before), None) => Line::of(Role::Dim, &format!(" no longer exported as {before}")),
        (Some(_), Some(_)) | (None, None) => Line::default(),
    }
}
